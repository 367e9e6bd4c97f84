import type { Clock } from '../../kernel/clock.ts'
import type { Failure } from './decide.ts'

/**
 * What those who wait learn: an answer is in the store now; each has to ask for itself; or the
 * service failed.
 */
export type Outcome = 'stored' | 'alone' | Failure

export type Lead = {
  /** Counts once; the last word is 'alone' if nobody says anything. */
  settle(outcome: Outcome): void
}

export type CollapseLimits = { maxWaiters: number; maxWaitMs: number }

type Flight = { waiters: Set<(outcome: Outcome) => void> }

/**
 * One request to the service for each key; the others wait for what comes of it. Nobody waits
 * longer than told, nor in a longer line; who may not wait goes on alone.
 */
export class Collapser {
  private readonly flights = new Map<string, Flight>()
  private readonly clock: Clock
  private readonly limits: CollapseLimits

  constructor(clock: Clock, limits: CollapseLimits) {
    this.clock = clock
    this.limits = limits
  }

  get waiting(): number {
    let waiting = 0
    for (const { waiters } of this.flights.values()) waiting += waiters.size
    return waiting
  }

  /** Undefined when somebody is on the way already. */
  lead(key: string): Lead | undefined {
    if (this.flights.has(key)) return undefined
    const flight: Flight = { waiters: new Set() }
    this.flights.set(key, flight)
    return {
      settle: (outcome) => {
        if (this.flights.get(key) !== flight) return
        this.flights.delete(key)
        for (const wake of flight.waiters) wake(outcome)
      },
    }
  }

  follow(key: string): Promise<Outcome> {
    const flight = this.flights.get(key)
    if (flight === undefined) return Promise.resolve('stored')
    if (flight.waiters.size >= this.limits.maxWaiters) return Promise.resolve('alone')
    return new Promise((resolve) => {
      const wake = (outcome: Outcome): void => {
        timer.cancel()
        flight.waiters.delete(wake)
        resolve(outcome)
      }
      const timer = this.clock.setTimer(() => wake('alone'), this.limits.maxWaitMs)
      flight.waiters.add(wake)
    })
  }
}
