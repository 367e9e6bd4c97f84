import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startRedis, withoutRedis, type TestRedis } from '../../redis/testing.ts'
import { instanceOf, testExchange, testHost, testResponse } from '../testing/index.ts'
import { responseRatelimiting } from './handler.ts'

void test('policy redis', { skip: withoutRedis }, async (t) => {
  let server: TestRedis
  before(async () => void (server = await startRedis()))
  after(() => server.remove())

  const gateway = (more: object = {}) => {
    const config = {
      policy: 'redis',
      redis: { host: '127.0.0.1', port: server.port },
      limits: { video: { year: 3 } },
      ...more,
    }
    const limiter = instanceOf(responseRatelimiting, config, testHost())
    const ask = async (used: string): Promise<number> => {
      const exchange = testExchange()
      await limiter.access?.(exchange)
      const response = testResponse({ headers: ['X-Kong-Limit', used] })
      if (!exchange.answered) await limiter.response?.(exchange, response)
      return exchange.answer?.status ?? response.replaced?.status ?? 200
    }
    return { ask, close: async () => limiter.close?.() }
  }

  await t.test('hosts share what is used', async () => {
    const [a, b] = [gateway(), gateway()]
    const statuses = [await a.ask('video=2'), await b.ask('video=1'), await a.ask('video=1')]
    assert.deepEqual(statuses, [200, 200, 429])
    await Promise.all([a.close(), b.close()])
  })

  await t.test('without Redis hosts count alone, or refuse when they may not', async () => {
    await server.stop()
    const [tolerant, strict] = [gateway(), gateway({ fault_tolerant: false })]
    assert.deepEqual([await tolerant.ask('video=3'), await tolerant.ask('video=1')], [200, 429])
    assert.equal(await strict.ask('video=1'), 500)
    await Promise.all([tolerant.close(), strict.close()])
  })
})
