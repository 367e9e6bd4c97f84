import type { Edit } from '../fix/edit.ts'
import { severityRank, type Finding, type Found, type Rule } from '../rules/rule.ts'
import { fingerprintOf } from './fingerprint.ts'
import { applySettings, type Settings } from './settings.ts'

export type Collector = {
  (
    rule: Rule | undefined,
    folder: string,
    found: Found,
    composeFiles?: ReadonlySet<string>,
    /** The compose files that were read together. */
    read?: readonly string[],
  ): void
  findings: () => Finding[]
}

/**
 * Findings as they are reported, by their fingerprint: each is told once, as the first reading that
 * shows it at its gravest does.
 */
export const createCollector = (settings: Settings): Collector => {
  const findings = new Map<string, Finding>()
  const edits = new Map<string, readonly Edit[]>()
  const gravest = new Map<string, number>()
  const collect = (
    rule: Rule | undefined,
    folder: string,
    found: Found,
    composeFiles?: ReadonlySet<string>,
    read: readonly string[] = [],
  ): void => {
    if (rule === undefined) return
    const { severity = rule.severity, service = null, message, evidence, fix } = found
    const fingerprint = fingerprintOf(rule, folder, found, composeFiles)
    // Of alternative files each is mended; what is read on top of a mended one is mended with it.
    const made = edits.get(fingerprint) ?? []
    if (!made.some(({ file }) => read.includes(file))) {
      edits.set(fingerprint, [...made, ...(found.edits ?? [])])
    }
    if ((gravest.get(fingerprint) ?? Infinity) <= severityRank[severity]) return
    gravest.set(fingerprint, severityRank[severity])
    const finding = applySettings(
      {
        ...{ rule: rule.id, severity, title: rule.title, message, system: folder, service },
        ...{ evidence, fix, fingerprint, edits: [] },
      },
      settings,
    )
    if (finding !== undefined) findings.set(fingerprint, finding)
  }
  const withEdits = (finding: Finding): Finding => ({
    ...finding,
    edits: eachOnce(edits.get(finding.fingerprint) ?? []),
  })
  return Object.assign(collect, { findings: () => [...findings.values()].map(withEdits) })
}

const eachOnce = (edits: readonly Edit[]): readonly Edit[] => [
  ...new Map(edits.map((edit) => [JSON.stringify(edit), edit])).values(),
]
