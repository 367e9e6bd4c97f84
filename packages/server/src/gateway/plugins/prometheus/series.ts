/** Upper bounds in milliseconds, Kong's (kong/plugins/prometheus/exporter.lua). */
const gatewayBoundsMs: readonly number[] = [
  ...[1, 2, 5, 7, 10, 15, 20, 30, 50, 75, 100, 200, 500, 750, 1000, 3000, 6000],
]
const serviceBoundsMs: readonly number[] = [
  ...[25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10_000, 30_000, 60_000],
]

export const names = {
  requests: 'kong_http_requests_total',
  bandwidth: 'kong_bandwidth_bytes',
  gateway: 'kong_kong_latency_ms',
  upstream: 'kong_upstream_latency_ms',
  request: 'kong_request_latency_ms',
} as const

/** There are no workspaces here; dashboards ask for Kong's name of the only one. */
const workspace = 'default'

export const quoted = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

/** The text before the number is made once, so that counting is adding and writing is joining. */
export class Counter {
  value = 0
  private readonly prefix: string

  constructor(prefix: string) {
    this.prefix = prefix
  }

  line(): string {
    return `${this.prefix} ${this.value}\n`
  }
}

export class Histogram {
  private sum = 0
  private readonly boundsMs: readonly number[]
  private readonly counts: Float64Array
  private readonly prefixes: readonly string[]
  private readonly sumPrefix: string
  private readonly countPrefix: string

  constructor(name: string, labels: string, boundsMs: readonly number[]) {
    this.boundsMs = boundsMs
    this.counts = new Float64Array(boundsMs.length + 1)
    this.prefixes = [...boundsMs, '+Inf'].map((bound) => `${name}_bucket{${labels},le="${bound}"}`)
    this.sumPrefix = `${name}_sum{${labels}}`
    this.countPrefix = `${name}_count{${labels}}`
  }

  static lines(boundsMs: readonly number[]): number {
    return boundsMs.length + 3
  }

  observe(ms: number): void {
    const { boundsMs } = this
    let at = 0
    while (at < boundsMs.length && ms > (boundsMs[at] ?? 0)) at += 1
    this.counts[at] = (this.counts[at] ?? 0) + 1
    this.sum += ms
  }

  text(): string {
    let text = ''
    let count = 0
    for (const [at, prefix] of this.prefixes.entries()) {
      count += this.counts[at] ?? 0
      text += `${prefix} ${count}\n`
    }
    return `${text}${this.sumPrefix} ${this.sum}\n${this.countPrefix} ${count}\n`
  }
}

/** Grants room for so many lines, or says that there is none. */
export type Admit = (lines: number) => boolean

/** Answers and bytes of a route and a consumer. */
export class CallerSeries {
  readonly byCode = new Map<number, Counter>()
  ingress: Counter | null = null
  egress: Counter | null = null
  /** Its place among the callers counts as one. */
  lines = 1
  private readonly labels: string
  private readonly consumer: string
  private readonly admit: Admit

  constructor(labels: string, consumer: string, admit: Admit) {
    this.labels = labels
    this.consumer = quoted(consumer)
    this.admit = admit
  }

  countAnswer(status: number, fromService: boolean): void {
    const key = fromService ? status : -status
    const counter = this.byCode.get(key) ?? this.addCode(key)
    if (counter !== undefined) counter.value += 1
  }

  countBytes(ingress: number, egress: number): void {
    if (ingress > 0) {
      const counter = (this.ingress ??= this.addDirection('ingress'))
      if (counter !== null) counter.value += ingress
    }
    if (egress > 0) {
      const counter = (this.egress ??= this.addDirection('egress'))
      if (counter !== null) counter.value += egress
    }
  }

  /** Statuses of the gateway's own answers are negative keys. */
  private addCode(key: number): Counter | undefined {
    if (!this.admit(1)) return undefined
    this.lines += 1
    const { labels, consumer } = this
    const source = key > 0 ? 'service' : 'kong'
    const counter = new Counter(
      `${names.requests}{${labels},code="${Math.abs(key)}",source="${source}",` +
        `workspace="${workspace}",consumer=${consumer}}`,
    )
    this.byCode.set(key, counter)
    return counter
  }

  private addDirection(direction: string): Counter | null {
    if (!this.admit(1)) return null
    this.lines += 1
    const { labels, consumer } = this
    return new Counter(
      `${names.bandwidth}{${labels},direction="${direction}",` +
        `workspace="${workspace}",consumer=${consumer}}`,
    )
  }
}

const latencyLines = Histogram.lines(gatewayBoundsMs) + 2 * Histogram.lines(serviceBoundsMs)

/** All that is counted of a route. */
export class RouteSeries {
  readonly callers = new Map<string, CallerSeries>()
  latencies: { gateway: Histogram; upstream: Histogram; request: Histogram } | null = null
  /** When it last counted, as exactly as the metrics are asked for. */
  touchedMs = 0
  /** Taken out; whoever still has it asks for another one. */
  gone = false
  private readonly labels: string
  private readonly admit: Admit

  constructor(service: string, route: string, admit: Admit) {
    this.labels = `service=${quoted(service)},route=${quoted(route)}`
    this.admit = admit
  }

  get lines(): number {
    let lines = 1 + (this.latencies === null ? 0 : latencyLines)
    for (const caller of this.callers.values()) lines += caller.lines
    return lines
  }

  caller(consumer: string): CallerSeries {
    const known = this.callers.get(consumer)
    if (known !== undefined) return known
    const caller = new CallerSeries(this.labels, consumer, this.admit)
    // One that has no room is not kept either: consumers are many.
    if (this.admit(1)) this.callers.set(consumer, caller)
    return caller
  }

  observe(durationMs: number, upstreamMs: number | null, gatewayMs: number): void {
    const latencies = (this.latencies ??= this.addLatencies())
    if (latencies === null) return
    latencies.request.observe(durationMs)
    if (upstreamMs !== null) latencies.upstream.observe(upstreamMs)
    latencies.gateway.observe(gatewayMs)
  }

  private addLatencies(): RouteSeries['latencies'] {
    if (!this.admit(latencyLines)) return null
    const labels = `${this.labels},workspace="${workspace}"`
    return {
      gateway: new Histogram(names.gateway, labels, gatewayBoundsMs),
      upstream: new Histogram(names.upstream, labels, serviceBoundsMs),
      request: new Histogram(names.request, labels, serviceBoundsMs),
    }
  }
}
