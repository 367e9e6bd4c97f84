import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Challenges } from '../challenges/challenges.ts'
import { createBudget } from '../factors/budget.ts'
import { digestOf, newToken } from '../one-time.ts'
import type { ProviderRow } from './provider-store.ts'
import { redirectUriOf } from './providers.ts'
import type { Client, RelyingParty, Trip } from './relying-party.ts'
import { openSecret } from './secret.ts'

/** To type a name, find the phone, choose an account. */
export const tripLifeMs = 10 * 60_000

const purposes = ['provider_sign_in', 'provider_link'] as const
export type TripPurpose = (typeof purposes)[number]

/** What is kept of a trip while the browser is away; it is used once, so that nothing is sealed. */
export type TripFacts = {
  provider: string
  nonce: string
  verifier: string
  /** Where in the page it goes on. */
  to: string
  /** The session the browser began with: a sign-in ends it, a link belongs to it. */
  session: { id: string; userId: string } | null
}

export type Back = { purpose: TripPurpose; facts: TripFacts; trip: Trip }

type Begun = {
  purpose: TripPurpose
  provider: ProviderRow
  to: string
  session: TripFacts['session']
  address: string | null
  maxAgeSeconds: number
}

export type Trips = {
  /**
   * `url` is for the browser's address, `token` for a cookie of it: who comes back without that did not
   * leave from here. Throws AppError `provider_unusable`, `sign_in_delayed`, `sign_in_busy`.
   */
  begin(begun: Begun): Promise<{ url: string; token: string }>
  /** Which kind of trip an answer belongs to. Throws AppError `challenge_invalid`: none of this browser. */
  recognise(state: string, token: string | undefined): TripPurpose
  /** Uses it up. Throws AppError `challenge_invalid`, also for one to another provider. */
  end(purpose: TripPurpose, token: string, providerId: string): Promise<Back>
  clientOf(provider: ProviderRow): Client
}

type Deps = {
  db: Db
  clock: Clock
  challenges: Challenges
  keyring: Keyring
  publicUrl: string
  relyingParty: RelyingParty
}

/** Trips of browsers to a provider and back. */
export const createTrips = (deps: Deps): Trips => {
  const { db, clock, challenges, keyring, publicUrl, relyingParty } = deps
  const budget = createBudget(clock)

  const clientOf: Trips['clientOf'] = (provider) => ({
    ...{ issuer: provider.issuer, clientId: provider.client_id },
    secret:
      provider.sealed_secret === null
        ? null
        : openSecret(keyring, provider.id, provider.sealed_secret),
    allowsInternal: provider.allows_internal,
  })

  const tripOf = (purpose: TripPurpose, token: string, facts: TripFacts): Trip => ({
    ...{ nonce: facts.nonce, verifier: facts.verifier, state: stateOf(purpose, token) },
    redirectUri: redirectUriOf(publicUrl, facts.provider),
  })

  return {
    clientOf,

    async begin({ purpose, provider, to, session, address, maxAgeSeconds }) {
      budget.spend(address)
      const facts: TripFacts = {
        ...{ provider: provider.id, nonce: newToken(), verifier: newToken(), to, session },
      }
      const { token } = await challenges.make(db, {
        ...{ purpose, principalId: session?.userId ?? null, facts, lifeMs: tripLifeMs },
      })
      const url = await relyingParty.authorizationUrl(
        clientOf(provider),
        tripOf(purpose, token, facts),
        { scopes: provider.scopes, maxAgeSeconds },
      )
      return { url, token }
    },

    recognise(state, token) {
      const found = purposes.find(
        (purpose) => token !== undefined && isSame(state, stateOf(purpose, token)),
      )
      if (found === undefined) throw new AppError('challenge_invalid')
      return found
    },

    async end(purpose, token, providerId) {
      const facts = (await challenges.take(db, token, purpose)).facts as TripFacts
      if (facts.provider !== providerId) throw new AppError('challenge_invalid')
      return { purpose, facts, trip: tripOf(purpose, token, facts) }
    },
  }
}

/** What the provider sees of a trip; the token that stays in the cookie cannot be told from it. */
const stateOf = (purpose: TripPurpose, token: string): string =>
  createHash('sha256').update(`${purpose}/${token}`).digest('base64url')

/** By digests, which are as long for whatever text somebody sends. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(digestOf(a), digestOf(b))
