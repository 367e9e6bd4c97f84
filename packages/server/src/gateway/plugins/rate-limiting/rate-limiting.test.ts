import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/index.ts'
import type { Consumer } from '../../config/model.ts'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  testHost,
  type AskedExchange,
} from '../testing/index.ts'
import { rateLimiting } from './handler.ts'

const alice: Consumer = { id: 'alice', username: 'alice', custom_id: null, tags: [] }

/** A limiter at 12:00:10, and what it says to one request after another. */
const limiterOf = (config: object, start = '2026-06-15T12:00:10.250Z') => {
  const clock = createManualClock(new Date(start))
  const limiter = instanceOf(rateLimiting, config, testHost({ clock }))
  const ask = async (asked: AskedExchange = {}) => {
    const exchange = testExchange(asked)
    await limiter.access?.(exchange)
    return { status: exchange.answer?.status ?? 200, exchange, headers: exchange.answerHeaders }
  }
  return { clock, ask }
}

test('defaults are those of Kong', () => {
  assert.deepEqual(configOf(rateLimiting, { minute: 5 }), {
    minute: 5,
    limit_by: 'consumer',
    policy: 'local',
    fault_tolerant: true,
    redis: {
      port: 6379,
      timeout: 2000,
      database: 0,
      ssl: false,
      ssl_verify: false,
    },
    hide_client_headers: false,
    error_code: 429,
    error_message: 'API rate limit exceeded',
    sync_rate: -1,
  })
  assert.equal(rateLimiting.priority, 910)
})

test('what Kong refuses is refused', () => {
  const cases: [object, string | null][] = [
    [{ minute: 1 }, null],
    [{}, 'at least one of these fields must be non-empty: second, minute, hour, day, month, year'],
    [
      { second: 20, hour: 10 },
      'The limit for hour(10.0) cannot be lower than the limit for second(20.0)',
    ],
    [{ minute: 1, sync_rate: 1 }, 'sync_rate can only be used with the redis policy'],
    [
      { minute: 1, policy: 'redis', redis: { host: 'r' }, sync_rate: 0.01 },
      'sync_rate must be greater than 0.02, or -1 to disable',
    ],
    [{ minute: 1, policy: 'redis' }, 'required with the redis policy'],
    [{ minute: 1, policy: 'redis', redis_host: 'r' }, null],
    [{ minute: 1, limit_by: 'header' }, 'required when limit_by is header'],
    [{ minute: 1, limit_by: 'path' }, 'required when limit_by is path'],
  ]
  for (const [config, message] of cases) {
    assert.equal(faultsOf(rateLimiting, config)[0]?.message ?? null, message)
  }
  assert.throws(() => configOf(rateLimiting, { minute: 0 }))
  assert.throws(() => configOf(rateLimiting, { minute: 1, policy: 'cluster' }))
})

test('tells each period and the tightest of them, and refuses with Kong’s answer', async () => {
  const { ask } = limiterOf({ minute: 2, hour: 3 })
  const first = await ask()
  assert.deepEqual(first.headers.raw, [
    ...['X-RateLimit-Limit-Minute', '2', 'X-RateLimit-Remaining-Minute', '1'],
    ...['X-RateLimit-Limit-Hour', '3', 'X-RateLimit-Remaining-Hour', '2'],
    ...['RateLimit-Limit', '2', 'RateLimit-Remaining', '1', 'RateLimit-Reset', '50'],
  ])
  await ask()
  const refused = await ask({ requestId: 'r1' })
  assert.equal(refused.status, 429)
  assert.equal(
    refused.exchange.answer?.body,
    '{"message":"API rate limit exceeded","request_id":"r1"}',
  )
  assert.equal(refused.headers.get('retry-after'), '50')
  assert.equal(refused.headers.get('x-ratelimit-remaining-minute'), '0')
  assert.equal(refused.headers.get('x-ratelimit-remaining-hour'), '1', 'a refusal costs nothing')
})

