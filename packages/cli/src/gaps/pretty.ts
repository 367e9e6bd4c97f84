import type { Fact, Finding, Report, Severity } from '@keelson/gaps'
import { formatPlace, inventoryLineOf, verdictOf } from '@keelson/gaps'
import type { Colors } from '../output.ts'
import { clip, cutTo, oneLine, withoutControls } from '../text.ts'
import { wrap } from './wrap.ts'

type Style = { width: number; colors: Colors }

const marks: Readonly<Record<Severity, string>> = { error: '✗', warning: '!', info: '·' }

/** For a person at a terminal: the verdict first, then each finding with the lines of both sides. */
export const formatPretty = (report: Report, style: Style): string => {
  const { colors } = style
  const { findings, inventory } = report
  const worst = findings[0]?.severity
  const head = [
    `${markOf(worst, colors)} ${colors.bold(verdictOf(report))}`,
    `  ${inventoryLineOf(report)} ${colors.dim(`· score ${inventory.score.total} of 100`)}`,
  ]
  const families = [...Map.groupBy(findings, ({ rule }) => rule.split('/')[0] ?? '')]
  const body = families.flatMap(([family, list]) => [
    '',
    colors.bold(colors.underline(family)),
    ...listOf(list, report, style),
  ])
  return `${[...head, ...body, ...footOf(report, style)].join('\n')}\n`
}

const markOf = (severity: Severity | undefined, colors: Colors): string => {
  if (severity === undefined) return colors.green('✓')
  const paint = { error: colors.red, warning: colors.yellow, info: colors.cyan }[severity]
  return paint(marks[severity])
}

/** Findings of one service follow each other. */
const listOf = (findings: readonly Finding[], report: Report, style: Style): string[] => {
  const isOne = new Set(report.inventory.systems.map(({ folder }) => folder)).size < 2
  const subjects = Map.groupBy(findings, ({ system, service, evidence }) =>
    isOne || system === '.'
      ? (service ?? evidence[0]?.file ?? system)
      : [system, service].filter((part) => part !== null).join(' '),
  )
  return [...subjects].flatMap(([subject, list]) => [
    '',
    `  ${style.colors.bold(brief(subject))}`,
    ...list.flatMap((finding, at) => [
      ...(at === 0 ? [] : ['']),
      ...linesOf(finding, report, style),
    ]),
  ])
}

const linesOf = (finding: Finding, { excerptOf }: Report, style: Style): string[] => {
  const { rule, severity, message, evidence, fix } = finding
  const { width, colors } = style
  const text = `${brief(message)} ${colors.dim(rule)}`
  const said = wrap(text, width - 4, '    ')
  return [
    ...said.map((line, at) => (at === 0 ? `  ${markOf(severity, colors)} ${line}` : line)),
    ...evidence.flatMap((fact) => factLines(fact, excerptOf(fact), style)),
    ...wrap(`${colors.dim('fix')} ${brief(fix)}`, width - 6, '          ').map((line, at) =>
      at === 0 ? `      ${line}` : line,
    ),
  ]
}

/** Cells of one sentence; what somebody's file makes longer is in the other formats. */
const sentenceWidthMax = 2000

const brief = (text: string): string =>
  clip(oneLine(cutTo(text, sentenceWidthMax)), sentenceWidthMax)

const factLines = (
  fact: Fact,
  excerpt: ReturnType<Report['excerptOf']>,
  { width, colors }: Style,
): string[] => {
  const place = colors.cyan(brief(formatPlace(fact)))
  const head = wrap(`${place} ${brief(fact.fact)}`, width - 6, '        ')
  const digits = String(excerpt.at(-1)?.line ?? 0).length
  const lines = excerpt.map(({ line, text, isIt }) => {
    const number = String(line).padStart(digits)
    const room = Math.min(width, 120) - digits - 11
    const code = clip(withoutControls(cutTo(text, room)), room)
    const row = `        ${number} │ ${code}`
    return isIt ? row : colors.dim(row)
  })
  return [...head.map((line, at) => (at === 0 ? `      ${line}` : line)), ...lines]
}

const footOf = (report: Report, { width, colors }: Style): string[] => {
  const { baselined, suppressed, stale, inventory, findings } = report
  const known = [
    ...(baselined > 0 ? [`${baselined} in the baseline`] : []),
    ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
  ]
  const gone = stale.map(({ rule, message }) => `  ${rule}: ${message}`)
  const most = Math.min(width, sentenceWidthMax)
  const cleaned = (line: string) => withoutControls(cutTo(line, most))
  const notRead = inventory.notRead.map(({ file, why }) => `  ${file}: ${why}`)
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0
      ? []
      : [
          ...['', colors.dim(title)],
          ...lines.slice(0, 10).map((line) => colors.dim(clip(cleaned(line), most))),
          ...(lines.length > 10 ? [colors.dim(`  and ${lines.length - 10} more`)] : []),
        ]
  return [
    ...(known.length === 0 ? [] : ['', colors.dim(`Not shown: ${known.join(', ')}.`)]),
    ...list('In the baseline and no longer found (keelson gaps --write-baseline):', gone),
    ...list('Not read:', notRead),
    ...(findings.length === 0 ? [] : ['', colors.dim('keelson gaps rules <id> explains a rule.')]),
  ]
}
