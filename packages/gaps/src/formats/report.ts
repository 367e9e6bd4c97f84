import type { BaselineEntry } from '../findings/baseline.ts'
import type { FileChange } from '../fix/changes.ts'
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
  /** The lines that would mend a finding, by file; absent: nobody asked. */
  changesOf?: (finding: Finding) => readonly FileChange[]
  /** The revision since which findings are new; undefined: all are told. */
  since?: string
  /** Who saw what runs; absent: nobody looked. */
  seenBy?: string
  /** Version of the tool. */
  version: string
  /** Findings that are not reported again. */
  baselined: number
  suppressed: number
  /** Entries of the baseline that nothing matches any more. */
  stale: readonly BaselineEntry[]
}

export type ReportFormat = 'json' | 'sarif' | 'junit' | 'github' | 'markdown' | 'html'
