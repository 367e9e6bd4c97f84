import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  api,
  builtInRoles,
  type Endpoint,
  type EndpointName,
  type NewApiToken,
  type Permission,
} from '@keelson/contract'
import type { TSchema } from 'typebox'
import { localActor } from '../kernel/actor.ts'
import { systemClock } from '../kernel/clock.ts'
import { createHttp, type Http } from '../kernel/http.ts'
import { quietLog } from '../kernel/testing/index.ts'
import { openIdentity, type Opened } from '../identity/testing/open-identity.ts'
import { serviceSpec, stackSpec } from '../orchestrator/testing/spec.ts'
import { createRegistry, findServiceIn } from '../registry/index.ts'

/**
 * Every endpoint of the contract is asked about `shop` by everybody there is, with real credentials
 * before it and nothing behind it: whoever is let in gets 200.
 */
const endpoints = Object.entries(api) as [EndpointName, Endpoint][]

/** Where a value of the shape alone would be refused. */
const bodies: Partial<Record<EndpointName, unknown>> = {
  planStack: stackSpec('shop', [serviceSpec('web')]),
  applyStack: stackSpec('shop', [serviceSpec('web')]),
}
const params: Record<string, string> = { stack: 'shop', name: 'shop%2Fweb', number: '1' }
const texts: Record<string, string> = { 'date-time': '2030-01-01T00:00:00Z' }
const candidates = ['aaaaaaaa', '/a', 'service:a/b', 'a:b']

type Shape = {
  type?: string
  properties?: Record<string, TSchema>
  required?: string[]
  items?: TSchema
  enum?: unknown[]
  anyOf?: TSchema[]
  minItems?: number
  minimum?: number
  minLength?: number
  pattern?: string
  format?: string
}

/** The least that a schema of the contract takes. */
const sample = (schema: TSchema): unknown => {
  const {
    type,
    properties = {},
    required = [],
    items,
    minItems = 0,
    minimum = 1,
    minLength = 0,
  } = schema as Shape
  const { pattern, format } = schema as Shape
  const { enum: values, anyOf } = schema as Shape
  if (values !== undefined) return values[0]
  if (anyOf?.[0] !== undefined) return sample(anyOf[0])
  if (type === 'object') {
    return Object.fromEntries(required.map((name) => [name, sample(properties[name] ?? {})]))
  }
  if (type === 'array') return Array.from({ length: minItems }, () => sample(items ?? {}))
  if (type === 'integer' || type === 'number') return minimum
  if (type === 'boolean') return true
  if (format !== undefined) return texts[format] ?? 'a'
  const fits =
    pattern === undefined ? () => true : (text: string) => new RegExp(pattern, 'u').test(text)
  return candidates.find((text) => text.length >= minLength && fits(text)) ?? 'a'
}

const queryOf = ({ query }: Endpoint): string => {
  const given = query === undefined ? {} : (sample(query) as Record<string, unknown>)
  return new URLSearchParams(
    Object.entries(given).map(([name, value]) => [name, String(value)]),
  ).toString()
}

let keelson: Opened
let http: Http
const cookies: Record<string, string> = {}
/** API tokens, by what they are. */
const tokens: Record<'expired' | 'unscoped' | 'scoped' | 'operator', string> = {
  ...{ expired: '', unscoped: '', scoped: '', operator: '' },
}

before(async () => {
  keelson = await openIdentity()
  const { identity, clock } = keelson
  const recorder = { record: () => {}, flush: () => Promise.resolve(true), stop: () => {} }
  const registry = createRegistry({ db: {} as never, recorder, clock: systemClock })
  for (const stack of ['shop', 'blog']) {
    registry.declare({
      ...{ id: `${stack}/web`, stack, spec: serviceSpec('web') },
      ...{ builtIn: false, upstreams: [], injected: {} },
    })
  }
  http = await createHttp({
    clock,
    ...{ log: quietLog, newId: () => 'r-1', hostNames: ['localhost'] },
    authenticate: (request) => identity.authenticate(request),
    onDenied: async () => undefined,
  })
  http.useServices(findServiceIn(registry))
  for (const [name] of endpoints) http.route(name, () => ({ isLetIn: true }) as never)

  const enter = async (name: string): Promise<void> => {
    cookies[name] = `keelson_session=${(await keelson.signIn(name)).token}`
  }
  await keelson.addPerson('ada', 'administrator')
  await keelson.addPerson('eve')
  await enter('eve')
  clock.advance(1)
  for (const name of ['dan', 'vera']) await keelson.addPerson(name, 'viewer')
  await keelson.addPerson('olga')
  const grant = { user: 'olga', role: 'operator', on: { name: 'stack:blog' } }
  await identity.grants.create(grant, localActor)
  for (const name of ['ada', 'dan', 'vera', 'olga']) await enter(name)
  await makeTokens()
  await identity.people.update('dan', { disabled: true }, localActor)
  await keelson.db.execute(
    `update identity.session set expires_at = created_at
     where principal_id = (select id from identity.principal where name = 'eve')`,
  )
})
after(async () => {
  await http.close()
  await keelson[Symbol.asyncDispose]()
})

