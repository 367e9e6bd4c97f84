import { monitorEventLoopDelay } from 'node:perf_hooks'
import { gatewayObject, states } from '@keelson/contract'
import { can } from '../kernel/actor.ts'
import type { Http } from '../kernel/http.ts'
import { describeService, type Health } from '../health/index.ts'
import type { Registry } from '../registry/index.ts'

type Deps = {
  http: Http
  registry: Registry
  health: Health
  gatewayMetrics: () => Promise<string>
}

/**
 * Prometheus text format 0.0.4: the state of services, which is for everybody, the platform's own numbers,
 * and for whoever may read the gateway what its routes, upstreams and consumers count.
 */
export const metricsRoute = ({ http, registry, health, gatewayMetrics }: Deps): void => {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  http.app.get(
    '/metrics',
    { config: { permission: 'status:read', on: 'listed' } },
    async (request, reply) => {
      const services = registry
        .services()
        .map((service) => describeService(service, { registry, health }))
      const lines = [
        '# HELP keelson_service_state Whether a service is in a state (1) or not (0).',
        '# TYPE keelson_service_state gauge',
        ...services.flatMap(({ stack, name, state }) =>
          states.map(
            (one) =>
              `keelson_service_state{stack="${stack}",service="${name}",state="${one}"} ${Number(one === state)}`,
          ),
        ),
        '# HELP keelson_service_restarts_total Starts of a service beyond the first.',
        '# TYPE keelson_service_restarts_total counter',
        ...services.map(
          ({ stack, name, restarts }) =>
            `keelson_service_restarts_total{stack="${stack}",service="${name}"} ${restarts}`,
        ),
        '# HELP keelson_service_instances_healthy Instances that are healthy now.',
        '# TYPE keelson_service_instances_healthy gauge',
        ...services.map(
          ({ stack, name, instancesHealthy }) =>
            `keelson_service_instances_healthy{stack="${stack}",service="${name}"} ${instancesHealthy}`,
        ),
        '# HELP process_resident_memory_bytes Resident memory of the control process.',
        '# TYPE process_resident_memory_bytes gauge',
        `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
        '# HELP keelson_event_loop_delay_p99_seconds How late timers of the control process are.',
        '# TYPE keelson_event_loop_delay_p99_seconds gauge',
        `keelson_event_loop_delay_p99_seconds ${delay.percentile(99) / 1e9}`,
      ]
      delay.reset()
      const ofGateway = can(http.actorOf(request), 'gateway:read', gatewayObject)
      return reply
        .header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
        .send(`${lines.join('\n')}\n${ofGateway ? await gatewayMetrics() : ''}`)
    },
  )
}
