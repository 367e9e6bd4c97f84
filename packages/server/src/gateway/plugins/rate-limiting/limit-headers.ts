import type { PeriodLimits, PeriodWindows } from '../../counters/index.ts'
import type { HeaderList } from '../../proxy/header-list.ts'

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1)

/** The fields that tell limits: one pair for each period, and three for the tightest of them. */
export class LimitHeaders {
  private readonly limitNames: readonly string[]
  private readonly remainingNames: readonly string[]
  private readonly limits: readonly number[]
  private readonly limitTexts: readonly string[]
  /** Changes once a second, and is told with every answer. */
  private resetSeconds = -1
  private resetText = ''

  constructor({ periods, limits }: PeriodLimits) {
    this.limitNames = periods.map((period) => `X-RateLimit-Limit-${capital(period)}`)
    this.remainingNames = periods.map((period) => `X-RateLimit-Remaining-${capital(period)}`)
    this.limits = limits
    this.limitTexts = limits.map(String)
  }

  /** Returns the seconds until the tightest window ends. */
  add(headers: HeaderList, { values, endsMs }: PeriodWindows, nowMs: number): string {
    let tightest = 0
    let least = Infinity
    let leastText = ''
    for (let at = 0; at < this.limits.length; at += 1) {
      const remaining = this.remaining(at, values)
      const text = String(remaining)
      headers.add(this.limitNames[at] ?? '', this.limitTexts[at] ?? '')
      headers.add(this.remainingNames[at] ?? '', text)
      // Of equally tight ones the longest: waiting for a shorter one would not help.
      if (remaining <= least) {
        tightest = at
        least = remaining
        leastText = text
      }
    }
    const reset = this.reset(endsMs[tightest] ?? 0, nowMs)
    headers.add('RateLimit-Limit', this.limitTexts[tightest] ?? '')
    headers.add('RateLimit-Remaining', leastText)
    headers.add('RateLimit-Reset', reset)
    return reset
  }

  private reset(endMs: number, nowMs: number): string {
    const seconds = Math.max(1, endMs / 1000 - Math.floor(nowMs / 1000))
    if (seconds !== this.resetSeconds) {
      this.resetSeconds = seconds
      this.resetText = String(seconds)
    }
    return this.resetText
  }

  private remaining(at: number, values: Float64Array): number {
    return Math.max(0, (this.limits[at] ?? 0) - (values[at] ?? 0))
  }
}