const makeTokens = async (): Promise<void> => {
  const { identity, clock, authenticate } = keelson
  const ada = await authenticate(cookies['ada']?.split('=')[1] ?? '')
  const make = async (owner: { id: string; name: string }, given: Partial<NewApiToken> = {}) =>
    (await identity.tokens.create(owner, { name: 'one', ...given }, ada)).secret
  const expiresAt = new Date(clock.now().getTime() + 1).toISOString()
  const robot = { name: 'robot', role: 'operator' }
  tokens.expired = await make(ada, { expiresAt })
  tokens.unscoped = await make(ada)
  tokens.scoped = await make(ada, { scopes: ['services:read'] })
  tokens.operator = await make(await identity.serviceAccounts.create(robot, ada))
  clock.advance(1)
}

/** `200`, or status and code of the refusal. */
const ask = async (name: EndpointName, headers: Record<string, string>): Promise<string> => {
  const endpoint: Endpoint = api[name]
  const path = endpoint.path.replaceAll(
    /:(\w+)/g,
    (_, param: string) => params[param] ?? 'aaaaaaaa',
  )
  const query = queryOf(endpoint)
  const answer = await http.app.inject({
    ...{ method: endpoint.method, url: query === '' ? path : `${path}?${query}` },
    headers: { host: 'localhost', ...headers },
    ...(endpoint.body === undefined
      ? {}
      : { payload: (bodies[name] ?? sample(endpoint.body)) as object }),
  })
  const { code } = answer.json<{ code?: string }>()
  return code === undefined ? String(answer.statusCode) : `${answer.statusCode} ${code}`
}

const isPublic = ({ permission }: Endpoint): boolean =>
  permission === 'public' || permission === 'status:read'

const ofNobody = (endpoint: Endpoint): string =>
  isPublic(endpoint) ? '200' : '401 unauthenticated'

const ofRole =
  (role: string) =>
  (endpoint: Endpoint): string =>
    builtInRoles[role]?.permissions.includes(endpoint.permission) === true ? '200' : '403 forbidden'

/** An operator of another stack: lists leave out what is not theirs, `shop` is not there for them. */
const ofStranger = (endpoint: Endpoint): string => {
  if (isPublic(endpoint) || endpoint.permission === 'account:own') return '200'
  const held = ofRole('operator')(endpoint)
  if (held !== '200' || endpoint.on === 'listed') return held
  if (endpoint.on === 'stack') return '404 stack_not_found'
  return endpoint.on === 'service' ? '404 service_not_found' : '403 forbidden'
}

/** What takes a person who proved who they are takes no token. */
const ofPersonalToken = (endpoint: Endpoint): string =>
  endpoint.fresh === true ? '403 reauthentication_required' : '200'

const ofScope =
  (scope: Permission) =>
  (endpoint: Endpoint): string =>
    isPublic(endpoint) || endpoint.permission === scope ? '200' : '403 forbidden'

const bearer = (token: keyof typeof tokens) => () => ({ authorization: `Bearer ${tokens[token]}` })

const people: [string, () => Record<string, string>, (endpoint: Endpoint) => string][] = [
  ['nobody', () => ({}), ofNobody],
  ['an administrator', () => ({ cookie: cookies['ada'] ?? '' }), ofRole('administrator')],
  ['a viewer', () => ({ cookie: cookies['vera'] ?? '' }), ofRole('viewer')],
  ['an operator of another stack', () => ({ cookie: cookies['olga'] ?? '' }), ofStranger],
  ['a user who is disabled', () => ({ cookie: cookies['dan'] ?? '' }), ofNobody],
  ['a session that has expired', () => ({ cookie: cookies['eve'] ?? '' }), ofNobody],
  ['a wrong token', () => ({ authorization: 'Bearer x' }), () => '401 unauthenticated'],
  ['an API token that has expired', bearer('expired'), () => '401 unauthenticated'],
  ['an API token of an administrator', bearer('unscoped'), ofPersonalToken],
  ['one that may services:read alone', bearer('scoped'), ofScope('services:read')],
  ['a service account that is operator', bearer('operator'), ofRole('operator')],
]
for (const [who, headersOf, expected] of people) {
  test(`ASVS 8.2.2: every endpoint answers ${who} as the contract says`, async () => {
    const answers: Record<string, string> = {}
    for (const [name] of endpoints) answers[name] = await ask(name, headersOf())
    assert.deepEqual(
      answers,
      Object.fromEntries(endpoints.map(([name, endpoint]) => [name, expected(endpoint)])),
    )
  })
}

test('ASVS 8.2.1: an endpoint about a stack, a service or the gateway asks about it', () => {
  const asked = endpoints.filter(([, { permission }]) =>
    /^(services|stacks|logs|gaps|gateway):/.test(permission),
  )
  for (const [name, { path, on }] of asked) {
    if (path.includes('/stacks/:stack')) assert.equal(on, 'stack', name)
    else if (path.includes('/services/:name')) assert.equal(on, 'service', name)
    else assert.ok(on === 'listed' || on === 'gateway', name)
  }
  assert.ok(asked.length > 50)
})

test('ASVS 8.3.2: what is taken away is gone with the next request', async () => {
  const { identity } = keelson
  const id = await keelson.addPerson('nina')
  const grant = await identity.grants.create({ user: id, role: 'editor' }, localActor)
  const headers = { cookie: `keelson_session=${(await keelson.signIn('nina')).token}` }
  assert.equal(await ask('restartService', headers), '200')
  await identity.grants.revoke(grant.id, localActor)
  assert.equal(await ask('restartService', headers), '403 forbidden')
})
