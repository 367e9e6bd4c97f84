import type { ActiveChecks, PassiveChecks } from '../../config/model.ts'

/** What one look at a target showed, in the words of Kong's health checks. */
export type Sign = 'success' | 'http' | 'tcp' | 'timeout'

/** Kong's thresholds and lists, ready to be asked; a threshold of 0 is off. */
export type CheckRules = {
  successes: number
  limits: Readonly<Record<Exclude<Sign, 'success'>, number>>
  /** By status: 0 in neither list, 1 healthy, 2 unhealthy. */
  byStatus: Uint8Array
}

const listed = { healthy: 1, unhealthy: 2 } as const

export const compileCheckRules = (checks: ActiveChecks | PassiveChecks): CheckRules => {
  const byStatus = new Uint8Array(1000)
  for (const status of checks.unhealthy.http_statuses) byStatus[status] = listed.unhealthy
  // In both lists: healthy, as in lua-resty-healthcheck.
  for (const status of checks.healthy.http_statuses) byStatus[status] = listed.healthy
  const { tcp_failures, timeouts, http_failures } = checks.unhealthy
  return {
    successes: checks.healthy.successes,
    limits: { tcp: tcp_failures, timeout: timeouts, http: http_failures },
    byStatus,
  }
}

export const isOn = ({ limits }: CheckRules): boolean =>
  limits.tcp > 0 || limits.timeout > 0 || limits.http > 0

/** Null: the status is in neither list and changes nothing. */
export const signOfStatus = (rules: CheckRules, status: number): Sign | null => {
  const kind = rules.byStatus[status]
  if (kind === listed.healthy) return 'success'
  return kind === listed.unhealthy ? 'http' : null
}

/**
 * Counts what is seen of one target, by active and passive checks together, as Kong does: a
 * success forgets the failures, a failure the successes, and each kind of failure has a limit of
 * its own. Unlike in Kong a success is counted even where `successes` is 0: failures that are
 * weeks and a million good answers apart must not add up to an ejection.
 */
export class CheckCounters {
  private successes = 0
  private tcp = 0
  private timeout = 0
  private http = 0

  /** 'down' or 'up' when the sign reached its limit. */
  count(sign: Sign, rules: CheckRules): 'up' | 'down' | null {
    if (sign === 'success') return this.countSuccess(rules.successes)
    const limit = rules.limits[sign]
    if (limit === 0) return null
    this.successes = 0
    this[sign] += 1
    if (this[sign] < limit) return null
    this.reset()
    return 'down'
  }

  reset(): void {
    this.successes = 0
    this.tcp = 0
    this.timeout = 0
    this.http = 0
  }

  private countSuccess(limit: number): 'up' | null {
    if (this.tcp + this.timeout + this.http > 0) this.reset()
    if (limit === 0) return null
    this.successes += 1
    if (this.successes < limit) return null
    this.successes = 0
    return 'up'
  }
}
