export { periods, type Period } from './calendar.ts'
export {
  copyWindows,
  faultOfLimits,
  PeriodLimits,
  type LimitByPeriod,
  type PeriodWindows,
} from './period-limits.ts'
export { countInRedis } from './redis-windows.ts'
export { createSharedCounters, emptyTable, type CounterTable } from './shared-counters.ts'
export { countSynced } from './synced-windows.ts'
export { countLocally, fallBackTo, type WindowCounter } from './window-counter.ts'
