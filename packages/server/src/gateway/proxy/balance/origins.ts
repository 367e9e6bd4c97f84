import { createHash } from 'node:crypto'

import { Origin, type OriginAddress } from '../origin.ts'

export type OriginsDeps = {
  nowMs: () => number
  warn: (facts: object, message: string) => void
}

/**
 * The origins of all upstreams. Upstreams that name the same address share its connections, and
 * what is known of them; one that nobody names any more finishes what it has.
 */
export const createOrigins = ({ nowMs, warn }: OriginsDeps) => {
  const origins = new Map<string, Origin>()
  const retired = new Set<Origin>()

  return {
    at(address: OriginAddress): Origin {
      const key = keyOf(address)
      const origin = origins.get(key) ?? new Origin(address, nowMs, warn)
      origins.set(key, origin)
      return origin
    },

    /** Says which ones are named, and which of those take new requests. */
    keep(named: ReadonlySet<Origin>, taking: ReadonlySet<Origin>): void {
      for (const [key, origin] of origins) {
        origin.setAside(!taking.has(origin))
        if (named.has(origin)) continue
        origins.delete(key)
        retired.add(origin)
      }
    },

    /** Ends what is past its deadline, and forgets retired origins that are idle. */
    sweep(now: number): void {
      for (const origin of origins.values()) origin.sweep(now)
      for (const origin of retired) {
        origin.sweep(now)
        if (!origin.busy) retired.delete(origin)
      }
    },

    counts: () => ({ named: origins.size, retired: retired.size }),

    destroy(): void {
      for (const origin of [...origins.values(), ...retired]) origin.destroy()
    },
  }
}

export type Origins = ReturnType<typeof createOrigins>

const keyOf = ({ host, port, tls, http2, proxyProtocol }: OriginAddress): string =>
  `${host}|${port}|${http2 === true ? 'h2' : ''}|${proxyProtocol ?? ''}|${tls === undefined || tls === null ? '' : digestOf(tls)}`

/** Not the text itself: it may hold a private key. */
const digestOf = (tls: object): string =>
  createHash('sha256').update(JSON.stringify(tls)).digest('base64url')
