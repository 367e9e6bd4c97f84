import type { GapFinding } from '@keelson/contract'
import type { GapsSearch } from './gaps-search.ts'

/** What to do next with a finding; each finding is in one group. */
const gapGroups = ['fix', 'mend', 'plan', 'know', 'accepted'] as const
export type GapGroup = (typeof gapGroups)[number]

export const groupOf = ({ acceptance, severity, isFixable }: GapFinding): GapGroup => {
  if (acceptance !== null) return 'accepted'
  if (severity === 'error') return 'fix'
  if (isFixable) return 'mend'
  return severity === 'warning' ? 'plan' : 'know'
}

const severityRank = { error: 0, warning: 1, info: 2 } as const

/** By what to do next; in a group the gravest first, then by rule and message, so that each stays. */
export const groupFindings = (
  findings: readonly GapFinding[],
): { group: GapGroup; findings: GapFinding[] }[] => {
  const byGroup = Map.groupBy(findings, groupOf)
  return gapGroups.map((group) => ({
    group,
    findings: (byGroup.get(group) ?? []).toSorted(
      (a, b) =>
        severityRank[a.severity] - severityRank[b.severity] ||
        a.rule.localeCompare(b.rule) ||
        a.message.localeCompare(b.message) ||
        a.fingerprint.localeCompare(b.fingerprint),
    ),
  }))
}

export const familyOf = ({ rule }: Pick<GapFinding, 'rule'>): string => rule.split('/')[0] ?? rule

export const filterFindings = (
  findings: readonly GapFinding[],
  { q = '', family, service }: GapsSearch,
): GapFinding[] => {
  const words = q.trim().toLowerCase()
  return findings.filter(
    (finding) =>
      (family === undefined || familyOf(finding) === family) &&
      (service === undefined || finding.service === service) &&
      (words === '' || textOf(finding).includes(words)),
  )
}

const textOf = ({ rule, title, message, service, fix, evidence }: GapFinding): string =>
  [rule, title, message, service ?? '', fix, ...evidence.map(({ file }) => file)]
    .join('\n')
    .toLowerCase()

/** How many findings each name has, in the order of the alphabet. */
export const tally = (names: readonly (string | null)[]): { name: string; count: number }[] => {
  const counts = new Map<string, number>()
  for (const name of names) if (name !== null) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .map(([name, count]) => ({ name, count }))
    .toSorted((a, b) => a.name.localeCompare(b.name))
}
