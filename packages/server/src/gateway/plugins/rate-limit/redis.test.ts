import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createManualClock, until } from '../../../kernel/testing/index.ts'
import { connectRedis } from '../../redis/index.ts'
import { startRedis, withoutRedis, type TestRedis } from '../../redis/testing.ts'
import { configOf, instanceOf, testExchange, testHost } from '../testing/index.ts'
import { rateLimit } from './handler.ts'

void test('policy redis', { skip: withoutRedis }, async (t) => {
  let server: TestRedis
  before(async () => void (server = await startRedis()))
  after(() => server.remove())

  /** A gateway of its own, as on another host: its memory, and a clock that is off by a day. */
  const gateway = (config: object, id: string) => {
    const host = testHost({
      clock: createManualClock(new Date('2026-06-15T12:00:10Z')),
      entity: { id },
    })
    const full = { policy: 'redis', redis: { host: '127.0.0.1', port: server.port }, ...config }
    const limiter = instanceOf(rateLimit, full, host)
    const ask = async (): Promise<number> => {
      const exchange = testExchange()
      await limiter.access?.(exchange)
      return exchange.answer?.status ?? 200
    }
    const redis = connectRedis(configOf(rateLimit, { limit: 1, ...full }).redis, host)
    const close = async () => {
      redis.release()
      await limiter.close?.()
    }
    return { ask, redis, close }
  }
  const passed = (answers: readonly number[]) => answers.filter((status) => status === 200).length

  for (const strategy of ['gcra', 'sliding-window']) {
    await t.test(`${strategy}: hosts share one limit, exactly, at any concurrency`, async () => {
      // Of a year: nothing comes back while the test runs.
      const config = { strategy, limit: 50, period: 31_536_000 }
      const [a, b] = [gateway(config, strategy), gateway(config, strategy)]
      const asked = Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? a : b).ask())
      assert.equal(passed(await Promise.all(asked)), 50)
      const keys = await a.redis.run((client) => client.keys(`rate-limit:${strategy}:*`))
      assert.deepEqual(keys, [`rate-limit:${strategy}:${strategy}:192.0.2.1`])
      assert.ok(
        (await a.redis.run((client) => client.pttl(keys[0] ?? ''))) > 0,
        'it goes by itself',
      )
      await Promise.all([a.close(), b.close()])
    })

    await t.test(`${strategy}: what is used up comes back`, async () => {
      const a = gateway({ strategy, limit: 1, period: 1 }, `${strategy}-back`)
      await a.ask()
      await until('a request passes again', async () => (await a.ask()) === 200)
      await a.close()
    })
  }

  await t.test('without Redis each host counts, and goes back to it by itself', async () => {
    const a = gateway({ limit: 5, period: 31_536_000 }, 'away')
    assert.equal(await a.ask(), 200)
    await server.stop()
    await until('redis is away', () => !a.redis.ready)
    assert.equal(passed(await Promise.all(Array.from({ length: 20 }, () => a.ask()))), 5)
    await server.start()
    await until('redis is back', () => a.redis.ready)
    assert.equal(await a.ask(), 200, 'the new server has counted nothing')
    await a.close()
  })

  await t.test('without fault tolerance requests get 500 while Redis is away', async () => {
    const a = gateway({ limit: 5, fault_tolerant: false }, 'strict')
    assert.equal(await a.ask(), 200)
    await server.stop()
    await until('redis is away', () => !a.redis.ready)
    assert.equal(await a.ask(), 500)
    await server.start()
    await a.close()
  })
})
