export { periods, type Period } from './calendar.ts'
export {
  copyWindows,
  faultOfLimits,
  PeriodLimits,
  type LimitByPeriod,
  type PeriodWindows,
} from './period-limits.ts'
export { countInRedis, shortened } from './redis-windows.ts'
export {
  createSharedCounters,
  emptyTable,
  forgetThread,
  type CounterTable,
} from './shared-counters.ts'
export { countSynced } from './synced-windows.ts'
export { countLocally, fallBackTo, orElse, type WindowCounter } from './window-counter.ts'
