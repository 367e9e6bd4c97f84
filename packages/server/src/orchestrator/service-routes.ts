import type { Health } from '../health/index.ts'
import { describeService } from '../health/index.ts'
import type { Http } from '../kernel/http.ts'
import type { Registry, ServiceDeclaration } from '../registry/index.ts'
import type { Orchestrator } from './orchestrator.ts'

type Deps = {
  http: Http
  registry: Registry
  health: Health
  orchestrator: Orchestrator
}

/** What a person asks of one service. */
export const serviceVerbRoutes = (deps: Deps): void => {
  const { http, registry, health, orchestrator } = deps
  const describe = ({ id }: ServiceDeclaration) =>
    describeService(registry.getService(id), { registry, health })

  http.route('startService', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.startService(actor, service)
    return describe(service)
  })
  http.route('stopService', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.stopService(actor, service, { only: query.only === true })
    return describe(service)
  })
  http.route('scaleService', async ({ actor, params, query, body }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.scaleService(actor, service, body.replicas)
    return describe(service)
  })
  http.route('rollBackService', ({ actor, params, query }) =>
    orchestrator.rollBackService(actor, registry.getService(params.name, query.stack)),
  )
  http.route('restartService', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.askRestart(actor, service)
    return describe(service)
  })
  http.route('syncService', async ({ actor, params, query, body }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.syncService(actor, service, body)
    if (body.afterwards === 'restart') await orchestrator.askRestart(actor, service)
  })
}
