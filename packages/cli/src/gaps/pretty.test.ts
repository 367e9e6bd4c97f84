import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Finding, Report } from '@keelson/gaps'
import { noColors } from '../output.ts'
import { formatPretty } from './pretty.ts'

const long = 'é '.repeat(3_000_000)

const finding: Finding = {
  ...{ rule: 'health/no-check', severity: 'error', title: 'x', message: long, system: '.' },
  ...{ service: long, fix: long, fingerprint: 'x', edits: [] },
  evidence: [{ file: 'compose.yaml', line: 1, column: 1, fact: long }],
}

const report: Report = {
  ...{ findings: [finding], rules: [], baselined: 0, stale: [], suppressed: 0, version: '0' },
  excerptOf: () => [{ line: 1, text: long, isIt: true }],
  inventory: {
    ...{ claimed: null, declared: 1, built: 1, running: null },
    ...{ claims: [], services: [], categories: [], systems: [] },
    score: { total: 0, families: [] },
    notRead: [{ file: 'a', why: long }],
  },
}

for (const width of [80, Infinity]) {
  test(`sentences and lines of megabytes are cut at a width of ${width}`, () => {
    const text = formatPretty(report, { width, colors: noColors })
    assert.ok(text.length < 20_000, String(text.length))
    assert.match(text, /1 error in 1 service\./)
    assert.match(text, /health\/no-check/)
    assert.match(text, /^ {6}fix é é/m)
    assert.match(text, /^ {2}a: é/m)
  })
}
