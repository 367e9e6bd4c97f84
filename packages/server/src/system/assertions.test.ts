import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { localActor } from '../kernel/actor.ts'
import type { Assertion, Permission } from '@keelson/contract'
import { createHttp, type Http } from '../kernel/http.ts'
import { quietLog } from '../kernel/testing/index.ts'
import { openIdentity, type Opened } from '../identity/testing/open-identity.ts'
import { serviceSpec } from '../orchestrator/testing/spec.ts'
import { createRegistry, findServiceIn } from '../registry/index.ts'
import { assertionRoute } from './assertions.ts'

let keelson: Opened
let http: Http
/** By the networks it is for. */
const tokens = { everywhere: '', office: '', machine: '', both: '' }
/** By their scope. */
const narrow = { 'status:read': '', 'services:read': '', 'account:own': '' }
type Narrow = keyof typeof narrow
let session = ''

before(async () => {
  keelson = await openIdentity()
  const { identity, clock } = keelson
  const recorder = { record: () => {}, flush: () => Promise.resolve(true), stop: () => {} }
  const registry = createRegistry({ db: {} as never, recorder, clock })
  registry.declare({
    ...{ id: 'shop/web', stack: 'shop', spec: serviceSpec('web') },
    ...{ builtIn: false, upstreams: [], injected: {} },
  })
  http = await createHttp({
    ...{ clock, log: quietLog, newId: () => 'r-1', hostNames: ['localhost'] },
    authenticate: (request) => identity.authenticate(request),
    onDenied: async () => undefined,
    trustedProxies: ['127.0.0.9'],
  })
  http.useServices(findServiceIn(registry))
  assertionRoute({ http, identity, registry })
  const id = await keelson.addPerson('ada', 'administrator')
  const make = async (networks: string[]): Promise<string> => {
    const given = { name: 'one', networks }
    return (await identity.tokens.create({ id, name: 'ada' }, given, localActor)).secret
  }
  for (const scope of ['status:read', 'services:read', 'account:own'] as const) {
    const given = { name: scope, scopes: [scope] }
    narrow[scope] = (await identity.tokens.create({ id, name: 'ada' }, given, localActor)).secret
  }
  tokens.everywhere = await make([])
  tokens.office = await make(['192.0.2.0/24'])
  tokens.machine = await make(['127.0.0.1'])
  tokens.both = await make(['192.0.2.0/24', '127.0.0.0/8'])
  session = (await keelson.signIn('ada')).token
})
after(async () => {
  await http.close()
  await keelson[Symbol.asyncDispose]()
})

type Given = { told?: string; from?: string; forwardedFor?: string; permission?: Permission }

const ask = async (credential: Record<string, string>, given: Given = {}): Promise<number> =>
  (await answerTo(credential, given)).statusCode

const answerTo = async (credential: Record<string, string>, given: Given) => {
  const { told, from = '127.0.0.1', forwardedFor, permission } = given
  return http.app.inject({
    ...{ method: 'POST', url: '/api/v1/session/assertions', remoteAddress: from },
    headers: {
      ...{ host: 'localhost', origin: 'http://localhost', ...credential },
      ...(forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor }),
    },
    payload: {
      object: 'service:shop/web',
      ...(told === undefined ? {} : { address: told }),
      ...(permission === undefined ? {} : { permission }),
    },
  })
}

const cases: [keyof typeof tokens, Given, number][] = [
  ['both', { told: '192.0.2.5' }, 200],
  ['both', { told: '::ffff:192.0.2.5' }, 200],
  ['both', { told: '192.0.2.5', from: '::ffff:127.0.0.1' }, 200],
  ['both', { told: '203.0.113.9' }, 401],
  ['both', { told: 'nowhere' }, 401],
  ['both', {}, 401],
  // Only this machine is believed, and who comes through a proxy is not this machine.
  ['both', { told: '192.0.2.5', from: '192.0.2.6' }, 401],
  ['both', { told: '192.0.2.5', from: '127.0.0.9', forwardedFor: '192.0.2.6' }, 401],
  ['machine', { told: '203.0.113.9' }, 401],
  ['machine', { told: '127.0.0.1' }, 200],
  ['office', { told: '192.0.2.5' }, 401],
  ['everywhere', { told: '203.0.113.9' }, 200],
  ['everywhere', {}, 200],
  ['everywhere', { from: '203.0.113.9' }, 200],
]
for (const [token, given, status] of cases) {
  test(`a token for ${token} asked about with ${JSON.stringify(given)} gets ${status}`, async () => {
    assert.equal(await ask({ authorization: `Bearer ${tokens[token]}` }, given), status)
  })
}

test('a session is bound to no network', async () => {
  const credential = { cookie: `keelson_session=${session}` }
  assert.equal(await ask(credential, { told: '203.0.113.9' }), 200)
})

test('who shows nothing gets nothing', async () => {
  assert.equal(await ask({}, { told: '127.0.0.1' }), 401)
})

/** A service does for whoever it is told of what it will: a narrow token is not the whole person there. */
const named: [Narrow, Permission | undefined, number][] = [
  ['status:read', undefined, 403],
  ['services:read', undefined, 403],
  ['account:own', undefined, 200],
  ['services:read', 'services:read', 200],
  ['account:own', 'services:read', 403],
  // Everybody may these without a token; by one, its scopes have to name them.
  ['services:read', 'status:read', 403],
  ['services:read', 'public', 403],
  ['status:read', 'status:read', 200],
]
for (const [scope, permission, status] of named) {
  test(`a token for ${scope} alone, asked for ${permission ?? 'nothing'}, gets ${status}`, async () => {
    const credential = { authorization: `Bearer ${narrow[scope]}` }
    assert.equal(await ask(credential, permission === undefined ? {} : { permission }), status)
  })
}

test('a service is told what the token is for that somebody came by', async () => {
  const scopeIn = async (credential: string): Promise<unknown> => {
    const answer = await answerTo({ authorization: `Bearer ${credential}` }, {})
    const [, claims = ''] = answer.json<Assertion>().token.split('.')
    const { scope } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { scope?: string }
    return scope
  }
  assert.equal(await scopeIn(narrow['account:own']), 'account:own')
  assert.equal(await scopeIn(tokens.everywhere), undefined)
})
