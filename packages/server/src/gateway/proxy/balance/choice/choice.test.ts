import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { Algorithm, HashInput } from '../../../config/model.ts'
import type { BalanceAsk } from '../balancing.ts'
import type { Pool } from '../pool.ts'
import {
  specOf,
  startUpstreams,
  tally,
  targetOf,
  upstreamOf,
  type UpstreamChanges,
} from '../testing.ts'
import { RankHeap, type Ranked } from './rank-heap.ts'

const start = (weights: readonly number[], changes: UpstreamChanges) => {
  const world = startUpstreams()
  const targets = weights.map((weight, at) => targetOf(`10.0.0.${at}:80`, weight))
  const pool = world.use(specOf({ upstream: upstreamOf(changes), targets }))
  return { ...world, pool }
}

const letters = (pool: Pool, ask: BalanceAsk, count: number): string =>
  Array.from({ length: count }, () => {
    const chosen = pool.pick(ask, [])
    return 'abcdef'[pool.targets.findIndex((target) => target === chosen)]
  }).join('')

test('round-robin: turns of the heavy are spread among those of the light', () => {
  const cases: [weights: number[], turns: string][] = [
    [[1, 1, 1], 'abcabcabc'],
    [[5, 1, 1], 'aabcaaa'],
    [[2, 1], 'abaaba'],
    [[100, 100], 'abab'],
    [[3, 0, 1], 'acaaaaca'],
  ]
  for (const [weights, turns] of cases) {
    using world = start(weights, {})
    assert.equal(letters(world.pool, world.ask(), turns.length), turns)
  }
})

test('round-robin: any weights are kept to within one turn, at any time', () => {
  const weight = fc.integer({ min: 1, max: 50 })
  fc.assert(
    fc.property(fc.array(weight, { minLength: 2, maxLength: 6 }), (weights) => {
      using world = start(weights, {})
      const total = weights.reduce((sum, one) => sum + one, 0)
      const counts = weights.map(() => 0)
      for (let round = 1; round <= 2 * total; round += 1) {
        const chosen = world.pool.pick(world.ask(), [])
        const at = world.pool.targets.findIndex((one) => one === chosen)
        counts[at] = (counts[at] ?? 0) + 1
        for (const [index, own] of weights.entries()) {
          const due = (round * own) / total
          assert.ok(Math.abs((counts[index] ?? 0) - due) <= weights.length / 2 + 1)
        }
      }
    }),
    { numRuns: 100 },
  )
})

test('round-robin: one that comes back does not make up for the turns it missed', () => {
  using world = start([1, 1, 1], {})
  const [a] = world.pool.targets
  a?.origin.onRefusing('')
  assert.equal(letters(world.pool, world.ask(), 20).includes('a'), false)
  a?.origin.onAnswering()
  const next = letters(world.pool, world.ask(), 9)
  assert.equal(next.replaceAll(/[^a]/g, '').length, 3)
})

test('least connections: fewest under way for their weight', () => {
  using world = start([2, 1], { algorithm: 'least-connections' })
  const under: string[] = []
  for (let round = 0; round < 6; round += 1) {
    const target = world.pool.pick(world.ask(), [])
    target?.begin()
    under.push(target?.instance ?? '')
  }
  assert.deepEqual(tally(under), { '10.0.0.0:80': 4, '10.0.0.1:80': 2 })
  const [, light] = world.pool.targets
  light?.end()
  light?.end()
  assert.equal(world.pool.pick(world.ask(), []), light)
})

test('least connections: idle targets take turns', () => {
  using world = start([1, 1, 1], { algorithm: 'least-connections' })
  assert.equal(letters(world.pool, world.ask(), 6), 'abcabc')
})

test('latency: the quicker of two, by requests under way; all of them are asked now and then', () => {
  using world = start([1, 1], { algorithm: 'latency' })
  const [quick, slow] = world.pool.targets
  const observe = () => {
    quick?.report({ kind: 'status', status: 200, latencyMs: 5 }, world.clock.monotonicMs())
    slow?.report({ kind: 'status', status: 200, latencyMs: 500 }, world.clock.monotonicMs())
  }
  observe()
  assert.equal(letters(world.pool, world.ask(), 20), 'a'.repeat(20))
  for (let under = 0; under < 100; under += 1) quick?.begin()
  assert.equal(world.pool.pick(world.ask(), []), slow)
  for (let under = 0; under < 100; under += 1) quick?.end()
  // Ten seconds are a factor of e: after a minute the slow one looks quick again.
  world.clock.advance(60_000)
  quick?.report({ kind: 'status', status: 200, latencyMs: 5 }, world.clock.monotonicMs())
  assert.equal(world.pool.pick(world.ask(), []), slow)
})

test('latency: failing quickly does not attract requests', () => {
  using world = start([1, 1], { algorithm: 'latency' })
  const [good, bad] = world.pool.targets
  for (const target of [good, bad])
    target?.report({ kind: 'status', status: 200, latencyMs: 50 }, 0)
  bad?.report({ kind: 'status', status: 500, latencyMs: 1 }, 0)
  assert.equal(letters(world.pool, world.ask(), 20), 'a'.repeat(20))
})

const hashing = { algorithm: 'consistent-hashing', hash_on: 'ip' } as const
const places = (pool: Pool, ask: (changes: Partial<BalanceAsk>) => BalanceAsk, count = 3000) =>
  Array.from({ length: count }, (_, caller) => {
    return pool.pick(ask({ clientIp: `192.0.${caller >> 8}.${caller & 255}` }), [])?.instance ?? ''
  })

