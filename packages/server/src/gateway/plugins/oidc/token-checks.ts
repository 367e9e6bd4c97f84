import { createHash } from 'node:crypto'
import { decodeProtectedHeader, type JWTPayload } from 'jose'
import { sameBytes } from '../../../kernel/same-bytes.ts'

/** The provider said no, or what it gave does not hold: a code, a token. */
export class TokensRefused extends Error {
  override readonly name = 'TokensRefused'
}

const refuseUnless = (holds: boolean, message: string): void => {
  if (!holds) throw new TokensRefused(message)
}

/** What a login knows that its ID token has to agree with. */
export type IdTokenFacts = {
  clientId: string
  /** Null: of a renewal, which repeats none. */
  nonce: string | null
  accessToken: string
}

/** Beside signature, issuer, audience and times (OpenID Connect Core 1.0, 3.1.3.7 and 3.1.3.8). */
export const checkIdToken = (token: string, claims: JWTPayload, facts: IdTokenFacts): void => {
  const { azp, at_hash: hash, aud, sub, nonce } = claims
  refuseUnless(typeof sub === 'string' && sub !== '', 'an ID token of nobody')
  refuseUnless(facts.nonce === null || nonce === facts.nonce, 'another nonce')
  refuseUnless(azp === undefined || azp === facts.clientId, 'an ID token for another client')
  const isForSeveral = Array.isArray(aud) && aud.length > 1
  refuseUnless(
    !isForSeveral || azp !== undefined,
    'an ID token for several, and none of them named',
  )
  refuseUnless(
    hash === undefined || isHashOf(token, facts.accessToken, hash),
    'another access token',
  )
}

/** The left half of the hash that goes with the algorithm of the ID token. */
const isHashOf = (idToken: string, accessToken: string, hash: unknown): boolean => {
  const { alg = '' } = decodeProtectedHeader(idToken)
  const name = alg === 'EdDSA' ? 'sha512' : `sha${alg.slice(2)}`
  const digest = createHash(name).update(accessToken).digest()
  const expected = Buffer.from(digest.subarray(0, digest.length / 2).toString('base64url'))
  return typeof hash === 'string' && sameBytes(Buffer.from(hash), expected)
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** Whose sessions end: all of a person, or one. Seconds since 1970. */
export type Logout = { sub: string | null; sid: string | null; at: number }

/** Beside signature, issuer, audience and times (OpenID Connect Back-Channel Logout 1.0, 2.6). */
export const checkLogoutToken = (
  token: string,
  claims: JWTPayload,
  { now, clockSkew }: Pick<Expected, 'now' | 'clockSkew'>,
): Logout => {
  const { typ } = decodeProtectedHeader(token)
  refuseUnless(typ === undefined || /^(?:JWT|logout\+jwt)$/i.test(typ), 'no logout token')
  const { events, nonce, sub, iat } = claims
  refuseUnless(hasLogoutEvent(events), 'no logout token')
  refuseUnless(nonce === undefined, 'a logout token with a nonce')
  const sid = textOf(claims['sid'])
  if (iat === undefined) throw new TokensRefused('a logout token without its time')
  refuseUnless(textOf(sub) !== null || sid !== null, 'a logout token of nobody')
  // A provider whose clock is behind means sessions that began a moment ago, too.
  return { sub: textOf(sub), sid, at: Math.min(now, iat + clockSkew) }
}

const hasLogoutEvent = (events: unknown): boolean =>
  typeof events === 'object' && events !== null && Object.hasOwn(events, logoutEvent)

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null

/** What logs out must not let in. */
export const refuseLogoutToken = ({ events }: JWTPayload): void =>
  refuseUnless(events === undefined, 'a token of events')

export type Expected = {
  issuer: string
  /** Configured ones; none: whoever the provider answers at all. */
  audience: readonly string[]
  clientId: string
  /** Seconds since 1970, and by how many clocks may differ. */
  now: number
  clockSkew: number
}

/** What the provider says of an opaque token (RFC 7662 2.2), as the claims of a bearer token. */
export const checkIntrospection = (answer: unknown, expected: Expected): JWTPayload => {
  const { issuer, now, clockSkew } = expected
  if (typeof answer !== 'object' || answer === null) throw new TokensRefused('no introspection')
  const claims = answer as JWTPayload
  refuseUnless(claims['active'] === true, 'a token that is not active')
  refuseUnless(claims.iss === undefined || claims.iss === issuer, 'a token of another issuer')
  refuseUnless(claims.exp === undefined || claims.exp > now - clockSkew, 'a token that has ended')
  refuseUnless(claims.nbf === undefined || claims.nbf <= now + clockSkew, 'a token of later')
  refuseUnless(isForUs(claims.aud, expected), 'a token for others')
  return claims
}

const isForUs = (aud: JWTPayload['aud'], { audience, clientId }: Expected): boolean => {
  // Providers that name no audience answer only those whom a token is for.
  if (aud === undefined) return audience.length === 0
  const wanted = audience.length === 0 ? [clientId] : audience
  return [aud].flat().some((one) => wanted.includes(one))
}
