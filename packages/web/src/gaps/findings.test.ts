import type { GapFinding } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gapFindings } from '../test-fixture/fixture-gaps.ts'
import { filterFindings, groupFindings, groupOf, tally, type GapGroup } from './findings.ts'
import { validateGapsSearch, type GapsSearch } from './gaps-search.ts'

const acceptance = { reason: 'known', by: 'ana', at: '2026-01-01T00:00:00Z', until: null }

const like = (given: Partial<GapFinding>): GapFinding => {
  const [sample] = gapFindings
  assert.ok(sample !== undefined)
  return { ...sample, ...given }
}

const groups: [given: Partial<GapFinding>, group: GapGroup][] = [
  [{ severity: 'error', isFixable: false }, 'fix'],
  [{ severity: 'error', isFixable: true }, 'fix'],
  [{ severity: 'warning', isFixable: true }, 'mend'],
  [{ severity: 'info', isFixable: true }, 'mend'],
  [{ severity: 'warning', isFixable: false }, 'plan'],
  [{ severity: 'info', isFixable: false }, 'know'],
  [{ severity: 'error', isFixable: true, acceptance }, 'accepted'],
]
for (const [given, group] of groups) {
  const { severity, isFixable } = given
  test(`${severity}${isFixable === true ? ', fixable' : ''} belongs to ${group}`, () => {
    assert.equal(groupOf(like(given)), group)
  })
}

test('every finding is in one group, the gravest first, whatever their order was', () => {
  const expected = [
    ['fix', ['missing/dockerfile', 'network/wrong-port']],
    ['mend', ['health/no-check', 'resilience/memory-limit']],
    ['plan', ['claims/service-count']],
    ['know', ['claims/undocumented-service']],
    ['accepted', ['security/root-user']],
  ]
  for (const findings of [gapFindings, gapFindings.toReversed()]) {
    assert.deepEqual(
      groupFindings(findings).map(({ group, findings }) => [
        group,
        findings.map(({ rule }) => rule),
      ]),
      expected,
    )
  }
})

const filters: [search: GapsSearch, count: number][] = [
  [{}, 7],
  [{ family: 'claims' }, 2],
  [{ service: 'cache' }, 2],
  [{ service: 'cache', family: 'claims' }, 1],
  [{ q: ' PG_ISREADY ' }, 1],
  [{ q: 'payments/server.ts' }, 1],
  [{ q: 'nothing like it' }, 0],
]
for (const [search, count] of filters) {
  test(`${JSON.stringify(search)} leaves ${count}`, () => {
    assert.equal(filterFindings(gapFindings, search).length, count)
  })
}

test('names are counted in the order of the alphabet, and none is left out', () => {
  assert.deepEqual(tally(['web', null, 'db', 'web']), [
    { name: 'db', count: 1 },
    { name: 'web', count: 2 },
  ])
})

test('an address says what is looked at, and nothing else of it is taken', () => {
  const given = { q: 12, family: 'health', service: '', view: 'map', rule: ['x'] }
  assert.deepEqual(validateGapsSearch(given), { q: '12', family: 'health' })
  assert.equal(validateGapsSearch({ q: 'x'.repeat(5000) }).q?.length, 200)
})
