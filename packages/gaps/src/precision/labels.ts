import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

/** What somebody who read the files says of one finding. */
export type Label = {
  stack: string
  fingerprint: string
  rule: string
  /** The folder of its compose file, `.` for the root. */
  system: string
  service: string | null
  says: string
  /** Is it so, and is it worth its severity there? */
  isTrue: boolean
  why: string
}

/** A repository outside of the stacks that the rules were made with. */
export type Outside = {
  repository: string
  commit: string
  /** Findings of its first audit, before the causes of wrong ones were mended. */
  first: number
  findings: readonly { rule: string; says: string; isTrue: boolean; why: string }[]
}

/** Throws when the file does not hold what it should. */
export const readLabels = (file: string | URL): Label[] => {
  const found: unknown = parse(readFileSync(file, 'utf8'))
  if (!isRecord(found)) throw new Error('The labels are no map of stacks')
  return Object.entries(found).flatMap(([stack, list]) =>
    rowsOf(list).map((row) => ({
      stack,
      fingerprint: textOf(row, 'id'),
      rule: textOf(row, 'rule'),
      system: textOf(row, 'in', '.'),
      service: textOf(row, 'service', '') || null,
      says: textOf(row, 'says'),
      ...verdictOf(row),
    })),
  )
}

/** Throws when the file does not hold what it should. */
export const readOutside = (file: string | URL): Outside[] => {
  const found: unknown = parse(readFileSync(file, 'utf8'))
  return rowsOf(found).map((row) => ({
    repository: textOf(row, 'repository'),
    commit: textOf(row, 'commit'),
    first: Number(row['first']),
    findings: rowsOf(row['findings']).map((one) => ({
      ...{ rule: textOf(one, 'rule'), says: textOf(one, 'says') },
      ...verdictOf(one),
    })),
  }))
}

export type Row = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const rowsOf = (list: unknown): Row[] => {
  if (!Array.isArray(list)) throw new Error('A list of labels is none')
  return list.filter(isRecord)
}

export const textOf = (row: Row, key: string, otherwise?: string): string => {
  const value = row[key] ?? otherwise
  if (typeof value !== 'string') throw new Error(`A label has no ${key}: ${JSON.stringify(row)}`)
  return value
}

export const verdictOf = (row: Row): { isTrue: boolean; why: string } => {
  const verdict = row['true']
  if (typeof verdict !== 'boolean')
    throw new Error(`A label has no verdict: ${JSON.stringify(row)}`)
  return { isTrue: verdict, why: textOf(row, 'why') }
}
