import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { rowsOf, textOf, verdictOf, type Row } from './labels.ts'
import type { Judged } from './measure.ts'

/** A repository as it was first audited, by rules that had not seen it. */
export type FirstContact = {
  repository: string
  commit: string
  /** 2: audited after the rules had been mended for those of 1. */
  round: number
  findings: readonly (Judged & {
    why: string
    /** Findings of this kind. */
    times: number
    /** Of the first audit, or only since the rules were mended. */
    isFirst: boolean
    /** Told by the mended rules; known of the first round only. */
    isTold: boolean
  })[]
}

/** Throws when the file does not hold what it should. */
export const readFirstContact = (file: string | URL): FirstContact[] => {
  const found: unknown = parse(readFileSync(file, 'utf8'))
  return rowsOf(found).map((row) => ({
    repository: textOf(row, 'repository'),
    commit: textOf(row, 'commit'),
    round: numberOf(row, 'round'),
    findings: rowsOf(row['findings']).map((one) => ({
      ...{ rule: textOf(one, 'rule'), ...verdictOf(one), times: numberOf(one, 'times', 1) },
      ...{ isFirst: one['told'] !== 'since', isTold: one['told'] !== undefined },
    })),
  }))
}

const numberOf = (row: Row, key: string, otherwise?: number): number => {
  const value = row[key] ?? otherwise
  if (typeof value !== 'number') throw new Error(`A label has no ${key}: ${JSON.stringify(row)}`)
  return value
}

type Finding = FirstContact['findings'][number]

/** Each as often as it was found. */
const spread = (list: readonly FirstContact[], isIn: (one: Finding) => boolean): Judged[] =>
  list.flatMap(({ findings }) =>
    findings.filter(isIn).flatMap((one) => Array.from({ length: one.times }, () => one)),
  )

export const foundFirst = (list: readonly FirstContact[]): Judged[] =>
  spread(list, ({ isFirst }) => isFirst)

export const foundSince = (list: readonly FirstContact[]): Judged[] =>
  spread(list, ({ isTold }) => isTold)
