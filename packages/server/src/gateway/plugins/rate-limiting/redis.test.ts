import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createManualClock, until } from '../../../kernel/testing/index.ts'
import { connectRedis } from '../../redis/index.ts'
import { startRedis, withoutRedis, type TestRedis } from '../../redis/testing.ts'
import { configOf, instanceOf, testExchange, testHost } from '../testing/index.ts'
import { rateLimiting } from './handler.ts'

const start = new Date('2026-06-15T12:00:10Z')

void test('policy redis', { skip: withoutRedis }, async (t) => {
  let server: TestRedis
  before(async () => void (server = await startRedis()))
  after(() => server.remove())

  /** A gateway of its own: with its own memory, as on another host. */
  const gateway = (config: object, scope: string) => {
    const clock = createManualClock(start)
    const host = testHost({ clock, entity: { service: scope } })
    const full = { policy: 'redis', redis: { host: '127.0.0.1', port: server.port }, ...config }
    const limiter = instanceOf(rateLimiting, full, host)
    const ask = async (): Promise<number> => {
      const exchange = testExchange()
      await limiter.access?.(exchange)
      return exchange.answer?.status ?? 200
    }
    const redis = connectRedis(configOf(rateLimiting, { minute: 1, ...full }).redis, host)
    const close = async () => {
      redis.release()
      await limiter.close?.()
    }
    return { ask, clock, redis, close }
  }
  const passed = (answers: readonly number[]) => answers.filter((status) => status === 200).length

  await t.test('hosts share one limit, exactly, at any concurrency', async () => {
    const [a, b] = [gateway({ minute: 50 }, 'shared'), gateway({ minute: 50 }, 'shared')]
    const asked = Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? a : b).ask())
    assert.equal(passed(await Promise.all(asked)), 50)
    await Promise.all([a.close(), b.close()])
  })

  await t.test(
    'keys are those of Kong, live until their window ends, and count no refusals',
    async () => {
      const a = gateway({ minute: 1, hour: 9, limit_by: 'ip' }, 'keys')
      await a.ask()
      await a.ask()
      const of = (period: string, at: string) =>
        `ratelimit:00000000-0000-0000-0000-000000000000:keys:192.0.2.1:${Date.parse(at)}:${period}`
      const minute = of('minute', '2026-06-15T12:00:00Z')
      const hour = of('hour', '2026-06-15T12:00:00Z')
      const [counts, ttl] = await a.redis.run((client) =>
        Promise.all([client.mget(minute, hour), client.pttl(minute)]),
      )
      assert.deepEqual(counts, ['1', '1'])
      assert.ok(ttl > 40_000 && ttl <= 50_000, String(ttl))
      await a.close()
    },
  )

  await t.test('with sync_rate hosts meet every so often and agree then', async () => {
    const config = { minute: 10, sync_rate: 1 }
    const [a, b] = [gateway(config, 'synced'), gateway(config, 'synced')]
    await Promise.all([a.ask(), b.ask()])
    for (let at = 0; at < 6; at += 1) await a.ask()
    assert.equal(await b.ask(), 200)
    a.clock.advance(1000)
    b.clock.advance(1000)
    const key = `ratelimit:00000000-0000-0000-0000-000000000000:synced:192.0.2.1:${Date.parse('2026-06-15T12:00:00Z')}:minute`
    await until(
      'both have told',
      async () => (await a.redis.run((client) => client.get(key))) === '9',
    )
    const rest = [await b.ask(), await b.ask(), await b.ask()]
    assert.ok(passed(rest) <= 3)
    await Promise.all([a.close(), b.close()])
    assert.ok(Number(await sumOf(server, key)) >= 9, 'what was counted is told on closing')
  })

  await t.test('without Redis each host counts, and goes back to it by itself', async () => {
    const a = gateway({ minute: 5 }, 'away')
    assert.equal(await a.ask(), 200)
    await server.stop()
    await until('redis is away', () => !a.redis.ready)
    const meanwhile = await Promise.all(Array.from({ length: 20 }, () => a.ask()))
    assert.equal(passed(meanwhile), 5)
    await server.start()
    await until('redis is back', () => a.redis.ready)
    assert.equal(await a.ask(), 200, 'the new server has counted nothing')
    await a.close()
  })

  await t.test('without fault tolerance requests get 500 while Redis is away', async () => {
    const a = gateway({ minute: 5, fault_tolerant: false }, 'strict')
    assert.equal(await a.ask(), 200)
    await server.stop()
    await until('redis is away', () => !a.redis.ready)
    assert.equal(await a.ask(), 500)
    await server.start()
    await until('redis is back', () => a.redis.ready)
    assert.equal(await a.ask(), 200)
    await a.close()
  })
})

const sumOf = async (server: TestRedis, key: string): Promise<string | null> => {
  const settings = { host: '127.0.0.1', port: server.port }
  const config = configOf(rateLimiting, { minute: 1, redis: settings })
  const redis = connectRedis(config.redis, testHost())
  const sum = await redis.run((client) => client.get(key))
  redis.release()
  return sum
}
