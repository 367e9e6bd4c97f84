import { AppError } from '../../kernel/errors.ts'
import type { Http } from '../../kernel/http.ts'
import { objectOf, type Registry, type ServiceDeclaration } from '../../registry/index.ts'
import type { LogStore } from '../logs/index.ts'
import type { Orchestrator } from '../orchestrator.ts'
import { startFor, usageFor } from './readable-stack.ts'
import { readableTo } from './readable-to.ts'
import { instancesToRead, readStackLogs } from './stack-logs.ts'

type Deps = {
  http: Http
  registry: Registry
  orchestrator: Pick<Orchestrator, 'getStack' | 'stackStart' | 'stackUsage'>
  logs: LogStore
}

/** What the page of a stack shows beside its state: its start, what it takes, its logs. */
export const stackViewRoutes = ({ http, registry, orchestrator, logs }: Deps): void => {
  http.route('getStackStart', ({ actor, params: { stack } }) => {
    const { appliedAt: startedAt } = orchestrator.getStack(stack)
    const unseen = { stack, startedAt, endedAt: startedAt, spans: [], criticalPath: [] }
    const start = orchestrator.stackStart(stack) ?? unseen
    return startFor(start, readableTo({ actor, stack, registry }))
  })
  http.route('getStackUsage', async ({ actor, params: { stack } }) => {
    orchestrator.getStack(stack) // throws for one that is not there
    return usageFor(await orchestrator.stackUsage(stack), readableTo({ actor, stack, registry }))
  })
  http.route('getStackLogs', async ({ actor, params: { stack }, query }) => {
    orchestrator.getStack(stack)
    const { services, contains, before, after, limit } = query
    const read = servicesOf(registry, stack, services)
      .filter((service) => actor.may('logs:read', objectOf(service)))
      .map((service) => instancesToRead({ logs, registry }, service))
    return readStackLogs(logs, {
      stack,
      instances: (await Promise.all(read)).flat(),
      limit,
      ...(contains === undefined ? {} : { contains }),
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
    })
  })
}

/** Some services of a stack, or all. */
const servicesOf = (
  registry: Registry,
  stack: string,
  names: string | undefined,
): ServiceDeclaration[] => {
  const all = registry.services().filter((service) => service.stack === stack)
  const wanted = names === undefined ? null : new Set(names.split(',').filter(Boolean))
  const unknown = wanted?.difference(new Set(all.map(({ spec }) => spec.name)))
  for (const name of unknown ?? [])
    throw new AppError('service_not_found', { message: `${stack} has no service ${name}` })
  return all.filter(({ spec }) => wanted === null || wanted.has(spec.name))
}
