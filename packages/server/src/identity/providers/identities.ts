import type { ProviderIdentity } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { AuditEntry } from '../../kernel/audit/index.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Access } from '../access/access.ts'
import type { Challenges } from '../challenges/challenges.ts'
import { userObject } from '../people/user.ts'
import { sessionIn } from '../sessions/sessions.ts'
import { linkIn, type AccountDeps } from './accounts.ts'
import { emailIn, subjectIn, type Claims } from './claims.ts'
import type { Caller } from './entry.ts'
import {
  canStillSignIn,
  deleteIdentities,
  findUserBySubject,
  lockUser,
  selectIdentitiesOf,
  type KnownUser,
} from './identity-store.ts'
import { endSessionsBy, findProvider, selectFollowing, shareProvider } from './provider-store.ts'
import { noProvider, providerObject } from './providers.ts'
import type { RelyingParty } from './relying-party.ts'
import type { Back, TripFacts, Trips } from './trips.ts'

type Deps = AccountDeps & {
  db: Db
  access: Access
  challenges: Challenges
  trips: Trips
  relyingParty: RelyingParty
}

/** For the page to come up, and another proof of who one is. */
const provedLifeMs = 10 * 60_000

/** Whose account at the provider it is, until the session that asked for it takes it. */
type ProvedFacts = Pick<TripFacts, 'provider' | 'session'> & { claims: Claims }

/** One's own accounts at providers. */
export const createIdentities = (deps: Deps) => {
  const { db, audit, epoch, access, challenges, trips, relyingParty } = deps

  /** False: there was nothing. Grants that followed the groups of it go with it. */
  const unlinkIn = async (
    tx: Tx,
    user: KnownUser,
    providerId: string,
    actor: Actor,
  ): Promise<boolean> => {
    let subjects: string[] = []
    await access.keepAnAdministrator(tx, async () => {
      subjects = await deleteIdentities(tx, { providerId, principalId: user.id })
      for (const { id } of await selectFollowing(tx, providerId, user.id)) {
        await access.revokeIn(tx, actor, id)
      }
    })
    if (subjects.length === 0) return false
    const except = { principalId: user.id, exceptId: sessionIn(actor) }
    await endSessionsBy(tx, providerId, except)
    await epoch.advance(tx, 'credentials')
    audit.record(tx, actor, {
      ...{ action: 'identity.unlinked', object: userObject(user) },
      before: { provider: providerId, subjects },
    })
    return true
  }

  /** Takes it, if the session that asked for it is the one that finishes. */
  const takeProved = async (tx: Tx, challenge: string, actor: Actor): Promise<ProvedFacts> => {
    const facts = (await challenges.take(tx, challenge, 'provider_proved')).facts as ProvedFacts
    const { session } = facts
    if (session === null || session.userId !== actor.id || session.id !== sessionIn(actor)) {
      throw new AppError('challenge_invalid')
    }
    return facts
  }

  const link = async (tx: Tx, facts: ProvedFacts, actor: Actor): Promise<void> => {
    const { claims } = facts
    const user = await lockUser(tx, actor.id)
    if (user === undefined || user.disabled_at !== null) throw new AppError('challenge_invalid')
    const provider = await shareProvider(tx, facts.provider)
    if (provider === undefined || provider.disabled_at !== null) throw noProvider(facts.provider)
    const subject = subjectIn(claims) ?? ''
    const owner = await findUserBySubject(tx, { providerId: provider.id, subject })
    if (owner?.id === user.id) return
    if (owner !== undefined) {
      const message = `This account of ${provider.name} belongs to somebody else here`
      throw new AppError('name_taken', { message })
    }
    await unlinkIn(tx, user, provider.id, actor)
    await linkIn(tx, deps, { provider, subject, claims, user, actor })
  }

  const noteRefused = (
    actor: Actor,
    object: AuditEntry['object'],
    error: unknown,
  ): Promise<void> => {
    const why = error instanceof AppError ? error.code : 'internal'
    return audit.note(actor, {
      ...{ action: 'identity.linked', outcome: 'denied', object, after: { why } },
    })
  }

  return {
    async list(principalId: string): Promise<ProviderIdentity[]> {
      return (await selectIdentitiesOf(db, principalId)).map((row) => ({
        ...{ provider: row.provider_id, providerName: row.provider_name },
        ...{ subject: row.subject, email: row.email, createdAt: row.created_at.toISOString() },
        lastUsedAt: row.last_used_at?.toISOString() ?? null,
      }))
    },

    /** Throws AppError `not_found`, `provider_unusable`, `forbidden` without a session. */
    async begin(providerId: string, actor: Actor) {
      const sessionId = sessionIn(actor)
      if (sessionId === null) {
        throw new AppError('forbidden', { message: 'Accounts are linked on the page' })
      }
      const provider = await findProvider(db, providerId)
      if (provider === undefined || provider.disabled_at !== null) throw noProvider(providerId)
      return trips.begin({
        ...{ purpose: 'provider_link', provider, to: '/account/security' },
        session: { id: sessionId, userId: actor.id },
        ...{ address: actor.origin.address, maxAgeSeconds: 0 },
      })
    },

    /**
     * What the provider sent back. Its cookie may have been planted in the browser of somebody else, and
     * that of the session stays behind on the way from another site: nothing is linked yet. Answers with
     * a challenge for `finish`. Throws AppError `provider_unusable`, `sign_in_refused`.
     */
    async prove({ facts, trip }: Back, answer: URLSearchParams, { actor }: Caller) {
      const provider = await findProvider(db, facts.provider)
      if (provider === undefined) throw noProvider(facts.provider)
      try {
        const claims = await relyingParty.redeem(trips.clientOf(provider), trip, answer)
        const proved: ProvedFacts = {
          ...{ provider: provider.id, session: facts.session },
          claims: { sub: subjectIn(claims), email: emailIn(claims) },
        }
        const { token } = await challenges.make(db, {
          ...{ purpose: 'provider_proved', principalId: facts.session?.userId ?? null },
          ...{ facts: proved, lifeMs: provedLifeMs },
        })
        return token
      } catch (error) {
        await noteRefused(actor, providerObject(provider), error)
        throw error
      }
    },

    /** Throws AppError `challenge_invalid`, also in another session; `not_found`, `name_taken`. */
    async finish(challenge: string, actor: Actor): Promise<void> {
      try {
        await db.transaction(async (tx) => {
          await link(tx, await takeProved(tx, challenge, actor), actor)
        })
      } catch (error) {
        await noteRefused(actor, userObject(actor), error)
        throw error
      }
    },

    /** Throws AppError `not_found`, `last_credential`, `last_administrator`. */
    async unlink(providerId: string, actor: Actor): Promise<void> {
      await db.transaction(async (tx) => {
        const user = await lockUser(tx, actor.id)
        if (user === undefined || !(await unlinkIn(tx, user, providerId, actor))) {
          throw new AppError('not_found', { message: `No account of ${providerId} is linked` })
        }
        if (!(await canStillSignIn(tx, user.id))) throw new AppError('last_credential')
      })
    },
  }
}
