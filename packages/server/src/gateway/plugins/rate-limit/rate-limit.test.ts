import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createManualClock } from '../../../kernel/testing/index.ts'
import { createSharedCounters, emptyTable } from '../../counters/index.ts'
import { configOf, faultsOf, instanceOf, testExchange, testHost } from '../testing/index.ts'
import { rateLimit } from './handler.ts'
import { createGcra, createSlidingWindow } from './verdict.ts'

const world = () => {
  const clock = createManualClock()
  const counters = createSharedCounters(emptyTable(1024), clock)
  return { clock, counters, now: () => clock.now().getTime() }
}

test('defaults', () => {
  assert.deepEqual(configOf(rateLimit, { limit: 5 }), {
    strategy: 'gcra',
    limit: 5,
    period: 60,
    limit_by: 'consumer',
    policy: 'local',
    fault_tolerant: true,
    redis: { port: 6379, timeout: 2000, database: 0, ssl: false, ssl_verify: false },
    name: 'default',
    hide_client_headers: false,
    error_code: 429,
    error_message: 'API rate limit exceeded',
  })
})

test('gcra never lets more pass than burst + rate × time, whenever requests come', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 150 }),
      (limit, burst, gaps) => {
        const { clock, counters, now } = world()
        const judge = createGcra(counters, { limit, periodMs: 1000, burst })
        const passed: number[] = []
        for (const gap of gaps) {
          clock.advance(gap)
          if (judge('a', now()).passes) passed.push(now())
        }
        for (const [from, start] of passed.entries()) {
          for (const [to, end] of passed.entries()) {
            if (to < from) continue
            const most = burst + ((end - start) * limit) / 1000
            assert.ok(to - from + 1 <= most + 1e-6, `${to - from + 1} in ${end - start} ms`)
          }
        }
      },
    ),
  )
})

test('gcra: whoever keeps the pace always passes, and who is told to wait passes after that', () => {
  const { clock, counters, now } = world()
  const judge = createGcra(counters, { limit: 3, periodMs: 1000, burst: 2 })
  assert.deepEqual(
    [judge('a', now()), judge('a', now()), judge('a', now())].map(({ passes }) => passes),
    [true, true, false],
  )
  const { waitMs } = judge('a', now())
  clock.advance(Math.ceil(waitMs))
  assert.equal(judge('a', now()).passes, true)
  for (let at = 0; at < 50; at += 1) {
    clock.advance(334)
    assert.equal(judge('a', now()).passes, true)
  }
})

test('gcra: a clock that was set back locks nobody out', () => {
  const { counters, now } = world()
  const judge = createGcra(counters, { limit: 1, periodMs: 1000, burst: 1 })
  assert.equal(judge('a', now() + 3_600_000).passes, true)
  assert.equal(judge('a', now()).passes, true)
  assert.equal(judge('a', now()).passes, false)
})

test('a sliding window has no edge at which twice the limit passes', () => {
  const { clock, counters, now } = world()
  const judge = createSlidingWindow(counters, { limit: 10, periodMs: 60_000 })
  const passedNow = () =>
    Array.from({ length: 20 }, () => judge('a', now())).filter((v) => v.passes)
  clock.advance(59_000)
  assert.equal(passedNow().length, 10)
  clock.advance(2000)
  assert.equal(passedNow().length, 0, 'a calendar window would let ten more pass')
  clock.advance(29_000)
  assert.equal(passedNow().length, 5, 'half of the window before has faded')
})

test('a sliding window says truly how long to wait', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 60 }),
      (limit, gaps) => {
        const { clock, counters, now } = world()
        const judge = createSlidingWindow(counters, { limit, periodMs: 1000 })
        for (const gap of gaps) {
          clock.advance(gap)
          const verdict = judge('a', now())
          if (verdict.passes) continue
          clock.advance(Math.ceil(verdict.waitMs) + 1)
          assert.equal(judge('a', now()).passes, true, `after ${verdict.waitMs} ms`)
        }
      },
    ),
  )
})

test('headers of the IETF draft, and what a refusal says', async () => {
  const clock = createManualClock()
  const limiter = instanceOf(
    rateLimit,
    { limit: 2, period: 10, burst: 1, name: 'api' },
    testHost({ clock }),
  )
  const [passed, refused] = [testExchange(), testExchange()]
  await limiter.access?.(passed)
  await limiter.access?.(refused)
  assert.deepEqual(passed.answerHeaders.raw, [
    ...['RateLimit-Policy', '"api";q=2;w=10'],
    ...['RateLimit', '"api";r=0;t=5'],
  ])
  assert.equal(refused.answer?.status, 429)
  assert.deepEqual(refused.answer.headers?.slice(-2), ['Retry-After', '5'])
})

test('what does not go together is refused', () => {
  const cases: [config: object, field: string][] = [
    [{ limit: 1, limit_by: 'header' }, 'header_name'],
    [{ limit: 1, limit_by: 'path' }, 'path'],
    [{ limit: 1, policy: 'redis' }, 'redis.host'],
    [{ limit: 1, strategy: 'sliding-window', burst: 3 }, 'burst'],
  ]
  for (const [config, field] of cases) {
    assert.equal(faultsOf(rateLimit, config)[0]?.path.join('.'), field)
  }
})
