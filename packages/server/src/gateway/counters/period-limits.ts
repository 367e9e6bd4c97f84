import type { CounterWindows } from '../plugins/plugin.ts'
import { Calendar, periods, type Period } from './calendar.ts'

/** Limits for calendar periods, as a plugin's configuration has them. */
export type LimitByPeriod = { readonly [P in Period]?: number | null | undefined }

/** The windows that one request is counted in, at one moment. */
export type PeriodWindows = CounterWindows & {
  readonly periods: readonly Period[]
  startsMs: Float64Array
}

/** Limits per period, ready to be counted against. */
export class PeriodLimits {
  readonly periods: readonly Period[]
  /** As configured, for people; counted is up to the next whole number. */
  readonly limits: readonly number[]
  private readonly windows: PeriodWindows
  private readonly places: readonly number[]
  private readonly calendar = new Calendar()

  constructor(given: LimitByPeriod) {
    this.periods = periods.filter((period) => typeof given[period] === 'number')
    this.limits = this.periods.map((period) => given[period] ?? 0)
    this.places = this.periods.map((period) => periods.indexOf(period))
    const { length } = this.periods
    this.windows = {
      periods: this.periods,
      // Kong lets a request pass while less than the limit was counted: 1.5 lets two pass.
      limits: Float64Array.from(this.limits, Math.ceil),
      startsMs: new Float64Array(length),
      endsMs: new Float64Array(length),
      values: new Float64Array(length),
    }
  }

  /** Valid until the next call: there is one object for all requests. */
  at(nowMs: number): PeriodWindows {
    const { calendar, places, windows } = this
    calendar.moveTo(nowMs)
    for (let at = 0; at < places.length; at += 1) {
      const place = places[at] ?? 0
      windows.startsMs[at] = calendar.startsMs[place] ?? 0
      windows.endsMs[at] = calendar.endsMs[place] ?? 0
    }
    return windows
  }
}

/** For whoever waits before the windows are filled in. */
export const copyWindows = (windows: PeriodWindows): PeriodWindows => ({
  periods: windows.periods,
  limits: windows.limits,
  startsMs: windows.startsMs.slice(),
  endsMs: windows.endsMs.slice(),
  values: windows.values.slice(),
})

/** What is wrong with limits: a longer period below a shorter one, in Kong's words. */
export const faultOfLimits = (given: LimitByPeriod, the: 'The' | 'the'): string | null => {
  const set = periods.filter((period) => typeof given[period] === 'number')
  for (const [at, lower] of set.entries()) {
    for (const upper of set.slice(at + 1)) {
      const small = given[lower] ?? 0
      const large = given[upper] ?? 0
      if (large >= small) continue
      return `${the} limit for ${upper}(${large.toFixed(1)}) cannot be lower than the limit for ${lower}(${small.toFixed(1)})`
    }
  }
  return null
}
