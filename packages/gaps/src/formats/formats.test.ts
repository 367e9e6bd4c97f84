import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDocument } from 'htmlparser2'
import type { Inventory } from '../findings/inventory.ts'
import { rules } from '../rules/index.ts'
import type { Finding } from '../rules/rule.ts'
import { formatReport, reportFormats } from './index.ts'
import { maskSecrets } from './mask.ts'
import type { Report } from './report.ts'

/** What a repository may hold in names and texts to get out of a report. */
const hostile =
  '</script><img src=x onerror=alert(1)> ]]> "\'& `@team` [x](javascript:1)\n::error::a%0A|b'

const inventory: Inventory = {
  ...{ claimed: 25, declared: 16, built: 14, running: null, claims: [], services: [] },
  ...{ categories: [], systems: [], notRead: [{ file: `a/${hostile}`, why: hostile }] },
  score: { total: 80, families: [] },
}

const finding = (severity: Finding['severity'], text: string, file = 'compose.yaml'): Finding => ({
  ...{ rule: 'health/no-check', severity, title: 'No health check', message: text },
  ...{ system: '.', service: 'api', fix: text, fingerprint: `0123${severity}` },
  evidence: [
    { file, line: 3, column: 5, fact: text },
    { file: 'services/api/Dockerfile', line: 0, column: 0, fact: 'no HEALTHCHECK' },
  ],
  edits: [],
})

const reportOf = (findings: readonly Finding[]): Report => ({
  ...{ findings, inventory, rules, version: '1.2.3', baselined: 0, suppressed: 0, stale: [] },
  changesOf: ({ evidence: [fact] }) => [
    { file: fact?.file ?? '', lines: [{ from: 3, to: 2, text: 'healthcheck: {}\n' }] },
  ],
  excerptOf: ({ line }) => (line === 0 ? [] : [{ line, text: hostile, isIt: true }]),
})

const report = reportOf([
  finding('error', hostile, `we ird/${hostile.replaceAll('\n', ' ')}#.yaml`),
  finding('warning', 'plain'),
  finding('info', 'a control \u0007 and half a pair \ud800'),
])

test('every format writes an empty report and a hostile one', () => {
  for (const format of reportFormats) {
    for (const one of [report, reportOf([])]) {
      const text = formatReport(one, format)
      assert.ok(text === '' || text.endsWith('\n'), format)
    }
  }
})

const acts =
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/

test('no format lets a control or a turn of direction through, and each is seen', () => {
  const acting = '\u001b[2J\u0007\u0085\u009b\u202e\u2028\u2066'
  const one = finding('error', `a${acting}b`, `c${acting}.yaml`)
  const text = { ...reportOf([one]), excerptOf: () => [{ line: 3, text: acting, isIt: true }] }
  for (const format of reportFormats) {
    const written = formatReport(text, format)
    assert.doesNotMatch(written, acts)
    for (const seen of ['u001b', 'u0007', 'u0085', 'u202e'])
      assert.ok(written.includes(seen), format)
  }
  const [{ message }] = JSON.parse(formatReport(text, 'json')).findings
  assert.equal(message, `a${acting}b`, 'JSON is what it was')
})

test('json: exactly the agreed fields', () => {
  const { findings, inventory: written, ...others } = JSON.parse(formatReport(report, 'json'))
  assert.deepEqual(others, {})
  assert.deepEqual(Object.keys(findings[0]), [
    ...['rule', 'severity', 'title', 'message', 'system', 'service', 'evidence', 'fix'],
    'fingerprint',
  ])
  assert.deepEqual(Object.keys(findings[0].evidence[0]), ['file', 'line', 'column', 'fact'])
  assert.equal(findings[0].message, hostile)
  assert.equal(written.claimed, 25)
})

