import { familyOf } from '../findings/score.ts'
import type { Finding } from '../rules/rule.ts'
import { codeMarkdown, escapeMarkdown } from './escape.ts'
import type { Report } from './report.ts'
import { formatPlace, inventoryLineOf, verdictOf } from './words.ts'

const marks = { error: '🔴', warning: '🟡', info: '🔵' } as const

/** For a comment on a pull request or a summary of a job. */
export const formatMarkdown = (report: Report): string => {
  const { findings, inventory, baselined, suppressed, stale } = report
  const families = [...Map.groupBy(findings, ({ rule }) => familyOf(rule))]
  const left = [
    ...(baselined > 0 ? [`${baselined} in the baseline`] : []),
    ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
    ...(stale.length > 0 ? [`${stale.length} entries of the baseline match nothing any more`] : []),
  ]
  return [
    '## Gaps',
    `**${escapeMarkdown(verdictOf(report))}** ${inventoryLineOf(report)}. Score ${inventory.score.total} of 100.`,
    ...(left.length > 0 ? [`${left.join(', ')}.`] : []),
    ...families.flatMap(([family, list]) => [`### ${family}`, list.map(itemOf).join('\n')]),
    ...notReadOf(report),
  ]
    .map((part) => `${part}\n`)
    .join('\n')
}

const itemOf = ({ rule, severity, message, evidence, fix, system, service }: Finding): string => {
  const where = service === null ? system : system === '.' ? service : `${system} ${service}`
  const facts = evidence.map(
    (fact) => `  - ${codeMarkdown(formatPlace(fact))} ${escapeMarkdown(fact.fact)}`,
  )
  return [
    `- ${marks[severity]} **${escapeMarkdown(where)}**: ${escapeMarkdown(message)} (${codeMarkdown(rule)})`,
    ...facts,
    `  - Fix: ${escapeMarkdown(fix)}`,
  ].join('\n')
}

const notReadOf = ({ inventory: { notRead } }: Report): string[] =>
  notRead.length === 0
    ? []
    : [
        '### Not read',
        notRead.map(({ file, why }) => `- ${codeMarkdown(file)} ${escapeMarkdown(why)}`).join('\n'),
      ]
