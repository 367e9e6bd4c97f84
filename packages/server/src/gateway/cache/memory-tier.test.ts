import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MemoryTier } from './memory-tier.ts'
import { aRequest, aStored, nowMs } from './testing/stored.ts'

const url = (name: string): string => `http://shop.test/${name}`

const fresh = ['Cache-Control', 'max-age=60']

void test('bytes stay below the bound, whatever comes', () => {
  const maxBytes = 50_000
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(30), fc.nat(20_000))), (stores) => {
      const tier = new MemoryTier(maxBytes)
      for (const [name, length] of stores) {
        const request = aRequest([], { url: url(String(name)) })
        tier.store(aStored({ request, body: Buffer.alloc(length) }))
        assert.ok(tier.bytes <= maxBytes)
      }
    }),
  )
})

void test('what was not asked for longest goes first', () => {
  const tier = new MemoryTier(25_000)
  const store = (name: string): void =>
    tier.store(aStored({ request: aRequest([], { url: url(name) }), body: Buffer.alloc(10_000) }))
  store('a')
  store('b')
  tier.find(aRequest([], { url: url('a') }))
  store('c')
  const left = ['a', 'b', 'c'].filter((name) => tier.find(aRequest([], { url: url(name) })))
  assert.deepEqual([left, tier.evictions], [['a', 'c'], 1])
})

void test('one that is larger than everything is not kept, nor the one it replaces', () => {
  const tier = new MemoryTier(5000)
  tier.store(aStored({ body: 'small' }))
  tier.store(aStored({ body: Buffer.alloc(9000) }))
  assert.deepEqual([tier.find(aRequest()), tier.size], [undefined, 0])
})

void test('answers to one URL are told apart by what they vary by, and by realm', () => {
  const tier = new MemoryTier(1_000_000)
  const vary = [...fresh, 'Vary', 'Accept-Language']
  const english = aRequest(['Accept-Language', 'en'])
  const german = aRequest(['Accept-Language', 'de'])
  tier.store(aStored({ fields: vary, request: english, body: 'hello' }))
  tier.store(aStored({ fields: vary, request: german, body: 'hallo' }))
  assert.equal(tier.find(english)?.body.toString(), 'hello')
  assert.equal(tier.find(german)?.body.toString(), 'hallo')
  assert.equal(tier.find(aRequest(['Accept-Language', 'fr'])), undefined)
  assert.equal(tier.find(aRequest(['Accept-Language', 'en'], { realm: 'somebody' })), undefined)
})

void test('of several that fit the newest is taken', () => {
  const tier = new MemoryTier(1_000_000)
  tier.store(aStored({ body: 'old', fields: [...fresh, 'Vary', 'Foo'] }))
  tier.store(aStored({ body: 'new', receivedMs: nowMs + 1 }))
  assert.equal(tier.find(aRequest())?.body.toString(), 'new')
})

void test('purges by URL, by prefix, by group, and of everything', () => {
  const tier = new MemoryTier(1_000_000)
  const store = (name: string, tags: string): void =>
    tier.store(
      aStored({ request: aRequest([], { url: url(name) }), fields: [...fresh, 'Cache-Tag', tags] }),
    )
  const fill = (): void => {
    store('list', 'shop')
    store('item/1', 'shop,item')
    store('item/2', 'shop,item')
  }
  fill()
  assert.deepEqual(tier.largestTags(1), [{ tag: 'shop', entries: 3 }])
  assert.equal(tier.purge({ by: 'url', url: url('list') }), 1)
  assert.equal(tier.purge({ by: 'tag', tag: 'item' }), 2)
  assert.deepEqual([tier.size, tier.bytes, tier.largestTags(9)], [0, 0, []])
  fill()
  assert.equal(tier.purge({ by: 'prefix', prefix: url('item/') }), 2)
  assert.equal(tier.purge({ by: 'all' }), 1)
  assert.equal(tier.size, 0)
})
