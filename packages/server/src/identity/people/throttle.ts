import { LRUCache } from 'lru-cache'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { networkOf, wideNetworkOf } from '../../kernel/network.ts'
import { createTurns } from './throttle-turns.ts'

/**
 * Growing delays after failed attempts, by three counters (ASVS 5.0 6.1.1):
 *
 * - the name together with the network the attempt comes from (/24, /64): the one who guesses waits;
 * - the network: one who tries many names waits;
 * - the name, from everywhere: many networks guessing one name slow down all attempts on it from devices
 *   it was not used on, by half a minute at most.
 *
 * Nobody is locked out by the third: whoever it makes wait has a turn (`throttle-turns.ts`), and is let in
 * once that has come, whatever others did meanwhile. So it holds each wide network (/24, /48) to one guess
 * in half a minute, and n of them guess n times as much at one name: a /24 about 270 times a day, as the
 * first counter has it, a /48 2880 times. Whoever has very many (a /32 is 65,536 of /48) is held up by the
 * passwords that are refused as common or short, by what verifying costs, and by a second factor.
 *
 * A device that has signed in under this name before counts by itself and is asked for none of them.
 * Guesses at somebody's six digits are counted for the account whatever the device: marks ease guesses
 * at passwords alone, of codes there are too few.
 * In memory, bounded: what is forgotten first was counted longest ago.
 */
type Counter = { failures: number; lastMs: number }

const freeFailures = { pair: 4, network: 20, name: 20, device: 10, codes: 4 }
const delayMaxMs = {
  ...{ pair: 15 * 60_000, network: 15 * 60_000, name: 30_000, device: 15 * 60_000 },
  // Asked behind the right password alone: nobody without it can make somebody wait.
  codes: 15 * 60_000,
}
const forgottenAfterMs = 60 * 60_000
const countersMax = 50_000

type Kind = keyof typeof freeFailures
type Attempt = {
  nameKey: string
  address: string | null
  knownDevice: string | null
  /** At whose six digits it guesses: those are counted from everywhere, a million is soon tried. */
  codesOf?: string | null
}

export type Throttle = {
  /**
   * Counts the attempt as failed until it says otherwise: many at once must not all be tried. Throws
   * AppError `sign_in_delayed` with the seconds to wait; such an attempt does not count.
   */
  begin(attempt: Attempt): {
    succeeded(): void
    /** Right so far, and more is asked: it takes this one back and forgets none before. */
    goesOn(): void
    /** It could not be decided: takes it back and throws what kept it from that. */
    untried(this: void, error: unknown): never
  }
}

export const createThrottle = (clock: Clock): Throttle => {
  const counters = new LRUCache<string, Counter>({ max: countersMax })
  const turns = createTurns()

  const keysOf = ({ nameKey, address, knownDevice, codesOf }: Attempt): [Kind, string][] => {
    const codes: [Kind, string][] = codesOf == null ? [] : [['codes', `codes/${codesOf}`]]
    if (knownDevice !== null) return [...codes, ['device', `device/${nameKey}/${knownDevice}`]]
    const network = networkOf(address)
    return [
      ...codes,
      ['pair', `pair/${nameKey}/${network}`],
      ['network', `network/${network}`],
      ['name', `name/${nameKey}`],
    ]
  }

  /** By wide networks: whoever owns a /48 has one turn, and not 65,536. */
  const turnOf = ({ nameKey, address }: Attempt): string => `${nameKey}/${wideNetworkOf(address)}`

  const isOld = (counter: Counter, nowMs: number): boolean =>
    nowMs - counter.lastMs > forgottenAfterMs

  const waitMs = (kind: Kind, key: string, nowMs: number): number => {
    const counter = counters.get(key)
    if (counter === undefined || isOld(counter, nowMs)) return 0
    const over = counter.failures - freeFailures[kind]
    if (over < 0) return 0
    return counter.lastMs + Math.min(1000 * 2 ** over, delayMaxMs[kind]) - nowMs
  }

  const longestWaitMs = (attempt: Attempt, nowMs: number): number => {
    const waitsMs = keysOf(attempt).map(([kind, key]) => {
      const ms = waitMs(kind, key, nowMs)
      return kind === 'name' && ms > 0 ? turns.waitMs(turnOf(attempt), nowMs, ms) : ms
    })
    return Math.max(...waitsMs)
  }

  /** Nobody waits for an attempt that did not fail: the time is that of the failure before it. */
  const takeBack = (key: string, former: Counter | undefined): void => {
    const known = counters.get(key)
    if (known === undefined) return
    if (known.failures <= 1) return void counters.delete(key)
    const isLast = known.failures - 1 === former?.failures
    const lastMs = isLast ? former.lastMs : known.lastMs
    counters.set(key, { failures: known.failures - 1, lastMs })
  }

  return {
    begin(attempt) {
      const nowMs = clock.monotonicMs()
      const keys = keysOf(attempt)
      const longest = longestWaitMs(attempt, nowMs)
      if (longest > 0) {
        const seconds = Math.ceil(longest / 1000)
        const message = `Too many attempts: try again in ${seconds} s`
        throw new AppError('sign_in_delayed', { message, seconds })
      }
      const { knownDevice } = attempt
      // Now and not at its end: of many at once it lets one in.
      const giveTurnBack = knownDevice === null ? turns.take(turnOf(attempt)) : () => undefined
      const former = new Map(keys.map(([, key]) => [key, counters.get(key)]))
      for (const [, key] of keys) {
        const known = counters.get(key)
        const failures = known === undefined || isOld(known, nowMs) ? 1 : known.failures + 1
        counters.set(key, { failures, lastMs: nowMs })
      }
      const undo = (): void => {
        for (const [, key] of keys) takeBack(key, former.get(key))
        giveTurnBack()
      }
      return {
        succeeded() {
          for (const [kind, key] of keys) {
            // One's own account must not wash out guesses at others.
            if (kind === 'network') takeBack(key, former.get(key))
            else counters.delete(key)
          }
        },
        goesOn: undo,
        untried(error) {
          undo()
          throw error
        },
      }
    },
  }
}
