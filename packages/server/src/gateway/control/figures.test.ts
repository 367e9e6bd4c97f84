import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../kernel/testing/index.ts'
import type { NodeStates } from '../node-states.ts'
import { createFigures, quantile } from './figures.ts'

const boundsMs = [1, 10, 100]
const states = (requests: number, buckets: readonly number[], errors = 0): NodeStates => ({
  routes: [{ key: 'api r', requests, errors, buckets, boundsMs }],
  ...{ upstreams: [], caches: [], pluginProblems: {} },
})

const open = () => {
  const clock = createManualClock()
  const figures = createFigures({ clock })
  return {
    clock,
    figures,
    look: (...nodes: [node: string, states: NodeStates][]) =>
      figures.take(nodes.map(([node, value]) => ({ node, value }))),
  }
}

test('rates are what was counted between two looks', () => {
  const { clock, figures, look } = open()
  look(['a', states(100, [100, 0, 0, 0])])
  clock.advance(2000)
  look(['a', states(300, [100, 200, 0, 0], 10)])
  assert.deepEqual(figures.of('api r'), {
    ...{ requests: 300, errors: 10, requestsPerSecond: 100, errorsPerSecond: 5 },
    ...{ p50Ms: 5.5, p95Ms: 9.55, p99Ms: 9.91 },
  })
})

test('gateways are added up, and one that started again is counted from its start', () => {
  const { clock, figures, look } = open()
  look(['a', states(100, [100, 0, 0, 0])], ['b', states(1000, [1000, 0, 0, 0])])
  clock.advance(1000)
  look(['a', states(110, [110, 0, 0, 0])], ['b', states(5, [5, 0, 0, 0])])
  assert.equal(figures.of('api r').requestsPerSecond, 15)
  assert.equal(figures.of('api r').requests, 115)
})

test('the window goes on: what is older than ten seconds does not count', () => {
  const { clock, figures, look } = open()
  look(['a', states(0, [0, 0, 0, 0])])
  for (let second = 1; second <= 30; second += 1) {
    clock.advance(1000)
    look(['a', states(second <= 15 ? second * 100 : 1500, [0, 0, 0, 0])])
  }
  assert.equal(figures.of('api r').requestsPerSecond, 0)
  assert.equal(figures.of('api r').requests, 1500)
})

const nobody: [name: string, looks: NodeStates[]][] = [
  ['before any look', []],
  ['after one look', [states(10, [10, 0, 0, 0])]],
]
for (const [name, looks] of nobody) {
  test(`${name} there is no rate`, () => {
    const { figures, look } = open()
    for (const one of looks) look(['a', one])
    const { requestsPerSecond, p50Ms } = figures.of('api r')
    assert.deepEqual([requestsPerSecond, p50Ms], [0, null])
  })
}

const quantiles: [buckets: number[], q: number, ms: number | null][] = [
  [[0, 0, 0, 0], 0.5, null],
  [[10, 0, 0, 0], 0.5, 0.5],
  [[0, 10, 0, 0], 1, 10],
  [[5, 5, 0, 0], 0.75, 5.5],
  [[0, 0, 0, 7], 0.5, 100],
  [[1, 0, 0, 0], 0.99, 0.99],
]
for (const [buckets, q, ms] of quantiles) {
  test(`quantile ${q} of ${buckets.join(', ')} is ${ms ?? 'unknown'}`, () => {
    assert.equal(quantile({ buckets, boundsMs }, q), ms)
  })
}
