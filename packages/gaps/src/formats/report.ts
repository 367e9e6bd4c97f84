import type { BaselineEntry } from '../findings/baseline.ts'
import type { Inventory } from '../findings/inventory.ts'
import type { Fact } from '../place.ts'
import type { Finding, Rule } from '../rules/rule.ts'
import type { Excerpt } from './excerpts.ts'

/** What a format writes down. */
export type Report = {
  findings: readonly Finding[]
  inventory: Inventory
  /** Those that were judged. */
  rules: readonly Rule[]
  /** The lines around a fact; empty when the file is not there. */
  excerptOf: (fact: Fact) => Excerpt
  /** The revision since which findings are new; undefined: all are told. */
  since?: string
  /** Version of the tool. */
  version: string
  /** Findings that are not reported again. */
  baselined: number
  suppressed: number
  /** Entries of the baseline that nothing matches any more. */
  stale: readonly BaselineEntry[]
}

export type ReportFormat = 'json' | 'sarif' | 'junit' | 'github' | 'markdown' | 'html'
