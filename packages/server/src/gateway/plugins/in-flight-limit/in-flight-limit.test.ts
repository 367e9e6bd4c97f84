import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExchangeRecord } from '../plugin.ts'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  type AskedExchange,
} from '../testing/index.ts'
import { inFlightLimit } from './handler.ts'

const record = {} as ExchangeRecord // nothing of it is read

const limiterOf = (config: object) => {
  const limiter = instanceOf(inFlightLimit, config)
  const begin = (asked: AskedExchange = {}) => {
    const exchange = testExchange(asked)
    void limiter.access?.(exchange)
    return { status: exchange.answer?.status ?? 200, end: () => limiter.log?.(exchange, record) }
  }
  return { begin }
}

test('defaults', () => {
  assert.deepEqual(configOf(inFlightLimit, { limit: 2 }), {
    limit: 2,
    limit_by: 'ip',
    error_code: 429,
    error_message: 'Too many requests at once',
  })
  assert.equal(faultsOf(inFlightLimit, { limit: 1, limit_by: 'header' }).length, 1)
})

test('as many at once as the limit; one that ends makes room for one', () => {
  const { begin } = limiterOf({ limit: 2, error_code: 503 })
  const [first, second, third] = [begin(), begin(), begin()]
  assert.deepEqual([first.status, second.status, third.status], [200, 200, 503])
  third.end()
  assert.equal(begin().status, 503, 'a refused one held no place')
  first.end()
  assert.equal(begin().status, 200)
  assert.equal(begin().status, 503)
})

test('callers have limits of their own', () => {
  const cases: [config: object, one: AskedExchange, other: AskedExchange][] = [
    [{ limit_by: 'ip' }, {}, { clientIp: '192.0.2.7' }],
    [
      { limit_by: 'header', header_name: 'X-T' },
      { headers: ['x-t', 'a'] },
      { headers: ['x-t', 'b'] },
    ],
    [{ limit_by: 'service' }, { service: { id: 'a' } }, { service: { id: 'b' } }],
  ]
  for (const [config, one, other] of cases) {
    const { begin } = limiterOf({ limit: 1, ...config })
    assert.deepEqual([begin(one).status, begin(one).status, begin(other).status], [200, 429, 200])
  }
})
