import assert from 'node:assert/strict'
import { test } from 'node:test'

import {
  ejectAfter,
  instanceOf,
  specOf,
  startUpstreams,
  tally,
  targetOf,
  upstreamOf,
} from './testing.ts'

const a = instanceOf('a', 1)
const b = instanceOf('b', 2)
const c = instanceOf('c', 3)
const times = (count: number) => Array.from({ length: count })

test('instances take turns', () => {
  using world = startUpstreams()
  const pool = world.use(specOf({ endpoints: [a, b, c] }))
  assert.deepEqual(tally(times(9).map(() => world.send(pool))), { a: 3, b: 3, c: 3 })
})

test('what the registry says counts as long as anybody is left', () => {
  const sick = { healthy: false }
  const leaving = { draining: true }
  const cases: [says: string, endpoints: (typeof a)[], takes: string][] = [
    ['all well', [a, b], 'ab'],
    ['one unhealthy', [{ ...a, ...sick }, b], 'b'],
    ['one drains', [a, { ...b, ...leaving }], 'a'],
    [
      'one drains, the other is unhealthy',
      [
        { ...a, ...sick },
        { ...b, ...leaving },
      ],
      'b',
    ],
    [
      'nobody is well: the verdicts may be wrong',
      [
        { ...a, ...sick },
        { ...b, ...sick },
      ],
      'ab',
    ],
    [
      'one of three is well: the two others are starting',
      [a, { ...b, ...sick }, { ...c, ...sick }],
      'a',
    ],
    ['nobody at all', [], 'nobody'],
  ]
  for (const [says, endpoints, takes] of cases) {
    using world = startUpstreams()
    const pool = world.use(specOf({ endpoints }))
    const taken = Object.keys(tally(times(6).map(() => world.send(pool)))).sort()
    assert.equal(taken.join(''), takes, says)
  }
})

test('an upstream, its connections and its record outlive snapshots that name it', () => {
  using world = startUpstreams()
  const upstream = upstreamOf({ passive: ejectAfter(1) })
  const spec = (...names: string[]) =>
    specOf({ upstream, targets: names.map((name) => targetOf(name)) })
  const pool = world.use(spec('10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'))
  const first = pool.targets[0]
  world.send(pool, 500)
  assert.equal(world.states()[0]?.state, 'ejected')

  const again = world.use(spec('10.0.0.1:80', '10.0.0.2:80', '10.0.0.4:80'))
  assert.equal(again, pool)
  assert.equal(again.targets[0], first)
  assert.equal(world.states()[0]?.state, 'ejected')
  assert.deepEqual(
    world.states().map(({ instance }) => instance),
    ['10.0.0.1:80', '10.0.0.2:80', '10.0.0.4:80'],
  )
})

test('upstreams that name one address share its connections', () => {
  using world = startUpstreams()
  const one = world.use(
    specOf({ key: 'one', endpoints: [a] }),
    specOf({ key: 'two', endpoints: [a] }),
  )
  const two = world.use(specOf({ key: 'two', endpoints: [a] }))
  assert.equal(one.targets[0]?.origin, two.targets[0]?.origin)
})

test('with another certificate it is another origin', () => {
  using world = startUpstreams()
  const tls = { serverName: null, verify: true, ca: null, certificate: null }
  const service = { protocol: 'https', host: null, port: 443, tls } as const
  const plain = world.use(specOf({ endpoints: [a] })).targets[0]?.origin
  const secure = world.use(specOf({ endpoints: [a], service })).targets[0]?.origin
  assert.notEqual(plain, secure)
  assert.equal(secure?.tls?.serverName, '127.0.0.1')
})

test('what is tried is not tried again, and the last one is tried whatever is known of it', () => {
  using world = startUpstreams()
  const pool = world.use(
    specOf({ endpoints: [a, { ...b, healthy: false }, { ...c, draining: true }] }),
  )
  const order: string[] = []
  const tried = []
  for (;;) {
    const target = pool.pick(world.ask(), tried)
    if (target === undefined) break
    order.push(target.instance)
    tried.push(target)
    assert.equal(pool.hasUntried(tried), tried.length < 3)
  }
  assert.deepEqual(order, ['a', 'c', 'b'])
})

test('an instance that refuses connections is passed over, and comes back by itself', () => {
  using world = startUpstreams()
  const pool = world.use(specOf({ endpoints: [a, b] }))
  pool.targets[0]?.origin.onRefusing('ECONNREFUSED')
  assert.deepEqual(tally(times(4).map(() => world.send(pool))), { b: 4 })
  assert.equal(
    world.states()[0]?.reason,
    'left out for a while (passive): it refuses connections: ECONNREFUSED',
  )
  world.clock.advance(250)
  assert.deepEqual(tally(times(4).map(() => world.send(pool))), { a: 2, b: 2 })
})

test('everybody refuses connections: somebody is tried all the same', () => {
  using world = startUpstreams()
  const pool = world.use(specOf({ endpoints: [a, b] }))
  for (const { origin } of pool.targets) origin.onRefusing('ECONNREFUSED')
  assert.notEqual(world.send(pool), 'nobody')
  assert.equal(pool.hasGood(0, []), false)
})

test('a target without weight gets nothing, not even the last try', () => {
  using world = startUpstreams()
  const targets = [targetOf('10.0.0.1:80', 0), targetOf('10.0.0.2:80')]
  const pool = world.use(specOf({ upstream: upstreamOf(), targets }))
  const [, second] = pool.targets
  assert.ok(second)
  assert.deepEqual(tally(times(4).map(() => world.send(pool))), { '10.0.0.2:80': 4 })
  assert.equal(pool.pick(world.ask(), [second]), undefined)
  assert.equal(pool.hasUntried([second]), false)
})

