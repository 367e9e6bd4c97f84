import type { GapReport } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gapFindings, gapReport } from '../test-fixture/fixture-gaps.ts'
import { verdictOf } from './verdict.ts'

const { inventory } = gapReport
assert.ok(inventory !== null)
const calm = gapFindings.filter(({ severity }) => severity === 'info')
const warned = gapFindings.filter(({ severity }) => severity === 'warning').slice(0, 1)

const cases: [given: Partial<GapReport>, tone: string, sentence: string][] = [
  [{}, 'unhealthy', '2 errors, 3 warnings: claimed 12, declared 10, built 9, healthy 5'],
  [{ findings: warned }, 'degraded', '1 warning: claimed 12, declared 10, built 9, healthy 5'],
  [
    { findings: calm, inventory: { ...inventory, claimed: null, healthy: null } },
    'healthy',
    'No errors or warnings, 1 note: declared 10, built 9, running 7',
  ],
  [
    { findings: [], inventory: { ...inventory, claimed: null, running: null, healthy: null } },
    'healthy',
    'No gaps: declared 10, built 9',
  ],
  [
    {
      findings: [],
      inventory: {
        ...inventory,
        services: inventory.services.map((one, at) => (at > 1 ? one : { ...one, runs: 'off' })),
      },
    },
    'healthy',
    'No gaps: claimed 12, declared 10, built 9, healthy 5, off 2',
  ],
  [{ inventory: null, state: 'waiting' }, 'unknown', 'Not audited yet'],
  [{ inventory: null, state: 'failed' }, 'unhealthy', 'The audit could not be made'],
]
for (const [given, tone, sentence] of cases) {
  test(sentence, () => {
    assert.deepEqual(verdictOf({ ...gapReport, ...given }), { tone, sentence })
  })
}
