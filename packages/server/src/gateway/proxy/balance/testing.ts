import type { Target, Upstream } from '../../config/model.ts'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import { createFlights } from '../flights.ts'
import { atOnce } from '../../slices.ts'
import type { BalanceAsk } from './balancing.ts'
import { anUpstream } from '../../testing/entities.ts'
import { Pool } from './pool.ts'
import type { NameResolver } from './names/resolver.ts'
import type { PoolTarget } from './pool-target.ts'
import type { SpecEndpoint, UpstreamSpec } from './upstream-spec.ts'
import { createUpstreams } from './upstreams.ts'

/** What the tests of balancing share: entities with Kong's defaults, and time that stands still. */

export type UpstreamChanges = Partial<Omit<Upstream, 'healthchecks'>> & {
  active?: Partial<Upstream['healthchecks']['active']>
  passive?: Partial<Upstream['healthchecks']['passive']>
  threshold?: number
}

const redirects = [300, 301, 302, 303, 304, 305, 306, 307, 308]

export const upstreamOf = (changes: UpstreamChanges = {}): Upstream => {
  const { active, passive, threshold = 0, ...rest } = changes
  const { healthchecks, ...upstream } = anUpstream('app', { id: 'upstream-1' })
  const { healthy } = healthchecks.passive
  return {
    ...upstream,
    healthchecks: {
      threshold,
      active: { ...healthchecks.active, ...active },
      passive: {
        ...healthchecks.passive,
        healthy: { ...healthy, http_statuses: [...healthy.http_statuses, ...redirects] },
        ...passive,
      },
    },
    ...rest,
  }
}

/** Passive checks that put a target out after so many bad answers. */
export const ejectAfter = (failures: number): NonNullable<UpstreamChanges['passive']> => ({
  unhealthy: {
    http_statuses: [429, 500, 503],
    tcp_failures: failures,
    timeouts: failures,
    http_failures: failures,
  },
})

export const targetOf = (target: string, weight = 100, zone?: string): Target => ({
  id: target,
  tags: [],
  upstream: 'upstream-1',
  target,
  weight,
  'x-keelson': zone === undefined ? {} : { zone },
})

export const instanceOf = (
  instance: string,
  port: number,
  changes: Partial<SpecEndpoint> = {},
): SpecEndpoint => ({
  instance,
  host: '127.0.0.1',
  port,
  ports: {},
  healthy: true,
  draining: false,
  ...changes,
})

export const specOf = (changes: Partial<UpstreamSpec> = {}): UpstreamSpec => ({
  key: 'app',
  upstream: null,
  endpoints: [],
  targets: [],
  service: { protocol: 'http', host: null, port: 80, tls: null },
  ...changes,
})

const askOf = (changes: Partial<BalanceAsk> = {}): BalanceAsk => ({
  nowMs: 0,
  clientIp: '192.0.2.1',
  consumer: null,
  header: () => undefined,
  cookie: () => undefined,
  path: '/',
  queryArg: () => undefined,
  capture: () => undefined,
  ...changes,
})

/** Upstreams on a clock that stands still; names are not found unless `resolve` says so. */
export const startUpstreams = (resolve: NameResolver = notFound) => {
  const clock = createManualClock()
  const warnings: string[] = []
  const flights = createFlights(() => {})
  const upstreams = createUpstreams({
    nowMs: () => clock.monotonicMs(),
    clock,
    flights,
    warn: (_facts, message) => void warnings.push(message),
    resolve,
    secret: 'of the tests',
  })
  const use = (...specs: UpstreamSpec[]): Pool => {
    const balancer = atOnce(upstreams.use(specs)).get(specs[0]?.key ?? '')
    if (!(balancer instanceof Pool)) throw new Error('no balancer')
    return balancer
  }
  const ask = (changes: Partial<BalanceAsk> = {}) =>
    askOf({ nowMs: clock.monotonicMs(), ...changes })
  return {
    clock,
    warnings,
    flights,
    upstreams,
    use,
    ask,
    /** One request from beginning to end; the instance it went to. */
    send: (pool: Pool, status: number | ((target: PoolTarget) => number) = 200): string => {
      const target = pool.pick(ask(), [])
      if (target === undefined) return 'nobody'
      target.begin()
      const told = typeof status === 'number' ? status : status(target)
      target.report({ kind: 'status', status: told, latencyMs: 1 }, clock.monotonicMs())
      target.end()
      return target.instance
    },
    /** Time passes, with a sweep at the end. */
    wait: (ms: number): void => {
      clock.advance(ms)
      upstreams.sweep(clock.monotonicMs())
    },
    states: () => upstreams.states()[0]?.targets ?? [],
    [Symbol.dispose]: () => upstreams.destroy(),
  }
}

const notFound: NameResolver = (name) => Promise.reject(new Error(`${name} is not there`))

/** How often each one comes. */
export const tally = (names: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
