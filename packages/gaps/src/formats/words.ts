import type { Finding, Severity } from '../rules/rule.ts'
import { rules as allRules } from '../rules/index.ts'
import type { Report } from './report.ts'
import type { Place } from '../place.ts'

const countOf = (findings: readonly Finding[], severity: Severity): number =>
  findings.filter((finding) => finding.severity === severity).length

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** The whole report in one sentence. */
export const verdictOf = (report: Report): string => {
  const { findings, inventory, since } = report
  const { systems, declared } = inventory
  if (findings.length === 0) return calmOf(report)
  const parts = [
    [countOf(findings, 'error'), 'error'],
    [countOf(findings, 'warning'), 'warning'],
    [countOf(findings, 'info'), 'note'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun))
  const folders = new Set(systems.map(({ folder }) => folder)).size
  const where = folders > 1 ? ` of ${plural(folders, 'stack')}` : ''
  const when = since === undefined ? '' : `, new since ${since}`
  return `${said.join(', ')} in ${plural(declared, 'service')}${where}${when}.`
}

/** Without findings: no more than what was looked at. */
const calmOf = ({ inventory, rules, since, baselined }: Report): string => {
  const services = plural(inventory.declared, 'service')
  if (since !== undefined) return `Nothing new: the changes since ${since} bring no gaps.`
  if (baselined > 0) return `Nothing new in ${services}: all that is found is in the baseline.`
  return rules.length < allRules.length
    ? `No such gaps in ${services}.`
    : `No gaps: what is claimed, declared and built agrees in ${services}.`
}

/** `25 claimed, 16 declared, 14 built`; what nobody says or saw is left out. */
export const inventoryLineOf = ({ inventory, seenBy }: Report): string => {
  const { claimed, declared, built, running, services } = inventory
  const off = running === null ? 0 : services.filter(({ runs }) => runs === 'off').length
  return [
    ...(claimed === null ? [] : [`${claimed} claimed`]),
    ...[`${declared} declared${off === 0 ? '' : ` (${off} off)`}`, `${built} built`],
    ...(running === null
      ? []
      : [`${running} running${seenBy === undefined ? '' : ` (seen by ${seenBy})`}`]),
  ].join(', ')
}

/** `file:line:column`; of a whole file its name. */
export const formatPlace = ({ file, line, column }: Place): string =>
  line === 0 ? file : `${file}:${line}:${Math.max(column, 1)}`
