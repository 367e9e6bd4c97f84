import type { Clock } from '../clock.ts'
import type { Db } from '../db.ts'
import type { Log } from '../log.ts'
import { createLoop, type Loop } from './loop.ts'

/** Wakes the readers of all processes; carries nothing. */
export const eventChannel = 'keelson_event'

const batchMax = 1_000
const pollIntervalMs = 1_000

/**
 * The snapshot of this statement is younger than the lock on kernel.event_head, and the lock is
 * kept until the commit is visible. Hence positions become visible in their order, and whoever
 * reads "after p" never finds a smaller one later.
 */
const MOVE = `
  with batch as (
    delete from kernel.event_outbox where sequence in (
      select sequence from kernel.event_outbox order by sequence limit $2)
    returning *
  ), logged as (
    insert into kernel.event (position, id, type, subject, payload, actor, at, logged_at)
    select $1::bigint + row_number() over (order by sequence),
           id, type, subject, payload, actor, at, $3::timestamptz
    from batch
    returning position
  ), head as (
    update kernel.event_head set position = $1::bigint + (select count(*) from logged)
    where exists (select 1 from logged)
  )
  select count(*)::integer as moved,
         case when count(*) > 0 then pg_notify('${eventChannel}', '')::text end
  from logged`

/** Moves committed events from the outbox into the log. Any number of nodes may run one. */
export const createSequencer = (deps: {
  db: Db
  clock: Clock
  log: Log
  onMoved(): void
}): Loop => {
  const { db, clock } = deps

  const move = (): Promise<number> =>
    db.transaction(async (tx) => {
      const head = await tx.one<{ position: string }>(
        'select position from kernel.event_head for update',
      )
      const { moved } = await tx.one<{ moved: number }>(MOVE, [
        head.position,
        batchMax,
        clock.now(),
      ])
      return moved
    })

  return createLoop({
    name: 'sequencer',
    clock,
    log: deps.log,
    turn: async () => {
      const pending = await db.hot.maybe('select from kernel.event_outbox limit 1')
      if (pending === undefined) return { afterMs: pollIntervalMs }
      const moved = await move()
      if (moved > 0) deps.onMoved()
      return moved === batchMax ? 'again' : { afterMs: pollIntervalMs }
    },
  })
}
