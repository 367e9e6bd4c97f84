import { BlockList } from 'node:net'
import type { Clock, Timer } from '../../../kernel/clock.ts'

/** Addresses of host names, kept up to date in the background. */
export type HostNames = {
  /** Those of all names; empty until the first answers. */
  readonly addresses: BlockList
  /** The first round of questions has been answered. */
  readonly ready: Promise<void>
  close(): void
}

/** TTL in seconds. */
type AddressRecord = { address: string; ttl: number }

export type HostNamesDeps = {
  resolver: {
    resolve4(name: string, options: { ttl: true }): Promise<AddressRecord[]>
    resolve6(name: string, options: { ttl: true }): Promise<AddressRecord[]>
    cancel(): void
  }
  clock: Clock
  /** A name that could not be resolved; its last addresses stay. */
  onFailure: (name: string, error: unknown) => void
}

/** TTLs below are raised to it: a zone with 0 must not keep us asking. */
const minTtlMs = 5_000
const maxTtlMs = 3_600_000
/** How soon is asked again after a failure. */
const retryMs = 15_000
/** A name has no more than so many; more are left out. */
const maxAddresses = 256

type Answers = { addresses: readonly string[]; ttlMs: number }

export const followHostNames = (
  names: readonly string[],
  { resolver, clock, onFailure }: HostNamesDeps,
): HostNames => {
  const known = new Map<string, readonly string[]>()
  const timers = new Map<string, Timer>()
  let addresses = new BlockList()
  let closed = false

  const rebuild = (): void => {
    const next = new BlockList()
    for (const each of known.values()) {
      for (const address of each) {
        next.addAddress(address, address.includes(':') ? 'ipv6' : 'ipv4')
      }
    }
    addresses = next
  }

  const ask = async (name: string): Promise<void> => {
    const ttlMs = await resolve(name)
    if (closed) return
    timers.set(
      name,
      clock.setTimer(() => void ask(name), ttlMs),
    )
  }

  const resolve = async (name: string): Promise<number> => {
    try {
      const answers = await addressesOf(resolver, name)
      known.set(name, answers.addresses.slice(0, maxAddresses))
      rebuild()
      return answers.ttlMs
    } catch (error) {
      if (!closed) onFailure(name, error)
      return retryMs
    }
  }

  return {
    get addresses() {
      return addresses
    },
    ready: Promise.all(names.map(ask)).then(() => undefined),
    close: () => {
      closed = true
      resolver.cancel()
      for (const timer of timers.values()) timer.cancel()
    },
  }
}

/** Rejects when neither family has an answer. */
const addressesOf = async (resolver: HostNamesDeps['resolver'], name: string): Promise<Answers> => {
  const families = await Promise.allSettled([
    resolver.resolve4(name, { ttl: true }),
    resolver.resolve6(name, { ttl: true }),
  ])
  const records = families.flatMap((family) => (family.status === 'fulfilled' ? family.value : []))
  if (records.length === 0) {
    const failed = families.find((family) => family.status === 'rejected')
    throw failed?.reason ?? new Error(`${name} has no address`)
  }
  const ttl = Math.min(...records.map((record) => record.ttl))
  return {
    addresses: records.map((record) => record.address),
    ttlMs: Math.min(Math.max(ttl * 1000, minTtlMs), maxTtlMs),
  }
}
