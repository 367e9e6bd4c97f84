import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/index.ts'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  testHost,
  testResponse,
  textOf,
} from '../testing/index.ts'
import { responseRatelimiting } from './handler.ts'

const limiterOf = (config: object) => {
  const clock = createManualClock(new Date('2026-06-15T12:00:10Z'))
  const limiter = instanceOf(responseRatelimiting, config, testHost({ clock }))
  /** One request whose answer says what it used; the status that the client gets. */
  const ask = async (used?: string) => {
    const exchange = testExchange()
    await limiter.access?.(exchange)
    const headers = used === undefined ? [] : ['X-Kong-Limit', used]
    const response = testResponse({ headers })
    if (!exchange.answered) await limiter.response?.(exchange, response)
    const status = exchange.answer?.status ?? response.replaced?.status ?? 200
    return { status, exchange, response }
  }
  return { ask }
}

test('defaults are those of Kong', () => {
  assert.deepEqual(configOf(responseRatelimiting, { limits: { video: { minute: 1 } } }), {
    header_name: 'x-kong-limit',
    limit_by: 'consumer',
    policy: 'local',
    fault_tolerant: true,
    redis: { port: 6379, timeout: 2000, database: 0, ssl: false, ssl_verify: false },
    block_on_first_violation: false,
    hide_client_headers: false,
    limits: { video: { minute: 1 } },
  })
  assert.equal(responseRatelimiting.priority, 900)
})

test('counts what the answer says, and tells what is left', async () => {
  const { ask } = limiterOf({ limits: { video: { minute: 5, hour: 9 }, image: { minute: 3 } } })
  const first = await ask('video=2, image=1, other=7')
  assert.equal(first.response.headers.has('x-kong-limit'), false)
  assert.equal(first.exchange.request.headers.get('x-ratelimit-remaining-video'), '5')
  assert.deepEqual(first.exchange.answerHeaders.raw, [
    ...['X-RateLimit-Limit-video-minute', '5', 'X-RateLimit-Remaining-video-minute', '3'],
    ...['X-RateLimit-Limit-video-hour', '9', 'X-RateLimit-Remaining-video-hour', '7'],
    ...['X-RateLimit-Limit-image-minute', '3', 'X-RateLimit-Remaining-image-minute', '2'],
  ])
  const second = await ask()
  assert.equal(second.exchange.request.headers.get('x-ratelimit-remaining-video'), '3')
  assert.equal(second.exchange.request.headers.get('x-ratelimit-remaining-image'), '2')
})

test('answers 429 without a body once something is used up that the answer used', async () => {
  const { ask } = limiterOf({ limits: { video: { minute: 2 }, image: { minute: 9 } } })
  const statuses: number[] = []
  for (const used of ['video=3', 'video=1', 'image=1', undefined]) {
    statuses.push((await ask(used)).status)
  }
  assert.deepEqual(statuses, [200, 429, 200, 200])
})

test('block_on_first_violation refuses whatever comes', async () => {
  const { ask } = limiterOf({ limits: { video: { minute: 1 } }, block_on_first_violation: true })
  assert.equal((await ask('video=1')).status, 200)
  const refused = await ask()
  assert.equal(refused.status, 429)
  assert.match(textOf(refused.exchange.answer), /API rate limit exceeded for 'video'/)
})

test('what is no number counts nothing', async () => {
  const { ask } = limiterOf({ limits: { video: { minute: 2 } } })
  for (const used of ['video', 'video=x', 'video=1=2', 'video=', '=1', 'video=1e9']) await ask(used)
  const { exchange } = await ask()
  assert.equal(exchange.request.headers.get('x-ratelimit-remaining-video'), '2')
})

test('headers for the client can be hidden', async () => {
  const { ask } = limiterOf({ limits: { video: { minute: 2 } }, hide_client_headers: true })
  assert.deepEqual((await ask('video=1')).exchange.answerHeaders.raw, [])
})

test('what Kong refuses is refused', () => {
  const cases: [config: object, message: string][] = [
    [
      { limits: { v: {} } },
      'at least one of these fields must be non-empty: second, minute, hour, day, month, year',
    ],
    [
      { limits: { v: { second: 2, day: 1 } } },
      'the limit for day(1.0) cannot be lower than the limit for second(2.0)',
    ],
    [{ limits: { v: { day: 1 } }, policy: 'redis' }, 'required with the redis policy'],
  ]
  for (const [config, message] of cases) {
    assert.equal(faultsOf(responseRatelimiting, config)[0]?.message, message)
  }
  assert.throws(() => configOf(responseRatelimiting, { limits: {} }))
})
