import { ProblemError } from '@keelson/sdk'
import { createContext, useContext, useEffect } from 'react'

/** Which field of a form a fault is about, as the problem of the platform tells it. */

export type FieldFaults = {
  /** What was refused; null when nothing was. */
  error: unknown
  /** A field of this name shows its faults itself, until what is returned is called. */
  claim: (name: string) => () => void
}

const noForm: FieldFaults = { error: null, claim: () => () => {} }

export const FieldFaultsContext = createContext(noForm)

/** `name` of `/body/name` and of `/body/name/0`. */
export const fieldOfPointer = (pointer = ''): string | undefined => pointer.split('/')[2]

const faultsOf = (error: unknown) =>
  error instanceof ProblemError ? (error.problem.errors ?? []) : []

/** What is wrong with the field of this name; undefined: nothing that was told. */
export const useFieldFault = (name: string | undefined): string | undefined => {
  const { error, claim } = useContext(FieldFaultsContext)
  useEffect(() => (name === undefined ? undefined : claim(name)), [name, claim])
  if (name === undefined) return undefined
  const fault = faultsOf(error).find(({ pointer }) => fieldOfPointer(pointer) === name)
  if (fault === undefined) return undefined
  return fault.hint === undefined ? fault.message : `${fault.message}. ${fault.hint}`
}

/** The same refusal without the faults that fields show. */
export const withoutClaimed = (error: unknown, claimed: ReadonlySet<string>): unknown => {
  const faults = faultsOf(error)
  const left = faults.filter(({ pointer }) => !claimed.has(fieldOfPointer(pointer) ?? ''))
  if (!(error instanceof ProblemError) || left.length === faults.length) return error
  const { problem } = error
  const detail = left.length === 0 ? 'See the fields that are marked.' : problem.detail
  return new ProblemError({ ...problem, detail, errors: left }, { cause: error })
}
