import { LRUCache } from 'lru-cache'
import type { Actor, Origin } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { messageOf } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { Log } from '../../kernel/log.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { digestOf, newToken } from '../one-time.ts'
import type { Principal } from '../principal.ts'
import {
  confirmSession,
  deleteOver,
  deleteSession,
  deleteSessionsOf,
  findSession,
  insertSession,
  listSessions,
  touchSession,
  type SessionRow,
} from './store.ts'

const hourMs = 3_600_000
/** ASVS 5.0 7.3.1: a browser that was closed in the evening is signed in the next morning. */
const idleMs = 24 * hourMs
/** ASVS 5.0 7.3.2: whatever is done, once a week one says who one is. */
const lifeMs = 7 * 24 * hourMs
/** Kept beyond its end, so that a clock that jumps ahead and back ends nobody's session. */
const keptMs = 30 * 24 * hourMs
const touchedEveryMs = 60_000
const believedMax = 10_000

type Believed = { row: SessionRow; epoch: number; usedMs: number; writtenMs: number }

export type Sessions = {
  /** In the transaction of a sign-in; the token is given to the browser and to nobody else. */
  open(
    tx: Tx,
    principalId: string,
    given: {
      methods: readonly string[]
      origin: Pick<Origin, 'address'>
      userAgent: string | null
      /** When the person proved themselves; unless told, now. */
      authenticatedAt?: Date
    },
  ): Promise<{ token: string; id: string; expiresAt: Date }>
  authenticate(token: string): Promise<Principal | null>
  /** The person has just proved again who they are. */
  confirm(tx: Tx, id: string): Promise<void>
  list(principalId: string): Promise<SessionRow[]>
  /** False: there is no such session of this person. */
  end(tx: Tx, session: { id: string; principalId: string }): Promise<boolean>
  /** How many ended. */
  endAll(tx: Tx, principalId: string, exceptId: string | null): Promise<number>
}

type Deps = { db: Db; clock: Clock; log: Log; epoch: Epoch }

/** The session by which somebody came; null: by something else. */
export const sessionIn = ({ origin }: Actor): string | null =>
  origin.credential?.startsWith('session:') === true ? origin.credential.slice(8) : null

export const createSessions = ({ db, clock, log, epoch }: Deps): Sessions => {
  const believed = new LRUCache<string, Believed>({ max: believedMax })

  const limits = () => {
    const now = clock.now()
    return { now, usedAfter: new Date(now.getTime() - idleMs) }
  }

  const isOver = ({ row, usedMs }: Believed, nowMs: number): boolean =>
    row.expires_at.getTime() <= nowMs || usedMs + idleMs <= nowMs

  const find = async (key: string, digest: Buffer): Promise<Believed | null> => {
    const present = epoch.now('credentials')
    const known = believed.get(key)
    if (known !== undefined && known.epoch === present) return known
    const row = await findSession(db.hot, digest, limits())
    if (row === undefined) {
      believed.delete(key)
      return null
    }
    const usedMs = row.last_used_at.getTime()
    // The epoch from before the look: what was revoked meanwhile makes it another one.
    const found = { row, epoch: present, usedMs, writtenMs: usedMs }
    believed.set(key, found)
    return found
  }

  const use = (session: Believed, now: Date): void => {
    session.usedMs = now.getTime()
    if (session.usedMs - session.writtenMs < touchedEveryMs) return
    session.writtenMs = session.usedMs
    touchSession(db.hot, session.row.id, now).catch((error: unknown) => {
      log.debug({ reason: messageOf(error) }, 'last use of a session was not written')
    })
  }

  return {
    async open(tx, principalId, { methods, origin, userAgent, authenticatedAt }) {
      const token = newToken()
      const id = newId()
      const now = clock.now()
      const expiresAt = new Date(now.getTime() + lifeMs)
      await deleteOver(tx, new Date(now.getTime() - keptMs))
      await insertSession(tx, {
        ...{ id, digest: digestOf(token), principalId, now, expiresAt, methods },
        ...{ address: origin.address, userAgent: userAgent?.slice(0, 300) ?? null },
        authenticatedAt: authenticatedAt ?? now,
      })
      return { token, id, expiresAt }
    },

    async authenticate(token) {
      const digest = digestOf(token)
      const session = await find(digest.toString('base64'), digest)
      const now = clock.now()
      if (session === null || isOver(session, now.getTime())) return null
      use(session, now)
      const { row } = session
      return {
        ...{ kind: 'user', id: row.principal_id, name: row.name, scopes: null },
        ...{ credential: `session:${row.id}`, provenBy: 'cookie' },
        ...{ expiresAt: row.expires_at, authenticatedAt: row.authenticated_at },
        methods: row.methods,
      }
    },

    async confirm(tx, id) {
      await confirmSession(tx, id, clock.now())
      await epoch.advance(tx, 'credentials')
    },
    list: (principalId) => listSessions(db, principalId, limits()),
    async end(tx, session) {
      const ended = await deleteSession(tx, session)
      if (ended) await epoch.advance(tx, 'credentials')
      return ended
    },
    async endAll(tx, principalId, exceptId) {
      const ended = await deleteSessionsOf(tx, principalId, exceptId)
      if (ended > 0) await epoch.advance(tx, 'credentials')
      return ended
    },
  }
}