test('windows are those of the calendar', async () => {
  const { clock, ask } = limiterOf({ minute: 1, hour: 2 })
  assert.equal((await ask()).status, 200)
  assert.equal((await ask()).status, 429)
  clock.advance(49_750)
  assert.equal((await ask()).status, 200, 'at 12:01:00')
  clock.advance(60_000)
  const refused = await ask()
  assert.equal(refused.status, 429, 'by the hour')
  assert.equal(refused.headers.get('ratelimit-reset'), String(58 * 60))
})

test('of equally tight windows the longest says when to come again', async () => {
  const { ask } = limiterOf({ second: 1, minute: 1 })
  assert.equal((await ask()).headers.get('ratelimit-reset'), '50')
})

test('limit_by: who is counted, and the address when there is nobody', async () => {
  const cases: [config: object, same: AskedExchange[], other: AskedExchange[]][] = [
    [
      { limit_by: 'consumer' },
      [
        { consumer: alice, clientIp: '192.0.2.1' },
        { consumer: alice, clientIp: '192.0.2.2' },
      ],
      [{ credential: { id: 'c1', name: null } }, { clientIp: '192.0.2.3' }],
    ],
    [
      { limit_by: 'credential' },
      [{ credential: { id: 'c1', name: null } }, { credential: { id: 'c1', name: 'x' } }],
      [{ credential: { id: 'c2', name: null } }, { consumer: alice }],
    ],
    [{ limit_by: 'ip' }, [{ consumer: alice }, {}], [{ clientIp: '192.0.2.2' }]],
    [
      { limit_by: 'ip' },
      [{ clientIp: '2001:db8::1' }, { clientIp: '2001:db8:0:0:ffff::2' }],
      [{ clientIp: '2001:db8:0:1::1' }, { clientIp: '::1' }, { clientIp: '::ffff:192.0.2.9' }],
    ],
    [
      { limit_by: 'service' },
      [{ service: { id: 's' }, clientIp: '192.0.2.2' }, { service: { id: 's' } }],
      [{ service: { id: 't' } }, { service: null }],
    ],
    [
      { limit_by: 'header', header_name: 'X-Tenant' },
      [{ headers: ['x-tenant', 'a'], clientIp: '192.0.2.2' }, { headers: ['X-Tenant', 'a'] }],
      [{ headers: ['x-tenant', 'b'] }, {}],
    ],
    [
      { limit_by: 'path', path: '/a' },
      [{ path: '/a', clientIp: '192.0.2.2' }, { path: '/a' }],
      [{ path: '/b' }, { path: '/a/b', clientIp: '192.0.2.3' }],
    ],
  ]
  for (const [config, [first = {}, second = {}], others] of cases) {
    const { ask } = limiterOf({ minute: 1, ...config })
    const text = JSON.stringify(config)
    assert.equal((await ask(first)).status, 200, text)
    assert.equal((await ask(second)).status, 429, text)
    for (const other of others) assert.equal((await ask(other)).status, 200, text)
  }
})

test('headers can be hidden; code and message are of one’s own choice', async () => {
  const { ask } = limiterOf({
    minute: 1,
    hide_client_headers: true,
    error_code: 503,
    error_message: 'slower',
  })
  assert.deepEqual((await ask()).headers.raw, [])
  const refused = await ask({ requestId: 'r1' })
  assert.equal(refused.status, 503)
  assert.equal(refused.exchange.answer?.body, '{"message":"slower","request_id":"r1"}')
  assert.deepEqual(refused.headers.raw, [])
})

test('two configurations do not share their counters', async () => {
  const clock = createManualClock()
  const host = testHost({ clock })
  const { counters } = host
  const one = instanceOf(rateLimiting, { minute: 1 }, host)
  const two = instanceOf(rateLimiting, { minute: 1 }, testHost({ clock, counters }))
  for (const limiter of [one, two]) {
    const exchange = testExchange()
    await limiter.access?.(exchange)
    assert.equal(exchange.answered, false)
  }
})
