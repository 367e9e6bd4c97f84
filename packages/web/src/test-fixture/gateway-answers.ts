import type {
  GatewayConsumerRow,
  GatewayDiff,
  GatewayExplainAsk,
  GatewayExplanation,
  GatewayRouteRow,
  GatewayWarmed,
} from '@keelson/contract'
import * as data from './fixture-gateway.ts'
import { Refusal } from './refusal.ts'

/** Answers of the gateway endpoints over fixed data that a test may change. */

export const madeKey = 'Q3vXk29sLr7TnWc8YhB4mZpE6dGfJa1u'

const changes: GatewayDiff['changes'] = [
  { change: 'created', kind: 'plugin', name: 'key-auth', fields: [] },
  { change: 'created', kind: 'plugin', name: 'key-auth', fields: [] },
  {
    ...{ change: 'updated', kind: 'plugin', name: 'rate-limiting' },
    fields: [
      { path: 'config.minute', before: 60, after: 120 },
      { path: 'config.redis.password', before: null, after: '***' },
    ],
  },
  { change: 'deleted', kind: 'route', name: 'old', fields: [] },
]

const warmed: GatewayWarmed = {
  ...{ stored: 1, failed: 1 },
  failures: [{ url: 'https://shop.example/b', reason: 'answered 404' }],
}

const explanationOf = ({ url }: GatewayExplainAsk): GatewayExplanation => {
  const [first, second, third] = data.gatewayRoutes
  const told = (
    row: GatewayRouteRow | undefined,
    outcome: GatewayExplanation['routes'][number]['outcome'],
    reason: string,
  ) =>
    row === undefined ? [] : [{ id: row.id, name: row.name, manager: row.manager, outcome, reason }]
  if (!url.includes('/v2/orders')) {
    return {
      ...{ sentence: 'No route takes this request.', plugins: [], upstream: null, captures: {} },
      routes: told(first, 'does not match', 'path / does not start with /v2/orders'),
    }
  }
  return {
    sentence: 'orders-v2 takes it to shop-orders-1 of shop/orders.',
    routes: [
      ...told(first, 'wins', 'host and path match'),
      ...told(third, 'matches but loses', 'its path is shorter: / after /v2/orders'),
      ...told(second, 'does not match', 'path /v2/orders/7 does not start with /v1/orders'),
    ],
    plugins: (first?.plugins ?? []).map((plugin) => ({
      ...plugin,
      phases: ['access', 'header_filter'],
    })),
    upstream: {
      ...{ url: 'http://orders:3000/7', host: 'orders', algorithm: 'least-connections' },
      ...{ target: '127.0.0.1:4001', why: 'fewest requests in flight: 3' },
      others: ['25 % of the requests go to orders-next', 'the rest stays here'],
    },
    captures: { id: '7' },
  }
}

const pageOf = <T>(rows: readonly T[], query: URLSearchParams) => {
  const from = Number(query.get('cursor') ?? 0)
  const items = rows.slice(from, from + Number(query.get('limit') ?? 200))
  const next = from + items.length
  return { items, nextCursor: next < rows.length ? String(next) : null }
}
const whole = <T>(items: readonly T[]) => ({ items, nextCursor: null })

type Request = { query: URLSearchParams; body: unknown }

