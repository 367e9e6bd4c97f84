import type { Balancer } from './balancer.ts'
import type { Series } from './traffic.ts'

/**
 * Where the requests of one route or edge go, and how. Made anew for every snapshot; requests
 * under way keep the one they began with.
 */
export class Target {
  readonly service: string
  readonly series: Series
  readonly timeoutMs: number
  readonly balancer: Balancer
  /** Length of the path prefix to take off; 0 when none. */
  readonly stripLength: number
  readonly prefix: string
  private warnedMs = -Infinity

  constructor(parts: {
    service: string
    series: Series
    timeoutMs: number
    balancer: Balancer
    strippedPrefix: string
  }) {
    this.service = parts.service
    this.series = parts.series
    this.timeoutMs = parts.timeoutMs
    this.balancer = parts.balancer
    this.prefix = parts.strippedPrefix
    this.stripLength = parts.strippedPrefix.length
  }

  /** At most one line a second: an instance that breaks every answer must not flood the log. */
  mayWarn(nowMs: number): boolean {
    if (nowMs - this.warnedMs < 1000) return false
    this.warnedMs = nowMs
    return true
  }
}
