import { AppError } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Events } from '../kernel/events.ts'
import { can, type Actor } from '../kernel/actor.ts'
import type { Http } from '../kernel/http.ts'
import type { Stack, TimelineEntry } from '@keelson/contract'
import { maySeeEvent, objectOf, type Registry, type ServiceDeclaration } from '../registry/index.ts'
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
  /** Stacks that are applied and may be read; whoever applies them knows. */
  stacksFor: (actor: Actor) => Stack[]
}

const recentMax = 15
/** Of what is looked at for one answer, when most of it is not for whoever asks. */
const timelineScanMax = 5000
const timelineChunk = 500

export const serviceRoutes = (deps: Deps): void => {
  const { http, registry, health, events, clock } = deps
  const known = { registry, health }
  const servicesIn = (stack: string | undefined, actor: Actor): ServiceDeclaration[] =>
    registry
      .services()
      .filter((service) => stack === undefined || service.stack === stack)
      .filter((service) => actor.may('services:read', objectOf(service)))
      .sort((a, b) => a.id.localeCompare(b.id))
  const describeFor = (actor: Actor) => (service: ServiceDeclaration) =>
    describeService(service, known, actor)
  // The state of services is for everybody, as a status page shows it.
  const status = ({ actor, query }: { actor: Actor; query: { stack?: string } }) =>
    describeStatus(
      registry
        .services()
        .filter(({ stack }) => query.stack === undefined || stack === query.stack)
        .sort((a, b) => a.id.localeCompare(b.id)),
      known,
      clock.now(),
      actor,
    )

  http.route('getServicesStatus', status)
  // The path that dashboards of teams already ask; the same body.
  http.app.get(
    '/api/services/status',
    { config: { permission: 'status:read', on: 'listed' } },
    (request) => status({ actor: http.actorOf(request), query: { ...stackOf(request.query) } }),
  )

  http.route('getOverview', async ({ actor }) => {
    const summaries = servicesIn(undefined, actor).map(describeFor(actor))
    const counts: Record<string, number> = {}
    for (const { state } of summaries) counts[state] = (counts[state] ?? 0) + 1
    return {
      verdict: verdictOf(summaries),
      counts,
      problems: problemsOf(summaries),
      recent: await recentEvents(actor),
      stacks: can(actor, 'stacks:read') ? deps.stacksFor(actor) : [],
    }
  })

  /** Without a database there is no timeline; what is wrong can be told all the same. */
  const recentEvents = async (actor: Actor): Promise<TimelineEntry[]> => {
    try {
      return (await timelinePage({}, { limit: recentMax }, actor)).items
    } catch (error) {
      if (error instanceof AppError && error.code === 'database_unavailable') return []
      throw error
    }
  }

  http.route('listServices', ({ actor, query }) => {
    const after = query.cursor === undefined ? '' : decodeCursor(query.cursor)
    const left = servicesIn(query.stack, actor).filter(({ id }) => id > after)
    const items = left.slice(0, query.limit).map(describeFor(actor))
    const last = items.at(-1)
    const more = left.length > items.length && last !== undefined
    return { items, nextCursor: more ? encodeCursor(last.id) : null }
  })

  http.route('listInstances', ({ actor, query }) =>
    servicesIn(query.stack, actor)
      .flatMap(({ id }) => registry.instancesOf(id))
      .map((instance) => describePs(instance, known)),
  )

  http.route('getService', ({ actor, params, query }) =>
    describeDetail(registry.getService(params.name, query.stack), known, deps.isSecret, actor),
  )

  http.route('getServiceTimeline', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    return timelinePage({ subject: service.id }, query, actor)
  })

  http.route('getTimeline', ({ actor, query }) =>
    timelinePage(query.stack === undefined ? {} : { subjectPrefix: query.stack }, query, actor),
  )

  const timelinePage = async (
    filter: { subject?: string; subjectPrefix?: string },
    { cursor, limit }: { cursor?: string; limit: number },
    actor: Actor,
  ) => {
    const items: TimelineEntry[] = []
    let before = cursor === undefined ? undefined : decodePosition(cursor)
    let chunk = limit + 1
    for (let looked = 0; looked < timelineScanMax; looked += chunk) {
      if (looked > 0) chunk = timelineChunk
      const found = await events.list({ ...filter, before, limit: chunk })
      for (const event of found) {
        const isVisible = maySeeEvent(actor, registry, event)
        if (isVisible && items.length === limit) return { items, nextCursor: before ?? null }
        if (isVisible) items.push(describeTimeline(event))
        before = event.position
      }
      if (found.length < chunk) return { items, nextCursor: null }
    }
    return { items, nextCursor: before ?? null }
  }

  http.route('getServiceHealth', async ({ params, query }) => {
    const service = registry.getService(params.name, query.stack)
    const to = clock.now()
    const from = new Date(to.getTime() - query.hours * 3_600_000)
    const changes = await health.history(service.id, from)
    return { from: from.toISOString(), to: to.toISOString(), spans: spansOf(changes, from, to) }
  })

  http.route('whyService', async ({ actor, params, query }) => {
    const service = registry.getService(params.name, query.stack)
    const root = health.service(service.id)?.root ?? service.id
    const { items } = await timelinePage({ subject: root }, { limit: recentMax }, actor)
    return explainService(service, known, items, clock.now(), actor)
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
