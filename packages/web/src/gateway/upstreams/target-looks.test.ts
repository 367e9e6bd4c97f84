import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gatewayUpstreams } from '../../test-fixture/fixture-gateway.ts'
import {
  filterUpstreams,
  isTroubled,
  sharesOf,
  targetAddress,
  upstreamSentence,
} from './target-looks.ts'

const [orders, payments, search] = gatewayUpstreams
assert.ok(orders !== undefined && payments !== undefined && search !== undefined)

test('shares are of what each target gets now', () => {
  assert.deepEqual(
    sharesOf(orders.targets).map((share) => Math.round(share * 100)),
    [71, 29, 0],
  )
  assert.deepEqual(
    sharesOf(orders.targets.map((one) => ({ ...one, effectiveWeight: 0 }))),
    [0, 0, 0],
  )
  assert.deepEqual(sharesOf([]), [])
})

const sentences: [number[], string][] = [
  [[], 'It has no target: every request fails'],
  [[100], 'Its one target is used'],
  [[0], 'Its one target is not used'],
  [[100, 20], 'Both targets are used'],
  [[100, 100, 1], 'All 3 targets are used'],
  [[100, 0, 0], '1 of 3 targets is used'],
  [[100, 40, 0], '2 of 3 targets are used'],
  [[0, 0], 'None of 2 targets is used'],
]
for (const [weights, sentence] of sentences) {
  test(`weights ${weights.join(', ')}: ${sentence}`, () => {
    const [target] = orders.targets
    assert.ok(target !== undefined)
    const targets = weights.map((effectiveWeight) => ({ ...target, effectiveWeight }))
    assert.equal(upstreamSentence({ targets }), sentence)
  })
}

test('a panic, a target that is out, and no target at all call for a look', () => {
  assert.deepEqual(gatewayUpstreams.map(isTroubled), [true, true, true])
  assert.equal(isTroubled({ ...orders, targets: orders.targets.slice(0, 2) }), false)
})

test('upstreams are found by name, service and target', () => {
  const found = (text: string) =>
    filterUpstreams(gatewayUpstreams, text, false).map(({ name }) => name)
  assert.deepEqual(found('REFUNDS'), ['payments'])
  assert.deepEqual(found('shop-orders-2'), ['orders'])
  assert.deepEqual(found('').length, 3)
})

test('an address of IPv6 stands in brackets', () => {
  assert.equal(targetAddress({ host: '::1', port: 80 }), '[::1]:80')
})
