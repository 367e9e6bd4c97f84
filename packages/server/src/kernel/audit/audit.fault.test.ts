/** The audit while PostgreSQL and the process that delivers it are killed. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { localActor } from '../actor.ts'
import { systemClock } from '../clock.ts'
import type { Db } from '../db.ts'
import { AppError } from '../errors.ts'
import {
  createTestAudit,
  createTestDb,
  quietLog,
  startTestPostgres,
  testKeyring,
  until,
} from '../testing/index.ts'
import { checkpointFileIn, createAuditLog } from './audit-log.ts'
import { createCheckpointFile } from './checkpoint-file.ts'
import { startSyslogStream, startWebhook, webhookSecret } from './sinks/testing/receivers.ts'
import { verifyAudit } from './verify.ts'

const entry = (name: string) =>
  ({ action: 'stack.applied', object: { kind: 'stack', id: name, name } }) as const

const namesIn = async (db: Db, sql: string): Promise<string[]> =>
  (await db.many<{ name: string }>(sql)).map(({ name }) => name)

test('PostgreSQL dies by kill -9 under changes: each is there with its row or not at all', async () => {
  await using postgres = await startTestPostgres({ durable: true })
  await using database = await createTestDb({ postgres })
  const { db } = database
  const dataDir = await mkdtemp(join(tmpdir(), 'keelson-audit-fault-'))
  const deps = { db, clock: systemClock, log: quietLog, keyring: testKeyring, dataDir }
  const audit = createAuditLog({ ...deps, keptMonths: 0 })
  await db.execute('create table public.thing (name text primary key)')
  await audit.start()

  const acknowledged: string[] = []
  let isChanging = true
  const change = async (name: string): Promise<void> => {
    await db.transaction(async (tx) => {
      await tx.execute('insert into public.thing values ($1)', [name])
      audit.record(tx, localActor, entry(name))
    })
    acknowledged.push(name)
  }
  const writers = Array.from({ length: 6 }, async (_, writer) => {
    for (let at = 0; isChanging; at += 1) {
      await change(`w${writer}.${at}`).catch((error: unknown) => {
        assert.ok(error instanceof AppError && error.code === 'database_unavailable', String(error))
      })
    }
  })
  for (const round of [1, 2, 3]) {
    const goal = acknowledged.length + 100
    await until(`round ${round} has begun`, () => acknowledged.length > goal)
    await postgres.kill()
    await postgres.restart()
  }
  const goal = acknowledged.length + 100
  await until('changes go on', () => acknowledged.length > goal)
  isChanging = false
  await Promise.all(writers)
  await audit.close()

  const things = await namesIn(db, 'select name from public.thing order by name')
  const told = await namesIn(
    db,
    `select object_name as name from kernel.audit_entry order by object_name`,
  )
  assert.deepEqual(told, things)
  const there = new Set(things)
  assert.deepEqual(
    acknowledged.filter((name) => !there.has(name)),
    [],
  )
  const file = createCheckpointFile(checkpointFileIn(dataDir))
  const found = await verifyAudit({ db, keyring: testKeyring, file })
  assert.deepEqual([found.findings, found.rows], [[], things.length])
  await rm(dataDir, { recursive: true, force: true })
})

test('who delivers dies by kill -9 at any line: nothing is lost, and batches come as they were', async () => {
  await using database = await createTestDb()
  const { db, connectionString } = database
  const folder = await mkdtemp(join(tmpdir(), 'keelson-audit-fault-'))
  const secretFile = join(folder, 'secret')
  await writeFile(secretFile, webhookSecret)
  const audit = createTestAudit(db)
  let child: ChildProcess | undefined
  const kill = (): void => void child?.kill('SIGKILL')
  // Before the answer, right after it, and in the midst of a batch.
  const [unanswered, answered, lines] = [new Set([1, 3, 6]), new Set([2, 5]), new Set([7, 90, 131])]
  await using webhook = await startWebhook((_call, reply, count) => {
    if (unanswered.has(count)) return kill()
    return void reply.writeHead(204).end(() => (answered.has(count) ? kill() : undefined))
  })
  await using syslog = await startSyslogStream({
    onMessage: (_message, _socket, count) => (lines.has(count) ? kill() : undefined),
  })
  const run = (): void => {
    const program = join(import.meta.dirname, 'sinks/testing/crashing-shipper.ts')
    child = spawn(process.execPath, [program, '--database', connectionString], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        KEELSON_AUDIT_WEBHOOK: webhook.url,
        KEELSON_AUDIT_WEBHOOK_SECRET_FILE: secretFile,
        KEELSON_AUDIT_SYSLOG: `tcp://127.0.0.1:${syslog.target.port}`,
      },
    })
  }
  let deaths = 0
  let isOver = false
  const watch = (async () => {
    while (!isOver) {
      run()
      if (child !== undefined) await once(child, 'exit')
      deaths += isOver ? 0 : 1
    }
  })()
  const write = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; at += 1) {
      await db.transaction(async (tx) => audit.record(tx, localActor, entry(`stack-${at}`)))
    }
  }
  const calls = () => new Set(webhook.calls.flatMap(({ rows }) => rows.map(({ id }) => id))).size
  const messages = () => new Set(syslog.messages.map(({ row }) => row.id)).size
  try {
    for (let round = 1; round <= 4; round += 1) {
      await write(40 * (round - 1), 40 * round)
      await until(
        `all of round ${round} has arrived`,
        () => {
          return calls() === 40 * round && messages() === 40 * round
        },
        60_000,
      )
    }
    await until('it is known to have arrived', async () => {
      const { rows } = await db.one<{ rows: string }>(
        'select count(*) as rows from kernel.audit_sink where sending is not null',
      )
      return rows === '0'
    })
  } finally {
    isOver = true
    kill()
    await watch
    await rm(folder, { recursive: true, force: true })
  }
  assert.ok(deaths >= 5, `it died ${deaths} times`)
  // Who takes each batch once by its id has each row once.
  const batches = new Map(webhook.calls.map((call) => [call.id, call]))
  for (const call of webhook.calls) assert.equal(batches.get(call.id)?.body, call.body)
  const rows = [...batches.values()].flatMap((call) => call.rows)
  assert.equal(rows.length, 160)
  assert.ok(webhook.calls.length > batches.size, 'no batch came twice')
  assert.deepEqual(syslog.faults, [])
  await audit.close()
})
