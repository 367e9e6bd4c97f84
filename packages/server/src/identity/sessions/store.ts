import type { Queryable } from '../../kernel/db.ts'

export type SessionRow = {
  id: string
  principal_id: string
  name: string
  created_at: Date
  authenticated_at: Date
  last_used_at: Date
  expires_at: Date
  address: string | null
  user_agent: string | null
  methods: string[]
}

const columns = `session.id, session.principal_id, principal.name, session.created_at,
  session.authenticated_at, session.last_used_at, session.expires_at, session.address,
  session.user_agent, session.methods`
const from = `identity.session session
  join identity.principal principal on principal.id = session.principal_id`

type NewSession = {
  id: string
  digest: Buffer
  principalId: string
  now: Date
  expiresAt: Date
  methods: readonly string[]
  address: string | null
  userAgent: string | null
  authenticatedAt: Date
}

export const insertSession = async (db: Queryable, session: NewSession): Promise<void> => {
  const { id, digest, principalId, now, expiresAt, methods, address, userAgent } = session
  await db.execute(
    `with seen as (update identity.principal set last_seen_at = greatest(last_seen_at, $4)
       where id = $3)
     insert into identity.session (id, token_digest, principal_id, created_at, authenticated_at,
       last_used_at, expires_at, methods, address, user_agent)
     values ($1, $2, $3, $4, $9, $4, $5, $6, $7, $8)`,
    [
      ...[id, digest, principalId, now, expiresAt, [...methods], address, userAgent],
      session.authenticatedAt,
    ],
  )
}

/** Not those that are over: see `idleMs`. */
export const findSession = (
  db: Queryable,
  digest: Buffer,
  at: { now: Date; usedAfter: Date },
): Promise<SessionRow | undefined> =>
  db.maybe<SessionRow>(
    `select ${columns} from ${from} where token_digest = $1 and expires_at > $2
       and last_used_at > $3 and principal.disabled_at is null`,
    [digest, at.now, at.usedAfter],
  )

export const listSessions = (
  db: Queryable,
  principalId: string,
  at: { now: Date; usedAfter: Date },
): Promise<SessionRow[]> =>
  db.many<SessionRow>(
    `select ${columns} from ${from} where principal_id = $1 and expires_at > $2
       and last_used_at > $3 order by last_used_at desc limit 500`,
    [principalId, at.now, at.usedAfter],
  )

export const touchSession = async (db: Queryable, id: string, now: Date): Promise<void> => {
  await db.execute(
    `with used as (update identity.session set last_used_at = greatest(last_used_at, $2)
       where id = $1 returning principal_id)
     update identity.principal set last_seen_at = greatest(last_seen_at, $2)
     where id = (select principal_id from used)`,
    [id, now],
  )
}

/** What was proved when it was opened; none: it is over. */
export const findMethods = async (db: Queryable, id: string): Promise<string[]> =>
  (
    await db.maybe<{ methods: string[] }>('select methods from identity.session where id = $1', [
      id,
    ])
  )?.methods ?? []

export const confirmSession = async (db: Queryable, id: string, now: Date): Promise<void> => {
  await db.execute('update identity.session set authenticated_at = $2 where id = $1', [id, now])
}

export const deleteSession = async (
  db: Queryable,
  { id, principalId }: { id: string; principalId: string },
): Promise<boolean> =>
  (await db.execute('delete from identity.session where id = $1 and principal_id = $2', [
    id,
    principalId,
  ])) === 1

/** All of somebody, or all but one. */
export const deleteSessionsOf = (
  db: Queryable,
  principalId: string,
  exceptId: string | null,
): Promise<number> =>
  db.execute('delete from identity.session where principal_id = $1 and id is distinct from $2', [
    principalId,
    exceptId,
  ])

export const deleteOver = async (db: Queryable, before: Date): Promise<void> => {
  await db.execute('delete from identity.session where expires_at < $1', [before])
}
