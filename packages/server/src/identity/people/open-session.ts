import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Tx } from '../../kernel/db.ts'
import { sessionIn, type Sessions } from '../sessions/sessions.ts'
import { userObject } from './user.ts'

export type Opened = { token: string; expiresAt: Date }

type Given = {
  user: { id: string; name: string }
  methods: readonly string[]
  /** As whom the browser came: that session ends (ASVS 5.0 7.2.4). */
  actor: Actor
  userAgent: string | null
  /** When they proved themselves; unless told, now. */
  authenticatedAt?: Date
  /** Of a provider: what it should have said, and did not. */
  missingClaim?: string
}

/** In the transaction of a sign-in that has been proved. */
export const openSession = async (
  tx: Tx,
  { sessions, audit }: { sessions: Sessions; audit: Audit },
  { user, methods, actor, userAgent, authenticatedAt, missingClaim }: Given,
): Promise<Opened> => {
  const former = sessionIn(actor)
  if (former !== null) await sessions.end(tx, { id: former, principalId: actor.id })
  const { origin } = actor
  const { id, ...opened } = await sessions.open(tx, user.id, {
    ...{ methods, origin, userAgent },
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
  })
  audit.record(
    tx,
    { ...actor, kind: 'user', ...user },
    {
      ...{ action: 'session.created', object: userObject(user) },
      after: { session: id, methods, ...(missingClaim === undefined ? {} : { missingClaim }) },
    },
  )
  return opened
}
