import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { after, before, describe, test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import { until } from '../../../kernel/testing/until.ts'
import { startDnsServer } from '../../proxy/balance/names/dns-server.ts'
import { accessExchange, accessOf, people } from '../testing/access.ts'
import { configOf, faultsOf, instanceOf, testExchange } from '../testing/index.ts'
import { readEntry } from './address-list.ts'
import { ipRestriction } from './handler.ts'
import { followHostNames, type HostNamesDeps } from './host-names.ts'

test('defaults', () => {
  assert.deepEqual(configOf(ipRestriction, { deny: ['192.0.2.1'] }), {
    allow: null,
    deny: ['192.0.2.1'],
    status: null,
    message: null,
    resolvers: [],
  })
  assert.equal(ipRestriction.priority, 990)
})

test('says what is wrong, by its place', () => {
  assert.deepEqual(
    faultsOf(ipRestriction, {}).map(({ path }) => path),
    [[]],
  )
  const config = { allow: ['192.0.2.0/24', '192.0.2.0/33'], deny: ['300.1.1.1'], resolvers: ['x'] }
  assert.deepEqual(
    faultsOf(ipRestriction, config).map(({ path }) => path),
    [
      ['allow', 1],
      ['deny', 0],
      ['resolvers', 0],
    ],
  )
})

const cases: { config: object; ip: string; is: string | null }[] = [
  { config: { deny: ['192.0.2.1'] }, ip: '192.0.2.2', is: null },
  { config: { deny: ['192.0.2.1'] }, ip: '192.0.2.1', is: '403 IP address not allowed: 192.0.2.1' },
  {
    config: { deny: ['192.0.2.0/24'] },
    ip: '192.0.2.9',
    is: '403 IP address not allowed: 192.0.2.9',
  },
  { config: { allow: ['192.0.2.0/24'] }, ip: '192.0.2.9', is: null },
  {
    config: { allow: ['192.0.2.0/24'] },
    ip: '192.0.3.9',
    is: '403 IP address not allowed: 192.0.3.9',
  },
  {
    config: { allow: ['192.0.2.0/24'], deny: ['192.0.2.7'] },
    ip: '192.0.2.7',
    is: '403 IP address not allowed: 192.0.2.7',
  },
  { config: { allow: ['2001:db8::/32'] }, ip: '2001:db8::1', is: null },
  {
    config: { allow: ['2001:db8::/32'] },
    ip: '2001:db9::1',
    is: '403 IP address not allowed: 2001:db9::1',
  },
  { config: { allow: ['192.0.2.1'] }, ip: '::ffff:192.0.2.1', is: null },
  { config: { allow: [], deny: ['192.0.2.1'] }, ip: '192.0.2.9', is: null },
  { config: { deny: ['192.0.2.1'] }, ip: 'unknown', is: '403 IP address not allowed: unknown' },
  {
    config: { deny: ['192.0.2.1'], status: 451, message: 'go away' },
    ip: '192.0.2.1',
    is: '451 go away',
  },
]

describe('an address', () => {
  for (const { config, ip, is } of cases) {
    test(`${ip} with ${JSON.stringify(config)}`, async () => {
      const exchange = accessExchange(people({}), { clientIp: ip })
      assert.equal(await accessOf(instanceOf(ipRestriction, config), exchange), is ?? 'nobody')
    })
  }
})

describe('an entry', () => {
  const kinds: [text: string, kind: string | undefined][] = [
    ['192.0.2.1', 'address'],
    ['::1', 'address'],
    ['10.0.0.0/8', 'range'],
    ['fe80::/10', 'range'],
    ['shop.example', 'host'],
    ['localhost', 'host'],
    ['192.0.2', undefined],
    ['192.0.2.1/x', undefined],
    ['192.0.2.1/', undefined],
    ['::1/129', undefined],
    ['shop.example/8', undefined],
    ['-a.example', undefined],
    ['a..example', undefined],
    ['', undefined],
  ]
  for (const [text, kind] of kinds) {
    test(JSON.stringify(text), () => assert.equal(readEntry(text)?.kind, kind))
  }
})

describe('a host name', () => {
  let dns: Awaited<ReturnType<typeof startDnsServer>>
  before(async () => {
    dns = await startDnsServer()
  })
  after(() => dns[Symbol.asyncDispose]())

  const follow = (given: HostNamesDeps['resolver'] | null = null) => {
    const clock = createManualClock()
    const failures: string[] = []
    const system = new Resolver({ timeout: 500, tries: 1 })
    system.setServers([dns.address])
    const names = followHostNames(['office.example'], {
      resolver: given ?? system,
      clock,
      onFailure: (name) => void failures.push(name),
    })
    return { names, clock, failures }
  }

  test('stands for its addresses of both families', async () => {
    dns.set(
      'office.example',
      { type: 'A', address: '192.0.2.10', ttl: 60 },
      { type: 'AAAA', address: '2001:db8::10', ttl: 60 },
    )
    const { names } = follow()
    await names.ready
    assert.ok(names.addresses.check('192.0.2.10', 'ipv4'))
    assert.ok(names.addresses.check('2001:db8::10', 'ipv6'))
    assert.ok(!names.addresses.check('192.0.2.11', 'ipv4'))
    names.close()
  })

  test('is asked for again after its TTL, and keeps its addresses when that fails', async () => {
    dns.set('office.example', { type: 'A', address: '192.0.2.10', ttl: 60 })
    const { names, clock, failures } = follow()
    await names.ready
    dns.set('office.example', { type: 'A', address: '192.0.2.11', ttl: 60 })
    clock.advance(59_000)
    assert.ok(names.addresses.check('192.0.2.10', 'ipv4'))
    clock.advance(1_000)
    await until('the next addresses', () => names.addresses.check('192.0.2.11', 'ipv4'))
    assert.ok(!names.addresses.check('192.0.2.10', 'ipv4'))
    dns.remove('office.example')
    clock.advance(60_000)
    await until('a failure', () => failures.length > 0)
    assert.ok(names.addresses.check('192.0.2.11', 'ipv4'))
    names.close()
  })

  test('has at most 256 addresses', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `10.0.${index >> 8}.${index & 255}`)
    const { names } = follow({
      // More than a UDP message holds.
      resolve4: () => Promise.resolve(many.map((address) => ({ address, ttl: 60 }))),
      resolve6: () => Promise.resolve([]),
      cancel: () => {},
    })
    await names.ready
    const known = many.filter((address) => names.addresses.check(address, 'ipv4'))
    assert.equal(known.length, 256)
    names.close()
  })

  test('works in the plugin', async () => {
    dns.set('office.example', { type: 'A', address: '192.0.2.10', ttl: 60 })
    const config = { allow: ['office.example'], resolvers: [dns.address] }
    const instance = instanceOf(ipRestriction, config)
    const isAllowed = async (clientIp: string) => {
      const exchange = testExchange({ clientIp })
      await instance.access?.(exchange)
      return exchange.answer === null
    }
    await until('the first addresses', () => isAllowed('192.0.2.10'))
    assert.equal(await isAllowed('192.0.2.11'), false)
    await instance.close?.()
  })
})
