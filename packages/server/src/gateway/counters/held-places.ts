import type { Clock } from '../../kernel/clock.ts'
import type { SharedCounters } from '../plugins/plugin.ts'

/** What nobody has touched for so long is forgotten, so that a leak ends. */
const keptMs = 86_400_000

/**
 * Places that requests hold while they are under way, counted over all threads. A thread that dies
 * gives nothing back, so after its death everybody counts what it holds under the next generation.
 */
export class HeldPlaces {
  private readonly counters: Pick<SharedCounters, 'addUpTo' | 'replace'>
  private readonly clock: Clock
  /** Of this thread. Whoever holds nothing has no entry. */
  private readonly held = new Map<string, number>()
  private generation = 0

  constructor(counters: Pick<SharedCounters, 'addUpTo' | 'replace'>, clock: Clock) {
    this.counters = counters
    this.clock = clock
  }

  hold(key: string, limit: number): boolean {
    if (!this.add(key, 1, limit).added) return false
    this.held.set(key, (this.held.get(key) ?? 0) + 1)
    return true
  }

  release(key: string): void {
    const own = this.held.get(key) ?? 0
    if (own === 0) return
    if (own > 1) this.held.set(key, own - 1)
    else this.held.delete(key)
    // A counter of nobody makes room for others at once.
    if (this.add(key, -1, Infinity).value <= 0) this.counters.replace(this.name(key), 0, 0, 0)
  }

  recount(generation: number): void {
    this.generation = generation
    for (const [key, count] of this.held) this.add(key, count, Infinity)
  }

  private add(key: string, amount: number, limit: number): { added: boolean; value: number } {
    const untilMs = this.clock.now().getTime() + keptMs
    return this.counters.addUpTo(this.name(key), amount, limit, untilMs)
  }

  private name(key: string): string {
    return `held ${this.generation} ${key}`
  }
}
