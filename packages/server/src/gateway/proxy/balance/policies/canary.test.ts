import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import {
  beginCanary,
  decide,
  type CanaryFigures,
  type CanaryState,
  type CanaryTuning,
  type VersionFigures,
} from './canary.ts'

const tuning: CanaryTuning = {
  steps: [5, 25, 50],
  step_ms: 60_000,
  max_error_rate: 0.02,
  max_p95_ratio: 1.5,
  min_requests: 100,
}
const well: VersionFigures = { requests: 1000, failures: 5, p95Ms: 40 }
const figuresOf = (
  canary: Partial<VersionFigures> = {},
  rest: Partial<VersionFigures> = {},
): CanaryFigures => ({ canary: { ...well, ...canary }, rest: { ...well, ...rest } })
const shown = ({ percent, outcome }: CanaryState): string => `${percent} ${outcome}`

test('a version that does well gets more, step by step, then everything', () => {
  let state = beginCanary(tuning, 0)
  const seen = [shown(state)]
  for (let nowMs = 0; nowMs <= 240_000; nowMs += 1000) {
    const next = decide(state, figuresOf(), nowMs, tuning)
    if (next !== state) seen.push(`${nowMs / 1000} s: ${shown(next)}`)
    state = next
  }
  assert.deepEqual(seen, ['5 moving', '60 s: 25 moving', '120 s: 50 moving', '180 s: 100 promoted'])
})

test('what is decided, and why', () => {
  const cases: [
    what: string,
    figures: CanaryFigures,
    atMs: number,
    outcome: string,
    reason: RegExp,
  ][] = [
    ['the step is not over', figuresOf(), 59_999, '5 moving', /begins/],
    ['it is over', figuresOf(), 60_000, '25 moving', /did well with 5 %/],
    ['too few requests to go on', figuresOf({ requests: 99 }), 600_000, '5 moving', /begins/],
    ['too few to go back', figuresOf({ requests: 99, failures: 99 }), 1, '5 moving', /begins/],
    [
      'errors: back at once',
      figuresOf({ failures: 21 }),
      1,
      '0 rolled back',
      /^2\.1 % of its 1000 requests failed, 2 % may$/,
    ],
    ['as many errors as may be', figuresOf({ failures: 20 }), 1, '5 moving', /begins/],
    [
      'the others fail as often: it is not the version',
      figuresOf({ failures: 50 }, { failures: 50 }),
      1,
      '5 moving',
      /begins/,
    ],
    ['slower: back at once', figuresOf({ p95Ms: 61 }), 1, '0 rolled back', /p95 is 1\.5 times/],
    ['as slow as may be', figuresOf({ p95Ms: 60 }), 1, '5 moving', /begins/],
    [
      'nobody left to compare with',
      figuresOf({ p95Ms: 500 }, { requests: 3 }),
      60_000,
      '25 moving',
      /did well/,
    ],
    ['latency is not known', figuresOf({ p95Ms: null }), 60_000, '25 moving', /did well/],
  ]
  for (const [what, figures, atMs, outcome, reason] of cases) {
    const state = decide(beginCanary(tuning, 0), figures, atMs, tuning)
    assert.equal(shown(state), outcome, what)
    assert.match(state.reason, reason, what)
  }
})

test('after the end nothing is decided any more', () => {
  for (const outcome of ['promoted', 'rolled back'] as const) {
    const state: CanaryState = { ...beginCanary(tuning, 0), outcome }
    assert.equal(decide(state, figuresOf({ failures: 999 }), 1e9, tuning), state)
  }
})

test('whatever the figures are, it only climbs the steps or falls to 0', () => {
  const version = fc.record({
    requests: fc.nat(1000),
    failures: fc.nat(30),
    p95Ms: fc.option(fc.nat(100)),
  })
  const round = fc.record({ canary: version, rest: version, passMs: fc.nat(90_000) })
  fc.assert(
    fc.property(fc.array(round, { maxLength: 20 }), (rounds) => {
      let state = beginCanary(tuning, 0)
      let nowMs = 0
      for (const { canary, rest, passMs } of rounds) {
        nowMs += passMs
        const next = decide(state, { canary, rest }, nowMs, tuning)
        const way = [5, 25, 50, 100]
        const climbed = way[way.indexOf(state.percent) + 1] === next.percent
        assert.ok(next === state || next.percent === 0 || climbed)
        state = next
      }
    }),
  )
})
