import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createManualClock } from '../../kernel/testing/index.ts'
import { HttpCache } from './http-cache.ts'
import { aRequest, aStored, nowMs } from './testing/stored.ts'

const settings = {
  name: 'test',
  memoryBytes: 1_000_000,
  disk: null,
  collapse: { maxWaiters: 10, maxWaitMs: 1000 },
}

const memoryOnly = () => {
  const clock = createManualClock(new Date(nowMs))
  return { clock, cache: new HttpCache(settings, clock, null) }
}

void test('an answer that can no longer be used is as good as gone', async () => {
  const { clock, cache } = memoryOnly()
  cache.store(aStored({ fields: ['Cache-Control', 'max-age=60, must-revalidate'] }), cache.position)
  clock.advance(59_999)
  assert.notEqual(await cache.find(aRequest()), undefined)
  clock.advance(1)
  assert.equal(await cache.find(aRequest()), undefined)
})

void test('what was asked for before a purge is not kept after it', async () => {
  const { cache } = memoryOnly()
  const before = cache.position
  await cache.purge({ by: 'tag', tag: 'shop' })
  const fields = ['Cache-Control', 'max-age=60', 'Cache-Tag', 'shop']
  assert.equal(cache.store(aStored({ fields }), before), false)
  assert.equal(cache.store(aStored(), before), true, 'others are')
  assert.equal(cache.store(aStored({ fields }), cache.position), true)
})

void test('after more purges than are remembered, nothing older is kept', async () => {
  const { cache } = memoryOnly()
  const before = cache.position
  for (let number = 0; number < 1025; number++) {
    await cache.purge({ by: 'url', url: `http://shop.test/${number}` })
  }
  assert.equal(cache.store(aStored(), before), false)
  assert.equal(cache.store(aStored(), cache.position), true)
})

void test('states tell what a page shows', async () => {
  const { cache } = memoryOnly()
  cache.store(
    aStored({ fields: ['Cache-Control', 'max-age=60', 'Cache-Tag', 'a, b'] }),
    cache.position,
  )
  const state = cache.states()
  assert.deepEqual([state.name, state.entries, state.stored, state.disk], ['test', 1, 1, null])
  assert.deepEqual(state.tags.map(({ tag }) => tag).toSorted(), ['a', 'b'])
  assert.ok(state.memory.bytes > 0 && state.memory.bytes <= state.memory.maxBytes)
})

void test('what memory lost comes back from the disk', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-http-cache-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const clock = createManualClock(new Date(nowMs))
  const disk = { folder, maxBytes: 1_000_000 }
  const first = new HttpCache({ ...settings, disk }, clock, null)
  await first.ready
  first.store(aStored(), first.position)
  await first.close()
  const second = new HttpCache({ ...settings, disk }, clock, null)
  await second.ready
  assert.equal((await second.find(aRequest()))?.body.toString(), '0123456789')
  assert.deepEqual([second.states().memory.entries, second.states().disk?.entries], [1, 1])
  await second.purge({ by: 'all' })
  assert.equal(await second.find(aRequest()), undefined)
  await second.close()
})
