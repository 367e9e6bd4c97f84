import type { Rule } from '../rule.ts'
import { failingWhileHealthy, unhealthy } from './failing.ts'
import { instanceCount } from './instance-count.ts'
import { notApplied } from './not-applied.ts'
import { notRunning } from './not-running.ts'
import { portTaken } from './port-taken.ts'
import { scrapeDown } from './scrape-down.ts'
import { stranger } from './stranger.ts'

/** They say nothing of a system that nobody has looked at. */
export const runningRules: readonly Rule[] = [
  notRunning,
  unhealthy,
  failingWhileHealthy,
  instanceCount,
  stranger,
  notApplied,
  portTaken,
  scrapeDown,
]
