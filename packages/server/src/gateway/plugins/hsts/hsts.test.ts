import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configOf, faultsOf, instanceOf, testExchange, testResponse } from '../testing/index.ts'
import { hsts } from './handler.ts'

const headerWith = (config: object, scheme: 'http' | 'https', given: string[] = []) => {
  const response = testResponse({ headers: given })
  void instanceOf(hsts, config).response?.(testExchange({ scheme }), response)
  return response.headers.get('strict-transport-security')
}

test('defaults', () => {
  const defaults = { max_age: 31_536_000, include_sub_domains: false, preload: false }
  assert.deepEqual(configOf(hsts, {}), defaults)
})

const year = 31_536_000
const cases: { config: object; says: string }[] = [
  { config: {}, says: `max-age=${year}` },
  { config: { max_age: 0 }, says: 'max-age=0' },
  { config: { include_sub_domains: true }, says: `max-age=${year}; includeSubDomains` },
  {
    config: { include_sub_domains: true, preload: true },
    says: `max-age=${year}; includeSubDomains; preload`,
  },
]
for (const { config, says } of cases) {
  test(`over https: ${says}; over http nothing`, () => {
    assert.equal(headerWith(config, 'https'), says)
    assert.equal(headerWith(config, 'http'), undefined)
  })
}

test('a service that says so itself is not corrected', () => {
  assert.equal(headerWith({}, 'https', ['Strict-Transport-Security', 'max-age=1']), 'max-age=1')
})

test('preload needs what the lists of browsers need', () => {
  assert.equal(faultsOf(hsts, { preload: true }).length, 1)
  assert.equal(faultsOf(hsts, { preload: true, include_sub_domains: true, max_age: 60 }).length, 1)
})
