import type { Queryable } from '../kernel/db.ts'

/** In a transaction: a link is never there beside the one that replaced it. */
export const replaceSetupLink = async (
  tx: Queryable,
  digest: Buffer,
  expiresAt: Date,
): Promise<void> => {
  // Two at once would not see each other's row, and both links would be left.
  await tx.execute('lock table identity.setup_link in share row exclusive mode')
  await tx.execute('delete from identity.setup_link')
  await tx.execute('insert into identity.setup_link (token_digest, expires_at) values ($1, $2)', [
    digest,
    expiresAt,
  ])
}

/** Uses a link up. Two at once: the row lock lets only one of them delete it. */
export const takeSetupLink = async (db: Queryable, digest: Buffer, now: Date): Promise<boolean> =>
  (await db.execute('delete from identity.setup_link where token_digest = $1 and expires_at > $2', [
    digest,
    now,
  ])) === 1

export const insertSession = async (
  db: Queryable,
  digest: Buffer,
  createdAt: Date,
  expiresAt: Date,
): Promise<void> => {
  await db.execute(
    'insert into identity.session (token_digest, created_at, expires_at) values ($1, $2, $3)',
    [digest, createdAt, expiresAt],
  )
}

export const findSession = async (
  db: Queryable,
  digest: Buffer,
  now: Date,
): Promise<{ expiresAt: Date } | undefined> => {
  const row = await db.maybe<{ expires_at: Date }>(
    'select expires_at from identity.session where token_digest = $1 and expires_at > $2',
    [digest, now],
  )
  return row === undefined ? undefined : { expiresAt: row.expires_at }
}

export const deleteSession = async (db: Queryable, digest: Buffer): Promise<void> => {
  await db.execute('delete from identity.session where token_digest = $1', [digest])
}

export const deleteExpired = async (db: Queryable, now: Date): Promise<void> => {
  await db.execute('delete from identity.session where expires_at <= $1', [now])
}
