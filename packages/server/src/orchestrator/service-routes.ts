import type { Health } from '../health/index.ts'
import { describeService } from '../health/index.ts'
import { localActor, type Actor } from '../kernel/actor.ts'
import type { Db } from '../kernel/db.ts'
import { AppError } from '../kernel/errors.ts'
import type { Events } from '../kernel/events.ts'
import type { Http } from '../kernel/http.ts'
import type { Log } from '../kernel/log.ts'
import type { Registry, ServiceDeclaration } from '../registry/index.ts'
import type { Orchestrator } from './orchestrator.ts'

type Deps = {
  http: Http
  db: Db
  events: Events
  registry: Registry
  health: Health
  orchestrator: Orchestrator
  log: Log
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
    await askRestart(deps, actor, service)
    return describe(service)
  })
  http.route('syncService', async ({ actor, params, query, body }) => {
    const service = registry.getService(params.name, query.stack)
    await orchestrator.syncService(service, body)
    if (body.afterwards === 'restart') await askRestart(deps, actor, service)
  })
}

/** Written down before it is acknowledged; the restart itself goes on after the answer. */
const askRestart = async (deps: Deps, actor: Actor, service: ServiceDeclaration): Promise<void> => {
  const { id, stack, spec, builtIn } = service
  if (builtIn && spec.name !== 'gateway') {
    const message = `${spec.name} is one of Keelson's own parts`
    throw new AppError('service_protected', { message })
  }
  const by = `the ${actor.kind === 'local' ? localActor.name : actor.name}`
  await deps.db.transaction((tx) =>
    deps.events.publish(tx, {
      type: 'service.restart_requested',
      subject: `${stack}/${spec.name}`,
      actor: actor.name,
      payload: { stack, service: spec.name, by },
    }),
  )
  deps.orchestrator
    .restartService(id, `restart asked for by ${by}`)
    .catch((error: unknown) => deps.log.error({ service: id, err: error }, 'restart failed'))
}
