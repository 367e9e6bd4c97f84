import { LRUCache } from 'lru-cache'
import { jwtVerify, type JWTHeaderParameters, type JWTPayload } from 'jose'
import type { Permission } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { newId } from '../../kernel/ids.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { digestOf } from '../one-time.ts'
import type { Principal } from '../principal.ts'
import { mayComeFrom, readNetwork } from '../tokens/networks.ts'
import {
  accessAudience,
  accessTokenType,
  claimsOf,
  originClaim,
  serviceName,
  type AccessClaims,
  type TokenOrigin,
} from './claims.ts'
import { findFamilyOrigin, findTokenOrigin, type OriginRow } from './origin-store.ts'
import type { ServiceCredentials } from './service-credentials.ts'
import { algorithm, type SigningKeys } from './signing-keys.ts'

/** ASVS 5.0 7.4.1 and 9.2.1: short, and held against its origin on every request besides. */
const lifeSeconds = 600
/** How far the clocks of two machines of one platform may be apart. */
const toleranceSeconds = 30
const believedMax = 10_000

/** Verified once; its origin is looked at again in each epoch. */
type Believed = { claims: AccessClaims; epoch: number; origin: OriginRow | null }

export type NewAccessToken = {
  subject: string
  client: string
  origin: TokenOrigin
  /** null: all that its owner may. */
  scopes: readonly Permission[] | null
  /** When the person proved who they are; null for programs. */
  authenticatedAt: Date | null
  /** Of its origin, which it does not outlive. */
  expiresAt: Date | null
}

export type AccessTokens = {
  make(given: NewAccessToken): Promise<{ token: string; expiresIn: number }>
  /** Three parts, as of a JWT. */
  isOne(token: string): boolean
  /** Null: not ours, not valid, or what it was made from is gone. */
  authenticate(token: string, seen: { address: string | null }): Promise<Principal | null>
  /** What a valid one was made from. */
  originOf(token: string): Promise<TokenOrigin | null>
}

type Deps = {
  db: Db
  clock: Clock
  epoch: Epoch
  keys: SigningKeys
  services: ServiceCredentials
  publicUrl: string
}

/** Access tokens of RFC 9068: signed, so that no table holds them, and believed only with their origin. */
export const createAccessTokens = (deps: Deps): AccessTokens => {
  const { db, clock, epoch, keys, services, publicUrl } = deps
  const believed = new LRUCache<string, Believed>({ max: believedMax })

  /** What the header says beyond `alg`, `typ` and `kid` is not read. */
  const keyFor = ({ kid }: JWTHeaderParameters) => {
    const key = keys.find(kid)
    if (key === undefined) throw new Error('the token is signed by no key of ours')
    return key
  }

  const verified = async (token: string): Promise<AccessClaims | null> => {
    try {
      const { payload } = await jwtVerify(token, keyFor, {
        ...{ algorithms: [algorithm], typ: accessTokenType },
        ...{ issuer: publicUrl, audience: accessAudience },
        ...{ currentDate: clock.now(), clockTolerance: toleranceSeconds },
        ...{ maxTokenAge: lifeSeconds, requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'] },
      })
      return claimsOf(payload)
    } catch {
      return null
    }
  }

  const findOrigin = (claims: AccessClaims): Promise<OriginRow | undefined> => {
    const { kind, id } = claims.origin
    if (kind === 'family') return findFamilyOrigin(db.hot, id)
    return findTokenOrigin(db.hot, id)
  }

  /** The signature is checked once for each token, its origin once for each epoch. */
  const believe = async (token: string): Promise<Believed | null> => {
    const present = epoch.now('credentials')
    const key = digestOf(token).toString('base64')
    const known = believed.get(key)
    if (known !== undefined && known.epoch === present) return known
    const claims = known?.claims ?? (await verified(token))
    if (claims === null) return null
    const found = claims.origin.kind === 'service' ? undefined : await findOrigin(claims)
    const isOwners = found === undefined || found.principal_id === claims.subject
    // The epoch from before the look: what was revoked meanwhile makes it another one.
    const fresh = { claims, epoch: present, origin: (isOwners ? found : null) ?? null }
    believed.set(key, fresh)
    return fresh
  }

  const isOver = (expiresAt: Date | null, toleranceMs = 0): boolean =>
    expiresAt !== null && expiresAt.getTime() + toleranceMs <= clock.now().getTime()

  /** Who bounds it, by the secret it was made by; null: that one counts no longer. No clock is asked when. */
  const boundedBy = (origin: TokenOrigin, row: OriginRow): readonly string[] | null => {
    if (origin.kind !== 'api_token' || origin.secretNumber === row.secret_number) {
      return row.bounded_by
    }
    const { former_until: until, secret_number: present } = row
    const isFormer = present !== null && origin.secretNumber === present - 1
    return isFormer && until !== null && !isOver(until) ? row.former_bounded_by : null
  }

  const ofService = ({ claims }: Believed): Principal | null => {
    const { subject, origin, scopes, expiresAt } = claims
    const { id } = origin
    if (subject !== serviceName(id) || !services.isThere(id)) return null
    return {
      ...{ kind: 'stack_service', id, name: id, credential: subject, provenBy: 'bearer' },
      ...{ scopes, expiresAt, authenticatedAt: null },
    }
  }

  const ofOwner = ({ claims, origin: row }: Believed, address: string | null): Principal | null => {
    if (row === null || isOver(row.expires_at)) return null
    if (!mayComeFrom(row.networks.map(readNetwork), address)) return null
    const { origin, scopes, expiresAt } = claims
    const bounds = boundedBy(origin, row)
    if (bounds === null) return null
    const credential = `${origin.kind === 'family' ? 'client' : 'token'}:${origin.id}`
    return {
      ...{ kind: row.kind, id: row.principal_id, name: row.name, credential, provenBy: 'bearer' },
      ...{ scopes: within(scopes, row.scopes), expiresAt, authenticatedAt: row.authenticated_at },
      boundedBy: bounds,
      ...(origin.kind === 'api_token' ? { secretNumber: origin.secretNumber } : {}),
    }
  }

  return {
    async make({ subject, client, origin, scopes, authenticatedAt, expiresAt }) {
      const now = seconds(clock.now())
      const end = Math.min(now + lifeSeconds, expiresAt === null ? Infinity : seconds(expiresAt))
      const claims: JWTPayload = {
        ...{ iss: publicUrl, aud: accessAudience, sub: subject, client_id: client },
        ...{ jti: newId(), iat: now, exp: end, ...originClaim(origin) },
        ...(scopes === null ? {} : { scope: scopes.join(' ') }),
        ...(authenticatedAt === null ? {} : { auth_time: seconds(authenticatedAt) }),
      }
      return { token: await keys.sign(claims, accessTokenType), expiresIn: end - now }
    },
    isOne: (token) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token),
    async authenticate(token, { address }) {
      const found = await believe(token)
      if (found === null || isOver(found.claims.expiresAt, toleranceSeconds * 1000)) return null
      return found.claims.origin.kind === 'service' ? ofService(found) : ofOwner(found, address)
    },
    originOf: async (token) => (await verified(token))?.origin ?? null,
  }
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

/** A token never reaches beyond what it was made from. */
const within = (
  scopes: readonly Permission[] | null,
  origin: readonly Permission[] | null,
): readonly Permission[] | null => {
  if (scopes === null || origin === null) return scopes ?? origin
  return scopes.filter((scope) => origin.includes(scope))
}
