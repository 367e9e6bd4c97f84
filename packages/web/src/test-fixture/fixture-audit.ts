import type { AuditRow, AuditState } from '@keelson/contract'
import type { AuditAction } from '@keelson/contract/audit-actions'

/** What was done in the fixture, newest first. */

const minuteMs = 60_000
const ago = (minutes: number) => new Date(Date.now() - minutes * minuteMs).toISOString()

const row = (
  number: number,
  action: AuditAction,
  object: AuditRow['object'],
  more: Partial<AuditRow> = {},
): AuditRow => ({
  ...{ id: `a-${number}`, at: ago(number * 7), action, outcome: 'done', object, count: 1 },
  actor: { kind: 'user', id: 'u-ana', name: 'ana', credential: null },
  ...{ onBehalfOf: null, before: null, after: null, cut: false, reason: null, via: 'page' },
  ...{ address: '192.0.2.7', requestId: `req-${number}` },
  place: { lane: number % 16, number: String(400 - number), chain: 'c0ffee' },
  ...more,
})

const leo = { kind: 'user', id: 'u-leo', name: 'leo', credential: 'session:4f' }
const platform = { kind: 'platform', id: 'platform', name: 'platform' }
const web = { kind: 'service', id: 'shop/web', name: 'shop/web' }
const shop = { kind: 'stack', id: 'shop', name: 'shop' }

const someRows = (): AuditRow[] => [
  row(1, 'service.scaled', web, {
    ...{ before: { replicas: 2 }, after: { replicas: 3 }, reason: 'The sale begins at noon' },
  }),
  row(2, 'request.denied', web, { actor: leo, outcome: 'denied', count: 14, via: 'cli' }),
  row(
    3,
    'grant.created',
    { kind: 'grant', id: 'g-2', name: 'operator' },
    {
      after: {
        holder: { kind: 'user', id: 'u-leo', name: 'leo' },
        ...{ role: 'operator', effect: 'allow', on: { name: 'stack:shop' } },
      },
    },
  ),
  row(4, 'stack.applied', shop, {
    actor: { kind: 'service_account', id: 'sa-1', name: 'deploy-bot', credential: 'token:7Yq2Wm' },
    ...{ via: 'api', address: '10.4.0.7', onBehalfOf: 'leo' },
  }),
  row(
    5,
    'user.changed',
    { kind: 'user', id: 'u-leo', name: 'leo' },
    {
      ...{ before: { email: null }, after: { email: 'leo@example.com' } },
    },
  ),
  row(6, 'session.refused', platform, {
    actor: { kind: 'anonymous', id: 'anonymous', name: 'somebody', credential: null },
    ...{ outcome: 'denied', count: 3, address: '2001:db8::7' },
  }),
  row(
    7,
    'gateway.configured',
    { kind: 'gateway', id: 'gateway', name: 'gateway' },
    {
      actor: { kind: 'local', id: 'local', name: 'local command line', credential: 'local' },
      ...{ cut: true, via: 'cli' },
    },
  ),
]

const state: AuditState = {
  ...{ keptMonths: 24, checkpoint: { number: 512, at: ago(0) } },
  sinks: [
    {
      ...{ name: 'webhook', to: 'https://siem.example', lagRows: 40, lagSeconds: 260 },
      ...{ deliveredAt: ago(5), failure: 'it answered 503' },
    },
  ],
}

export const createAudit = () => {
  let rows = someRows()
  const queries: Record<string, string>[] = []

  const list = (query: URLSearchParams) => {
    queries.push(Object.fromEntries(query))
    const [actor, object, action, outcome, contains] = [
      ...['actor', 'object', 'action', 'outcome', 'contains'].map((name) => query.get(name)),
    ]
    const items = rows.filter(
      (one) =>
        (actor === null || one.actor.name === actor) &&
        (object === null || `${one.object.kind}:${one.object.name}` === object) &&
        (action === null || one.action === action) &&
        (outcome === null || one.outcome === outcome) &&
        JSON.stringify(one).includes(contains ?? ''),
    )
    return { items, nextCursor: null }
  }

  return {
    answer: (name: string | undefined, query: URLSearchParams): unknown =>
      name === 'state' ? state : list(query),
    /** What was looked for. */
    queries,
    empty: () => {
      rows = []
    },
  }
}
