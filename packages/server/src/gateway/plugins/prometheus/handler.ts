import type { Consumer, Route, Service } from '../../config/model.ts'
import { definePlugin, type PluginHost, type PluginInstance } from '../plugin.ts'
import { healthMetrics, nodeMetrics } from './node-metrics.ts'
import { createRegistry, type Registry } from './registry.ts'
import { prometheusSchema, type PrometheusConfig } from './schema.ts'
import { quoted, type RouteSeries } from './series.ts'

export const prometheus = definePlugin({
  name: 'prometheus',
  priority: 13,
  summary: 'Counts requests, latencies and bytes for Prometheus.',
  schema: prometheusSchema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'tcp', 'tls', 'tls_passthrough', 'ws', 'wss'],
  create: (config, host) => createPrometheus(config, host),
})

/** What the instances of one gateway share. */
type Shared = {
  registry: Registry
  members: Map<object, PrometheusConfig>
  /** How many connections that are no HTTP have ended, by their labels. */
  sessions: Map<string, number>
}

/** By what all instances of a gateway have in common, so that two gateways never share. */
const sharedByHost = new WeakMap<object, Shared>()

const sharedOf = ({ counters, clock }: PluginHost): Shared => {
  const known = sharedByHost.get(counters)
  if (known !== undefined) return known
  const registry = createRegistry(() => clock.monotonicMs())
  const shared: Shared = { registry, members: new Map(), sessions: new Map() }
  sharedByHost.set(counters, shared)
  return shared
}

const createPrometheus = (config: PrometheusConfig, host: PluginHost): PluginInstance => {
  const { per_consumer, status_code_metrics, latency_metrics, bandwidth_metrics } = config
  const { registry, members, sessions } = sharedOf(host)
  const self = {}
  members.set(self, config)
  /** Looked up by the route itself: no text is made for a request. */
  const bound = new WeakMap<Route, { service: Service | null; series: RouteSeries }>()

  const seriesOf = (route: Route, service: Service | null): RouteSeries => {
    const known = bound.get(route)
    if (known !== undefined && known.service === service && !known.series.gone) return known.series
    const name = service === null ? '' : (service.name ?? service.host)
    const series = registry.series(name, route.name ?? route.id)
    bound.set(route, { service, series })
    return series
  }

  return {
    log: ({ route, service, consumer }, record) => {
      if (route === null) return
      const series = seriesOf(route, service)
      registry.touch(series)
      if (status_code_metrics || bandwidth_metrics) {
        const caller = series.caller(per_consumer ? nameOf(consumer) : '')
        if (status_code_metrics) caller.countAnswer(record.status, record.source === 'service')
        if (bandwidth_metrics) caller.countBytes(record.requestBytes, record.responseBytes)
      }
      if (latency_metrics) series.observe(record.durationMs, record.upstreamMs, record.gatewayMs)
    },
    disconnected: ({ route, service }, { status }) =>
      countSession(sessions, route, service, status),
    // A metric may be described only once: the first of the instances speaks for all.
    metrics: () => {
      const [first] = members.keys()
      if (first !== self) return ''
      const wantsHealth = [...members.values()].some((one) => one.upstream_health_metrics)
      const health = wantsHealth && host.node !== undefined ? healthMetrics(host.node) : ''
      return nodeMetrics(host.node) + registry.text() + sessionsText(sessions) + health
    },
    close: () => void members.delete(self),
  }
}

/** Routes that there were once count as well; beyond so many nothing new is counted. */
const sessionsMax = 10_000

const countSession = (
  sessions: Map<string, number>,
  route: Route,
  service: Service | null,
  status: number,
): void => {
  const names = `service=${quoted(service?.name ?? service?.host ?? '')},route=${quoted(route.name ?? route.id)}`
  const labels = `${names},code="${status}",source="${status === 403 ? 'kong' : 'service'}",workspace="default"`
  const known = sessions.get(labels)
  if (known !== undefined || sessions.size < sessionsMax) sessions.set(labels, (known ?? 0) + 1)
}

const sessionsText = (sessions: ReadonlyMap<string, number>): string => {
  if (sessions.size === 0) return ''
  const name = 'kong_stream_sessions_total'
  const lines = [...sessions].map(([labels, count]) => `${name}{${labels}} ${count}\n`)
  return `# HELP ${name} Stream sessions per service/route in Kong\n# TYPE ${name} counter\n${lines.join('')}`
}

const nameOf = (consumer: Consumer | null): string => consumer?.username ?? ''
