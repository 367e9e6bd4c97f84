import type { Service } from '../config/model.ts'
import type { GatewayDocument } from '../snapshot.ts'
import { createAdaptiveLimit, type AdaptiveLimit } from './balance/policies/adaptive-concurrency.ts'
import { createBulkhead, type Bulkhead } from './balance/policies/bulkhead.ts'
import { createHedgePolicy, type HedgePolicy } from './balance/policies/hedge.ts'
import { createMirror, type Mirror } from './balance/policies/mirror.ts'
import { createRetryPolicy, type RetryPolicy } from './balance/policies/retry.ts'
import type { Split } from './balance/policies/split.ts'
import type { CanaryRun } from './canary-run.ts'
import type { RunningSplit, Splits } from './splits.ts'

/** What the tuning of one service asks for; null each when it does not. */
export type ServicePolicies = {
  retry: RetryPolicy | null
  hedge: HedgePolicy | null
  bulkhead: Bulkhead | null
  adaptive: AdaptiveLimit | null
  /** What the adaptive limit may not pass. */
  mostInFlight: number
  mirror: { mirror: Mirror; service: string } | null
  failover: string | null
  split: Split | null
  canary: CanaryRun | null
}

/** Policies of all services; they outlive snapshots that do not change the tuning. */
export const createPolicies = (splits: Splits) => {
  let all = new Map<string, ServicePolicies>()

  return {
    /** Null when the service has no tuning for its requests. */
    of(document: GatewayDocument, service: Service): ServicePolicies | null {
      if (!isTuned(service)) return null
      const key = keyOf(document, service)
      const known = all.get(key)
      if (known !== undefined) return known
      const policies = policiesOf(service, splits.of(document, service))
      all.set(key, policies)
      return policies
    },

    /** Forgets those of services that are not in these documents. */
    keep(documents: readonly GatewayDocument[]): void {
      const kept = new Map<string, ServicePolicies>()
      for (const document of documents) {
        for (const service of document.config.services) {
          const key = keyOf(document, service)
          const known = all.get(key)
          if (known !== undefined) kept.set(key, known)
        }
      }
      all = kept
      splits.keep(documents)
    },

    sweep(now: number): void {
      for (const { bulkhead } of all.values()) if (bulkhead !== null) bulkhead.sweep(now)
      splits.sweep(now)
    },
  }
}

export type Policies = ReturnType<typeof createPolicies>

const keyOf = ({ manager }: GatewayDocument, service: Service): string =>
  isTuned(service) ? `${manager}\n${service.id}\n${JSON.stringify(service['x-keelson'])}` : ''

const isTuned = ({ 'x-keelson': tuning }: Service): boolean =>
  tuning.retry !== undefined ||
  tuning.hedge !== undefined ||
  tuning.bulkhead !== undefined ||
  tuning.adaptive_concurrency !== undefined ||
  tuning.mirror !== undefined ||
  tuning.failover !== undefined ||
  tuning.split !== undefined

const policiesOf = (
  { 'x-keelson': tuning }: Service,
  running: RunningSplit | null,
): ServicePolicies => {
  const { retry, hedge, mirror, adaptive_concurrency: adaptive } = tuning
  const limit = adaptive === undefined ? null : createAdaptiveLimit(adaptive)
  return {
    retry: retry === undefined ? null : createRetryPolicy(retry),
    hedge: hedge === undefined ? null : createHedgePolicy(hedge),
    bulkhead: bulkheadOf(tuning, limit),
    adaptive: limit,
    mostInFlight: tuning.bulkhead?.max_in_flight ?? Infinity,
    mirror: mirror === undefined ? null : { mirror: createMirror(mirror), service: mirror.service },
    failover: tuning.failover ?? null,
    split: running?.split ?? null,
    canary: running?.canary ?? null,
  }
}

/** A limit that moves refuses by a bulkhead, too: one without a line when none is configured. */
const bulkheadOf = (
  { bulkhead, adaptive_concurrency: adaptive }: Service['x-keelson'],
  limit: AdaptiveLimit | null,
): Bulkhead | null => {
  if (adaptive === undefined || limit === null) {
    return bulkhead === undefined ? null : createBulkhead(bulkhead)
  }
  const most = bulkhead ?? { max_in_flight: adaptive.max, max_queue: 0, max_wait_ms: 0 }
  const made = createBulkhead(most)
  made.setLimit(Math.min(limit.limit, most.max_in_flight))
  return made
}
