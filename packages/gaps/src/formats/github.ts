import type { Finding, Severity } from '../rules/rule.ts'
import { showControls } from './escape.ts'
import type { Report } from './report.ts'
import { formatPlace } from './words.ts'

const commands: Readonly<Record<Severity, string>> = {
  ...{ error: 'error', warning: 'warning', info: 'notice' },
}

/**
 * Workflow commands of GitHub Actions, one line for each finding. Escapes as the runner undoes them
 * (actions/toolkit, packages/core/src/command.ts).
 */
export const formatGithub = ({ findings }: Report): string => findings.map(lineOf).join('')

const lineOf = ({ rule, severity, title, message, evidence, fix }: Finding): string => {
  const [first, ...others] = evidence
  const properties = {
    ...(first === undefined ? {} : { file: first.file }),
    ...(first === undefined || first.line === 0
      ? {}
      : { line: String(first.line), col: String(Math.max(first.column, 1)) }),
    title: `${title} (${rule})`,
  }
  const places = others.map((fact) => `${formatPlace(fact)}: ${fact.fact}`)
  const text = escapeData([message, ...places, `Fix: ${fix}`].join('\n'))
  const head = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(value)}`)
  return `::${commands[severity]} ${head.join(',')}::${text}\n`
}

const escapeData = (text: string): string =>
  showControls(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')

const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
