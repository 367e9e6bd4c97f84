import type { Clock, Timer } from '../../../../kernel/clock.ts'
import { messageOf } from '../../../../kernel/errors.ts'
import { defaults } from '../defaults.ts'
import type { NameAddress, NameResolver } from './resolver.ts'

/** What is known of a name. */
export type NameState = {
  /** Those of the last answer, however old; empty as long as there was none. */
  addresses: readonly NameAddress[]
  /** Why the last look-up failed; null when it did not. */
  failure: string | null
}

export type NamesDeps = {
  resolve: NameResolver
  clock: Clock
  warn: (facts: object, message: string) => void
  /** The addresses of a name, or what is known of it, have changed. */
  onChange: (name: string) => void
}

type Entry = NameState & { timer: Timer; failures: number }

const leastTtlMs = 1_000
const mostTtlMs = 3_600_000
const firstRetryMs = 500
const mostRetryMs = 30_000
/** Look-ups at once; the others wait for their turn. */
const mostAtOnce = 16

/**
 * Keeps the addresses of names fresh: asks again before their time to live is over, and keeps the
 * last answer when nobody can tell. A name that was never found is asked for again after a pause
 * that doubles.
 */
export const createNames = ({ resolve, clock, warn, onChange }: NamesDeps) => {
  const entries = new Map<string, Entry>()
  /** Names of which nothing is known yet. */
  const unlooked = new Set<string>()
  const waiting: string[] = []
  let running = 0
  let onLooked: (() => void)[] = []

  const lookUp = (name: string): void => {
    if (running >= mostAtOnce) {
      waiting.push(name)
      return
    }
    running += 1
    resolve(name)
      .then(
        ({ addresses, ttlMs }) => take(name, addresses, ttlMs),
        (error: unknown) => miss(name, messageOf(error)),
      )
      .finally(() => {
        running -= 1
        const next = waiting.shift()
        if (next !== undefined) lookUp(next)
        checkLooked()
      })
      .catch((error: unknown) => warn({ name, reason: messageOf(error) }, 'name not taken over'))
  }

  const again = (name: string, entry: Entry, delayMs: number): void => {
    unlooked.delete(name)
    entry.timer = clock.setTimer(() => lookUp(name), delayMs)
  }

  const take = (name: string, found: readonly NameAddress[], ttlMs: number): void => {
    const entry = entries.get(name)
    if (entry === undefined) return
    const addresses = sorted(found).slice(0, defaults.addresses)
    const changed = entry.failure !== null || !isSame(entry.addresses, addresses)
    entry.addresses = addresses
    entry.failure = null
    entry.failures = 0
    // A little before its time: requests never meet an answer that is too old.
    again(name, entry, Math.min(mostTtlMs, Math.max(leastTtlMs, ttlMs * 0.9)))
    if (changed) onChange(name)
  }

  const miss = (name: string, reason: string): void => {
    const entry = entries.get(name)
    if (entry === undefined) return
    const told = entry.failure !== null
    entry.failure = reason
    again(name, entry, Math.min(mostRetryMs, firstRetryMs * 2 ** entry.failures))
    entry.failures = Math.min(entry.failures + 1, 16)
    if (told) return
    const stale = entry.addresses.length > 0
    warn(
      { name, reason },
      stale ? 'name not found, its last addresses stay in use' : 'name not found',
    )
    onChange(name)
  }

  const checkLooked = (): void => {
    if (unlooked.size > 0) return
    for (const tell of onLooked.splice(0)) tell()
  }

  return {
    /** The names to know from now on; all others are forgotten. */
    use(names: ReadonlySet<string>): void {
      for (const [name, { timer }] of entries) {
        if (names.has(name)) continue
        timer.cancel()
        entries.delete(name)
        unlooked.delete(name)
      }
      for (const name of names) {
        if (entries.has(name)) continue
        const timer = { cancel: () => {} }
        entries.set(name, { addresses: [], failure: null, timer, failures: 0 })
        unlooked.add(name)
        lookUp(name)
      }
    },

    get: (name: string): NameState | undefined => entries.get(name),

    /** Resolves when each name was looked up once, or after so long. */
    looked: (mostMs: number): Promise<void> =>
      new Promise((done) => {
        const timer = clock.setTimer(done, mostMs)
        onLooked.push(() => {
          timer.cancel()
          done()
        })
        checkLooked()
      }),

    destroy(): void {
      for (const { timer } of entries.values()) timer.cancel()
      entries.clear()
      unlooked.clear()
      waiting.length = 0
      checkLooked()
      onLooked = []
    },
  }
}

export type Names = ReturnType<typeof createNames>

/** DNS servers turn their answers round; that is no change. */
const sorted = (addresses: readonly NameAddress[]): NameAddress[] =>
  [...addresses].sort((a, b) => compare(keyOf(a), keyOf(b)))

const isSame = (a: readonly NameAddress[], b: readonly NameAddress[]): boolean =>
  a.length === b.length && a.every((one, at) => keyOf(one) === keyOf(b[at]))

const keyOf = (one: NameAddress | undefined): string =>
  `${one?.address} ${one?.port} ${one?.weight} ${one?.name}`

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))
