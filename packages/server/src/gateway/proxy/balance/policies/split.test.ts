import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SplitTuning } from '../../../config/tuning.ts'
import { createSplit, type SplitAsk } from './split.ts'

const askOf = (changes: Partial<SplitAsk> = {}): SplitAsk => ({
  header: () => undefined,
  consumer: [],
  caller: '192.0.2.1',
  ...changes,
})
const withHeader = (name: string, value: string) =>
  askOf({ header: (asked) => (asked === name ? value : undefined) })

test('by header and consumer; the first rule that fits wins', () => {
  const rules: SplitTuning['rules'] = [
    { service: 'beta', header: { name: 'X-Version', value: 'beta' } },
    { service: 'any', header: { name: 'X-Any' } },
    { service: 'staff', consumers: ['ann', 'id-bob'] },
  ]
  const split = createSplit({ rules, sticky: false })
  const cases: [what: string, ask: SplitAsk, service: string | null][] = [
    ['the header with its value', withHeader('x-version', 'beta'), 'beta'],
    ['another value', withHeader('x-version', 'Beta'), null],
    ['any value', withHeader('x-any', ''), 'any'],
    ['a consumer by name', askOf({ consumer: ['ann', 'id-ann'] }), 'staff'],
    ['a consumer by id', askOf({ consumer: ['bob', 'id-bob'] }), 'staff'],
    ['another consumer', askOf({ consumer: ['eve'] }), null],
    ['nobody', askOf(), null],
  ]
  for (const [what, ask, service] of cases) assert.equal(split.choose(ask), service, what)
})

const two: SplitTuning['rules'] = [
  { service: 'a', weight: 20 },
  { service: 'b', weight: 30 },
]

test('by weight: shares of the whole that do not overlap', () => {
  const cases: [thrown: number, service: string | null][] = [
    [0, 'a'],
    [0.19, 'a'],
    [0.2, 'b'],
    [0.49, 'b'],
    [0.5, null],
    [0.99, null],
  ]
  for (const [thrown, service] of cases) {
    assert.equal(createSplit({ rules: two, sticky: false }, () => thrown).choose(askOf()), service)
  }
})

test('sticky: the same caller meets the same version, and shares are kept', () => {
  const split = createSplit({ rules: two, sticky: true })
  const counts = new Map<string | null, number>()
  for (let caller = 0; caller < 5000; caller += 1) {
    const ask = askOf({ caller: `caller ${caller}` })
    const service = split.choose(ask)
    assert.equal(split.choose(ask), service)
    counts.set(service, (counts.get(service) ?? 0) + 1)
  }
  for (const [service, percent] of [
    ['a', 20],
    ['b', 30],
    [null, 50],
  ] as const) {
    assert.ok(Math.abs((counts.get(service) ?? 0) / 50 - percent) < 2, `${service}`)
  }
})

test('sticky: who was moved stays moved while the weight grows', () => {
  const split = createSplit({ rules: [{ service: 'a', weight: 0 }], sticky: true })
  let moved = new Set<string>()
  for (const percent of [0, 5, 25, 50, 100]) {
    split.setWeight(percent)
    const now = new Set<string>()
    for (let caller = 0; caller < 500; caller += 1) {
      if (split.choose(askOf({ caller: `caller ${caller}` })) === 'a') now.add(`${caller}`)
    }
    assert.ok(moved.isSubsetOf(now), `${percent}`)
    moved = now
  }
  assert.equal(moved.size, 500)
})

test('a rule may have both: a share of those it is meant for', () => {
  const rules = [{ service: 'a', weight: 50, header: { name: 'x-beta' } }]
  assert.equal(
    createSplit({ rules, sticky: false }, () => 0.4).choose(withHeader('x-beta', '1')),
    'a',
  )
  assert.equal(
    createSplit({ rules, sticky: false }, () => 0.6).choose(withHeader('x-beta', '1')),
    null,
  )
  assert.equal(createSplit({ rules, sticky: false }, () => 0.4).choose(askOf()), null)
})

test('a canary without a weight of its own starts at nothing and follows its steps', () => {
  const canary = {
    steps: [10, 50],
    step_ms: 1,
    max_error_rate: 1,
    max_p95_ratio: 9,
    min_requests: 1,
  }
  const split = createSplit({ rules: [{ service: 'next' }], sticky: false, canary }, () => 0.3)
  const ask = { header: () => undefined, consumer: [], caller: 'a' }
  assert.equal(split.choose(ask), null)
  split.setWeight(10)
  assert.equal(split.choose(ask), null)
  split.setWeight(50)
  assert.equal(split.choose(ask), 'next')
})
