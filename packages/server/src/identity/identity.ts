import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { SetupLink } from '@keelson/contract'
import { administrator, anonymous, localActor, type Actor } from '../kernel/actor.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Db } from '../kernel/db.ts'
import { AppError } from '../kernel/errors.ts'
import type { Secret } from '../kernel/log.ts'
import { sessionCookie } from '../kernel/session-cookie.ts'
import {
  deleteExpired,
  deleteSession,
  findSession,
  insertSession,
  replaceSetupLink,
  takeSetupLink,
} from './store.ts'

const linkLifeMs = 30 * 60_000
const sessionLifeMs = 12 * 3_600_000
/** How long a session that was found valid is believed without asking the database again. */
const believedMs = 5_000
const believedMax = 1000

export type Identity = ReturnType<typeof createIdentity>

type IdentityDeps = { db: Db; clock: Clock; localToken: Secret }

/**
 * Who asks: the holder of the machine's local token (the CLI), or a browser session that a
 * single-use link opened. Everything behind it sees an Actor and nothing of this.
 */
export const createIdentity = ({ db, clock, localToken }: IdentityDeps) => {
  const believed = new Map<string, { actor: Actor; untilMs: number }>()
  const localDigest = digestOf(localToken.reveal())
  let signOuts = 0

  const sessionActor = async (token: string): Promise<Actor> => {
    const digest = digestOf(token)
    const key = digest.toString('base64')
    const now = clock.now()
    const known = believed.get(key)
    if (known !== undefined && known.untilMs > now.getTime()) return known.actor
    const before = signOuts
    const session = await findSession(db, digest, now)
    if (session === undefined) {
      believed.delete(key)
      return anonymous
    }
    const actor = administrator(session.expiresAt)
    // Signed out while it was looked up: good for this request, and believed no longer.
    if (signOuts !== before) return actor
    if (believed.size >= believedMax) believed.clear()
    const untilMs = Math.min(now.getTime() + believedMs, session.expiresAt.getTime())
    believed.set(key, { actor, untilMs })
    return actor
  }

  return {
    async authenticate(request: FastifyRequest): Promise<Actor> {
      const bearer = bearerOf(request.headers.authorization)
      if (bearer !== undefined) {
        if (timingSafeEqual(digestOf(bearer), localDigest)) return localActor
        throw new AppError('unauthenticated', { message: 'This token is not valid' })
      }
      for (const token of sessionTokens(request.headers.cookie)) {
        const actor = await sessionActor(token)
        if (actor !== anonymous) return actor
      }
      return anonymous
    },

    /** A new link; the ones before it stop working. `baseUrl` without a slash at its end. */
    async createSetupLink(baseUrl: string): Promise<SetupLink> {
      const token = newToken()
      const expiresAt = new Date(clock.now().getTime() + linkLifeMs)
      await db.transaction((tx) => replaceSetupLink(tx, digestOf(token), expiresAt))
      // In the fragment: it reaches no server, proxy, log or referrer.
      return { url: `${baseUrl}/sign-in#${token}`, expiresAt: expiresAt.toISOString() }
    },

    /** Trades a link's token for a session, once. Throws link_invalid. */
    async signIn(token: string): Promise<{ sessionToken: string; actor: Actor }> {
      const sessionToken = newToken()
      const now = clock.now()
      const expiresAt = new Date(now.getTime() + sessionLifeMs)
      await db.transaction(async (tx) => {
        if (!(await takeSetupLink(tx, digestOf(token), now))) throw new AppError('link_invalid')
        await deleteExpired(tx, now)
        await insertSession(tx, digestOf(sessionToken), now, expiresAt)
      })
      return { sessionToken, actor: administrator(expiresAt) }
    },

    async signOut(token: string | undefined): Promise<void> {
      if (token === undefined) return
      const digest = digestOf(token)
      await deleteSession(db, digest)
      signOuts += 1
      believed.delete(digest.toString('base64'))
    },
  }
}

const sessionTokensMax = 4

/** All of them: another page of this host may have planted one of the same name beside ours. */
const sessionTokens = (header: string | undefined): string[] =>
  (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${sessionCookie}=`))
    .map((pair) => pair.slice(sessionCookie.length + 1))
    .filter((token) => token !== '')
    .slice(0, sessionTokensMax)

const newToken = (): string => randomBytes(32).toString('base64url')
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest()

const bearerOf = (header: string | undefined): string | undefined =>
  header === undefined ? undefined : /^Bearer +([A-Za-z0-9_-]{1,200})$/i.exec(header)?.[1]
