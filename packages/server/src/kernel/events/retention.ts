import type { Clock } from '../clock.ts'
import type { Db, Tx } from '../db.ts'
import type { Log } from '../log.ts'
import { createLoop, type Loop } from './loop.ts'

const intervalMs = 60 * 60_000
/** By then every subscription of this process is there, and none of them counts as abandoned. */
const firstAfterMs = 5 * 60_000
const batchMax = 1_000
const dayMs = 24 * 60 * 60_000
/** Beside 7070 of kernel.publish: one node at a time is enough. */
const TAKE_TURN = 'select pg_try_advisory_xact_lock(7071, 0) as taken'

/** Always a prefix of the log: the first event that stays keeps all after it. */
const DELETE_EVENTS = `
  with oldest as (
    select position, logged_at from kernel.event order by position limit $2
  ), bound as (
    select least(
      (select min(position) - 1 from oldest where logged_at >= $1),
      (select min(position) from kernel.event_subscription)) as position
  )
  delete from kernel.event using oldest, bound
  where event.position = oldest.position
    and event.position <= coalesce(bound.position, event.position)`

const DELETE_FAILURES = `
  delete from kernel.event_failure where (subscription, position) in (
    select subscription, position from kernel.event_failure where failed_at < $1 limit $2)`

/**
 * Deletes what is older than `retentionDays`, a thousand rows at a time, never ahead of the slowest
 * subscription. A subscription that no node has had for as long is forgotten: otherwise a renamed
 * one would keep every event for ever.
 */
export const createRetention = (deps: {
  db: Db
  clock: Clock
  log: Log
  retentionDays: number
  subscriptionNames(): readonly string[]
}): Loop => {
  const { db, clock, log } = deps
  let settled = false

  const sweep = async (tx: Tx, cutoff: Date): Promise<boolean> => {
    const forgotten = await tx.many<{ name: string }>(
      'delete from kernel.event_subscription where seen_at < $1 returning name',
      [cutoff],
    )
    for (const { name } of forgotten) {
      tx.afterCommit(() => log.warn({ subscription: name }, 'abandoned subscription forgotten'))
    }
    const events = await tx.execute(DELETE_EVENTS, [cutoff, batchMax])
    const failures = await tx.execute(DELETE_FAILURES, [cutoff, batchMax])
    return events === batchMax || failures === batchMax
  }

  return createLoop({
    name: 'retention',
    clock,
    log,
    turn: async () => {
      if (!settled) {
        settled = true
        return { afterMs: firstAfterMs }
      }
      const now = clock.now()
      const cutoff = new Date(now.getTime() - deps.retentionDays * dayMs)
      await db.execute('update kernel.event_subscription set seen_at = $2 where name = any($1)', [
        deps.subscriptionNames(),
        now,
      ])
      const more = await db.transaction(async (tx) => {
        const { taken } = await tx.one<{ taken: boolean }>(TAKE_TURN)
        return taken && (await sweep(tx, cutoff))
      })
      return more ? 'again' : { afterMs: intervalMs }
    },
  })
}
