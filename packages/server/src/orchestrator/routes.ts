import type { Http } from '../kernel/http.ts'
import { AppError } from '../kernel/errors.ts'
import type { Health } from '../health/index.ts'
import type { Audit } from '../kernel/audit/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Db } from '../kernel/db.ts'
import type { Log } from '../kernel/log.ts'
import type { Registry } from '../registry/index.ts'
import { execSocket } from './exec/socket.ts'
import type { LogStore } from './logs/index.ts'
import type { Orchestrator } from './orchestrator.ts'
import { serviceVerbRoutes } from './service-routes.ts'
import { instancesToRead } from './views/stack-logs.ts'
import { stackReadRoutes } from './views/stack-read-routes.ts'
import { stackViewRoutes } from './views/stack-view-routes.ts'

type Deps = {
  http: Http
  audit: Audit
  clock: Clock
  db: Db
  events: Events
  registry: Registry
  health: Health
  orchestrator: Orchestrator
  logs: LogStore
  log: Log
}

export const stackRoutes = (deps: Deps): void => {
  const { http, orchestrator, registry, logs } = deps
  stackViewRoutes(deps)
  serviceVerbRoutes(deps)
  execSocket({ ...deps, commands: orchestrator.commands })

  stackReadRoutes(deps)
  http.route('planStack', ({ params, query, body }) => {
    refuseOtherName(params.stack, body.name)
    return orchestrator.plan(body, namedIn(query))
  })
  http.route('applyStack', ({ actor, params, query, body, request }) => {
    refuseOtherName(params.stack, body.name)
    refuseStale(request.headers['if-match'], params.stack, orchestrator)
    if (query.dryRun === true) return orchestrator.plan(body, namedIn(query))
    return orchestrator.apply(actor, body, {
      ...namedIn(query),
      ...(query.plan === undefined ? {} : { planDigest: query.plan }),
    })
  })
  http.route('applyStackFiles', ({ actor, params, query }) =>
    orchestrator.files.apply(actor, params.stack, query.plan),
  )
  http.route('rollBackStack', ({ actor, params, query, body }) =>
    orchestrator.rollBack(actor, params.stack, {
      dryRun: query.dryRun === true,
      ...(body.revision === undefined ? {} : { revision: body.revision }),
    }),
  )
  http.route('removeStack', ({ actor, params, query }) =>
    orchestrator.remove(actor, params.stack, {
      volumes: query.volumes === true,
      ...(query.resources === undefined
        ? {}
        : { resources: query.resources.split(',').filter((name) => name !== '') }),
      ...(query.workingDir === undefined ? {} : { workingDir: query.workingDir }),
    }),
  )
  http.route('getServiceLogs', async ({ params, query }) => {
    const service = registry.getService(params.name, query.stack)
    const names = await instancesToRead(deps, service)
    const instances = query.instance === undefined ? names : [query.instance]
    if (query.instance !== undefined && !names.includes(query.instance)) {
      const message = `${service.spec.name} has no instance ${query.instance}`
      throw new AppError('instance_not_found', { message })
    }
    return logs.page({
      stack: service.stack,
      instances,
      limit: query.limit,
      ...(query.before === undefined ? {} : { before: query.before }),
      ...(query.after === undefined ? {} : { after: query.after }),
    })
  })
}

const refuseOtherName = (inPath: string, inBody: string): void => {
  if (inPath === inBody) return
  throw new AppError('bad_request', {
    message: `The path names the stack ${inPath} and the body ${inBody}`,
  })
}

const refuseStale = (
  ifMatch: string | undefined,
  name: string,
  orchestrator: Orchestrator,
): void => {
  if (ifMatch === undefined || ifMatch === '*' || !orchestrator.hasStack(name)) return
  const { revision } = orchestrator.getStack(name)
  if (ifMatch.replaceAll('"', '') === String(revision)) return
  throw new AppError('revision_conflict', { message: `${name} is at revision ${revision} now` })
}

/** Services that were asked for by name. */
const namedIn = ({ named }: { named?: string | undefined }): { named?: string[] } =>
  named === undefined ? {} : { named: named.split(',') }
