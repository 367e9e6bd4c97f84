import type { ServiceMap } from '@keelson/contract'
import type { Http } from '../kernel/http.ts'
import { describeService, type Health } from '../health/index.ts'
import { maySeeCaller, objectOf, type Registry } from '../registry/index.ts'
import type { createTraffic } from './traffic.ts'

type Deps = {
  http: Http
  registry: Registry
  health: Health
  traffic: ReturnType<typeof createTraffic>
}

export const mapRoutes = ({ http, registry, health, traffic }: Deps): void => {
  http.route('getMap', async ({ actor, query }) => {
    const services = registry
      .services()
      .filter(({ stack }) => query.stack === undefined || stack === query.stack)
      .filter((service) => actor.may('services:read', objectOf(service)))
      .sort((a, b) => a.id.localeCompare(b.id))
    const shown = new Set(services.map(({ id }) => id))
    const edges = new Map<string, ServiceMap['edges'][number]>()
    for (const { id, stack, spec } of services) {
      for (const { service } of spec.dependsOn) {
        const target = `${stack}/${service}`
        if (shown.has(target)) {
          edges.set(`${id}>${target}`, { source: id, target, declared: true, traffic: null })
        }
      }
    }
    for (const rate of await traffic.read()) {
      if (!shown.has(rate.target) || !maySeeCaller(actor, registry, rate.source)) continue
      const key = `${rate.source}>${rate.target}`
      const { source, target } = rate
      edges.set(key, { source, target, declared: edges.has(key), traffic: rate })
    }
    return {
      nodes: services.map((service) => describeService(service, { registry, health }, actor)),
      edges: [...edges.values()],
    }
  })
}
