import type { LinkFacts, OneTimeLink } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { makersOf } from '../access/rise.ts'
import { digestOf, newToken } from '../one-time.ts'
import { lockPerson } from './standing-store.ts'
import {
  findLink,
  findUser,
  replaceLink,
  takeLink,
  type LinkPurpose,
  type LinkRow,
} from './store.ts'

const hourMs = 3_600_000
/** An invitation waits for somebody to read their mail; the others are used by whoever just asked. */
const lifeMs: Record<LinkPurpose, number> = {
  setup: hourMs / 2,
  invitation: 7 * 24 * hourMs,
  reset: 24 * hourMs,
}

const pages: Record<LinkPurpose, string> = { setup: 'set-up', invitation: 'join', reset: 'reset' }

export type Links = {
  /** The token is in the fragment: it reaches no server, proxy, log or referrer. */
  make(tx: Tx, purpose: LinkPurpose, principalId: string | null, maker: Actor): Promise<OneTimeLink>
  read(token: string): Promise<LinkFacts>
  /** Uses it up in this transaction. Throws AppError `link_invalid`. */
  take(tx: Tx, token: string): Promise<LinkRow>
}

type LinksDeps = { db: Db; clock: Clock; publicUrl: string; localUrl?: string }

export const createLinks = (deps: LinksDeps): Links => {
  const { db, clock, publicUrl, localUrl = publicUrl } = deps
  return {
    async make(tx, purpose, principalId, maker) {
      const token = newToken()
      const expiresAt = new Date(clock.now().getTime() + lifeMs[purpose])
      const kept = { digest: digestOf(token), purpose, principalId, expiresAt }
      await replaceLink(tx, { ...kept, madeBy: makersOf(maker) })
      // Nobody else gets in before the set-up.
      const base = purpose === 'setup' ? localUrl : publicUrl
      const url = `${base}/${pages[purpose]}#${token}`
      return { url, expiresAt: expiresAt.toISOString() }
    },

    async read(token) {
      const link = await findLink(db, digestOf(token), clock.now())
      if (link === undefined) throw new AppError('link_invalid')
      const { purpose, principal_id, expires_at } = link
      const user = principal_id === null ? undefined : await findUser(db, { id: principal_id })
      return { purpose, name: user?.name ?? null, expiresAt: expires_at.toISOString() }
    },

    async take(tx, token) {
      const digest = digestOf(token)
      const now = clock.now()
      const link = await findLink(tx, digest, now)
      // In the order of those who change somebody and end their links.
      if (link?.principal_id != null) await lockPerson(tx, link.principal_id)
      if (link === undefined || !(await takeLink(tx, digest, now))) {
        throw new AppError('link_invalid')
      }
      return link
    },
  }
}
