import type { Finding, Severity } from '../rules/rule.ts'
import type { Report } from './report.ts'
import type { Place } from '../place.ts'

export const countOf = (findings: readonly Finding[], severity: Severity): number =>
  findings.filter((finding) => finding.severity === severity).length

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/** The whole report in one sentence. */
export const verdictOf = ({ findings, inventory }: Report): string => {
  const { systems, declared } = inventory
  const loaded = systems.length
  if (findings.length === 0) {
    return loaded === 0
      ? 'No compose file was found: there is nothing to hold against anything.'
      : `No gaps: what is claimed, declared and built agrees in ${plural(declared, 'service')}.`
  }
  const parts = [
    [countOf(findings, 'error'), 'error'],
    [countOf(findings, 'warning'), 'warning'],
    [countOf(findings, 'info'), 'note'],
  ] as const
  const said = parts.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun))
  const folders = new Set(systems.map(({ folder }) => folder)).size
  const where = folders > 1 ? ` of ${plural(folders, 'stack')}` : ''
  return `${said.join(', ')} in ${plural(declared, 'service')}${where}.`
}

/** `25 claimed, 16 declared, 14 built`; what nobody says or saw is left out. */
export const inventoryLineOf = ({ inventory }: Report): string => {
  const { claimed, declared, built, running } = inventory
  return [
    ...(claimed === null ? [] : [`${claimed} claimed`]),
    ...[`${declared} declared`, `${built} built`],
    ...(running === null ? [] : [`${running} running`]),
  ].join(', ')
}

/** `file:line:column`; of a whole file its name. */
export const formatPlace = ({ file, line, column }: Place): string =>
  line === 0 ? file : `${file}:${line}:${Math.max(column, 1)}`
