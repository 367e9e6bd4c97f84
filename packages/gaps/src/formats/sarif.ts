import type { Fact, Place } from '../place.ts'
import type { FileChange } from '../fix/changes.ts'
import type { Finding, Rule, Severity } from '../rules/rule.ts'
import { familyOf } from '../findings/score.ts'
import { stringifyJson } from './escape.ts'
import type { Report } from './report.ts'

const levels: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
}

/** SARIF 2.1.0 (OASIS), as code scanning of GitHub, GitLab and Azure reads it. */
export const formatSarif = ({ findings, rules, version, changesOf }: Report): string => {
  const indexes = new Map(rules.map(({ id }, index) => [id, index]))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'keelson gaps', semanticVersion: version, rules: rules.map(ruleOf) },
        },
        columnKind: 'utf16CodeUnits',
        results: findings.map((finding) =>
          resultOf(finding, indexes.get(finding.rule), changesOf?.(finding) ?? []),
        ),
      },
    ],
  }
  return `${stringifyJson(log)}\n`
}

const ruleOf = ({ id, title, severity, why, fix, joins }: Rule) => {
  const text = `${why}\n\n${fix}`
  const markdown = `${why}\n\n**Fix.** ${fix}\n\n**Held against each other:** ${joins.join(', ')}.`
  return {
    id,
    name: id.replaceAll(/(?:^|[/-])([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text, markdown },
    defaultConfiguration: { level: levels[severity] },
    properties: { tags: [familyOf(id)] },
  }
}

const resultOf = (
  finding: Finding,
  ruleIndex: number | undefined,
  changes: readonly FileChange[],
) => {
  const { rule, severity, message, evidence, fix, fingerprint, system, service } = finding
  const [first, ...others] = evidence
  return {
    ruleId: rule,
    ...(ruleIndex === undefined ? {} : { ruleIndex }),
    level: levels[severity],
    message: { text: `${message}. ${fix}` },
    locations: first === undefined ? [] : [locationOf(first)],
    relatedLocations: others.map((fact, index) => ({ id: index + 1, ...locationOf(fact) })),
    partialFingerprints: { 'keelsonGap/v1': fingerprint },
    properties: { system, service },
    ...(changes.length === 0 ? {} : { fixes: [fixOf(fix, changes)] }),
  }
}

const locationOf = (fact: Fact) => ({
  physicalLocation: { artifactLocation: artifactOf(fact), region: regionOf(fact) },
  message: { text: fact.fact },
})

/** A path as a relative URI: names may hold blanks, `#` and `%`. */
const artifactOf = ({ file }: Pick<Place, 'file'>) => ({
  uri: file.split('/').map(encodeURIComponent).join('/'),
  uriBaseId: '%SRCROOT%',
})

/** GitHub wants a line of every place, also of one that is a whole file. */
const regionOf = ({ line, column }: Place) =>
  line === 0 ? { startLine: 1 } : { startLine: line, startColumn: Math.max(column, 1) }

const fixOf = (text: string, changes: readonly FileChange[]) => ({
  description: { text },
  artifactChanges: changes.map(({ file, lines }) => ({
    artifactLocation: artifactOf({ file }),
    replacements: lines.map(({ from, to, text }) => ({
      deletedRegion: { startLine: from, startColumn: 1, endLine: to + 1, endColumn: 1 },
      insertedContent: { text },
    })),
  })),
})
