import { names, RouteSeries } from './series.ts'

/**
 * Most lines of all series together, so that what routes, statuses and consumers multiply to is
 * bounded: about 15 MB of text.
 */
export const maxLines = 100_000
/** Above this, series go that nobody has counted in for `idleMs`. */
const crowdedLines = maxLines / 2
const idleMs = 3_600_000

/**
 * The series of a gateway process: plugins of all routes count in one place, because a metric may
 * be described only once, and because counters outlive a change of the configuration.
 */
export const createRegistry = (nowMs: () => number) => {
  const routes = new Map<string, RouteSeries>()
  let lines = 0
  /** How often something was not counted for want of room. */
  let refused = 0
  let tickMs = nowMs()

  const admit = (more: number): boolean => {
    if (lines + more > maxLines) {
      refused += 1
      return false
    }
    lines += more
    return true
  }

  const dropIdle = (): void => {
    for (const [key, series] of routes) {
      if (lines <= crowdedLines) return
      if (tickMs - series.touchedMs < idleMs) continue
      series.gone = true
      lines -= series.lines
      routes.delete(key)
    }
  }

  return {
    /** Of these names, always the same one as long as it is not gone. */
    series(service: string, route: string): RouteSeries {
      const key = `${service}\n${route}`
      const known = routes.get(key)
      if (known !== undefined) return known
      const series = new RouteSeries(service, route, admit)
      series.touchedMs = tickMs
      if (admit(1)) routes.set(key, series)
      return series
    },

    touch(series: RouteSeries): void {
      series.touchedMs = tickMs
    },

    lines: () => lines,

    /** Prometheus text format 0.0.4; moves the time on by which series are idle. */
    text(): string {
      tickMs = nowMs()
      dropIdle()
      return (
        counters(routes.values()) +
        histograms(routes.values()) +
        family('kong_nginx_metric_errors_total', 'counter', 'Countings that found no room.') +
        `kong_nginx_metric_errors_total ${refused}\n`
      )
    },
  }
}

export type Registry = ReturnType<typeof createRegistry>

export const family = (name: string, type: string, help: string): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`

const counters = (all: Iterable<RouteSeries>): string => {
  let requests = ''
  let bandwidth = ''
  for (const { callers } of all) {
    for (const { byCode, ingress, egress } of callers.values()) {
      for (const counter of byCode.values()) requests += counter.line()
      bandwidth += (ingress?.line() ?? '') + (egress?.line() ?? '')
    }
  }
  return (
    headed(names.requests, 'counter', 'Answers by status.', requests) +
    headed(names.bandwidth, 'counter', 'Bytes of requests and answers.', bandwidth)
  )
}

const histograms = (all: Iterable<RouteSeries>): string => {
  let gateway = ''
  let upstream = ''
  let request = ''
  for (const { latencies } of all) {
    if (latencies === null) continue
    gateway += latencies.gateway.text()
    upstream += latencies.upstream.text()
    request += latencies.request.text()
  }
  return (
    headed(names.gateway, 'histogram', 'Time that the gateway and its plugins took.', gateway) +
    headed(names.upstream, 'histogram', 'Time until the service began to answer.', upstream) +
    headed(names.request, 'histogram', 'Time from the first byte to the last.', request)
  )
}

const headed = (name: string, type: string, help: string, lines: string): string =>
  lines === '' ? '' : family(name, type, help) + lines
