import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createManualClock, until } from '../../../kernel/testing/index.ts'
import { createCertificate } from '../x509/certificate.ts'
import { createAcmeKeeper, type CertificateKeeping } from './keeper.ts'
import { openFolderKeeping } from './folder-keeping.ts'
import { AcmeError } from './transport.ts'
import type { Tried } from './tries.ts'

const dayMs = 86_400_000
const minuteMs = 60_000
const quiet = { info: () => {}, warn: () => {} }

const inMemory = (): CertificateKeeping & { saved: number } => {
  const held: Awaited<ReturnType<CertificateKeeping['load']>> = []
  const tries = new Map<string, Tried>()
  return {
    saved: 0,
    load: () => Promise.resolve(held),
    save(certificate) {
      held.push(certificate)
      this.saved += 1
      return Promise.resolve()
    },
    loadTries: () => Promise.resolve([...tries.values()]),
    saveTry: (tried) => Promise.resolve(void tries.set(tried.names.join(' '), tried)),
  }
}

/** A CA whose certificates live for 90 days; `fail` makes it refuse. */
const open = async (keeping = inMemory(), clock = createManualClock(), told = () => {}) => {
  const orders: string[] = []
  const ca = { fail: null as Error | null, lifeMs: 90 * dayMs, after: '', underWay: 0, most: 0 }
  const obtain = async (names: readonly string[]) => {
    orders.push(names.join(' '))
    ca.underWay += 1
    ca.most = Math.max(ca.most, ca.underWay)
    await Promise.resolve()
    ca.underWay -= 1
    if (ca.fail !== null) throw ca.fail
    const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const now = clock.now().getTime()
    const cert = createCertificate({
      ...{ commonName: names[0] ?? '', names, key, isAuthority: false },
      ...{ notBefore: new Date(now), notAfter: new Date(now + ca.lifeMs) },
    })
    return { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: cert + ca.after }
  }
  let changes = 0
  const onChange = (): void => {
    changes += 1
    told()
  }
  const keeper = createAcmeKeeper({
    ...{ clock, log: quiet, keeping, obtain, onChange, random: () => 0 },
  })
  await keeper.start()
  const settled = (wanted: number) => until(`${wanted} orders`, () => changes >= wanted)
  return { clock, keeper, orders, ca, settled, [Symbol.asyncDispose]: () => keeper.stop() }
}

const shop = { names: ['shop.test', 'www.shop.test'], renewBeforeMs: 14 * dayMs }

test('a wanted certificate is ordered at once, and renewed when a third of its life is left', async () => {
  await using world = await open()
  world.keeper.want([shop])
  await world.settled(1)
  assert.equal(world.keeper.states()[0]?.problem, null)
  world.clock.advance(60 * dayMs - minuteMs)
  world.clock.advance(minuteMs - 1)
  assert.deepEqual(world.orders, ['shop.test www.shop.test'])
  world.clock.advance(2 * minuteMs)
  await world.settled(2)
  assert.equal(world.orders.length, 2)
})

test('failures are told and tried again with growing pauses', async () => {
  await using world = await open()
  world.ca.fail = new Error('shop.test was not proved: status 404')
  world.keeper.want([shop])
  await world.settled(1)
  const [state] = world.keeper.states()
  assert.equal(state?.problem, 'shop.test was not proved: status 404')
  assert.equal(state?.nextTryAt?.getTime(), world.clock.now().getTime() + 15 * minuteMs)
  world.clock.advance(16 * minuteMs)
  await world.settled(2)
  world.clock.advance(16 * minuteMs)
  assert.equal(world.orders.length, 2)
  world.ca.fail = null
  world.clock.advance(16 * minuteMs)
  await world.settled(3)
  assert.equal(world.keeper.states()[0]?.problem, null)
})

test('a server that says when is not asked before', async () => {
  await using world = await open()
  world.ca.fail = new AcmeError('too many', 3 * 3_600_000)
  world.keeper.want([shop])
  await world.settled(1)
  const waitMs = (world.keeper.states()[0]?.nextTryAt?.getTime() ?? 0) - world.clock.now().getTime()
  assert.equal(waitMs, 3 * 3_600_000)
})

test('a certificate of six days is renewed with half of them left, and not at once', async () => {
  await using world = await open()
  world.ca.lifeMs = 6 * dayMs
  world.keeper.want([shop])
  await world.settled(1)
  world.clock.advance(3 * dayMs - minuteMs)
  assert.equal(world.orders.length, 1)
  world.clock.advance(2 * minuteMs)
  await world.settled(2)
  assert.equal(world.orders.length, 2)
})

test('one that has ended when it comes is no reason to order without a pause', async () => {
  await using world = await open()
  world.ca.lifeMs = -minuteMs
  world.keeper.want([shop])
  await world.settled(1)
  assert.equal(world.orders.length, 1)
  world.clock.advance(16 * minuteMs)
  await world.settled(2)
  assert.equal(world.orders.length, 2)
})

const noPem = '-----BEGIN CERTIFICATE-----\nAAAA!!!!\n-----END CERTIFICATE-----\n'

