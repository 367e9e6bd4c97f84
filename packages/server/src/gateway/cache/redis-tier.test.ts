import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { Value } from 'typebox/value'
import { systemClock } from '../../kernel/clock.ts'
import { until } from '../../kernel/testing/index.ts'
import { connectRedis, redisSettings, type RedisSettings } from '../redis/index.ts'
import { startRedis, withoutRedis, type TestRedis } from '../redis/testing.ts'
import { HttpCache } from './http-cache.ts'
import { RedisTier } from './redis-tier.ts'
import { aRequest, aStored, type AskedAnswer } from './testing/stored.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }

const request = (name: string) => aRequest([], { url: `http://shop.test/${name}` })

const aFresh = (name: string, more: AskedAnswer = {}) =>
  aStored({ request: request(name), receivedMs: Date.now(), ...more })

void test('a cache shared through Redis', { skip: withoutRedis, timeout: 60_000 }, async (t) => {
  let server: TestRedis
  before(async () => void (server = await startRedis()))
  after(() => server.remove())

  /** A cache as on a host of its own: with its own connection and memory. */
  const host = (t: TestContext, prefix: string, name: string) => {
    const given = { host: '127.0.0.1', port: server.port, timeout: 500, server_name: name }
    const settings = Value.Default(redisSettings, given) as RedisSettings
    const connection = connectRedis(settings, { log: silent })
    const tier = new RedisTier(connection, { prefix, maxBodyBytes: 10_000 })
    const cache = new HttpCache(
      { name, memoryBytes: 1_000_000, disk: null, collapse: { maxWaiters: 1, maxWaitMs: 1 } },
      systemClock,
      tier,
    )
    t.after(async () => {
      await cache.close()
      connection.release()
    })
    const bodyOf = async (name: string): Promise<string | undefined> =>
      (await cache.find(request(name)))?.body.toString()
    return { cache, tier, bodyOf }
  }

  const twoHosts = (t: TestContext, prefix: string) =>
    [host(t, prefix, 'one'), host(t, prefix, 'two')] as const

  await t.test('what one host keeps, another one serves', async (t) => {
    const [one, two] = twoHosts(t, 'share')
    one.cache.store(aFresh('a', { body: 'shared' }), one.cache.position)
    await until('two sees it', async () => (await two.bodyOf('a')) === 'shared')
  })

  await t.test('variants are told apart', async (t) => {
    const [one, two] = twoHosts(t, 'vary')
    const fields = ['Cache-Control', 'max-age=60', 'Vary', 'Accept-Language']
    const ask = (language: string) =>
      aRequest(['Accept-Language', language], { url: 'http://shop.test/v' })
    for (const language of ['en', 'de']) {
      const stored = aFresh('v', { request: ask(language), fields, body: language })
      one.cache.store(stored, one.cache.position)
    }
    for (const language of ['en', 'de']) {
      await until(
        'two sees the variant',
        async () => (await two.cache.find(ask(language)))?.body.toString() === language,
      )
    }
    assert.equal(await two.cache.find(ask('fr')), undefined)
  })

  await t.test('a purge on one host reaches the memory of another one', async (t) => {
    const [one, two] = twoHosts(t, 'purge')
    const tagged = { fields: ['Cache-Control', 'max-age=60', 'Cache-Tag', 'group'] }
    const selections = [
      { by: 'url', url: 'http://shop.test/p' },
      { by: 'prefix', prefix: 'http://shop.test/' },
      { by: 'tag', tag: 'group' },
      { by: 'all' },
    ] as const
    // Two has to have seen where the stream of purges is, or what follows is all news to it.
    await until('redis is reachable', () => two.tier.reachable)
    for (const selection of selections) {
      one.cache.store(aFresh('p', tagged), one.cache.position)
      await until('two sees it', async () => (await two.bodyOf('p')) !== undefined)
      await one.cache.purge(selection)
      await until('two has dropped it', async () => (await two.bodyOf('p')) === undefined)
      assert.equal(await one.bodyOf('p'), undefined, selection.by)
    }
  })

  await t.test('an answer that turned out to be wrong does not come back from Redis', async (t) => {
    const [one, two] = twoHosts(t, 'drop')
    const wrong = aFresh('w')
    one.cache.store(wrong, one.cache.position)
    await until('two sees it', async () => (await two.bodyOf('w')) !== undefined)
    one.cache.drop(wrong)
    assert.equal(await one.bodyOf('w'), undefined)
  })

  await t.test('bodies above the bound stay at home', async (t) => {
    const [one, two] = twoHosts(t, 'bound')
    one.cache.store(aFresh('big', { body: Buffer.alloc(10_001) }), one.cache.position)
    one.cache.store(aFresh('small'), one.cache.position)
    await until('the small one is shared', async () => (await two.bodyOf('small')) !== undefined)
    assert.equal(await two.bodyOf('big'), undefined)
  })

  await t.test(
    'without Redis each has its own memory; with it back they share again',
    async (t) => {
      const [one, two] = twoHosts(t, 'away')
      one.cache.store(aFresh('before'), one.cache.position)
      await until('two sees it', async () => (await two.bodyOf('before')) !== undefined)
      await server.stop()
      await until('redis is away', () => !one.tier.reachable)
      one.cache.store(aFresh('during', { body: 'mine' }), one.cache.position)
      assert.equal(await one.bodyOf('during'), 'mine')
      assert.equal(await two.bodyOf('during'), undefined)
      assert.notEqual(await one.bodyOf('before'), undefined, 'memory goes on')
      await one.cache.purge({ by: 'url', url: 'http://shop.test/before' })
      assert.equal(one.tier.purges.waiting, 1)
      await server.start()
      await until('redis is back', () => one.tier.reachable && two.tier.reachable)
      // The purge that waited arrives, also in the memory of the other one.
      await until('the purge arrived', async () => (await two.bodyOf('before')) === undefined)
      one.cache.store(aFresh('after', { body: 'again' }), one.cache.position)
      await until('they share again', async () => (await two.bodyOf('after')) === 'again')
    },
  )
})
