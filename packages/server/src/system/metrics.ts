import { monitorEventLoopDelay } from 'node:perf_hooks'
import { gatewayObject, states, type AuditSinkState } from '@keelson/contract'
import { can } from '../kernel/actor.ts'
import type { AuditLog } from '../kernel/audit/index.ts'
import type { Http } from '../kernel/http.ts'
import { describeService, type Health } from '../health/index.ts'
import type { Registry } from '../registry/index.ts'

type Deps = {
  http: Http
  registry: Registry
  health: Health
  audit: Pick<AuditLog, 'state'>
  gatewayMetrics: () => Promise<string>
}

/**
 * Prometheus text format 0.0.4: the state of services and the platform's own numbers, which are for
 * everybody; how the audit is delivered for whoever may read it; and for whoever may read the gateway what
 * its routes, upstreams and consumers count.
 */
export const metricsRoute = ({ http, registry, health, audit, gatewayMetrics }: Deps): void => {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const ofProcess = (): string[] => {
    const lines = [
      ...metric(
        'process_resident_memory_bytes',
        'gauge',
        'Resident memory of the control process.',
        [['', process.memoryUsage.rss()]],
      ),
      ...metric(
        'keelson_event_loop_delay_p99_seconds',
        'gauge',
        'How late timers of the control process are.',
        [['', delay.percentile(99) / 1e9]],
      ),
    ]
    delay.reset()
    return lines
  }
  http.app.get(
    '/metrics',
    { config: { permission: 'status:read', on: 'listed' } },
    async (request, reply) => {
      const actor = http.actorOf(request)
      const lines = [...ofServices({ registry, health }), ...ofProcess()]
      if (can(actor, 'audit:read')) lines.push(...ofSinks((await audit.state()).sinks))
      const isOfGateway = can(actor, 'gateway:read', gatewayObject)
      return reply
        .header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        .send(`${lines.join('\n')}\n${isOfGateway ? await gatewayMetrics() : ''}`)
    },
  )
}

const ofServices = ({ registry, health }: Pick<Deps, 'registry' | 'health'>): string[] => {
  const services = registry
    .services()
    .map((service) => describeService(service, { registry, health }))
    .map((service) => ({
      ...service,
      labels: `stack="${service.stack}",service="${service.name}"`,
    }))
  return [
    ...metric(
      'keelson_service_state',
      'gauge',
      'Whether a service is in a state (1) or not (0).',
      services.flatMap(({ labels, state }) =>
        states.map((one) => [`${labels},state="${one}"`, Number(one === state)] as const),
      ),
    ),
    ...metric(
      'keelson_service_restarts_total',
      'counter',
      'Starts of a service beyond the first.',
      services.map(({ labels, restarts }) => [labels, restarts]),
    ),
    ...metric(
      'keelson_service_instances_healthy',
      'gauge',
      'Instances that are healthy now.',
      services.map(({ labels, instancesHealthy }) => [labels, instancesHealthy]),
    ),
  ]
}

const ofSinks = (sinks: readonly AuditSinkState[]): string[] => {
  if (sinks.length === 0) return []
  const each = (value: (sink: AuditSinkState) => number): Sample[] =>
    sinks.map((sink) => [`sink="${sink.name}"`, value(sink)])
  return [
    ...metric(
      'keelson_audit_sink_lag_rows',
      'gauge',
      'Rows of the audit that are not delivered there yet.',
      each(({ lagRows }) => lagRows),
    ),
    ...metric(
      'keelson_audit_sink_lag_seconds',
      'gauge',
      'Age of the oldest row that is not delivered there.',
      each(({ lagSeconds }) => lagSeconds),
    ),
    ...metric(
      'keelson_audit_sink_failing',
      'gauge',
      'Whether the last try to deliver failed (1) or not (0).',
      each(({ failure }) => Number(failure !== null)),
    ),
  ]
}

/** Labels as they stand in braces, and the value. */
type Sample = readonly [labels: string, value: number]

const metric = (
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  samples: readonly Sample[],
): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
  ...samples.map(([labels, value]) => `${name}${labels === '' ? '' : `{${labels}}`} ${value}`),
]
