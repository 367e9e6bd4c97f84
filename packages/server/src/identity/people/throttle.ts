import { LRUCache } from 'lru-cache'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'

/**
 * Growing delays after failed attempts, by three counters (ASVS 5.0 6.1.1):
 *
 * - the name together with the network the attempt comes from (/24, /64): the one who guesses waits;
 * - the network: one who tries many names waits;
 * - the name, from everywhere: many networks guessing one name slow down all attempts on it from devices
 *   it was not used on, by half a minute at most, so that nobody can be locked out.
 *
 * A device that has signed in under this name before counts by itself and is asked for none of them.
 * In memory, bounded: what is forgotten first was counted longest ago.
 */
type Counter = { failures: number; lastMs: number }

const freeFailures = { pair: 4, network: 20, name: 20, device: 10 }
const delayMaxMs = { pair: 15 * 60_000, network: 15 * 60_000, name: 30_000, device: 15 * 60_000 }
const forgottenAfterMs = 60 * 60_000
const countersMax = 50_000

type Kind = keyof typeof freeFailures
type Attempt = { nameKey: string; address: string | null; knownDevice: string | null }

export type Throttle = {
  /**
   * Counts the attempt as failed until it says otherwise: many at once must not all be tried. Throws
   * AppError `sign_in_delayed` with the seconds to wait; such an attempt does not count.
   */
  begin(attempt: Attempt): {
    succeeded(): void
    /** It could not be decided: takes it back and throws what kept it from that. */
    untried(this: void, error: unknown): never
  }
}

export const createThrottle = (clock: Clock): Throttle => {
  const counters = new LRUCache<string, Counter>({ max: countersMax })

  const keysOf = ({ nameKey, address, knownDevice }: Attempt): [Kind, string][] => {
    if (knownDevice !== null) return [['device', `device/${nameKey}/${knownDevice}`]]
    const network = networkOf(address)
    return [
      ['pair', `pair/${nameKey}/${network}`],
      ['network', `network/${network}`],
      ['name', `name/${nameKey}`],
    ]
  }

  const isOld = (counter: Counter, nowMs: number): boolean =>
    nowMs - counter.lastMs > forgottenAfterMs

  const waitMs = (kind: Kind, key: string, nowMs: number): number => {
    const counter = counters.get(key)
    if (counter === undefined || isOld(counter, nowMs)) return 0
    const over = counter.failures - freeFailures[kind]
    if (over < 0) return 0
    return counter.lastMs + Math.min(1000 * 2 ** over, delayMaxMs[kind]) - nowMs
  }

  const takeBack = (key: string): void => {
    const known = counters.get(key)
    if (known === undefined) return
    if (known.failures <= 1) counters.delete(key)
    else counters.set(key, { ...known, failures: known.failures - 1 })
  }

  return {
    begin(attempt) {
      const nowMs = clock.monotonicMs()
      const keys = keysOf(attempt)
      const longest = Math.max(...keys.map(([kind, key]) => waitMs(kind, key, nowMs)))
      if (longest > 0) {
        const seconds = Math.ceil(longest / 1000)
        const message = `Too many attempts: try again in ${seconds} s`
        throw new AppError('sign_in_delayed', { message, seconds })
      }
      for (const [, key] of keys) {
        const known = counters.get(key)
        const failures = known === undefined || isOld(known, nowMs) ? 1 : known.failures + 1
        counters.set(key, { failures, lastMs: nowMs })
      }
      return {
        succeeded() {
          for (const [kind, key] of keys) {
            // One's own account must not wash out guesses at others.
            if (kind === 'network') takeBack(key)
            else counters.delete(key)
          }
        },
        untried(error) {
          for (const [, key] of keys) takeBack(key)
          throw error
        },
      }
    },
  }
}

/** /24 or /64: what one person usually has. */
const networkOf = (address: string | null): string => {
  if (address === null) return 'unknown'
  const mapped = /^::ffff:(\d+\.\d+\.\d+)\.\d+$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address.slice(0, address.lastIndexOf('.'))
  return expanded(address.toLowerCase()).slice(0, 4).join(':')
}

const expanded = (address: string): string[] => {
  const [head = '', tail] = address.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after].map((part) =>
    part.replace(/^0+(?=.)/, ''),
  )
}
