import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import fc from 'fast-check'

import { specOf, startUpstreams, tally, targetOf, upstreamOf } from '../testing.ts'
import { startDnsServer } from './dns-server.ts'
import { parseHosts } from './hosts-file.ts'
import { askSrvTtl, readTtl } from './srv-ttl.ts'
import { createNameResolver, type NameAnswer, type NameResolver } from './resolver.ts'

const emptyHosts = '/dev/null'
const a = (address: string, ttl = 60) => ({ type: 'A', address, ttl }) as const
const srv = (name: string, port: number, weight: number, priority = 1) =>
  ({ type: 'SRV', name, port, weight, priority, ttl: 60 }) as const

test('A, AAAA and SRV from a DNS server, in the order of Kong', async () => {
  await using dns = await startDnsServer()
  dns.set('four.test', a('10.0.0.1', 30), a('10.0.0.2', 20))
  dns.set('six.test', { type: 'AAAA', address: 'fd00::1', ttl: 40 })
  dns.set('both.test', a('10.0.0.3'), { type: 'AAAA', address: 'fd00::2', ttl: 40 })
  dns.set(
    'service.test',
    srv('four.test', 8081, 10),
    srv('six.test', 8082, 0),
    srv('both.test', 1, 5, 2),
  )
  dns.set('short.test', { ...srv('both.test', 80, 1), ttl: 7 })
  const resolve = createNameResolver({ servers: [dns.address], hostsFile: emptyHosts })
  const shown = ({ addresses, ttlMs }: NameAnswer): string =>
    `${addresses.map(({ address, port, weight }) => `${address} ${port} ${weight}`).join(', ')} for ${ttlMs}`
  const cases: [name: string, answer: string][] = [
    ['four.test', '10.0.0.1 null null, 10.0.0.2 null null for 20000'],
    ['six.test', 'fd00::1 null null for 40000'],
    ['both.test', '10.0.0.3 null null for 60000'],
    // The lowest priority alone; a weight of 0 is 1. The shortest time of records and addresses.
    ['service.test', '10.0.0.1 8081 10, 10.0.0.2 8081 10, fd00::1 8082 1 for 20000'],
    ['short.test', '10.0.0.3 80 1 for 7000'],
  ]
  for (const [name, answer] of cases) assert.equal(shown(await resolve(name)), answer)
  await assert.rejects(resolve('nobody.test'), /nobody\.test has no address \(ENOTFOUND\)/)
  dns.fail(true)
  await assert.rejects(resolve('four.test'), /ESERVFAIL/)
})

test('a server that cannot be asked, or does not answer, says nothing', async () => {
  await using dns = await startDnsServer()
  const closed = dns.address
  dns.set('a.test', srv('b.test', 80, 1))
  assert.equal(await askSrvTtl('a.test', dns.address, 2000), 60_000)
  assert.equal(await askSrvTtl('nobody.test', dns.address, 2000), null)
  await dns[Symbol.asyncDispose]()
  for (const server of [closed, '[::1]:1', '192.0.2.1']) {
    assert.equal(await askSrvTtl('a.test', server, 50), null)
  }
})

test('answers of DNS servers, cut off or changed anywhere, never throw', () => {
  const head = Buffer.from(
    '0001818000010001000000000161047465737400002100 01c00c002100010000001e0007'.replaceAll(' ', ''),
    'hex',
  )
  const whole = Buffer.concat([head, Buffer.from('00010001005000', 'hex')])
  assert.equal(readTtl(whole), 30_000)
  for (let end = 0; end < head.length; end += 1) readTtl(whole.subarray(0, end))
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
      const changed = Buffer.from(whole)
      changed[at] = byte
      const ttl = readTtl(changed)
      assert.ok(ttl === null || ttl >= 0)
    }),
  )
})

