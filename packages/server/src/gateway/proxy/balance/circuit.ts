import { defaults } from './defaults.ts'

/** Pauses double from base to max each time a target is put out again soon after it came back. */
export type Pauses = { base_ms: number; max_ms: number }

/** Who put a target out. */
export type Opener = 'active checks' | 'passive checks' | 'breaker' | 'outlier detection'

/**
 * Whether one target takes requests, by what became of earlier ones. Whoever judges targets
 * (passive and active checks, outlier detection, the breaker) opens it with a sentence; time alone
 * leads back, through half-open (one request at a time) and a ramp, so nobody has to help.
 */
export class Circuit {
  state: 'closed' | 'open' | 'half-open' = 'closed'
  reason: string | null = null
  /** Null as long as it is closed. */
  openedBy: Opener | null = null
  sinceMs: number
  /** When an open one becomes half-open. */
  untilMs = 0
  ejections = 0
  private strikes = 0
  private pauses: Pauses = defaults.ejection
  private rampMs: number
  private rampFromMs = -Infinity
  private rampTillMs = -Infinity
  private trialsLeft = 1

  constructor(nowMs: number, slowStartMs: number) {
    this.sinceMs = nowMs
    this.rampMs = defaults.rampMs
    this.rampUp(nowMs, slowStartMs)
  }

  /** Share of its weight a closed one gets, from `rampFloor` to 1. */
  share(nowMs: number): number {
    if (nowMs >= this.rampTillMs) return 1
    const way = (nowMs - this.rampFromMs) / (this.rampTillMs - this.rampFromMs)
    return Math.max(defaults.rampFloor, way)
  }

  /** From now on its share grows. */
  rampUp(nowMs: number, durationMs: number): void {
    this.rampFromMs = nowMs
    this.rampTillMs = nowMs + durationMs
  }

  isRamping(nowMs: number): boolean {
    return nowMs < this.rampTillMs
  }

  /**
   * No more requests until the pause is over. `successes` are needed in half-open before it
   * closes; `rampMs` is the time of the ramp after that.
   */
  open(
    reason: string,
    nowMs: number,
    by: { opener: Opener; pauses: Pauses; rampMs: number; successes: number },
  ): void {
    // Those under way when it was opened say nothing new.
    if (this.state === 'open') return
    const well = this.state === 'closed' ? nowMs - this.sinceMs : 0
    if (well > Math.max(by.pauses.max_ms, this.rampMs)) this.strikes = 0
    this.openedBy = by.opener
    this.pauses = by.pauses
    this.rampMs = by.rampMs
    this.trialsLeft = Math.max(1, by.successes)
    this.reopen(reason, nowMs)
    this.ejections += 1
  }

  /** A check found it still bad: the pause does not end before the next check can tell. */
  confirm(untilMs: number): void {
    if (this.state === 'open') this.untilMs = Math.max(this.untilMs, untilMs)
  }

  /** A trial went well. True when that closed it. */
  succeed(nowMs: number): boolean {
    if (this.state === 'closed') return false
    this.trialsLeft -= 1
    if (this.trialsLeft > 0) return false
    this.close(nowMs)
    return true
  }

  /** A trial went wrong: again, for longer. */
  fail(reason: string, nowMs: number): void {
    if (this.state !== 'half-open') return
    this.trialsLeft = Math.max(1, this.trialsLeft)
    this.reopen(reason, nowMs)
  }

  /** Somebody who knows says that it is well. */
  close(nowMs: number): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.reason = null
    this.openedBy = null
    this.sinceMs = nowMs
    this.rampUp(nowMs, this.rampMs)
  }

  /** Time passes; true when that changed the state. */
  advance(nowMs: number): boolean {
    if (this.state !== 'open' || nowMs < this.untilMs) return false
    this.state = 'half-open'
    this.sinceMs = nowMs
    return true
  }

  private reopen(reason: string, nowMs: number): void {
    const { base_ms, max_ms } = this.pauses
    this.state = 'open'
    this.reason = reason
    this.sinceMs = nowMs
    this.untilMs = nowMs + Math.min(max_ms, base_ms * 2 ** this.strikes)
    this.strikes = Math.min(this.strikes + 1, 30)
  }
}
