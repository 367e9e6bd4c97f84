// Who asks, and what they may: every service checks the token itself, with the public keys of identity.
import { createPublicKey, verify } from 'node:crypto'
import { requestJson } from '../../shared/http-client.mjs'
import { Refusal } from '../../shared/service.mjs'

const keysKeptMs = 300_000
const keysAskedAgainMs = 5000
const clockSkewSeconds = 5

/** What each role may do; `*` is everything of its domain. */
export const permissionsOf = {
  admin: ['identity:*', 'assets:*', 'automation:*', 'communication:*'],
  operator: ['assets:*', 'automation:*', 'communication:read', 'communication:send'],
  viewer: ['assets:read', 'automation:read', 'communication:read'],
  service: ['assets:read', 'assets:test', 'communication:send'],
}

/** @param {readonly string[]} held @param {string} wanted as in `assets:read` */
const isAllowed = (held, wanted) =>
  held.includes(wanted) || held.includes(`${wanted.split(':', 1)[0]}:*`)

/**
 * Checks tokens of the identity service (JWT, EdDSA: RFC 7519 and 8037).
 * @param {object} options
 * @param {string} options.identityUrl
 */
export const createAccess = ({ identityUrl }) => {
  let keys = new Map()
  let keysAt = Number.NEGATIVE_INFINITY

  const findKey = async (id) => {
    const age = performance.now() - keysAt
    const isDue = age > keysKeptMs || (!keys.has(id) && age > keysAskedAgainMs)
    if (isDue) {
      const { status, body } = await requestJson(`${identityUrl}/jwks.json`)
      if (status !== 200) throw new Refusal(503, `identity answered ${status} for its keys`)
      keys = new Map(body.keys.map((key) => [key.kid, createPublicKey({ key, format: 'jwk' })]))
      keysAt = performance.now()
    }
    return keys.get(id)
  }

  /** Who the bearer token of a request speaks for; refuses with 401. */
  const actorOf = async ({ headers }) => {
    const token = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(headers.authorization ?? '')?.[1]
    if (token === undefined) throw new Refusal(401, 'Send a token: Authorization: Bearer …')
    const [head, claims, signature] = token.split('.')
    const { alg, kid } = partOf(head)
    const key = alg === 'EdDSA' ? await findKey(kid) : undefined
    const isSigned =
      key !== undefined &&
      verify(null, Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url'))
    if (!isSigned) throw new Refusal(401, 'The token is not one of ours')
    const actor = partOf(claims)
    if (actor.exp + clockSkewSeconds < Date.now() / 1000) {
      throw new Refusal(401, 'The token is over: ask for a new one with the refresh token')
    }
    return actor
  }

  return {
    actorOf,
    /**
     * A handler that only those with the permission reach; it gets `actor` too.
     * @param {string} permission as in `assets:read`
     */
    allow: (permission, handler) => async (asked) => {
      const actor = await actorOf(asked.request)
      if (!isAllowed(actor.permissions, permission)) {
        throw new Refusal(403, `${actor.sub} may not do this: it needs ${permission}`)
      }
      return handler({ ...asked, actor })
    },
  }
}

const partOf = (text) => {
  try {
    const part = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    return typeof part === 'object' && part !== null ? part : {}
  } catch {
    throw new Refusal(401, 'The token cannot be read')
  }
}
