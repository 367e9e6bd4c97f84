import {
  audit,
  GapsInputError,
  readExcerpts,
  RevisionError,
  type Audit,
  type AuditOptions,
  type BaselineEntry,
  type Finding,
  type Report,
} from '@keelson/gaps'
import { exitCodes } from '../exit-code.ts'
import { CommandError, usageError, type Fault } from '../failure.ts'
import { readVersion } from '../version.ts'

/** The audit's own errors in the shape all errors of the command have. */
export const withGapsErrors = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RevisionError) throw usageError(error.message, error.hint)
    if (!(error instanceof GapsInputError)) throw error
    const faults = error.faults.map(({ message, file, line, column, hint }): Fault => ({
      ...{ message, place: { file, line, column } },
      ...(hint === undefined ? {} : { hint }),
    }))
    throw new CommandError('gaps_input', exitCodes.badInput, faults, { cause: error })
  }
}

/** Audits a folder; one without compose files is a mistake of whoever named it. */
export const runAudit = async (options: AuditOptions): Promise<Audit> => {
  const found = await withGapsErrors(() => audit(options))
  if (found.systems.length === 0 && found.refused.length === 0) {
    throw usageError(
      `There is no compose file in ${options.root}: nothing to hold against anything`,
      'name the folder of a repository that has one: keelson gaps <path>',
    )
  }
  return found
}

type ReportFacts = {
  baselined?: number
  stale?: readonly BaselineEntry[]
  since?: string
  seenBy?: string
}

export const reportOf = async (
  found: Audit,
  rules: Report['rules'],
  findings: readonly Finding[],
  { baselined = 0, stale = [], since, seenBy }: ReportFacts = {},
): Promise<Report> => ({
  ...{ findings, rules, baselined, stale, version: readVersion() },
  inventory: found.inventory,
  suppressed: found.suppressed.length,
  ...(since === undefined ? {} : { since }),
  ...(seenBy === undefined ? {} : { seenBy }),
  excerptOf: await readExcerpts(found.tree, findings),
})