test('targets of the own zone first, others when none of them is well', () => {
  using world = startUpstreams()
  const upstream = upstreamOf({ 'x-keelson': { zone: 'west' }, passive: ejectAfter(1) })
  const targets = [targetOf('10.0.0.1:80', 100, 'west'), targetOf('10.0.0.2:80', 100, 'east')]
  const pool = world.use(specOf({ upstream, targets }))
  assert.deepEqual(tally(times(3).map(() => world.send(pool))), { '10.0.0.1:80': 3 })
  world.send(pool, 500)
  assert.deepEqual(tally(times(3).map(() => world.send(pool))), { '10.0.0.2:80': 3 })
})

test('a new target starts slowly, those of the beginning do not', () => {
  using world = startUpstreams()
  const upstream = upstreamOf({ 'x-keelson': { slow_start_ms: 1000 } })
  const spec = (...names: string[]) =>
    specOf({ upstream, targets: names.map((name) => targetOf(name)) })
  world.use(spec('10.0.0.1:80'))
  assert.equal(world.states()[0]?.effectiveWeight, 100)
  world.use(spec('10.0.0.1:80', '10.0.0.2:80'))
  const weightAfter = (ms: number) => {
    world.wait(ms)
    return world.states().map(({ effectiveWeight }) => Math.round(effectiveWeight))
  }
  assert.deepEqual(weightAfter(0), [100, 10])
  assert.deepEqual(weightAfter(500), [100, 50])
  assert.deepEqual(weightAfter(500), [100, 100])
})

test('Host for a service that does not preserve it, as in Kong', () => {
  const cases: [
    target: string,
    hostHeader: string | null,
    protocol: 'http' | 'https',
    host: string,
  ][] = [
    ['10.0.0.1:80', null, 'http', '10.0.0.1'],
    ['10.0.0.1:8000', null, 'http', '10.0.0.1:8000'],
    ['10.0.0.1:443', null, 'https', '10.0.0.1'],
    ['10.0.0.1:80', null, 'https', '10.0.0.1:80'],
    ['10.0.0.1', null, 'http', '10.0.0.1:8000'],
    ['[::1]:80', null, 'http', '[::1]'],
    ['10.0.0.1:80', 'shop.test', 'http', 'shop.test'],
    ['10.0.0.1:8080', 'shop.test', 'http', 'shop.test:8080'],
  ]
  for (const [target, host_header, protocol, host] of cases) {
    using world = startUpstreams()
    const service = { protocol, host: null, port: 80, tls: null }
    const targets = [targetOf(target)]
    const pool = world.use(specOf({ upstream: upstreamOf({ host_header }), targets, service }))
    assert.equal(pool.targets[0]?.authority, host)
  }
})

test('connections of an address that no snapshot names any more are not kept', () => {
  using world = startUpstreams()
  const origin = world.use(specOf({ endpoints: [a] })).targets[0]?.origin
  world.use(specOf({ endpoints: [b] }))
  assert.equal(origin?.busy, false)
  assert.notEqual(world.use(specOf({ endpoints: [a] })).targets[0]?.origin, origin)
})

test('begin and end count what is under way to an instance', () => {
  using world = startUpstreams()
  const target = world.use(specOf({ endpoints: [a] })).pick(world.ask(), [])
  target?.begin()
  assert.deepEqual(world.flights.counts(), { a: 1 })
  assert.equal(world.states()[0]?.inFlight, 1)
  target?.end()
  assert.deepEqual(world.flights.counts(), {})
})

test('a target that is named twice is one target', () => {
  using world = startUpstreams()
  const targets = [
    targetOf('10.0.0.1:80', 1),
    targetOf('10.0.0.2:80', 1),
    targetOf('10.0.0.1:80', 2),
  ]
  const pool = world.use(specOf({ upstream: upstreamOf(), targets }))
  const turns = tally(times(6).map(() => world.send(pool)))
  assert.deepEqual(turns, { '10.0.0.1:80': 4, '10.0.0.2:80': 2 })
})

test('what a snapshot changes of one upstream takes effect, whatever it is', () => {
  using world = startUpstreams()
  const targets = [targetOf('10.0.0.1:80'), targetOf('10.0.0.2:80')]
  const service = { protocol: 'http', host: null, port: 80, tls: null } as const
  const spec = specOf({ upstream: upstreamOf(), targets, service })
  const pool = world.use(spec)
  const [first] = pool.targets
  const changes: [what: string, changed: typeof spec, holds: () => boolean][] = [
    ['nothing', { ...spec, targets: [...targets] }, () => pool.targets[0] === first],
    ['a weight', { ...spec, targets: [targetOf('10.0.0.1:80', 7)] }, () => first?.weight === 7],
    [
      'host_header',
      { ...spec, upstream: upstreamOf({ host_header: 'h' }) },
      () => first?.authority === 'h',
    ],
    [
      'the algorithm',
      { ...spec, upstream: upstreamOf({ algorithm: 'latency' }) },
      () => pool.algorithm === 'latency',
    ],
    [
      'the protocol',
      { ...spec, service: { ...service, protocol: 'https' } },
      () => first?.authority === '10.0.0.1:80',
    ],
    ['an instance', { ...spec, endpoints: [a] }, () => pool.size === 3],
    [
      'its health',
      { ...spec, endpoints: [{ ...a, healthy: false }] },
      () => pool.targets[0]?.healthy === false,
    ],
  ]
  for (const [what, changed, holds] of changes) {
    assert.equal(world.use(changed), pool)
    assert.ok(holds(), what)
  }
})