test('localhost never goes to DNS, and the hosts file comes before it', async () => {
  await using dns = await startDnsServer()
  const folder = await mkdtemp(join(tmpdir(), 'keelson-hosts-'))
  const hostsFile = join(folder, 'hosts')
  await writeFile(hostsFile, '10.9.9.9 Listed.test other.test # a comment\nfd00::9 listed.test\n')
  dns.set('listed.test', a('10.0.0.1'))
  const resolve = createNameResolver({ servers: [dns.address], hostsFile })
  const addresses = async (name: string) =>
    (await resolve(name)).addresses.map(({ address }) => address)
  assert.deepEqual(await addresses('listed.test'), ['10.9.9.9'])
  assert.ok((await addresses('localhost')).includes('127.0.0.1'))
  assert.deepEqual(dns.questions, [])
  await rm(folder, { recursive: true })
  assert.deepEqual(await addresses('listed.test'), ['10.0.0.1'])
})

test('lines of a hosts file', () => {
  const text = '# nothing\n\n127.0.0.1\tlocalhost  here\n::1 localhost\n  10.0.0.1 a#b c\nbroken\n'
  assert.deepEqual(Object.fromEntries(parseHosts(text)), {
    localhost: ['127.0.0.1', '::1'],
    here: ['127.0.0.1'],
    a: ['10.0.0.1'],
  })
})

/** A resolver whose answers the test gives, one by one. */
const createPuppet = () => {
  const asked: string[] = []
  const open: { resolve(answer: NameAnswer): void; reject(error: Error): void }[] = []
  const settled = () => new Promise((resolve) => setImmediate(resolve))
  const resolver: NameResolver = (name) => {
    asked.push(name)
    return new Promise((resolve, reject) => void open.push({ resolve, reject }))
  }
  return {
    resolver,
    asked,
    answer: async (ttlMs: number, ...addresses: string[]) => {
      open.shift()?.resolve({
        addresses: addresses.map((address) => ({ address, port: null, weight: null, name: null })),
        ttlMs,
      })
      await settled()
    },
    fail: async (reason: string) => {
      open.shift()?.reject(new Error(reason))
      await settled()
    },
  }
}

const byName = specOf({ upstream: upstreamOf(), targets: [targetOf('app.test:8080')] })

test('a name is asked for again before its time is over; addresses that stay keep their record', async () => {
  const puppet = createPuppet()
  using world = startUpstreams(puppet.resolver)
  const pool = world.use(byName)
  await puppet.answer(30_000, '10.0.0.1', '10.0.0.2')
  const [first] = pool.targets
  assert.deepEqual(
    pool.targets.map(({ origin }) => `${origin.host}:${origin.port}`),
    ['10.0.0.1:8080', '10.0.0.2:8080'],
  )
  world.clock.advance(26_900)
  assert.equal(puppet.asked.length, 1)
  world.clock.advance(200)
  assert.equal(puppet.asked.length, 2)
  await puppet.answer(30_000, '10.0.0.3', '10.0.0.1')
  assert.equal(pool.targets[0], first)
  assert.deepEqual(
    pool.targets.map(({ origin }) => origin.host),
    ['10.0.0.1', '10.0.0.3'],
  )
})

test('DNS fails: the last addresses stay in use, and it is told', async () => {
  const puppet = createPuppet()
  using world = startUpstreams(puppet.resolver)
  const pool = world.use(byName)
  await puppet.answer(10_000, '10.0.0.1')
  world.clock.advance(9_000)
  await puppet.fail('ESERVFAIL')
  assert.equal(pool.pick(world.ask(), [])?.origin.host, '10.0.0.1')
  assert.equal(world.states()[0]?.reason, 'its last known address is used: ESERVFAIL')
  assert.deepEqual(world.warnings, ['name not found, its last addresses stay in use'])
  world.clock.advance(500)
  await puppet.answer(10_000, '10.0.0.1')
  assert.equal(world.states()[0]?.reason, null)
})

