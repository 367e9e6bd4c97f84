import type { System } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { services, system } from '../test-fixture/fixture-data.ts'
import { affectedBy, dependentsOf } from './dependents.ts'
import { entryOf, gatewayUrlOf, routeUrlOf } from './gateway.ts'

const at = (address: string | null): System => {
  const { parts, ...rest } = system()
  return { ...rest, parts: parts.map((part) => ({ ...part, address })) }
}

const addresses: [string | null, string | undefined][] = [
  ['127.0.0.1:8080', 'http://box:8080/'],
  ['http://0.0.0.0:8080', 'http://box:8080/'],
  ['https://127.0.0.1:8443/', 'https://box:8443/'],
  ['http://[::1]:8080, https://[::1]:8443', 'http://box:8080/'],
  [null, undefined],
  ['', undefined],
]
for (const [address, url] of addresses) {
  test(`a gateway at ${address} is reached at ${url}`, () => {
    assert.equal(gatewayUrlOf(at(address), 'box'), url)
  })
}

test('a route is reached behind the gateway, under its own host if it names one', () => {
  assert.equal(routeUrlOf('http://box:8080/', '/api'), 'http://box:8080/api')
  assert.equal(routeUrlOf('http://box:8080/', 'shop.test/api'), 'http://shop.test:8080/api')
  assert.equal(routeUrlOf('http://box:8080/', '*/'), 'http://box:8080/')
})

test('the shortest route is the way in', () => {
  assert.equal(entryOf(['/shop/api', '/shop', '/zoo-keeper']), '/shop')
  assert.equal(entryOf([]), undefined)
})

test('who needs a service directly or through others is affected by it', () => {
  const dependents = dependentsOf(services)
  assert.deepEqual(affectedBy(dependents, 'shop/payments'), ['shop/orders', 'shop/web'])
  assert.deepEqual(affectedBy(dependents, 'shop/web'), [])
})

test('a circle of needs ends', () => {
  const circle = new Map([
    ['a', ['b']],
    ['b', ['a']],
  ])
  assert.deepEqual(affectedBy(circle, 'a'), ['b'])
})