export const createGateway = () => {
  let routes = data.gatewayRoutes
  let upstreams = data.gatewayUpstreams
  let consumers = data.gatewayConsumers
  let caches = data.gatewayCaches
  let certificates = data.gatewayCertificates
  let documents = data.gatewayDocuments
  let revisions = data.gatewayRevisions
  let revision = 7
  let refusal: Refusal | null = null
  const asks: unknown[] = []

  const routesOf = (query: URLSearchParams) => {
    const wanted = query.get('contains')?.toLowerCase() ?? ''
    const stack = query.get('stack')
    return pageOf(
      routes.filter(
        ({ name, hosts, paths, manager }) =>
          [name ?? '', ...hosts, ...paths].some((word) => word.toLowerCase().includes(wanted)) &&
          (stack === null || manager.stack === stack),
      ),
      query,
    )
  }

  const consumersOf = (query: URLSearchParams) =>
    pageOf(
      consumers.filter(({ username, groups }) =>
        [username ?? '', ...groups].some((word) => word.includes(query.get('contains') ?? '')),
      ),
      query,
    )

  const createConsumer = (body: unknown): GatewayConsumerRow => {
    const { username, groups = [] } = body as { username: string; groups?: string[] }
    if (consumers.some((one) => one.username === username)) {
      throw new Refusal(409, `There is a consumer ${username} already`, {
        title: 'The name is taken',
      })
    }
    const row: GatewayConsumerRow = {
      ...{ id: `c-${username}`, username, customId: null, manager: data.managers.own, groups },
      ...{ credentials: [], plugins: [] },
    }
    consumers = [...consumers, row]
    return row
  }

  const createKey = (id: string, body: unknown) => {
    const { tags = [] } = body as { tags?: string[] }
    const credential = {
      ...{ id: `k-${id}`, kind: 'keyauth_credentials' as const, tags },
      label: `…${madeKey.slice(-4)}`,
    }
    consumers = consumers.map((row) =>
      row.id === id ? { ...row, credentials: [...row.credentials, credential] } : row,
    )
    return { credential, key: madeKey }
  }

  const revoke = (id: string) => {
    consumers = consumers.map((row) => ({
      ...row,
      credentials: row.credentials.filter((one) => one.id !== id),
    }))
  }

  const apply = ({ query, body }: Request): GatewayDiff => {
    const { text } = body as { text: string }
    if (text.includes('brken')) {
      const fault = {
        ...{ line: 3, column: 5, entity: "service 'orders' (services[0])" },
        ...{ message: 'brken is no field of a service', hint: 'Did you mean: enabled' },
      }
      return { changes: [], more: 0, faults: [fault], notes: [], revision }
    }
    const looked = query.get('revision')
    if (looked !== null && Number(looked) !== revision) {
      const message = `The gateway configuration is at revision ${revision}, not ${looked}`
      throw new Refusal(412, message, { title: 'The object was changed by someone else' })
    }
    if (query.get('dryRun') !== 'true') revision += 1
    return { changes, more: 0, faults: [], notes: [], revision }
  }

  const answer = (
    method: string,
    [what, id = '', more]: readonly (string | undefined)[],
    request: Request,
  ): unknown => {
    const { query, body } = request
    if (refusal !== null) throw refusal
    if (body !== undefined) asks.push(body)
    switch (`${method} ${what} ${more ?? ''}`.trim()) {
      case 'GET routes':
        return routesOf(query)
      case 'GET upstreams':
        return whole(upstreams)
      case 'GET consumers':
        return consumersOf(query)
      case 'POST consumers':
        return createConsumer(body)
      case 'DELETE consumers':
        consumers = consumers.filter((row) => row.id !== id)
        return undefined
      case 'POST consumers keys':
        return createKey(id, body)
      case 'DELETE credentials':
        return revoke(id)
      case 'GET certificates':
        return whole(certificates)
      case 'GET caches':
        return whole(caches)
      case 'POST caches':
        return id === 'warm' ? warmed : { removed: 412 }
      case 'POST explain':
        return explanationOf(body as GatewayExplainAsk)
      case 'GET documents':
        return whole(documents)
      case 'GET export':
        return { text: '_format_version: "3.0"\n', leftOut: ['route web is called shop-web'] }
      case 'PUT config':
        return apply(request)
      case 'GET revisions':
        return whole(revisions)
      case 'POST rollback':
        if (query.get('dryRun') !== 'true') revision += 1
        return { changes: changes.slice(2), more: 0, faults: [], notes: [], revision }
      default:
        throw new Refusal(404, `Nothing at gateway/${what ?? ''}`)
    }
  }

  return {
    answer,
    setRoutes: (next: GatewayRouteRow[]) => {
      routes = next
    },
    empty: () => {
      routes = []
      upstreams = []
      consumers = []
      caches = []
      certificates = []
      documents = []
      revisions = []
    },
    /** Nothing is answered from now on; with null everything again. */
    refuse: (message: string | null) => {
      refusal = message === null ? null : new Refusal(404, message)
    },
    /** Bodies of what was asked, as they came. */
    asks,
    /** Somebody else applies a configuration. */
    moveOn: () => {
      revision += 1
    },
  }
}
