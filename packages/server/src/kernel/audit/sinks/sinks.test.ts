import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AuditRow } from '@keelson/contract'
import { createTestAuthority } from '../../../gateway/proxy/balance/testing-tls.ts'
import { localActor } from '../../actor.ts'
import type { AuditSinks } from '../../env-audit.ts'
import { Secret } from '../../log.ts'
import { createManualClock, createMemoryLog, createTestDb, until } from '../../testing/index.ts'
import { createTestAudit } from '../../testing/audit.ts'
import { listAudit } from '../list.ts'
import { createShippers } from './index.ts'
import { createShipper } from './shipper.ts'
import { createSyslog } from './syslog.ts'
import {
  startSyslogDatagrams,
  startSyslogStream,
  startWebhook,
  webhookSecret,
} from './testing/receivers.ts'

const authority = createTestAuthority()
const leaf = authority.leaf('127.0.0.1')

/** An audit to be delivered, with time that moves on while somebody waits. */
const open = async () => {
  const database = await createTestDb()
  const { db } = database
  const folder = await mkdtemp(join(tmpdir(), 'keelson-sinks-'))
  const secretFile = join(folder, 'secret')
  await writeFile(secretFile, `${webhookSecret}\n`)
  const clock = createManualClock(new Date())
  const log = createMemoryLog()
  const audit = createTestAudit(db)
  const stops: (() => Promise<void>)[] = []
  return {
    ...{ db, clock, log, secretFile },
    async write(count: number, name = 'shop'): Promise<void> {
      const entry = { action: 'stack.applied', object: { kind: 'stack', id: name, name } } as const
      for (let at = 0; at < count; at += 1) {
        await db.transaction(async (tx) => audit.record(tx, localActor, entry))
      }
    },
    start(sinks: Partial<AuditSinks>) {
      const all = { syslog: undefined, webhook: undefined, ...sinks }
      const shippers = createShippers({ db, clock, log, sinks: all })
      for (const shipper of shippers) shipper.start()
      stops.push(...shippers.map((shipper) => () => shipper.stop()))
      return shippers
    },
    /** With a server whose certificate this authority signed. */
    startTls(target: Parameters<typeof createSyslog>[0], ca?: string) {
      const delivery = createSyslog(target, ca === undefined ? {} : { ca })
      const shipper = createShipper({ db, clock, log, name: 'syslog', delivery })
      shipper.start()
      stops.push(() => shipper.stop())
      return shipper
    },
    webhookTo: (origin: string, url: string) => ({ url: new Secret(url), origin, secretFile }),
    passed: (what: string, condition: () => boolean | Promise<boolean>) =>
      until(what, async () => {
        clock.advance(1000)
        return condition()
      }),
    rows: async () => (await listAudit(db, {}, { limit: 1000 })).items,
    async [Symbol.asyncDispose]() {
      await Promise.all(stops.map((stop) => stop()))
      await audit.close()
      await database[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const placeOf = ({ place }: AuditRow): string => `${place.lane}/${place.number}`
const sorted = (rows: readonly AuditRow[]) =>
  rows.toSorted((a, b) => placeOf(a).localeCompare(placeOf(b)))

/** All rows are there, and the first time each came was in the order of its lane. */
const assertArrived = (received: readonly AuditRow[], rows: readonly AuditRow[]): void => {
  const first = [...new Map(received.toReversed().map((row) => [row.id, row])).values()]
  assert.deepEqual(sorted(first), sorted(rows))
  const last = new Map<number, bigint>()
  const seen = new Set<string>()
  for (const { id, place } of received) {
    if (seen.has(id)) continue
    seen.add(id)
    const number = BigInt(place.number)
    assert.equal(number, (last.get(place.lane) ?? 0n) + 1n, `out of turn in lane ${place.lane}`)
    last.set(place.lane, number)
  }
}

test('ASVS 16.4.1, 16.4.3: the audit goes elsewhere as syslog over TLS, and no name makes a line', async () => {
  await using bench = await open()
  await using receiver = await startSyslogStream({ tls: leaf })
  await bench.write(2, 'shöp "]\\\n')
  await bench.write(70)
  bench.startTls(receiver.target, authority.ca)
  await bench.passed('all has arrived', () => receiver.messages.length >= 72)
  const rows = await bench.rows()
  assertArrived(
    receiver.messages.map(({ row }) => row),
    rows,
  )
  const named = receiver.messages.find(({ row }) => row.object.name !== 'shop')
  assert.equal(named?.priority, 13 * 8 + 6)
  const [at, , program, , what] = named.fields
  assert.deepEqual([at, program, what], [named.row.at, 'keelson', 'stack.applied'])
  assert.match(named.data, /^audit@32473 id="[0-9a-f-]{36}" actor="/)
  assert.ok(named.data.includes(String.raw`object="stack:shöp \"\]\\ "`), named.data)
  assert.deepEqual(receiver.faults, [])
})

test('syslog over TLS is not spoken to somebody whose certificate nobody vouches for', async () => {
  await using bench = await open()
  await using receiver = await startSyslogStream({ tls: leaf })
  await bench.write(1)
  const shipper = bench.startTls(receiver.target)
  await bench.passed('it fails', async () => (await shipper.state()).failure !== null)
  assert.match((await shipper.state()).failure ?? '', /certificate/)
  assert.deepEqual(receiver.messages, [])
})

test('syslog over UDP: a message a datagram, and the largest without before and after', async () => {
  await using bench = await open()
  await using receiver = await startSyslogDatagrams()
  await bench.write(10)
  const audit = createTestAudit(bench.db)
  await bench.db.transaction(async (tx) =>
    audit.record(tx, localActor, {
      ...{ action: 'stack.applied', object: { kind: 'stack', id: 'big', name: 'big' } },
      after: { text: 'x'.repeat(65_000) },
    }),
  )
  bench.start({ syslog: receiver.target })
  await bench.passed('all has arrived', () => receiver.messages.length === 11)
  const big = receiver.messages.find(({ row }) => row.object.name === 'big')?.row
  assert.deepEqual([big?.after, big?.cut], [null, true])
})

test('a receiver that breaks connections off at any message gets every row, in order', async () => {
  await using bench = await open()
  const breaks = new Set([1, 2, 31, 64, 65, 100, 180])
  await using receiver = await startSyslogStream({
    onMessage: (_message, socket, count) => {
      if (breaks.has(count)) socket.resetAndDestroy()
    },
  })
  await bench.write(120)
  const [shipper] = bench.start({ syslog: receiver.target })
  const isDone = async () => (await shipper?.state())?.lagRows === 0
  await bench.passed('all has arrived', isDone)
  assertArrived(
    receiver.messages.map(({ row }) => row),
    await bench.rows(),
  )
  await bench.write(5)
  await bench.passed('what came later has arrived', isDone)
  assertArrived(
    receiver.messages.map(({ row }) => row),
    await bench.rows(),
  )
})

test('ASVS 16.4.3: a webhook gets signed batches, and one it refused again as it was', async () => {
  await using bench = await open()
  await using receiver = await startWebhook((_call, reply, count) => {
    if (count === 1) reply.writeHead(503).end()
    else if (count === 2) reply.destroy()
    else if (count === 3) reply.writeHead(302, { location: '/elsewhere' }).end()
    else reply.writeHead(200).end('thanks')
  })
  await bench.write(40)
  const [shipper] = bench.start({ webhook: bench.webhookTo(receiver.origin, receiver.url) })
  await bench.passed('it was refused', () => receiver.calls.length > 0)
  // Written while that batch is under way: part of the next one.
  await bench.write(1)
  await bench.passed('all has arrived', async () => (await shipper?.state())?.lagRows === 0)
  const [first, ...others] = receiver.calls
  assert.deepEqual(
    others.slice(0, 3).map(({ id, body }) => [id, body]),
    Array.from({ length: 3 }, () => [first?.id, first?.body]),
  )
  assert.ok(receiver.calls.every(({ isSigned }) => isSigned))
  assertArrived(
    receiver.calls.flatMap(({ rows }) => rows),
    await bench.rows(),
  )
  assert.doesNotMatch(JSON.stringify(bench.log.lines), /s3cret|whsec/)
})

test('whoever does not take it holds up no change, and the state says so without a secret', async () => {
  await using bench = await open()
  await using receiver = await startWebhook(() => undefined)
  const webhook = bench.webhookTo(receiver.origin, receiver.url)
  const [hanging] = bench.start({ webhook })
  await bench.write(1)
  await bench.passed('it hangs', () => receiver.calls.length === 1)
  await bench.write(50)
  bench.clock.advance(60_000)
  const state = await hanging?.state()
  assert.equal(state?.lagRows, 51)
  assert.ok((state?.lagSeconds ?? 0) >= 60)
  await hanging?.stop()

  await writeFile(bench.secretFile, 'no secret')
  const [failing] = bench.start({ webhook })
  await bench.passed('it fails', async () => (await failing?.state())?.failure !== null)
  const { failure, to } = (await failing?.state()) ?? {}
  assert.match(failure ?? '', /its secret file holds no whsec_/)
  assert.equal(to, receiver.origin)
})

test('rows that were dropped before their delivery are counted, and it goes on behind them', async () => {
  await using bench = await open()
  await using receiver = await startWebhook()
  await bench.write(60)
  await bench.db.execute('delete from kernel.audit_entry')
  const [shipper] = bench.start({ webhook: bench.webhookTo(receiver.origin, receiver.url) })
  await bench.passed('nothing is due', async () => (await shipper?.state())?.lagRows === 0)
  assert.equal((await shipper?.state())?.deliveredAt, null)
  assert.deepEqual(
    bench.log.lines.map(({ message, fields }) => [message, fields]),
    [['audit rows were dropped before their delivery', { sink: 'webhook', rows: 60 }]],
  )
  await bench.write(3)
  await bench.passed('the others arrive', () => receiver.calls.flatMap((c) => c.rows).length === 3)
})

test('without a place to deliver to nothing runs', async () => {
  await using bench = await open()
  assert.deepEqual(bench.start({}), [])
})
