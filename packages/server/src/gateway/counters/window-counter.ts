import type { SharedCounters } from '../plugins/plugin.ts'
import type { PeriodWindows } from './period-limits.ts'

/** Where the windows of one plugin are counted: in this host's memory, or in Redis. */
export type WindowCounter = {
  /**
   * Adds to every window of `identifier`, or to none; `windows.values` are filled in. A counter
   * that need not wait gives its verdict at once. One that does may keep `windows`: pass a copy.
   * Rejects when nobody can tell (Redis is away and nothing stands in for it).
   */
  add(
    identifier: string,
    amount: number,
    nowMs: number,
    windows: PeriodWindows,
  ): boolean | Promise<boolean>
  close(): void | Promise<void>
}

/** Exact over all threads of this host. */
export const countLocally = (counters: SharedCounters, prefix: string): WindowCounter => ({
  add: (identifier, amount, nowMs, windows) =>
    counters.addToWindows(prefix + identifier, amount, nowMs, windows),
  close: () => {},
})

/** Counts elsewhere, and here as long as that fails: requests go on, limits hold per host. */
export const fallBackTo = (
  local: WindowCounter,
  remote: WindowCounter,
  onFailure: (error: unknown) => void,
): WindowCounter => {
  const add = orElse<Parameters<WindowCounter['add']>, boolean>(
    (...args) => remote.add(...args),
    (...args) => local.add(...args),
    onFailure,
  )
  return { add, close: () => remote.close() }
}

/** Asks the first, and the other as long as that fails; the first failure of a row is told. */
export const orElse = <Args extends unknown[], T>(
  first: (...args: Args) => T | Promise<T>,
  other: (...args: Args) => T | Promise<T>,
  onFailure: (error: unknown) => void,
): ((...args: Args) => Promise<T>) => {
  let isFailing = false
  return async (...args) => {
    try {
      const answer = await first(...args)
      isFailing = false
      return answer
    } catch (error) {
      if (!isFailing) onFailure(error)
      isFailing = true
      return other(...args)
    }
  }
}
