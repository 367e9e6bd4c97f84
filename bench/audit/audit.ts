/**
 * The audit on a PostgreSQL of its own: changes with their rows per second, verification, lists with
 * filters over many rows.
 *
 *   node bench/audit/audit.ts [rows to list over, 10000000] [seconds of changes, 10] [rows to verify, 1000000]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditFilter } from '../../packages/contract/src/index.ts'
import { createCheckpointFile, verifyAudit } from '../../packages/server/src/kernel/audit/index.ts'
import { listAudit } from '../../packages/server/src/kernel/audit/list.ts'
import { makePartitions } from '../../packages/server/src/kernel/audit/partitions.ts'
import { localActor } from '../../packages/server/src/kernel/actor.ts'
import { systemClock } from '../../packages/server/src/kernel/clock.ts'
import {
  createTestAudit,
  createTestDb,
  startTestPostgres,
  testKeyring,
} from '../../packages/server/src/kernel/testing/index.ts'

const [rows = 10_000_000, seconds = 10, verified = 1_000_000] = process.argv.slice(2).map(Number)
const writers = 16
const listsEach = 50

await using postgres = await startTestPostgres({ durable: true })
await using database = await createTestDb({ postgres })
const { db } = database
const audit = createTestAudit(db)

// The rows to list over go back from now, one a second, in partitions by month.
for (let daysAgo = 0; daysAgo * 86_400 <= rows + 31 * 86_400; daysAgo += 28) {
  const now = (): Date => new Date(Date.now() - daysAgo * 86_400_000)
  await makePartitions(db, { ...systemClock, now })
}

const writeChanges = async (): Promise<number> => {
  const endMs = performance.now() + seconds * 1000
  let changes = 0
  const write = async (): Promise<void> => {
    for (; performance.now() < endMs; changes += 1) {
      await db.transaction(async (tx) =>
        audit.record(tx, localActor, {
          action: 'service.scaled',
          object: {
            kind: 'service',
            id: `shop/web-${changes % 50}`,
            name: `shop/web-${changes % 50}`,
          },
          before: { replicas: 1 },
          after: { replicas: 2 },
        }),
      )
    }
  }
  await Promise.all(Array.from({ length: writers }, write))
  return changes
}

const changes = await writeChanges()
console.log(
  `changes with their rows, fsync on: ${Math.round(changes / seconds)}/s (${writers} writers)`,
)

const atOnce = 1000
for (let written = changes; written < verified; written += atOnce) {
  await db.transaction(async (tx) => {
    for (let at = written; at < Math.min(written + atOnce, verified); at += 1) {
      audit.record(tx, localActor, {
        action: 'service.scaled',
        object: { kind: 'service', id: `shop/web-${at % 50}`, name: `shop/web-${at % 50}` },
        before: { replicas: 1 },
        after: { replicas: 2 },
      })
    }
  })
}

const folder = await mkdtemp(join(tmpdir(), 'keelson-bench-audit-'))
const beganMs = performance.now()
const found = await verifyAudit({
  ...{ db, keyring: testKeyring, file: createCheckpointFile(join(folder, 'none')) },
})
const tookMs = performance.now() - beganMs
await rm(folder, { recursive: true })
console.log(
  `verify: ${found.rows} rows in ${Math.round(tookMs)} ms, ${Math.round((found.rows / tookMs) * 1000)} rows/s, ${found.findingsCount} findings`,
)

const step = 20_000
for (let from = 0; from < rows; from += step) {
  await db.execute(
    `insert into kernel.audit_entry
     select n % 16, 10000000 + n, gen_random_uuid(), now() - n * interval '1 s',
       (array['service.scaled', 'service.restarted', 'stack.applied', 'session.created'])[1 + n % 4],
       case when n % 1009 = 0 then 'denied' else 'done' end, 'user', 'u' || n % 200, 'user-' || n % 200,
       case when n % 1009 = 0 then 'endpoint' else 'service' end, 'shop/s' || n % 3000, 'shop/s' || n % 3000,
       '{"after":{"replicas":2},"address":"192.0.2.' || n % 250 || '","via":"api"'
         || case when n % 1009 = 0 then ',"concerns":["service:shop/s' || n % 3000 || '"]' else '' end || '}',
       1, '\\x', '\\x'
     from generate_series($1::int, $2::int) as n`,
    [from, Math.min(rows, from + step) - 1],
  )
}
// One by one: all at once takes longer than a statement may.
const months = await db.many<{ name: string }>(
  `select inhrelid::regclass::text as name from pg_inherits
   where inhparent = 'kernel.audit_entry'::regclass`,
)
for (const { name } of months) await db.execute(`analyze ${name}`)

const filters: Record<string, (at: number) => AuditFilter> = {
  none: () => ({}),
  actor: (at) => ({ actor: `user-${at}` }),
  object: (at) => ({ object: `service:shop/s${at * 7}` }),
  'actor and action': (at) => ({ actor: `user-${at}`, action: 'stack.applied' }),
  'actor and outcome': (at) => ({ actor: `user-${at}`, outcome: 'denied' }),
  'object and actor (searched)': (at) => ({
    object: `service:shop/s${at * 7}`,
    actor: `user-${at}`,
  }),
  'actor and text (searched)': (at) => ({ actor: `user-${at}`, contains: 'nothing' }),
  'outcome (searched)': () => ({ outcome: 'denied' }),
  'text (searched)': (at) => ({ contains: `user-${at}` }),
}
for (const [name, filterOf] of Object.entries(filters)) {
  const times: number[] = []
  for (let at = 0; at < listsEach; at += 1) {
    const from = performance.now()
    await listAudit(db, filterOf(at), { limit: 100 })
    times.push(performance.now() - from)
  }
  const p95 = times.toSorted((a, b) => a - b)[Math.floor(listsEach * 0.95)] ?? 0
  console.log(`list of ${rows} rows by ${name}: p95 ${p95.toFixed(1)} ms`)
}
await audit.close()
