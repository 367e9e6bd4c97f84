import { defaults } from './defaults.ts'

/**
 * Moving average of latency that takes a peak at once and forgets it slowly (peak EWMA, as in
 * Finagle and Kong). Without new answers it falls, so that a target that was slow is asked again.
 */
export class PeakEwma {
  known = false
  private average = 0
  private atMs = 0

  observe(latencyMs: number, nowMs: number): void {
    if (!this.known || latencyMs >= this.average) this.average = latencyMs
    else {
      const kept = this.keptAt(nowMs)
      this.average = this.average * kept + latencyMs * (1 - kept)
    }
    this.atMs = nowMs
    this.known = true
  }

  /** A failure came: it may have come quickly, but must not make the target look quick. */
  penalise(nowMs: number): void {
    this.observe(Math.min(30_000, Math.max(2 * this.average, 100)), nowMs)
  }

  /** Milliseconds; 0 as long as nothing is known. */
  at(nowMs: number): number {
    return this.average * this.keptAt(nowMs)
  }

  private keptAt(nowMs: number): number {
    return Math.exp((this.atMs - nowMs) / defaults.latencyDecayMs)
  }
}
