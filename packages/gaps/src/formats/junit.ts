import type { Finding, Rule } from '../rules/rule.ts'
import { familyOf } from '../findings/score.ts'
import { escapeXml } from './escape.ts'
import type { Report } from './report.ts'
import { formatPlace } from './words.ts'

/**
 * JUnit XML: a suite for each family, a case for each finding, and one that passes for each rule
 * without findings. Errors and warnings fail; what is only worth knowing passes and is told.
 */
export const formatJunit = ({ findings, rules }: Report): string => {
  const byRule = Map.groupBy(findings, ({ rule }) => rule)
  const suites = [...Map.groupBy(rules, ({ id }) => familyOf(id))].map(([family, list]) => {
    const cases = list.flatMap((rule) => casesOf(rule, byRule.get(rule.id) ?? []))
    return { family, cases, failures: cases.filter(({ failed }) => failed).length }
  })
  const tests = suites.reduce((sum, { cases }) => sum + cases.length, 0)
  const failures = suites.reduce((sum, suite) => sum + suite.failures, 0)
  const body = suites.map(({ family, cases, failures }) => {
    const head = attributes({ name: `gaps.${family}`, tests: cases.length, failures })
    return `  <testsuite ${head}>\n${cases.map(({ xml }) => xml).join('')}  </testsuite>\n`
  })
  const head = attributes({ name: 'keelson gaps', tests, failures })
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${head}>\n${body.join('')}</testsuites>\n`
}

type Case = { xml: string; failed: boolean }

const casesOf = (rule: Rule, findings: readonly Finding[]): Case[] =>
  findings.length === 0
    ? [
        {
          xml: `    <testcase ${attributes({ classname: rule.id, name: rule.title })}/>\n`,
          failed: false,
        },
      ]
    : findings.map(caseOf)

const caseOf = (finding: Finding): Case => {
  const { rule, severity, message, evidence, fix, system, service } = finding
  const [first] = evidence
  const subject = service ?? first?.file ?? system
  const head = attributes({
    ...{ classname: rule, name: `${system} ${subject}: ${message}` },
    ...(first === undefined ? {} : { file: first.file, line: Math.max(first.line, 1) }),
  })
  const places = evidence.map((fact) => `${formatPlace(fact)}: ${fact.fact}`)
  const text = escapeXml([...places, `Fix: ${fix}`].join('\n'))
  const failed = severity !== 'info'
  const inner = failed
    ? `<failure ${attributes({ type: severity, message })}>${text}</failure>`
    : `<system-out>${text}</system-out>`
  return { xml: `    <testcase ${head}>\n      ${inner}\n    </testcase>\n`, failed }
}

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}="${escapeXml(String(value))}"`)
    .join(' ')