const worse: [string, (ca: { lifeMs: number; after: string }) => void, RegExp][] = [
  ['cannot be shown with its chain', (ca) => (ca.after = noPem), /cannot be shown/],
  ['has ended already', (ca) => (ca.lifeMs = -minuteMs), /not valid now/],
  ['ends before the one there is', (ca) => (ca.lifeMs = dayMs), /ends before the one there is/],
]
for (const [what, spoil, problem] of worse) {
  test(`one that ${what} takes the place of none`, async () => {
    const keeping = inMemory()
    await using world = await open(keeping)
    world.keeper.want([shop])
    await world.settled(1)
    const before = world.keeper.states()[0]?.certificate
    spoil(world.ca)
    world.clock.advance(61 * dayMs)
    await world.settled(2)
    const [state] = world.keeper.states()
    assert.ok(before)
    assert.equal(state?.certificate, before)
    assert.match(state?.problem ?? '', problem)
    assert.equal(keeping.saved, 1)
  })
}

test('one that was kept and cannot be shown is as good as none', async () => {
  const keeping = inMemory()
  await keeping.save({ names: shop.names, key: 'key', cert: noPem })
  await using world = await open(keeping)
  assert.equal(world.keeper.kept(shop), null)
  world.keeper.want([shop])
  await world.settled(1)
  assert.ok(world.keeper.states()[0]?.certificate)
})

test('whoever stumbles over a change keeps nobody from the next certificate', async () => {
  const told = (): void => {
    throw new Error('no')
  }
  await using world = await open(inMemory(), createManualClock(), told)
  world.keeper.want([shop, { ...shop, names: ['b.test'] }])
  await world.settled(2)
  assert.ok(world.keeper.states().every(({ certificate }) => certificate !== null))
})

test('pauses outlive restarts, and grow on', async () => {
  const keeping = inMemory()
  const clock = createManualClock()
  let orders = 0
  for (let life = 1; life <= 6; life += 1) {
    await using world = await open(keeping, clock)
    world.ca.fail = new Error('not proved')
    world.keeper.want([shop])
    if (life === 1) await world.settled(1)
    orders += world.orders.length
    const [state] = world.keeper.states()
    assert.equal(state?.problem, 'not proved')
    assert.equal(state.nextTryAt?.getTime(), clock.now().getTime() + 15 * minuteMs)
  }
  assert.equal(orders, 1)
  await using world = await open(keeping, clock)
  world.ca.fail = new Error('not proved')
  world.keeper.want([shop])
  clock.advance(16 * minuteMs)
  await world.settled(1)
  const waitMs = (world.keeper.states()[0]?.nextTryAt?.getTime() ?? 0) - clock.now().getTime()
  assert.equal(waitMs, 30 * minuteMs)
})

test('an order is written down before it is placed', async () => {
  const keeping = inMemory()
  keeping.saveTry = () => Promise.reject(new Error('the database is away'))
  await using world = await open(keeping)
  world.keeper.want([shop])
  await world.settled(1)
  assert.deepEqual(world.orders, [])
  assert.equal(world.keeper.states()[0]?.problem, 'the database is away')
})

test('what cannot be kept is not used', async () => {
  const keeping = inMemory()
  keeping.save = () => Promise.reject(new Error('the database is away'))
  await using world = await open(keeping)
  world.keeper.want([shop])
  await world.settled(1)
  const [state] = world.keeper.states()
  assert.deepEqual([state?.certificate, state?.problem], [null, 'the database is away'])
})

test('one order at a time', async () => {
  await using world = await open()
  world.keeper.want(['a.test', 'b.test', 'c.test'].map((name) => ({ ...shop, names: [name] })))
  await world.settled(3)
  assert.equal(world.ca.most, 1)
  assert.deepEqual(world.orders, ['a.test', 'b.test', 'c.test'])
})

test('what was kept is not ordered again, in whatever order its names are', async () => {
  const keeping = inMemory()
  {
    await using world = await open(keeping)
    world.keeper.want([shop])
    await world.settled(1)
  }
  await using world = await open(keeping)
  world.keeper.want([{ ...shop, names: shop.names.toReversed() }])
  assert.ok(world.keeper.states()[0]?.certificate)
  assert.deepEqual(world.orders, [])
  assert.equal(keeping.saved, 1)
})

test('what nobody wants any more is not renewed', async () => {
  await using world = await open()
  world.keeper.want([shop])
  await world.settled(1)
  world.keeper.want([])
  world.clock.advance(100 * dayMs)
  assert.deepEqual(world.keeper.states(), [])
  assert.equal(world.orders.length, 1)
})

test('files hold certificates and the key of the account, for the owner only', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-acme-'))
  try {
    const first = await openFolderKeeping(join(folder, 'acme'))
    const held = { names: ['a.test'], key: 'key', cert: 'cert' }
    const tried = { names: ['a.test'], failures: 2, problem: 'no', notBefore: new Date(0) }
    await first.save(held)
    await first.save({ ...held, cert: 'newer' })
    await first.saveTry(tried)
    const second = await openFolderKeeping(join(folder, 'acme'))
    assert.deepEqual(await second.load(), [{ ...held, cert: 'newer' }])
    assert.deepEqual(await second.loadTries(), [tried])
    assert.ok(second.accountKey.equals(first.accountKey))
    assert.equal((await stat(join(folder, 'acme/account.pem'))).mode & 0o777, 0o600)
  } finally {
    await rm(folder, { recursive: true })
  }
})