test('a name that is not found is asked for again after pauses that double', async () => {
  const puppet = createPuppet()
  using world = startUpstreams(puppet.resolver)
  const pool = world.use(byName)
  const pauses: number[] = []
  for (let round = 0; round < 8; round += 1) {
    await puppet.fail('ENOTFOUND')
    const before = world.clock.monotonicMs()
    while (puppet.asked.length === round + 1) world.clock.advance(500)
    pauses.push(world.clock.monotonicMs() - before)
  }
  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  const [state] = world.states()
  assert.equal(state?.state, 'unresolved')
  assert.equal(state.reason, 'app.test has no address yet: ENOTFOUND')
  // Meanwhile the system may know it when it connects.
  assert.equal(pool.pick(world.ask(), [])?.origin.host, 'app.test')
})

test('weights and ports come from SRV records; a target without weight stays without', async () => {
  const resolve: NameResolver = () =>
    Promise.resolve({
      addresses: [
        { address: '10.0.0.1', port: 8001, weight: 3, name: 'one.test' },
        { address: '10.0.0.2', port: 8002, weight: 1, name: 'two.test' },
      ],
      ttlMs: 1000,
    })
  using world = startUpstreams(resolve)
  const pool = world.use(byName)
  await world.upstreams.looked(1000)
  const taken = Array.from({ length: 8 }, () => {
    const target = pool.pick(world.ask(), [])
    return `${target?.origin.host}:${target?.origin.port} ${target?.authority}`
  })
  assert.deepEqual(tally(taken), {
    '10.0.0.1:8001 app.test:8001': 6,
    '10.0.0.2:8002 app.test:8002': 2,
  })
  world.use({ ...byName, upstream: upstreamOf({ use_srv_name: true }) })
  assert.deepEqual(
    pool.targets.map(({ authority }) => authority),
    ['one.test:8001', 'two.test:8002'],
  )
  world.use({ ...byName, targets: [targetOf('app.test:8080', 0)] })
  assert.equal(pool.pick(world.ask(), []), undefined)
})

test('however many addresses a name has, and however many names there are, there is a bound', async () => {
  let running = 0
  let most = 0
  const resolve: NameResolver = async (name) => {
    running += 1
    most = Math.max(most, running)
    await new Promise((done) => setImmediate(done))
    running -= 1
    const count = name === 'n0.test' ? 2000 : 1
    const addresses = Array.from({ length: count }, (_, at) => ({
      address: `10.${at >> 8}.0.${at & 255}`,
      ...{ port: null, weight: null, name: null },
    }))
    return { addresses, ttlMs: 60_000 }
  }
  using world = startUpstreams(resolve)
  const targets = Array.from({ length: 100 }, (_, at) => targetOf(`n${at}.test:80`))
  const pool = world.use(specOf({ upstream: upstreamOf(), targets }))
  await world.upstreams.looked(60_000)
  assert.equal(most, 16)
  assert.equal(pool.size, 1024 + 99)
})

test('names that no snapshot has any more are forgotten', async () => {
  const puppet = createPuppet()
  using world = startUpstreams(puppet.resolver)
  world.use(byName)
  await puppet.answer(10_000, '10.0.0.1')
  world.use(specOf())
  world.clock.advance(3_600_000)
  assert.deepEqual(puppet.asked, ['app.test'])
})

test('a service that is named by its host alone is looked up as well', async () => {
  await using dns = await startDnsServer()
  dns.set('plain.test', a('10.0.0.7'))
  const resolve = createNameResolver({ servers: [dns.address], hostsFile: emptyHosts })
  using world = startUpstreams(resolve)
  const service = { protocol: 'http', host: 'plain.test', port: 8080, tls: null } as const
  const pool = world.use(specOf({ service }))
  await world.upstreams.looked(5000)
  const target = pool.pick(world.ask(), [])
  assert.equal(`${target?.origin.host} ${target?.authority}`, '10.0.0.7 plain.test:8080')
})
