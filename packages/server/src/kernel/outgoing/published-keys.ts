import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose'
import type { Clock } from '../clock.ts'
import { fetchOutgoing, type OutgoingPolicy } from './fetch.ts'
import { OutgoingError } from './outgoing-error.ts'
import { refreshed } from './refreshed.ts'

/** Keys that an issuer publishes (RFC 7517), and tokens held against them. */
export type PublishedKeys = {
  /**
   * The claims of a token that is signed by one of the keys and is valid now.
   *
   * @throws jose's JOSEError when it is not, OutgoingError when the keys cannot be had
   */
  verify(token: string, expected: ExpectedToken): Promise<JWTPayload>
}

export type ExpectedToken = {
  issuer?: string
  audience?: readonly string[]
  algorithms: readonly string[]
  /** Seconds. */
  clockSkew?: number
}

export type KeysSource = {
  /** Where the keys are; asked for again with each fetch, because discovery may move them. */
  uri: () => Promise<string>
  policy: OutgoingPolicy
  clock: Clock
  ttlMs: number
}

/** A key id that is unknown makes us look again, but not more often. */
const cooldownMs = 30_000

export const publishedKeys = ({ uri, policy, clock, ttlMs }: KeysSource): PublishedKeys => {
  const fetchKeys = async () => createLocalJWKSet(await readPublishedKeys(await uri(), policy))
  const keys = refreshed(fetchKeys, { clock, ttlMs, cooldownMs })

  const verifyBy = async (
    resolveKey: ReturnType<typeof createLocalJWKSet>,
    token: string,
    { issuer, audience = [], algorithms, clockSkew = 0 }: ExpectedToken,
  ): Promise<JWTPayload> => {
    const { payload } = await jwtVerify(token, resolveKey, {
      algorithms: [...algorithms],
      clockTolerance: clockSkew,
      currentDate: clock.now(),
      requiredClaims: ['exp'],
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience.length === 0 ? {} : { audience: [...audience] }),
    })
    return payload
  }

  return {
    verify: async (token, expected) => {
      const known = await keys.get()
      try {
        return await verifyBy(known, token, expected)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
        // The issuer may have changed its keys since.
        const renewed = await keys.renew()
        if (renewed === known) throw error
        return verifyBy(renewed, token, expected)
      }
    },
  }
}

/** @throws OutgoingError */
export const readPublishedKeys = async (
  uri: string,
  policy: OutgoingPolicy,
): Promise<JSONWebKeySet> => {
  const answer = await fetchOutgoing(uri, policy)
  if (answer.status !== 200) {
    throw new OutgoingError('unreachable', `${uri} answered ${answer.status}`)
  }
  const keys = parsedJson(answer.body)
  if (!isKeySet(keys)) throw new OutgoingError('unreachable', `${uri} holds no keys`)
  return keys
}

const isKeySet = (value: unknown): value is JSONWebKeySet =>
  typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)

const parsedJson = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch {
    return null
  }
}
