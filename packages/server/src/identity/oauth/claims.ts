import { isPermission, type Permission } from '@keelson/contract'
import type { JWTPayload } from 'jose'

/** What an access token was made from: with it, the token goes. */
export type TokenOrigin =
  | { kind: 'family'; id: string }
  /** Of the secret it was made by: what another one is worth, it is not. */
  | { kind: 'api_token'; id: string; secretNumber: number }
  | { kind: 'service'; id: string }

/** An access token, read. */
export type AccessClaims = {
  subject: string
  client: string
  origin: TokenOrigin
  /** null: all that its owner may. */
  scopes: readonly Permission[] | null
  expiresAt: Date
}

/** RFC 9068. */
export const accessTokenType = 'at+jwt'
export const accessAudience = 'keelson'
export const serviceTokenType = 'service+jwt'
/** A service as it stands in `sub` and `aud`. */
export const serviceName = (id: string): string => `service:${id}`

/** Under which claim the origin stands; exactly one of them is there. */
const originClaims = { family: 'sid', api_token: 'tid', service: 'svc' } as const
const originKinds = ['family', 'api_token', 'service'] as const

const secretClaim = 'keelson_secret'

export const originClaim = (origin: TokenOrigin): JWTPayload => ({
  [originClaims[origin.kind]]: origin.id,
  ...(origin.kind === 'api_token' ? { [secretClaim]: origin.secretNumber } : {}),
})

/** Null when it is not what we would have made. */
export const claimsOf = (payload: JWTPayload): AccessClaims | null => {
  const { sub, exp, client_id: client, scope } = payload
  const origins = originKinds.flatMap((kind): TokenOrigin[] => {
    const id = payload[originClaims[kind]]
    if (typeof id !== 'string') return []
    if (kind !== 'api_token') return [{ kind, id }]
    const secretNumber = payload[secretClaim]
    return typeof secretNumber === 'number' ? [{ kind, id, secretNumber }] : []
  })
  const [origin] = origins
  if (origin === undefined || origins.length > 1) return null
  if (sub === undefined || exp === undefined || typeof client !== 'string') return null
  if (scope !== undefined && typeof scope !== 'string') return null
  return {
    ...{ subject: sub, client, origin, expiresAt: new Date(exp * 1000) },
    // A permission that is no more, after an update, gives nothing.
    scopes: scope === undefined ? null : scope.split(' ').filter(isPermission),
  }
}
