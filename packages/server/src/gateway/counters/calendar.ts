/** Kong's periods, shortest first. */
export const periods = ['second', 'minute', 'hour', 'day', 'month', 'year'] as const
export type Period = (typeof periods)[number]

const lengthMs = [1000, 60_000, 3_600_000, 86_400_000] as const

/**
 * Where the calendar's windows begin and end, in UTC, as Kong counts them. Kept for as long as the
 * second lasts: at ten thousand requests a second the calendar is asked once.
 */
export class Calendar {
  /** Wall-clock milliseconds, in the order of `periods`. */
  readonly startsMs = new Float64Array(periods.length)
  readonly endsMs = new Float64Array(periods.length)
  private untilMs = 0

  moveTo(nowMs: number): void {
    if (nowMs < this.untilMs && nowMs >= this.untilMs - 1000) return
    for (const [at, length] of lengthMs.entries()) {
      this.startsMs[at] = Math.floor(nowMs / length) * length
      this.endsMs[at] = (this.startsMs[at] ?? 0) + length
    }
    const now = new Date(nowMs)
    const year = now.getUTCFullYear()
    const month = now.getUTCMonth()
    this.startsMs[4] = Date.UTC(year, month)
    this.endsMs[4] = Date.UTC(year, month + 1)
    this.startsMs[5] = Date.UTC(year, 0)
    this.endsMs[5] = Date.UTC(year + 1, 0)
    this.untilMs = this.endsMs[0] ?? 0
  }
}
