import type { Queryable, Tx } from '../../kernel/db.ts'
import type { GatewayCanary } from '../snapshot.ts'

export const canaryChannel = 'keelson_gateway_canaries'

/** Of splits that are no more, too: those that were decided on last. */
const keptMost = 1000

const columns = 'manager, service, split, decision, step, percent, outcome, reason, since'

/** Keeps decisions that go further than what is kept, and wakes the control process for them. */
export const saveCanaries = async (
  db: Queryable,
  canaries: readonly GatewayCanary[],
): Promise<void> => {
  await db.many(
    `with saved as (
       insert into gateway.canary as kept (${columns})
       select ${columns} from jsonb_to_recordset($1::jsonb) as told (manager text, service text,
         split text, decision integer, step integer, percent real, outcome text, reason text,
         since timestamptz)
       on conflict (manager, service, split) do update
         set decision = excluded.decision, step = excluded.step, percent = excluded.percent,
           outcome = excluded.outcome, reason = excluded.reason, since = excluded.since,
           is_announced = false
         where excluded.decision > kept.decision or (excluded.decision = kept.decision
           and excluded.outcome = 'rolled back' and kept.outcome <> 'rolled back')
       returning 1)
     select pg_notify('${canaryChannel}', '') from saved limit 1`,
    [JSON.stringify(canaries)],
  )
}

export const selectCanaries = async (db: Queryable): Promise<GatewayCanary[]> => {
  const rows = await db.many<Omit<GatewayCanary, 'since'> & { since: Date }>(
    `select ${columns} from gateway.canary order by manager, service, split`,
  )
  return rows.map((row) => ({ ...row, since: row.since.toISOString() }))
}

/** Those that have come to an end that nobody was told of; from now on it counts as told. */
export const takeEnded = (tx: Tx): Promise<Pick<GatewayCanary, EndedField>[]> =>
  tx.many(
    `update gateway.canary set is_announced = true
     where not is_announced and outcome <> 'moving'
     returning manager, service, split, outcome, reason`,
  )

type EndedField = 'manager' | 'service' | 'split' | 'outcome' | 'reason'

export const forgetOldCanaries = async (db: Queryable): Promise<void> => {
  await db.execute(
    `delete from gateway.canary where (manager, service, split) in
       (select manager, service, split from gateway.canary order by since desc offset $1)`,
    [keptMost],
  )
}
