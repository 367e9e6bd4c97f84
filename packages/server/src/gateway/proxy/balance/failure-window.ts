const slots = 10

/** Good and bad outcomes of the last `windowMs`, in ten slots that are used in turn. */
export class FailureWindow {
  private readonly good = new Uint32Array(slots)
  private readonly bad = new Uint32Array(slots)
  private readonly slotMs: number
  private current = 0

  constructor(windowMs: number) {
    this.slotMs = Math.max(1, windowMs / slots)
  }

  add(failed: boolean, nowMs: number): void {
    const at = this.turnTo(nowMs)
    const counts = failed ? this.bad : this.good
    counts[at] = (counts[at] ?? 0) + 1
  }

  read(nowMs: number): { requests: number; failures: number } {
    this.turnTo(nowMs)
    const failures = this.bad.reduce((sum, count) => sum + count, 0)
    return { requests: failures + this.good.reduce((sum, count) => sum + count, 0), failures }
  }

  /** Empties the slots that time has passed by. */
  private turnTo(nowMs: number): number {
    const now = Math.floor(nowMs / this.slotMs)
    if (now - this.current >= slots) {
      this.good.fill(0)
      this.bad.fill(0)
    } else {
      for (let slot = this.current + 1; slot <= now; slot += 1) {
        this.good[slot % slots] = 0
        this.bad[slot % slots] = 0
      }
    }
    this.current = Math.max(this.current, now)
    return this.current % slots
  }
}
