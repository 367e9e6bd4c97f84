import type { Queryable, Tx } from '../../kernel/db.ts'

export type EpochKind = 'access' | 'credentials'

export const epochChannel = 'keelson_identity'

export const readEpoch = async (db: Queryable): Promise<Record<EpochKind, number>> => {
  const row = await db.one<{ access: string; credentials: string }>(
    'select access, credentials from identity.epoch',
  )
  return { access: Number(row.access), credentials: Number(row.credentials) }
}

/** Changes of identity queue here, one after the other; others hear of it after the commit. */
export const advanceEpoch = async (tx: Tx, kind: EpochKind): Promise<void> => {
  await tx.execute(`update identity.epoch set ${kind} = ${kind} + 1`)
  await tx.execute(`select pg_notify($1, '')`, [epochChannel])
}