test('sarif: what version 2.1.0 asks for, and places as relative URIs', () => {
  const { version, runs } = JSON.parse(formatReport(report, 'sarif'))
  assert.equal(version, '2.1.0')
  const [{ tool, results }] = runs
  assert.equal(tool.driver.semanticVersion, '1.2.3')
  const ids = tool.driver.rules.map(({ id }: { id: string }) => id)
  assert.equal(new Set(ids).size, ids.length)
  for (const rule of tool.driver.rules) {
    assert.ok(rule.help.text.length > 0 && rule.shortDescription.text.length > 0)
    assert.ok(['error', 'warning', 'note'].includes(rule.defaultConfiguration.level))
    assert.match(rule.name, /^[A-Za-z0-9]+$/)
  }
  for (const result of results) {
    assert.equal(ids[result.ruleIndex], result.ruleId)
    assert.match(result.partialFingerprints['keelsonGap/v1'], /^0123/)
    for (const location of [...result.locations, ...result.relatedLocations]) {
      const { artifactLocation, region } = location.physicalLocation
      assert.doesNotMatch(artifactLocation.uri, /^\/|[\s#<>"]/)
      assert.ok(region.startLine >= 1 && (region.startColumn ?? 1) >= 1)
    }
    assert.equal(result.relatedLocations[0].id, 1)
  }
  assert.deepEqual(
    results.map(({ level }: { level: string }) => level),
    ['error', 'warning', 'note'],
  )
  const [fix] = results[1].fixes
  const [{ deletedRegion }] = fix.artifactChanges[0].replacements
  // An insertion deletes nothing: it begins and ends at the same place.
  assert.deepEqual(deletedRegion, { startLine: 3, startColumn: 1, endLine: 3, endColumn: 1 })
})

type Element = { name: string; attribs: Record<string, string>; children: Element[]; data?: string }

const elementsOf = (text: string, xmlMode: boolean): Element[] => {
  const all = (node: Element): Element[] => [node, ...(node.children ?? []).flatMap(all)]
  const document = parseDocument(text, { xmlMode, decodeEntities: true }) as unknown as Element
  return all(document).filter(({ name }) => name !== undefined)
}

test('junit: errors and warnings fail, text comes back as it was', () => {
  const text = formatReport(report, 'junit')
  const elements = elementsOf(text, true)
  const named = (name: string) => elements.filter((element) => element.name === name)
  const [suites] = named('testsuites')
  assert.equal(suites?.attribs['failures'], '2')
  assert.equal(named('testcase').length, Number(suites?.attribs['tests']))
  const [failure] = named('failure')
  assert.equal(failure?.attribs['message'], hostile)
  assert.equal(
    failure?.children
      .map(({ data }) => data)
      .join('')
      .includes(hostile),
    true,
  )
  // oxlint-disable-next-line no-control-regex -- XML has no way to write them
  assert.doesNotMatch(text, /[\u0000-\u0008]|\ud800/)
})

test('github: one line for each finding, whatever is in it', () => {
  const lines = formatReport(report, 'github').trimEnd().split('\n')
  assert.equal(lines.length, 3)
  const [first = '', second = ''] = lines
  assert.match(first, /^::error file=we ird\/[^:,]*%23|^::error file=we ird\//)
  assert.match(first, /%0A::error::a%250A/)
  assert.equal(
    second,
    '::warning file=compose.yaml,line=3,col=5,title=No health check (health/no-check)::plain' +
      '%0Aservices/api/Dockerfile: no HEALTHCHECK%0AFix: plain',
  )
})

test('markdown: no markup and nobody is called', () => {
  const text = formatReport(report, 'markdown')
  const outside = text.replaceAll(/(`+)[^`].*?\1/g, '')
  assert.doesNotMatch(outside, /<[a-z/]/i)
  assert.doesNotMatch(outside, /(?<!\\)\]\(/)
  assert.doesNotMatch(outside, /@team/)
  assert.match(text, /25 claimed, 16 declared, 14 built/)
})

test('html: one file, no script, no address besides, nothing of others as markup', () => {
  const text = formatReport(report, 'html')
  const elements = elementsOf(text, false)
  assert.ok(elements.length > 20)
  for (const { name, attribs } of elements) {
    assert.ok(
      !['script', 'img', 'link', 'iframe', 'object', 'form', 'a', 'svg'].includes(name),
      name,
    )
    for (const attribute of Object.keys(attribs ?? {})) {
      assert.ok(!attribute.startsWith('on') && attribute !== 'style' && attribute !== 'href')
    }
  }
  assert.match(text, /default-src 'none'/)
  assert.doesNotMatch(text, /@import|url\(/)
})

const lines: [line: string, shown: string][] = [
  ['      POSTGRES_PASSWORD: hunter22', '      POSTGRES_PASSWORD: …'],
  ['POSTGRES_PASSWORD=hunter22', 'POSTGRES_PASSWORD=…'],
  ['  - API_TOKEN=abcdef # note', '  - API_TOKEN=… # note'],
  ['  PASSWORD: ${DB_PASSWORD:?}', '  PASSWORD: ${DB_PASSWORD:?}'],
  ['  PASSWORD: ${DB_WORD:-hunter22}', '  PASSWORD: ${DB_WORD:-…}'],
  ['  PASSWORD: "${DB_WORD-hunter22}" # note', '  PASSWORD: "${DB_WORD-…}" # note'],
  ['  PASSWORD: ${DB_WORD:-${OTHER}}', '  PASSWORD: ${DB_WORD:-${OTHER}}'],
  ['  PASSWORD_FILE: /run/secrets/db', '  PASSWORD_FILE: /run/secrets/db'],
  ['url: postgres://app:hunter22@db:5432/app', 'url: postgres://app:…@db:5432/app'],
  ['password: "two words"', 'password: …'],
  ['image: postgres:17', 'image: postgres:17'],
  [`image: x@sha256:${'a1'.repeat(32)}`, `image: x@sha256:${'a1'.repeat(32)}`],
  ['    healthcheck: { test: [CMD, pg_isready] }', '    healthcheck: { test: [CMD, pg_isready] }'],
  [`key: ${'a1B2'.repeat(16)}`, 'key: …'],
]

for (const [line, shown] of lines) {
  test(`shown without its secret: ${line.trim().slice(0, 40)}`, () => {
    assert.equal(maskSecrets(line), shown)
  })
}

test('of a long line what is around the column is shown, without what is before it', () => {
  const line = `${'a '.repeat(300)}password: "hunter22 and more" target ${'b '.repeat(300)}`
  const shown = maskSecrets(line, line.indexOf('more') + 1)
  assert.match(shown, /^….*password: … target/)
  assert.doesNotMatch(shown, /hunter|more/)
})

test('a very long line is masked soon', () => {
  assert.ok(maskSecrets('password: '.repeat(200_000)).length < 500)
  assert.ok(maskSecrets(`://${'a:'.repeat(200_000)}`).length < 500)
  assert.ok(maskSecrets('password: '.repeat(490)).length < 500)
  assert.ok(maskSecrets(`${'a'.repeat(2500)}1${'+'.repeat(2400)}`).length < 500)
})
