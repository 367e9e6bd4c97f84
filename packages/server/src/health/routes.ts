import { AppError } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import type { Http } from '../kernel/http.ts'
import type { Stack, TimelineEntry } from '@keelson/contract'
import type { Registry, ServiceDeclaration } from '../registry/index.ts'
import type { Health } from './health.ts'
import {
  describeDetail,
  describePs,
  describeService,
  describeStatus,
  describeTimeline,
  problemsOf,
  spansOf,
  verdictOf,
} from './views.ts'
import { explainService } from './why.ts'

type Deps = {
  http: Http
  registry: Registry
  health: Health
  events: Events
  clock: Clock
  isSecret: (name: string, value: string) => boolean
  /** Stacks that are applied; whoever applies them knows. */
  stacks: () => Stack[]
}

const recentMax = 15

export const serviceRoutes = (deps: Deps): void => {
  const { http, registry, health, events, clock } = deps
  const known = { registry, health }
  const servicesIn = (stack: string | undefined): ServiceDeclaration[] =>
    registry
      .services()
      .filter((service) => stack === undefined || service.stack === stack)
      .sort((a, b) => a.id.localeCompare(b.id))
  const status = ({ query }: { query: { stack?: string } }) =>
    describeStatus(servicesIn(query.stack), known, clock.now())

  http.route('getServicesStatus', status)
  // The path that dashboards of teams already ask; the same body.
  http.app.get('/api/services/status', { config: { permission: 'status:read' } }, (request) =>
    status({ query: { ...stackOf(request.query) } }),
  )

  http.route('getOverview', async () => {
    const summaries = servicesIn(undefined).map((service) => describeService(service, known))
    const counts: Record<string, number> = {}
    for (const { state } of summaries) counts[state] = (counts[state] ?? 0) + 1
    return {
      verdict: verdictOf(summaries),
      counts,
      problems: problemsOf(summaries),
      recent: await recentEvents(),
      stacks: deps.stacks(),
    }
  })

  /** Without a database there is no timeline; what is wrong can be told all the same. */
  const recentEvents = async (): Promise<TimelineEntry[]> => {
    try {
      return (await events.list({ limit: recentMax })).map(describeTimeline)
    } catch (error) {
      if (error instanceof AppError && error.code === 'database_unavailable') return []
      throw error
    }
  }

  http.route('listServices', ({ query }) => {
    const after = query.cursor === undefined ? '' : decodeCursor(query.cursor)
    const left = servicesIn(query.stack).filter(({ id }) => id > after)
    const items = left.slice(0, query.limit).map((service) => describeService(service, known))
    const last = items.at(-1)
    const more = left.length > items.length && last !== undefined
    return { items, nextCursor: more ? encodeCursor(last.id) : null }
  })

  http.route('listInstances', ({ query }) =>
    servicesIn(query.stack)
      .flatMap(({ id }) => registry.instancesOf(id))
      .map((instance) => describePs(instance, known)),
  )

  http.route('getService', ({ params, query }) =>
    describeDetail(registry.getService(params.name, query.stack), known, deps.isSecret),
  )

  http.route('getServiceTimeline', async ({ params, query }) => {
    const service = registry.getService(params.name, query.stack)
    return timelinePage({ subject: service.id }, query)
  })

  http.route('getTimeline', ({ query }) =>
    timelinePage(query.stack === undefined ? {} : { subjectPrefix: query.stack }, query),
  )

  const timelinePage = async (
    filter: { subject?: string; subjectPrefix?: string },
    { cursor, limit }: { cursor?: string; limit: number },
  ) => {
    const before = cursor === undefined ? undefined : decodePosition(cursor)
    const found = await events.list({ ...filter, before, limit: limit + 1 })
    const items = found.slice(0, limit).map(describeTimeline)
    const last = items.at(-1)
    return { items, nextCursor: found.length > limit && last !== undefined ? last.position : null }
  }

  http.route('getServiceHealth', async ({ params, query }) => {
    const service = registry.getService(params.name, query.stack)
    const to = clock.now()
    const from = new Date(to.getTime() - query.hours * 3_600_000)
    const changes = await health.history(service.id, from)
    return { from: from.toISOString(), to: to.toISOString(), spans: spansOf(changes, from, to) }
  })

  http.route('whyService', async ({ params, query }) => {
    const service = registry.getService(params.name, query.stack)
    const root = health.service(service.id)?.root ?? service.id
    const found = await events.list({ subject: root, limit: recentMax })
    return explainService(service, known, found.map(describeTimeline), clock.now())
  })
}

const stackOf = (query: unknown): { stack?: string } => {
  const stack = (query as Record<string, unknown>)['stack']
  return typeof stack === 'string' ? { stack } : {}
}

const encodeCursor = (id: string): string => Buffer.from(id).toString('base64url')
const decodeCursor = (cursor: string): string => {
  const id = Buffer.from(cursor, 'base64url').toString()
  if (!id.includes('/')) throw new AppError('cursor_invalid')
  return id
}
const decodePosition = (cursor: string): string => {
  if (!/^\d{1,18}$/.test(cursor)) throw new AppError('cursor_invalid')
  return cursor
}
