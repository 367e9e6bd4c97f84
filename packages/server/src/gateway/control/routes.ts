import {
  gatewayObject,
  stackObject,
  type GatewayCertificateRow,
  type GatewayManager,
} from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import type { Audit, AuditEntry } from '../../kernel/audit/index.ts'
import type { Http } from '../../kernel/http.ts'
import type { Canaries } from '../canaries/canaries.ts'
import { purgeOf, refuseUnknownHost } from './cache-asks.ts'
import type { createConsumers } from './consumers.ts'
import type { OwnConfig } from './own-config.ts'
import type { GatewayViews } from './views.ts'

type Deps = {
  http: Http
  audit: Pick<Audit, 'write'>
  views: GatewayViews
  own: OwnConfig
  consumers: ReturnType<typeof createConsumers>
  canaries: Pick<Canaries, 'decide'>
  certificates: () => Promise<GatewayCertificateRow[]>
}

/** HTTP in, verb, HTTP out. */
export const gatewayRoutes = (deps: Deps): void => {
  const { http, audit, views, own, consumers, canaries, certificates } = deps
  http.route('listGatewayRoutes', async ({ actor, query: { stack, contains, cursor, limit } }) =>
    pageOf(visibleTo(actor, await views.routes({ ...given({ stack, contains }) })), cursor, limit),
  )
  http.route('listGatewayUpstreams', async ({ actor, query }) =>
    whole(visibleTo(actor, await views.upstreams(query.stack))),
  )
  http.route('listGatewayConsumers', ({ actor, query: { contains, cursor, limit } }) => {
    const wanted = contains?.toLowerCase()
    const rows = visibleTo(actor, views.consumers()).filter(
      ({ username, customId, groups }) =>
        wanted === undefined ||
        [username, customId, ...groups].some((one) => one?.toLowerCase().includes(wanted)),
    )
    return pageOf(rows, cursor, limit)
  })
  http.route('createGatewayConsumer', ({ actor, body }) => consumers.create(actor, body))
  http.route('deleteGatewayConsumer', ({ actor, params }) => consumers.remove(actor, params.id))
  http.route('createGatewayKey', ({ actor, params, body }) =>
    consumers.createKey(actor, params.id, body.tags ?? []),
  )
  http.route('deleteGatewayCredential', ({ actor, params }) => consumers.revoke(actor, params.id))
  http.route('decideGatewayCanary', async ({ actor, body: { service, verdict } }) => {
    await canaries.decide(actor, service, verdict)
    return {}
  })
  http.route('listGatewayCertificates', async () => whole(await certificates()))
  http.route('listGatewayCaches', async () => whole(await views.caches()))
  http.route('purgeGatewayCache', async ({ actor, body }) => {
    const what = purgeOf(body)
    await audit.write(actor, entryOf('gateway.cache_purged', { ...what }))
    return views.purge(what)
  })
  http.route('warmGatewayCache', async ({ actor, body }) => {
    refuseUnknownHost(body)
    const { host = null, paths } = body
    await audit.write(actor, entryOf('gateway.cache_warmed', { host, paths: paths.length }))
    return views.warm(body.host ?? '', body.paths)
  })
  http.route('explainGateway', ({ body }) => views.explain(body))
  http.route('listGatewayPlugins', () => views.plugins())
  http.route('listGatewayDocuments', ({ actor }) => whole(visibleTo(actor, views.documents())))
  http.route('exportGateway', ({ query }) => views.export({ ...query, secrets: false }))
  http.route('exportGatewaySecrets', async ({ actor, body }) => {
    await audit.write(actor, entryOf('gateway.exported', { ...body }))
    return views.export({ ...body, secrets: true })
  })
  http.route('applyGateway', ({ actor, query, body }) =>
    own.apply(actor, body.text, {
      ...{ dryRun: query.dryRun === true, revision: query.revision, note: body.note },
    }),
  )
  http.route('listGatewayRevisions', async () => whole(await own.revisions()))
  http.route('rollBackGateway', ({ actor, query, body }) =>
    own.rollBack(actor, body.revision, {
      ...{ dryRun: query.dryRun === true, looked: query.revision },
    }),
  )
}

const entryOf = (action: AuditEntry['action'], after: AuditEntry['after']): AuditEntry => ({
  ...{ action, object: { kind: 'gateway', id: 'gateway', name: 'gateway' } },
  ...(after === undefined ? {} : { after }),
})

/** Those of stacks and of the gateway itself that the actor may read. */
const visibleTo = <T extends { manager: GatewayManager | null }>(
  actor: Actor,
  rows: readonly T[],
): T[] =>
  rows.filter(({ manager }) => {
    const stack = manager?.stack ?? null
    return actor.may('gateway:read', stack === null ? gatewayObject : stackObject(stack))
  })

const whole = <T>(items: T[]) => ({ items, nextCursor: null })

/** A cursor is the place in the list: rows do not move while one looks, but for an apply. */
const pageOf = <T>(rows: readonly T[], cursor: string | undefined, limit: number) => {
  if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) throw new AppError('cursor_invalid')
  const from = Number(cursor ?? 0)
  const items = rows.slice(from, from + limit)
  const next = from + items.length
  return { items, nextCursor: next < rows.length ? String(next) : null }
}

/** Without what is undefined. */
const given = <T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