test('hashing: the same caller meets the same target, and all get their share', () => {
  using world = start([100, 100, 200], hashing)
  const first = places(world.pool, world.ask)
  assert.deepEqual(places(world.pool, world.ask), first)
  const counts = tally(first)
  for (const [at, share] of [0.25, 0.25, 0.5].entries()) {
    const got = (counts[`10.0.0.${at}:80`] ?? 0) / first.length
    assert.ok(Math.abs(got - share) < 0.08, `${at}: ${got}`)
  }
})

test('hashing: a target that leaves, or is ill, moves its own callers and nobody else', () => {
  for (const way of ['leaves', 'is ill'] as const) {
    using world = start([100, 100, 100, 100], hashing)
    const before = places(world.pool, world.ask)
    const gone = '10.0.0.2:80'
    if (way === 'is ill') world.pool.targets[2]?.origin.onRefusing('')
    else {
      const targets = [0, 1, 3].map((at) => targetOf(`10.0.0.${at}:80`))
      world.use(specOf({ upstream: upstreamOf(hashing), targets }))
    }
    const after = places(world.pool, world.ask)
    const moved = before.flatMap((instance, at) => (after[at] === instance ? [] : [instance]))
    assert.deepEqual(Object.keys(tally(moved)), [gone], way)
    assert.equal(moved.length, tally(before)[gone])
    assert.equal(Object.keys(tally(after)).length, 3)
  }
})

test('hashing: each input, its fallback, and none of both', () => {
  const asked: Record<
    Exclude<HashInput, 'none' | 'cookie'>,
    (text: string) => Partial<BalanceAsk>
  > = {
    consumer: (text) => ({ consumer: text }),
    ip: (text) => ({ clientIp: text }),
    header: (text) => ({ header: (name) => (name === 'x-key' ? text : undefined) }),
    path: (text) => ({ path: text }),
    query_arg: (text) => ({ queryArg: (name) => (name === 'key' ? text : undefined) }),
    uri_capture: (text) => ({ capture: (name) => (name === 'key' ? text : undefined) }),
  }
  const names = {
    hash_on_header: 'X-Key',
    hash_on_query_arg: 'key',
    hash_on_uri_capture: 'key',
    hash_fallback_header: 'X-Key',
    hash_fallback_query_arg: 'key',
    hash_fallback_uri_capture: 'key',
  }
  const algorithm: Algorithm = 'consistent-hashing'
  for (const [input, changes] of Object.entries(asked) as [HashInput, (typeof asked)['ip']][]) {
    using direct = start([1, 1, 1, 1], { algorithm, ...names, hash_on: input })
    const spread = Array.from({ length: 50 }, (_, at) => {
      const ask = direct.ask(changes(`text ${at}`))
      assert.equal(new Set(letters(direct.pool, ask, 5)).size, 1, input)
      return direct.pool.pick(ask, [])?.instance ?? ''
    })
    assert.equal(Object.keys(tally(spread)).length, 4, input)
    if (input === 'consumer') continue
    using world = start([1, 1, 1, 1], {
      ...{ algorithm, ...names },
      ...{ hash_on: 'consumer', hash_fallback: input },
    })
    const ask = world.ask({ ...changes('text'), consumer: null })
    assert.equal(new Set(letters(world.pool, ask, 20)).size, 1, `fallback ${input}`)
  }
  using world = start([1, 1, 1, 1], { algorithm, hash_on: 'consumer' })
  assert.ok(new Set(letters(world.pool, world.ask(), 100)).size > 1)
})

test('hashing: a caller without the cookie gets one that leads back to where it went', () => {
  using world = start([1, 1, 1, 1], {
    ...{ algorithm: 'consistent-hashing', hash_on: 'cookie' },
    ...{ hash_on_cookie: 'shard', hash_on_cookie_path: '/shop' },
  })
  for (let caller = 0; caller < 50; caller += 1) {
    const target = world.pool.pick(world.ask(), [])
    assert.ok(target)
    const cookie = world.pool.stickyCookie(world.ask(), target)
    const [, value] =
      /^shard=([0-9a-f-]{36}); Path=\/shop; SameSite=Lax; HttpOnly$/.exec(cookie ?? '') ?? []
    const again = world.ask({ cookie: (name) => (name === 'shard' ? value : undefined) })
    assert.equal(world.pool.pick(again, []), target)
    assert.equal(world.pool.stickyCookie(again, target), undefined)
  }
})

test('hashing: never more points than slots', () => {
  using world = start([1, 1, 1, 1], { ...hashing, slots: 10 })
  assert.equal(Object.keys(tally(places(world.pool, world.ask))).length, 4)
})

test('heap: entries come in their order, whatever was moved', () => {
  const entry = fc.record({ rank: fc.integer({ min: 0, max: 20 }), order: fc.nat(1000) })
  const moves = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 20 })))
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 30 }), moves, (given, changes) => {
      const entries: Ranked[] = given.map((one) => ({ ...one, slot: -1 }))
      const heap = new RankHeap<Ranked>()
      heap.fill(entries)
      for (const [which, rank] of changes) {
        const moved = entries[which % entries.length]
        if (moved === undefined) continue
        moved.rank = rank
        heap.move(moved)
        const least = Math.min(...entries.map((one) => one.rank))
        assert.equal(heap.first?.rank, least)
        assert.equal(heap.lowest(() => true)?.rank, least)
      }
    }),
  )
})
