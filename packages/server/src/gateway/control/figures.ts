import type { GatewayFigures } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import type { Asked } from '../questions/questions.ts'
import type { NodeStates, RouteCounters } from '../node-states.ts'

type Look = { atMs: number; nodes: ReadonlyMap<string, ReadonlyMap<string, RouteCounters>> }

/** Rates are of about so long. */
const windowMs = 10_000

const noFigures: GatewayFigures = {
  ...{ requestsPerSecond: 0, errorsPerSecond: 0, requests: 0, errors: 0 },
  ...{ p50Ms: null, p95Ms: null, p99Ms: null },
}

/**
 * Rates and quantiles of routes from counters that only grow: the difference between the newest
 * look and the oldest one of the last ten seconds. By gateway, because counters begin again with each.
 */
export const createFigures = ({ clock }: { clock: Clock }) => {
  let looks: Look[] = []

  return {
    take(states: readonly Asked<NodeStates>[]): void {
      const atMs = clock.monotonicMs()
      const nodes = new Map(
        states.map(({ node, value }) => [node, new Map(value.routes.map((one) => [one.key, one]))]),
      )
      const oldest = atMs - windowMs
      // One look from before the window stays: it is where the window begins.
      const first = looks.findLastIndex((look) => look.atMs <= oldest)
      looks = [...looks.slice(Math.max(0, first)), { atMs, nodes }]
    },

    of(key: string): GatewayFigures {
      const now = looks.at(-1)
      const then = looks[0]
      if (now === undefined || then === undefined) return noFigures
      const seconds = (now.atMs - then.atMs) / 1000
      let grown = nothing
      let requests = 0
      let errors = 0
      for (const [node, counters] of now.nodes) {
        const counted = counters.get(key)
        if (counted === undefined) continue
        requests += counted.requests
        errors += counted.errors
        if (seconds > 0) grown = sum(grown, difference(counted, then.nodes.get(node)?.get(key)))
      }
      return {
        ...{ requests, errors },
        requestsPerSecond: seconds > 0 ? round(grown.requests / seconds) : 0,
        errorsPerSecond: seconds > 0 ? round(grown.errors / seconds) : 0,
        ...{
          p50Ms: quantile(grown, 0.5),
          p95Ms: quantile(grown, 0.95),
          p99Ms: quantile(grown, 0.99),
        },
      }
    },
  }
}

type Grown = Pick<RouteCounters, 'requests' | 'errors' | 'buckets' | 'boundsMs'>

const nothing: Grown = { requests: 0, errors: 0, buckets: [], boundsMs: [] }

/** A gateway that started again counts from zero. */
const difference = (now: RouteCounters, then: RouteCounters | undefined): Grown =>
  then === undefined || then.requests > now.requests
    ? now
    : {
        requests: now.requests - then.requests,
        errors: now.errors - then.errors,
        buckets: now.buckets.map((count, at) => count - (then.buckets[at] ?? 0)),
        boundsMs: now.boundsMs,
      }

const sum = (a: Grown, b: Grown): Grown => ({
  requests: a.requests + b.requests,
  errors: a.errors + b.errors,
  buckets: b.buckets.map((count, at) => count + (a.buckets[at] ?? 0)),
  boundsMs: b.boundsMs,
})

/** Within a bucket answers are taken as spread evenly, as histogram_quantile of Prometheus does. */
export const quantile = (
  { buckets, boundsMs }: Pick<Grown, 'buckets' | 'boundsMs'>,
  q: number,
): number | null => {
  const total = buckets.reduce((all, count) => all + count, 0)
  if (total === 0) return null
  const rank = q * total
  let below = 0
  for (const [at, count] of buckets.entries()) {
    if (below + count >= rank && count > 0) {
      const lower = at === 0 ? 0 : (boundsMs[at - 1] ?? 0)
      const upper = boundsMs[at]
      // Beyond the last bound nothing is known but that bound.
      return upper === undefined ? lower : round(lower + ((upper - lower) * (rank - below)) / count)
    }
    below += count
  }
  return boundsMs.at(-1) ?? null
}

const round = (value: number): number => Math.round(value * 100) / 100
