import { createHmac, randomUUID } from 'node:crypto'

import type { UpstreamTuning } from '../../config/tuning.ts'
import type { BalanceAsk } from './balancing.ts'
import type { HashRing } from './choice/hash-ring.ts'
import type { Endpoint } from './endpoint.ts'
import type { HashInputs } from './hash-input.ts'
import type { PoolTarget } from './pool-target.ts'

/** Keeps a caller at the target it met first, by a cookie. */
export type Sticky = {
  enrol(targets: readonly PoolTarget[]): void
  /** The target the caller's cookie names. */
  find(ask: BalanceAsk): PoolTarget | undefined
  /** `Set-Cookie` when the cookie does not lead to this target; undefined when it does. */
  cookieFor(ask: BalanceAsk, endpoint: Endpoint): string | undefined
}

type StickyTuning = NonNullable<UpstreamTuning['sticky']>

/**
 * The cookie holds an id that only the gateway can make from the target: it says nothing of
 * addresses, and a forged one names nobody. Gateways that share the secret know each other's.
 */
export const createSticky = (tuning: StickyTuning, upstream: string, secret: string): Sticky => {
  const attributes =
    '; Path=/; HttpOnly; SameSite=Lax' +
    (tuning.secure ? '; Secure' : '') +
    (tuning.ttl_s === null ? '' : `; Max-Age=${tuning.ttl_s}`)
  let byToken: ReadonlyMap<string, PoolTarget> = new Map()
  let tokens: ReadonlyMap<Endpoint, string> = new Map()

  const tokenOf = (target: PoolTarget): string =>
    createHmac('sha256', secret)
      .update(`${upstream}\n${target.id}`)
      .digest('base64url')
      .slice(0, 22)

  return {
    enrol(targets) {
      const pairs = targets.map((target) => [target, tokenOf(target)] as const)
      tokens = new Map(pairs)
      byToken = new Map(pairs.map(([target, token]) => [token, target]))
    },
    find(ask) {
      const token = ask.cookie(tuning.cookie)
      return token === undefined ? undefined : byToken.get(token)
    },
    cookieFor(ask, endpoint) {
      const token = tokens.get(endpoint)
      if (token === undefined || ask.cookie(tuning.cookie) === token) return undefined
      return `${tuning.cookie}=${token}${attributes}`
    },
  }
}

/**
 * Kong's cookie of consistent hashing: a UUID for a caller without one. It is chosen so that it
 * hashes to the target the request has gone to; one in as many as there are targets does.
 */
export const hashCookieFor = (
  inputs: HashInputs,
  ring: HashRing,
  ask: BalanceAsk,
  endpoint: Endpoint,
): string | undefined => {
  const cookie = inputs.missingCookie(ask)
  if (cookie === null) return undefined
  let value = randomUUID()
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    if (ring.find(value, ask.nowMs, noneTried) === endpoint) break
    value = randomUUID()
  }
  return `${cookie.name}=${value}; Path=${cookie.path}; SameSite=Lax; HttpOnly`
}

/** About 100 µs. A target with a tiny weight may miss; the caller then moves once. */
const mostAttempts = 256
const noneTried: readonly Endpoint[] = []
