import type { Clock } from '../clock.ts'
import type { Db, Queryable, Tx } from '../db.ts'
import { systemActor } from '../actor.ts'
import type { Audit } from './audit.ts'
import type { Dropped, LaneEnd } from './checkpoint.ts'
import { endOf, type EndRow } from './checkpoint-store.ts'

const monthsAhead = 2
const namePattern = /^audit_entry_(\d{4})_(\d{2})$/
/** Whoever writes waits as long for it at most; it is tried again in an hour. */
const patient = `set local lock_timeout = '2s'`

type Month = { year: number; month: number }

/** Partitions for this month and the next ones, where there are none yet. */
export const makePartitions = async (db: Db, clock: Clock): Promise<void> => {
  const there = new Set(await selectPartitions(db))
  for (let ahead = 0; ahead <= monthsAhead; ahead += 1) {
    const month = monthOf(clock.now(), ahead)
    if (there.has(nameOf(month))) continue
    await db.transaction(async (tx) => {
      await tx.execute(patient)
      await tx.execute(
        `create table if not exists kernel.${nameOf(month)} partition of kernel.audit_entry
         for values from ('${startOf(month)}') to ('${startOf(plus(month, 1))}')`,
      )
    })
  }
}

type DropDeps = { clock: Clock; audit: Pick<Audit, 'record'>; keptMonths: number }

/**
 * Drops the months that are older than those kept, and says up to which row of each lane; null when
 * there are none. Rows in them that come after younger ones of their lane (a clock that jumped) stay:
 * a lane is only ever cut from its begin.
 */
export const dropOldMonths = async (
  tx: Tx,
  before: Dropped | undefined,
  { clock, audit, keptMonths }: DropDeps,
): Promise<Dropped | null> => {
  const first = monthOf(clock.now(), -keptMonths)
  const old = (await selectPartitions(tx)).filter((name) => name < nameOf(first))
  if (old.length === 0) return null
  await tx.execute(patient)
  const ends = await endsBefore(tx, startOf(first), before?.ends ?? [])
  const lanes = ends.map(([lane]) => lane)
  const numbers = ends.map(([, number]) => number)
  for (const name of old) {
    await tx.execute(`alter table kernel.audit_entry detach partition kernel.${name}`)
    await tx.execute(
      `insert into kernel.audit_entry select entry.* from kernel.${name} entry
       join unnest($1::smallint[], $2::bigint[]) as ended (lane, number) using (lane)
       where entry.number > ended.number`,
      [lanes, numbers],
    )
    await tx.execute(`drop table kernel.${name}`)
  }
  await tx.execute(
    `delete from kernel.audit_entry_other entry
     using unnest($1::smallint[], $2::bigint[]) as ended (lane, number)
     where entry.lane = ended.lane and entry.number <= ended.number`,
    [lanes, numbers],
  )
  const firstCheckpoint = await dropCheckpoints(tx, startOf(first))
  audit.record(tx, systemActor, {
    action: 'audit.dropped',
    object: { kind: 'platform', id: 'platform', name: 'platform' },
    after: { before: startOf(first), months: old.map((name) => name.slice(12).replace('_', '-')) },
  })
  return { ends, firstCheckpoint }
}

/** The last row of each lane before its first that stays. */
const endsBefore = async (
  tx: Tx,
  start: string,
  former: readonly LaneEnd[],
): Promise<LaneEnd[]> => {
  const rows = await tx.many<EndRow>(
    `select head.lane, ended.number, ended.chain
     from kernel.audit_lane head
     left join lateral (
       select number from kernel.audit_entry entry
       where entry.lane = head.lane and at >= $1 order by number limit 1
     ) stays on true
     join lateral (
       select number, chain from kernel.audit_entry entry
       where entry.lane = head.lane and number < coalesce(stays.number, head.number + 1)
       order by number desc limit 1
     ) ended on true order by head.lane`,
    [start],
  )
  const ends = new Map([...former, ...rows.map(endOf)].map((end) => [end[0], end]))
  return [...ends.values()].sort((a, b) => a[0] - b[0])
}

/** Keeps the last of them whatever its age: the chain of checkpoints goes on from it. */
const dropCheckpoints = async (tx: Tx, start: string): Promise<number> => {
  await tx.execute(
    `delete from kernel.audit_checkpoint where at < $1
     and number < (select max(number) from kernel.audit_checkpoint)`,
    [start],
  )
  const { first } = await tx.one<{ first: string }>(
    'select coalesce(min(number), 1) as first from kernel.audit_checkpoint',
  )
  return Number(first)
}

const selectPartitions = async (from: Queryable): Promise<string[]> =>
  (
    await from.many<{ name: string }>(
      `select relname as name from pg_inherits join pg_class on oid = inhrelid
       where inhparent = 'kernel.audit_entry'::regclass order by relname`,
    )
  ).flatMap(({ name }) => (namePattern.test(name) ? [name] : []))

const monthOf = (at: Date, further: number): Month =>
  plus({ year: at.getUTCFullYear(), month: at.getUTCMonth() + 1 }, further)

const plus = ({ year, month }: Month, further: number): Month => {
  const months = year * 12 + (month - 1) + further
  return { year: Math.floor(months / 12), month: (months % 12) + 1 }
}

const digits = ({ year, month }: Month): [string, string] => [
  String(year).padStart(4, '0'),
  String(month).padStart(2, '0'),
]
const nameOf = (month: Month): string => `audit_entry_${digits(month).join('_')}`
const startOf = (month: Month): string => `${digits(month).join('-')}-01T00:00:00.000Z`
