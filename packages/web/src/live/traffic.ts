import type { Traffic } from '@keelson/contract'

/** Rates older than this are gone: the stream is silent about pairs without traffic. */
const expiresAfterMs = 3500

export type TrafficByEdge = ReadonlyMap<string, Traffic>

export const edgeKey = (source: string, target: string): string => `${source}→${target}`

/** The latest rates between services, forgotten once nothing is heard of them. */
export const createTrafficStore = (now: () => number = Date.now) => {
  let current: TrafficByEdge = new Map()
  let heardAt = 0
  const listeners = new Set<() => void>()
  const set = (next: TrafficByEdge) => {
    current = next
    for (const listener of listeners) listener()
  }
  return {
    put: (rates: Traffic[]) => {
      heardAt = now()
      set(new Map(rates.map((rate) => [edgeKey(rate.source, rate.target), rate])))
    },
    expire: () => {
      if (current.size > 0 && now() - heardAt > expiresAfterMs) set(new Map())
    },
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    get: () => current,
  }
}

/** What arrives at a service, from every source together. */
export const incoming = (
  traffic: TrafficByEdge,
  target: string,
): { requestsPerSecond: number; errorsPerSecond: number } => {
  let requestsPerSecond = 0
  let errorsPerSecond = 0
  for (const rate of traffic.values()) {
    if (rate.target !== target) continue
    requestsPerSecond += rate.requestsPerSecond
    errorsPerSecond += rate.errorsPerSecond
  }
  return { requestsPerSecond, errorsPerSecond }
}
