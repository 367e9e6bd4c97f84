import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gatewayRoutes, managers, manyRoutes } from '../../test-fixture/fixture-gateway.ts'
import { managerKey } from '../managed.ts'
import { conditionsOf, firstOf, latencySentence, routeKey, rowsOf } from './route-text.ts'

const [orders] = gatewayRoutes
assert.ok(orders !== undefined)

test('a route that two pages hold, because it moved meanwhile, is one row', () => {
  const all = manyRoutes(6)
  const rows = rowsOf([{ items: all.slice(0, 4) }, { items: all.slice(3) }], undefined)
  assert.deepEqual(rows.map(routeKey), all.map(routeKey))
})

test('routes are filtered by who manages them', () => {
  const rows = rowsOf([{ items: gatewayRoutes }], managerKey(managers.file))
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['orders-v2', 'orders-v1'],
  )
})

test('the same id in two documents is two routes', () => {
  assert.notEqual(
    routeKey({ ...orders, manager: managers.own }),
    routeKey({ ...orders, manager: managers.file }),
  )
})

test('conditions are told from the host to the headers', () => {
  assert.deepEqual(conditionsOf(orders), [
    'shop.example',
    '/v2/orders',
    String.raw`~/v2/orders/\d+/items$`,
    'x-tenant: red or blue',
  ])
})

test('the first ones are shown; of one more alone there is no count', () => {
  assert.deepEqual(firstOf(['a', 'b', 'c'], 2), { shown: ['a', 'b', 'c'], more: 0 })
  assert.deepEqual(firstOf(['a', 'b', 'c', 'd'], 2), { shown: ['a', 'b'], more: 2 })
})

test('latencies are a sentence, and none is none', () => {
  assert.equal(latencySentence(orders.figures), 'p50 3.2 ms, p95 18 ms, p99 140 ms')
  assert.equal(latencySentence({ ...orders.figures, p50Ms: null }), null)
})
