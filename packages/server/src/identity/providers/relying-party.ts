import { errors } from 'jose'
import { LRUCache } from 'lru-cache'
import * as openid from 'openid-client'
import type { Clock } from '../../kernel/clock.ts'
import {
  publishedKeys,
  readPublishedKeys,
  refreshed,
  type PublishedKeys,
  type Refreshed,
} from '../../kernel/outgoing/index.ts'
import { subjectIn, type Claims } from './claims.ts'
import { algorithms, discover } from './discovery.ts'
import { fetchBy, policyOf } from './guarded-fetch.ts'
import { asProblems } from './problems.ts'

/** What is asked of whom, and as whom. */
export type Client = {
  issuer: string
  clientId: string
  /** Null: a public client, by PKCE alone. */
  secret: string | null
  allowsInternal: boolean
}

/** What one trip to a provider is known by; each works once. */
export type Trip = { redirectUri: string; state: string; nonce: string; verifier: string }

export type RelyingParty = {
  /** Reads discovery and keys anew. Throws AppError `provider_unusable` with what is wrong. */
  prove(client: Pick<Client, 'issuer' | 'allowsInternal'>): Promise<void>
  /** Where the browser goes. Throws AppError `provider_unusable`. */
  authorizationUrl(
    client: Client,
    trip: Trip,
    asked: { scopes: readonly string[]; maxAgeSeconds: number },
  ): Promise<string>
  /**
   * What the provider says of whom it sent back. Throws AppError `sign_in_refused` when they or it did
   * not want to, `provider_unusable` when anything of its answer does not hold.
   */
  redeem(client: Client, trip: Trip, answer: URLSearchParams): Promise<Claims>
}

/** Providers whose documents are kept; of others they are read at each sign-in. */
const keptMax = 100
const metadataTtlMs = 3_600_000
/** A key that is taken back stops working after so long; one that is new works at once. */
const keysTtlMs = 10 * 60_000
const cooldownMs = 60_000
const toleranceSeconds = 30

type Known = { metadata: Refreshed<openid.ServerMetadata>; keys: PublishedKeys }

export const createRelyingParty = (clock: Clock): RelyingParty => {
  const known = new LRUCache<string, Known>({ max: keptMax })

  const knownOf = ({ issuer, allowsInternal }: Pick<Client, 'issuer' | 'allowsInternal'>) => {
    const key = `${allowsInternal} ${issuer}`
    const found = known.get(key)
    if (found !== undefined) return found
    const policy = policyOf(allowsInternal)
    const metadata = refreshed(() => discover(issuer, policy), {
      ...{ clock, ttlMs: metadataTtlMs, cooldownMs },
    })
    const uri = async () => (await metadata.get()).jwks_uri ?? ''
    const made = { metadata, keys: publishedKeys({ uri, policy, clock, ttlMs: keysTtlMs }) }
    known.set(key, made)
    return made
  }

  const configure = async (client: Client): Promise<openid.Configuration> => {
    const { clientId, secret, allowsInternal } = client
    const metadata = await knownOf(client).metadata.get()
    const config = new openid.Configuration(
      metadata,
      clientId,
      {
        // The library asks the system for the time.
        [openid.clockSkew]: Math.round((clock.now().getTime() - Date.now()) / 1000),
        [openid.clockTolerance]: toleranceSeconds,
      },
      authenticationOf(metadata, secret),
    )
    config[openid.customFetch] = fetchBy(policyOf(allowsInternal))
    if (allowsInternal) openid.allowInsecureRequests(config)
    return config
  }

  const redeem = async (client: Client, trip: Trip, answer: URLSearchParams): Promise<Claims> => {
    const config = await configure(client)
    const { state: expectedState, nonce: expectedNonce, verifier: pkceCodeVerifier } = trip
    const tokens = await openid.authorizationCodeGrant(
      config,
      new URL(`${trip.redirectUri}?${answer.toString()}`),
      { expectedState, expectedNonce, pkceCodeVerifier, idTokenExpected: true },
    )
    // The library leaves the signature to TLS; here it is proved too (ASVS 5.0 6.8.2).
    const proved = await knownOf(client).keys.verify(tokens.id_token ?? '', {
      ...{ issuer: client.issuer, audience: [client.clientId] },
      ...{ algorithms, clockSkew: toleranceSeconds },
    })
    const subject = subjectIn(proved)
    if (subject === null) throw new errors.JWTClaimValidationFailed('sub is nobody', proved, 'sub')
    if (config.serverMetadata().userinfo_endpoint === undefined) return proved
    const more = await openid.fetchUserInfo(config, tokens.access_token, subject)
    return { ...more, ...proved }
  }

  return {
    prove: ({ issuer, allowsInternal }) =>
      asProblems(async () => {
        const policy = policyOf(allowsInternal)
        const { jwks_uri = '' } = await discover(issuer, policy)
        await readPublishedKeys(jwks_uri, policy)
        known.delete(`${allowsInternal} ${issuer}`)
      }),
    authorizationUrl: (client, trip, { scopes, maxAgeSeconds }) =>
      asProblems(async () => {
        const challenge = await openid.calculatePKCECodeChallenge(trip.verifier)
        return openid.buildAuthorizationUrl(await configure(client), {
          redirect_uri: trip.redirectUri,
          scope: [...new Set(['openid', ...scopes])].join(' '),
          ...{ state: trip.state, nonce: trip.nonce },
          ...{ code_challenge: challenge, code_challenge_method: 'S256' },
          max_age: String(maxAgeSeconds),
        }).href
      }),
    redeem: (client, trip, answer) => asProblems(() => redeem(client, trip, answer)),
  }
}

const authenticationOf = (
  { token_endpoint_auth_methods_supported: taken = [] }: openid.ServerMetadata,
  secret: string | null,
): openid.ClientAuth => {
  if (secret === null) return openid.None()
  const isPost = taken.includes('client_secret_post') && !taken.includes('client_secret_basic')
  return isPost ? openid.ClientSecretPost(secret) : openid.ClientSecretBasic(secret)
}
