import type { TrafficCounters } from '../snapshot.ts'
import { limits } from './limits.ts'

/** Upper bounds of the latency histogram, in milliseconds; the last bucket has none. */
const boundsMs = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000]
const classes = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

/** Counters of one way through the gateway; bound once per snapshot, so that counting is adding. */
export class Series {
  readonly source: string
  /** Empty when no route matched. */
  readonly service: string
  readonly route: string
  inFlight = 0
  connectFailures = 0
  retries = 0
  errors = 0
  /** Clients that left before the answer was complete. */
  aborted = 0
  durationMsSum = 0
  bytesOut = 0
  readonly byClass = new Float64Array(classes.length)
  readonly buckets = new Float64Array(boundsMs.length + 1)

  constructor(source: string, service: string, route: string) {
    this.source = source
    this.service = service
    this.route = route
  }

  /** `error`: an answer of 500 or more, or one that broke off. */
  record(status: number, durationMs: number, bytes: number, error: boolean): void {
    const index = Math.trunc(status / 100) - 1
    this.byClass[index] = (this.byClass[index] ?? 0) + 1
    this.durationMsSum += durationMs
    this.bytesOut += bytes
    if (error) this.errors += 1
    let bucket = 0
    while (bucket < boundsMs.length && durationMs > (boundsMs[bucket] ?? 0)) bucket += 1
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1
  }

  get requests(): number {
    let sum = this.aborted
    for (const count of this.byClass) sum += count
    return sum
  }
}

/** Counters of one or several series, as they stand or as they have grown. */
export type Tally = { requests: number; errors: number; buckets: readonly number[] }

/** Upper bounds of the buckets of a tally, in milliseconds; the last bucket has none. */
export const tallyBoundsMs: readonly number[] = boundsMs

export const tallyOf = (all: Iterable<Series>): Tally => {
  const tally = { requests: 0, errors: 0, buckets: boundsMs.map(() => 0).concat(0) }
  for (const series of all) {
    tally.requests += series.requests
    tally.errors += series.errors
    for (const [at, count] of series.buckets.entries()) {
      tally.buckets[at] = (tally.buckets[at] ?? 0) + count
    }
  }
  return tally
}

export const grownBy = (now: Tally, then: Tally): Tally => ({
  requests: now.requests - then.requests,
  errors: now.errors - then.errors,
  buckets: now.buckets.map((count, at) => count - (then.buckets[at] ?? 0)),
})

/**
 * The duration below which this share of the answers was given, in milliseconds, as exact as the
 * buckets are; null without any.
 */
export const quantileOf = ({ buckets }: Tally, share: number): number | null => {
  const all = buckets.reduce((sum, count) => sum + count, 0)
  if (all === 0) return null
  let left = share * all
  for (const [at, count] of buckets.entries()) {
    if (count === 0 || count < left) {
      left -= count
      continue
    }
    const from = boundsMs[at - 1] ?? 0
    const to = boundsMs[at] ?? from
    return from + ((to - from) * left) / count
  }
  return boundsMs.at(-1) ?? null
}

/** All series of the process. Bounded: series that no snapshot names go, the oldest first. */
export const createTraffic = () => {
  const all = new Map<string, Series>()
  let live = new Set<Series>()

  return {
    /** The series of this way; the same one for the same names. */
    series(source: string, service: string, route: string): Series {
      const key = `${source}\n${service}\n${route}`
      const known = all.get(key)
      if (known !== undefined) return known
      const series = new Series(source, service, route)
      all.set(key, series)
      return series
    },

    /** Says which series are in use; of the others the newest 1024 are kept. */
    keep(used: Set<Series>): void {
      live = used
      let surplus = all.size - live.size - limits.retiredSeries
      for (const [key, series] of all) {
        if (surplus <= 0) break
        if (live.has(series) || series.inFlight > 0) continue
        all.delete(key)
        surplus -= 1
      }
    },

    /** Sums by source and service; requests without a route belong to no service. */
    counters(): TrafficCounters[] {
      const sums = new Map<string, TrafficCounters>()
      for (const series of all.values()) {
        if (series.service === '') continue
        const key = `${series.source}\n${series.service}`
        const sum = sums.get(key) ?? noTraffic(series)
        sum.requests += series.requests
        sum.errors += series.errors
        sum.durationMsSum += series.durationMsSum
        sum.bytesOut += series.bytesOut
        sums.set(key, sum)
      }
      return [...sums.values()]
    },

    /** Of clients, not of services among each other. */
    totals(): { inFlight: number; requests: number } {
      const totals = { inFlight: 0, requests: 0 }
      for (const { source, inFlight, requests } of all.values()) {
        if (source !== 'internet') continue
        totals.inFlight += inFlight
        totals.requests += requests
      }
      return totals
    },

    /** Of those that have counted anything: 10,000 routes that nobody asks for would be 9 MB of zeros. */
    metrics: () => exposition(all.values().filter(hasCounted).toArray()),
  }
}

