import type { ServiceSummary } from '@keelson/contract'
import type { Health } from '../health/index.ts'
import { describeService } from '../health/index.ts'
import type { Http } from '../kernel/http.ts'
import { mayReadService, type Registry, type ServiceDeclaration } from '../registry/index.ts'
import type { Actor } from '../kernel/actor.ts'
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
  const describe = (actor: Actor, { id }: ServiceDeclaration): ServiceSummary => {
    const summary = describeService(registry.getService(id), { registry, health }, actor)
    return mayReadService(actor, registry, id) ? summary : stateOf(summary)
  }

  http.route('startService', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.startService(actor, service)
    return describe(actor, service)
  })
  http.route('stopService', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.stopService(actor, service, { only: query.only === true })
    return describe(actor, service)
  })
  http.route('scaleService', async ({ actor, params, query, body }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.scaleService(actor, service, body.replicas)
    return describe(actor, service)
  })
  http.route('rollBackService', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    // As it was when they asked.
    const mayRead = mayReadService(actor, registry, service.id)
    const rollout = await orchestrator.rollBackService(actor, service)
    return mayRead ? rollout : { ...rollout, text: '' }
  })
  http.route('restartService', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.askRestart(actor, service)
    return describe(actor, service)
  })
  http.route('syncService', async ({ actor, params, query, body }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.syncService(actor, service, body)
  })
}

/** For whoever may act on a service and not read it. */
const stateOf = (summary: ServiceSummary): ServiceSummary => {
  const { description: _description, owner: _owner, ...rest } = summary
  return { ...rest, reason: '', cause: null, dependsOn: [], routes: [] }
}
