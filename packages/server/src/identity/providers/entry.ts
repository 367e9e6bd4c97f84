import type { SecondFactorAsked } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { Log } from '../../kernel/log.ts'
import type { Access } from '../access/access.ts'
import type { FinishFirstFactor } from '../factors/second-step.ts'
import type { Opened } from '../people/open-session.ts'
import { sessionIn } from '../sessions/sessions.ts'
import { userOf, type AccountDeps } from './accounts.ts'
import {
  authenticatedAtIn,
  groupsIn,
  groupsMax,
  saysNoGroups,
  saysOneFactor,
  subjectIn,
  type Claims,
} from './claims.ts'
import { followGroups } from './group-grants.ts'
import { findProvider, methodOf, shareProvider, type ProviderRow } from './provider-store.ts'
import { noProvider, providerObject } from './providers.ts'
import type { RelyingParty } from './relying-party.ts'
import type { Back, Trips } from './trips.ts'

type Deps = AccountDeps & {
  db: Db
  log: Log
  access: Access
  trips: Trips
  relyingParty: RelyingParty
  finishFirstFactor: FinishFirstFactor
}

export type Caller = { actor: Actor; userAgent: string | null }

/**
 * As long as a proof is fresh: signing in is one, also for people who can prove themselves by the provider
 * alone. Who typed something there longer ago is asked again.
 */
const maxAgeSeconds = 15 * 60

/** What the browser sent proved, and what came of it. */
type Proved = { provider: ProviderRow; claims: Claims; caller: Caller }

/** Signing in by a provider. */
export const createEntry = (deps: Deps) => {
  const { db, clock, log, audit, access, trips, relyingParty, finishFirstFactor } = deps

  const enabled = async (id: string): Promise<ProviderRow> => {
    const provider = await findProvider(db, id)
    if (provider === undefined || provider.disabled_at !== null) throw noProvider(id)
    return provider
  }

  const methodsOf = ({ id, trusts_factors: isTrusted }: ProviderRow, claims: Claims): string[] =>
    isTrusted && !saysOneFactor(claims) ? [methodOf(id), 'provider_factor'] : [methodOf(id)]

  /** When the person typed something there; a provider that does not say is taken to have asked. */
  const provedAt = (claims: Claims): Date => {
    const saidMs = (authenticatedAtIn(claims) ?? Infinity) * 1000
    return new Date(Math.min(saidMs, clock.now().getTime()))
  }

  /** Roles are mapped, and the groups they hang on were not told: somebody will wonder. */
  const missingOf = (provider: ProviderRow, claims: Claims): { missingClaim?: string } => {
    const { id, groups_claim: claim, role_map: map, scopes } = provider
    if (map.length === 0 || !saysNoGroups(claims, claim)) return {}
    const message = 'the provider told no groups, so that nobody gets a role by them'
    log.warn({ provider: id, claim, scopes }, message)
    return { missingClaim: claim }
  }

  const enter = async (tx: Tx, proved: Proved, { takesBack }: { takesBack: boolean }) => {
    const { claims, caller } = proved
    const { actor } = caller
    // As it is now: it may have been disabled while the browser was away.
    const provider = await shareProvider(tx, proved.provider.id)
    if (provider === undefined || provider.disabled_at !== null)
      throw noProvider(proved.provider.id)
    const subject = subjectIn(claims) ?? ''
    const user = await userOf(tx, deps, { provider, subject, claims, actor })
    if (user.disabled_at !== null) {
      throw new AppError('account_disabled', { message: `${user.name} is disabled` })
    }
    const groups = groupsIn(claims, provider.groups_claim)
    if (groups === null) {
      const message = `${user.name} is in more than ${groupsMax} groups: let it send fewer`
      throw new AppError('provider_unusable', { message })
    }
    const membership = { provider, principalId: user.id, groups, actor }
    await followGroups(tx, access, membership, { takesBack })
    const first = {
      ...{ user: { id: user.id, name: user.name }, methods: methodsOf(provider, claims) },
      ...missingOf(provider, claims),
    }
    return finishFirstFactor(tx, { ...caller, ...first, authenticatedAt: provedAt(claims) })
  }

  /** The last administrator keeps the role that the provider has taken back, and gets in. */
  const enterOrKeep = async (proved: Proved): Promise<Opened | SecondFactorAsked> => {
    try {
      return await db.transaction((tx) => enter(tx, proved, { takesBack: true }))
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'last_administrator') throw error
      log.warn(
        { provider: proved.provider.id },
        'grants whose group is gone are kept: nobody else may give rights',
      )
      return db.transaction((tx) => enter(tx, proved, { takesBack: false }))
    }
  }

  const noteRefused = async (caller: Caller, provider: ProviderRow, error: unknown) => {
    const why = error instanceof AppError ? error.code : 'internal'
    log.warn({ provider: provider.id, why, reason: messageOf(error) }, 'sign-in by provider failed')
    await audit.note(caller.actor, {
      ...{ action: 'session.refused', outcome: 'denied', object: providerObject(provider) },
      after: { provider: provider.id, why },
    })
  }

  return {
    enabled,
    noteRefused,

    /** Throws AppError `not_found`, `provider_unusable`, `sign_in_delayed`, `sign_in_busy`. */
    async begin(providerId: string, to: string, { actor }: Caller) {
      const sessionId = sessionIn(actor)
      return trips.begin({
        ...{ purpose: 'provider_sign_in', provider: await enabled(providerId), to },
        session: sessionId === null ? null : { id: sessionId, userId: actor.id },
        address: actor.origin.address,
        // Who is signed in and comes again wants to prove that it is them.
        maxAgeSeconds: sessionId === null ? maxAgeSeconds : 0,
      })
    },

    /** Throws AppError as the steps of it do; each is in the audit. */
    async finish(back: Back, answer: URLSearchParams, caller: Caller) {
      const { facts, trip } = back
      const provider = await enabled(facts.provider)
      try {
        const claims = await relyingParty.redeem(trips.clientOf(provider), trip, answer)
        // The cookie of the session stays behind when another site sends the browser here.
        const actor = asBegan(caller.actor, facts.session)
        return await enterOrKeep({ provider, claims, caller: { ...caller, actor } })
      } catch (error) {
        await noteRefused(caller, provider, error)
        throw error
      }
    },
  }
}

const asBegan = (actor: Actor, session: Back['facts']['session']): Actor =>
  session === null
    ? actor
    : {
        ...{ ...actor, id: session.userId },
        origin: { ...actor.origin, credential: `session:${session.id}` },
      }
