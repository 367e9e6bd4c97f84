import { randomBytes } from 'node:crypto'

import type { Clock } from '../../../kernel/clock.ts'
import type { Flight, Flights } from '../flights.ts'
import type { Origin } from '../origin.ts'
import type { Work } from '../../slices.ts'
import type { WorkerPart } from '../worker-part.ts'
import type { Balancer } from './balancing.ts'
import { membersOf, namesOf } from './members.ts'
import { createNames } from './names/names.ts'
import { createNameResolver, type NameResolver } from './names/resolver.ts'
import { createOrigins } from './origins.ts'
import { targetState } from './pool-state.ts'
import { Pool } from './pool.ts'
import { shareChecks } from './shared-checks.ts'
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
  worker?: WorkerPart | undefined
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
  const { nowMs, clock, flights, warn, worker } = deps
  const origins = createOrigins({ nowMs, warn })
  const ownResolver = createNameResolver()
  const secret = deps.secret ?? randomBytes(32).toString('base64url')
  let known = new Map<string, Known>()
  const checks =
    worker === undefined
      ? null
      : shareChecks(worker, nowMs, (pool, target, seen) =>
          known.get(pool)?.pool.heard(target, seen),
        )
  const poolDeps = { nowMs, warn, origins, flights, secret, ...(checks === null ? {} : { checks }) }

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
    *use(specs: readonly UpstreamSpec[]): Work<ReadonlyMap<string, Balancer>> {
      const next = new Map<string, Known>()
      const changed: Known[] = []
      for (const spec of specs) {
        yield
        const before = known.get(spec.key)
        const same = before !== undefined && isSameSpec(before.spec, spec)
        const pool = before?.pool ?? new Pool(spec.key, poolDeps)
        pool.name = nameOf(spec)
        const one = { pool, spec, names: same ? before.names : new Set(namesOf(spec)) }
        next.set(spec.key, one)
        if (!same) changed.push(one)
      }
      for (const [key, { pool }] of known) if (!next.has(key)) pool.destroy()
      // Before the names: an answer of DNS that comes in between finds whom it concerns.
      known = next
      names.use(new Set([...next.values()].flatMap((one) => [...one.names])))
      for (const { pool, spec } of changed) {
        yield
        pool.configure(spec.upstream)
        pool.setMembers(membersOf(spec, names.get))
      }
      // Without a pause: a target that DNS adds meanwhile would be forgotten.
      keepFlights()
      yield
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
      const times = { nowMs: now, wallTime }
      return [...known.values()].map(({ pool, spec }) => ({
        key: spec.key,
        name: pool.name,
        algorithm: pool.algorithm,
        available: pool.state.available,
        panicBelow: pool.panicBelow,
        panic: pool.state.panic,
        targets: pool.targets.map((target) => targetState(target, pool.rules, times)),
      }))
    },

    /** Ends connections, checks and look-ups. */
    destroy(): void {
      checks?.destroy()
      for (const { pool } of known.values()) pool.destroy()
      names.destroy()
      ownResolver.cancel()
      origins.destroy()
    },
  }
}

const nameOf = ({ key, name, upstream }: UpstreamSpec): string => name ?? upstream?.name ?? key

export type Upstreams = ReturnType<typeof createUpstreams>
