import type { State } from '@keelson/contract'
import type { Queryable } from '../kernel/db.ts'
import type { Verdict } from './verdict.ts'

export const selectVerdicts = (db: Queryable): Promise<(Verdict & { subject: string })[]> =>
  db.many('select subject, state, reason, since from health.verdict')

/** `change` also keeps it as a change of the service's history. */
export const saveVerdict = async (
  db: Queryable,
  subject: string,
  verdict: Verdict,
  options: { change: boolean; at?: Date },
): Promise<void> => {
  await db.execute(
    `insert into health.verdict (subject, state, reason, since) values ($1, $2, $3, $4)
     on conflict (subject) do update
       set state = excluded.state, reason = excluded.reason, since = excluded.since`,
    [subject, verdict.state, verdict.reason, verdict.since],
  )
  if (!options.change) return
  await db.execute(
    `insert into health.change (subject, at, state, reason) values ($1, $2, $3, $4)
     on conflict (subject, at) do update set state = excluded.state, reason = excluded.reason`,
    [subject, options.at ?? verdict.since, verdict.state, verdict.reason],
  )
}

export const deleteVerdict = async (db: Queryable, subject: string): Promise<void> => {
  await db.execute('delete from health.verdict where subject = $1', [subject])
}

const changesMax = 5000

export const selectChanges = async (
  db: Queryable,
  subject: string,
  from: Date,
): Promise<Verdict[]> => {
  const rows = await db.many<{ at: Date; state: State; reason: string }>(
    `(select at, state, reason from health.change
        where subject = $1 and at <= $2 order by at desc limit 1)
     union all
     (select at, state, reason from health.change
        where subject = $1 and at > $2 order by at desc limit $3)
     order by at`,
    [subject, from, changesMax],
  )
  return rows.map(({ at, state, reason }) => ({ state, reason, since: at }))
}

export const deleteOldChanges = (db: Queryable, before: Date): Promise<number> =>
  db.execute('delete from health.change where at < $1', [before])