export type Traffic = ReturnType<typeof createTraffic>

const hasCounted = ({ requests, inFlight, connectFailures }: Series): boolean =>
  requests + inFlight + connectFailures > 0

const noTraffic = ({ source, service }: Series): TrafficCounters => ({
  source,
  service,
  requests: 0,
  errors: 0,
  durationMsSum: 0,
  bytesOut: 0,
})

const metricTable: {
  name: string
  type: 'counter' | 'gauge'
  help: string
  value: (series: Series) => number
}[] = [
  {
    name: 'keelson_gateway_requests_in_flight',
    type: 'gauge',
    help: 'Requests and WebSockets under way.',
    value: (series) => series.inFlight,
  },
  {
    name: 'keelson_gateway_aborted_requests_total',
    type: 'counter',
    help: 'Requests whose client left before the answer was complete.',
    value: (series) => series.aborted,
  },
  {
    name: 'keelson_gateway_upstream_connect_failures_total',
    type: 'counter',
    help: 'Connections to an instance that could not be made.',
    value: (series) => series.connectFailures,
  },
  {
    name: 'keelson_gateway_retries_total',
    type: 'counter',
    help: 'Requests sent again to another instance or over another connection.',
    value: (series) => series.retries,
  },
  {
    name: 'keelson_gateway_response_bytes_total',
    type: 'counter',
    help: 'Bytes of response bodies.',
    value: (series) => series.bytesOut,
  },
]

/** Prometheus text format 0.0.4. */
const exposition = (all: readonly Series[]): string => {
  const lines: string[] = []
  const requests = 'keelson_gateway_requests_total'
  lines.push(`# HELP ${requests} Answers by status class.`, `# TYPE ${requests} counter`)
  for (const series of all) {
    for (const [index, name] of classes.entries()) {
      const count = series.byClass[index] ?? 0
      if (count > 0) lines.push(`${requests}{${labelsOf(series)},code="${name}"} ${count}`)
    }
  }
  for (const { name, type, help, value } of metricTable) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
    for (const series of all) lines.push(`${name}{${labelsOf(series)}} ${value(series)}`)
  }
  const duration = 'keelson_gateway_request_duration_seconds'
  lines.push(
    `# HELP ${duration} Time to the end of the answer; of event streams to its start.`,
    `# TYPE ${duration} histogram`,
  )
  for (const series of all) pushHistogram(lines, duration, series)
  return `${lines.join('\n')}\n`
}

const pushHistogram = (lines: string[], name: string, series: Series): void => {
  const labels = labelsOf(series)
  let count = 0
  for (const [index, inBucket] of series.buckets.entries()) {
    count += inBucket
    const bound = boundsMs[index]
    const le = bound === undefined ? '+Inf' : String(bound / 1000)
    lines.push(`${name}_bucket{${labels},le="${le}"} ${count}`)
  }
  lines.push(`${name}_sum{${labels}} ${series.durationMsSum / 1000}`)
  lines.push(`${name}_count{${labels}} ${count}`)
}

const labelsOf = ({ source, service, route }: Series): string =>
  `source="${quote(source)}",service="${quote(service)}",route="${quote(route)}"`

const quote = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
