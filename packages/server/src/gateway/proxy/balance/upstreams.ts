import { randomBytes } from 'node:crypto'

import type { Clock } from '../../../kernel/clock.ts'
import type { Flight, Flights } from '../flights.ts'
import type { Origin } from '../origin.ts'
import type { Balancer } from './balancing.ts'
import { membersOf, namesOf } from './members.ts'
import { createNames } from './names/names.ts'
import { createNameResolver, type NameResolver } from './names/resolver.ts'
import { createOrigins } from './origins.ts'
import { targetState } from './pool-state.ts'
import { Pool } from './pool.ts'
import { isSameSpec, type UpstreamSpec } from './upstream-spec.ts'
import type { UpstreamState } from './upstream-state.ts'

export type UpstreamsDeps = {
  /** Monotonic, as the clock's. */
  nowMs: () => number
  clock: Clock
  flights: Flights
  warn: (facts: object, message: string) => void
  /** Looks names up; as the system does when absent. */
  resolve?: NameResolver
  /**
   * Makes the ids in sticky cookies. Gateways that share it know each other's; when absent, they
   * are known until this process ends.
   */
  secret?: string
}

type Known = { pool: Pool; spec: UpstreamSpec; names: ReadonlySet<string> }

/**
 * All sets of targets of the gateway: their balancers, their connections and what is known of
 * them, which outlive the snapshots that name them.
 *
 * `use` takes over what a snapshot says and gives the balancers, by key; `looked` waits until the
 * names of new targets were looked up once. An attempt goes
 * `pick` → `begin` → `origin.request` → `report` (head or failure) → `end`; `begin` and `end`
 * count the instance's flight. `sweep` is called every 100 ms or so: deadlines, pauses, checks.
 */
export const createUpstreams = (deps: UpstreamsDeps) => {
  const { nowMs, clock, flights, warn } = deps
  const origins = createOrigins({ nowMs, warn })
  const ownResolver = createNameResolver()
  const secret = deps.secret ?? randomBytes(32).toString('base64url')
  const poolDeps = { nowMs, warn, origins, flights, secret }
  let known = new Map<string, Known>()

  const keepOrigins = (): void => {
    const named = new Set<Origin>()
    const taking = new Set<Origin>()
    for (const { pool } of known.values()) {
      for (const { origin } of pool.targets) named.add(origin)
      for (const { origin } of pool.taking()) taking.add(origin)
    }
    origins.keep(named, taking)
  }

  const keepFlights = (): void => {
    const named = new Set<Flight>()
    const draining = new Set<Flight>()
    for (const { pool } of known.values()) {
      for (const target of pool.targets) {
        named.add(target.flight)
        if (target.draining) draining.add(target.flight)
      }
    }
    flights.keep(named, draining)
  }

  const names = createNames({
    resolve: deps.resolve ?? ownResolver,
    clock,
    warn,
    onChange: (name) => {
      for (const one of known.values()) {
        if (one.names.has(name)) one.pool.setMembers(membersOf(one.spec, names.get))
      }
      keepOrigins()
    },
  })

  return {
    use(specs: readonly UpstreamSpec[]): ReadonlyMap<string, Balancer> {
      const next = new Map<string, Known>()
      const changed: Known[] = []
      for (const spec of specs) {
        const before = known.get(spec.key)
        const same = before !== undefined && isSameSpec(before.spec, spec)
        const pool = before?.pool ?? new Pool(spec.key, poolDeps)
        const one = { pool, spec, names: same ? before.names : new Set(namesOf(spec)) }
        next.set(spec.key, one)
        if (!same) changed.push(one)
      }
      names.use(new Set([...next.values()].flatMap((one) => [...one.names])))
      for (const { pool, spec } of changed) {
        pool.configure(spec.upstream)
        pool.setMembers(membersOf(spec, names.get))
      }
      for (const [key, { pool }] of known) if (!next.has(key)) pool.destroy()
      known = next
      keepFlights()
      keepOrigins()
      return new Map([...next].map(([key, { pool }]) => [key, pool]))
    },

    /** Resolves once every name was looked up, found or not; after `mostMs` in any case. */
    looked: (mostMs: number): Promise<void> => names.looked(mostMs),

    sweep(now: number): void {
      for (const { pool } of known.values()) pool.sweep(now)
      origins.sweep(now)
    },

    states(): UpstreamState[] {
      const now = nowMs()
      const wallNow = clock.now().getTime()
      const wallTime = (ms: number) => new Date(wallNow + ms - now).toISOString()
      return [...known.values()].map(({ pool, spec }) => ({
        key: spec.key,
        name: spec.name ?? spec.upstream?.name ?? spec.key,
        algorithm: pool.algorithm,
        available: pool.state.available,
        panicBelow: pool.panicBelow,
        panic: pool.state.panic,
        targets: pool.targets.map((target) => targetState(target, now, wallTime)),
      }))
    },

    /** Ends connections, checks and look-ups. */
    destroy(): void {
      for (const { pool } of known.values()) pool.destroy()
      names.destroy()
      ownResolver.cancel()
      origins.destroy()
    },
  }
}

export type Upstreams = ReturnType<typeof createUpstreams>
