import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApiToken, ApiTokenMade, Problem, ServiceAccount } from '@keelson/contract'
import { createHttp } from '../../kernel/http.ts'
import { newId } from '../../kernel/ids.ts'
import { quietLog } from '../../kernel/testing/index.ts'
import { localToken } from '../testing/open-identity.ts'
import { hourMs, openTokens } from '../testing/open-tokens.ts'
import { tokenRoutes } from './routes.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

const anHour = { overlapMinutes: 60 }

/** The routes, asked as whoever the headers say. */
const open = async () => {
  const keelson = await openTokens()
  const { identity } = keelson
  const http = await createHttp({
    clock: keelson.clock,
    ...{ log: quietLog, newId, hostNames: ['localhost'], onDenied: async () => undefined },
    authenticate: (request) => identity.authenticate(request),
  })
  tokenRoutes({ http, identity })
  const as =
    (headers: Record<string, string>) => (method: Method, path: string, payload?: object) =>
      http.app.inject({
        ...{ method, url: `/api/v1/${path}`, headers: { host: 'localhost', ...headers } },
        ...(payload === undefined ? {} : { payload }),
      })
  return {
    keelson,
    nobody: as({}),
    local: as({ authorization: `Bearer ${localToken.reveal()}` }),
    holder: (secret: string) => as({ authorization: `Bearer ${secret}` }),
    person: async (name: string) =>
      as({ cookie: `keelson_session=${(await keelson.signIn(name)).token}` }),
    async [Symbol.asyncDispose]() {
      await http.close()
      await keelson[Symbol.asyncDispose]()
    },
  }
}

const codeOf = (answer: { json(): unknown; statusCode: number }) =>
  `${answer.statusCode} ${(answer.json() as { code?: string }).code ?? ''}`.trim()

test('one makes, lists, rotates and revokes one’s own tokens', async () => {
  await using opened = await open()
  await opened.keelson.addPerson('ana', 'viewer')
  const ana = await opened.person('ana')
  const given = { name: 'ci', scopes: ['logs:read'] }
  const made = (await ana('POST', 'account/tokens', given)).json<ApiTokenMade>()
  const rotated = (
    await ana('POST', `account/tokens/${made.token.id}/rotations`, anHour)
  ).json<ApiTokenMade>()
  assert.equal(rotated.token.formerUntil, '2026-01-01T01:00:00.000Z')
  const { items } = (await ana('GET', 'account/tokens')).json<{ items: ApiToken[] }>()
  assert.deepEqual(items, [rotated.token])
  assert.equal((await opened.holder(rotated.secret)('GET', 'account/tokens')).statusCode, 403)
  assert.equal((await ana('DELETE', `account/tokens/${made.token.id}`)).statusCode, 204)
  assert.equal(codeOf(await opened.holder(made.secret)('GET', 'tokens')), '401 unauthenticated')
  const refused = await opened.local('POST', 'account/tokens', given)
  assert.equal(codeOf(refused), '403 forbidden')
  assert.match(
    refused.json<Problem>().hint,
    /at http.*\/account\/tokens, or name a service account/,
  )
})

test('CVE-2025-61928: nobody makes a token without signing in, or for another by naming them', async () => {
  await using opened = await open()
  const { keelson, nobody } = opened
  const victim = await keelson.addPerson('ana', 'administrator')
  await keelson.addPerson('eve')
  const eve = await opened.person('eve')
  for (const name of ['userId', 'user', 'owner', 'ownerId', 'principalId', 'createdBy']) {
    for (const body of [
      { name: 'x', [name]: victim },
      { name: 'x', [name]: { id: victim } },
    ]) {
      assert.equal(codeOf(await nobody('POST', 'account/tokens', body)), '401 unauthenticated')
      assert.equal(codeOf(await eve('POST', 'account/tokens', body)), '400 bad_request', name)
    }
  }
  const of = (query: string) => eve('POST', `account/tokens?${query}`, { name: 'x' })
  const made = (await of(`user=${victim}&userId=${victim}`)).json<ApiTokenMade>()
  assert.equal(made.token.owner.name, 'eve')
  for (const path of [`service-accounts/${victim}/tokens`, 'service-accounts/ana/tokens']) {
    assert.equal(codeOf(await nobody('POST', path, { name: 'x' })), '401 unauthenticated')
    assert.equal(codeOf(await eve('POST', path, { name: 'x' })), '403 forbidden')
    const root = await opened.person('root')
    assert.equal(codeOf(await root('POST', path, { name: 'x' })), '404 not_found', 'a user is none')
  }
  assert.deepEqual(await keelson.tokens.listOf(victim), [])
})

test('ASVS 7.5.1: a token of a user makes no token, account or secret, whatever it may', async () => {
  await using opened = await open()
  const root = await opened.person('root')
  const made = (await root('POST', 'account/tokens', { name: 'all' })).json<ApiTokenMade>()
  await root('POST', 'service-accounts', { name: 'robot', role: 'administrator' })
  const other = (
    await root('POST', 'service-accounts/robot/tokens', { name: 'x' })
  ).json<ApiTokenMade>()
  const holder = opened.holder(made.secret)
  const sensitive: [Method, string, object?][] = [
    ['POST', 'account/tokens', { name: 'x' }],
    ['POST', `account/tokens/${made.token.id}/rotations`, anHour],
    ['POST', 'service-accounts', { name: 'eve' }],
    ['PUT', 'service-accounts/robot', { disabled: true }],
    ['DELETE', 'service-accounts/robot'],
    ['POST', 'service-accounts/robot/tokens', { name: 'x' }],
    ['POST', `service-accounts/robot/tokens/${other.token.id}/rotations`, anHour],
  ]
  for (const [method, path, body] of sensitive) {
    const answer = await holder(method, path, body)
    assert.equal(codeOf(answer), '403 reauthentication_required', path)
  }
  await opened.keelson.later(hourMs)
  for (const [method, path, body] of sensitive) {
    const answer = await root(method, path, body)
    assert.equal(codeOf(answer), '403 reauthentication_required', `${path} an hour later`)
  }
  assert.equal((await holder('GET', 'tokens')).statusCode, 200)
})

test('ASVS 13.2.1: a program changes its own token without a person', async () => {
  await using opened = await open()
  const { local, holder } = opened
  await local('POST', 'service-accounts', { name: 'robot', role: 'viewer' })
  const path = 'service-accounts/robot/tokens'
  const first = (await local('POST', path, { name: 'own' })).json<ApiTokenMade>()
  const rotation = `account/tokens/${first.token.id}/rotations`
  const next = (await holder(first.secret)('POST', rotation, anHour)).json<ApiTokenMade>()
  const { items } = (await holder(next.secret)('GET', 'account/tokens')).json<{
    items: ApiToken[]
  }>()
  assert.deepEqual(
    items.map(({ id }) => id),
    [first.token.id],
  )
  const wider = { name: 'x', scopes: ['users:write'] }
  const refused = await holder(next.secret)('POST', 'account/tokens', wider)
  assert.equal(codeOf(refused), '422 token_refused')
  const others = await holder(next.secret)('POST', path, { name: 'x' })
  assert.equal(codeOf(others), '403 forbidden', 'service accounts are for users:write')
})

test('service accounts are made, shown, changed and deleted; their tokens rotated and revoked', async () => {
  await using opened = await open()
  const root = await opened.person('root')
  const path = 'service-accounts'
  const made = (
    await root('POST', path, { name: 'deploy', role: 'operator' })
  ).json<ServiceAccount>()
  const { token, secret } = (
    await root('POST', `${path}/deploy/tokens`, { name: 'ci' })
  ).json<ApiTokenMade>()
  const rotations = `${path}/deploy/tokens/${token.id}/rotations`
  const now = await root('POST', rotations, { overlapMinutes: 0 })
  assert.equal((await opened.holder(secret)('GET', 'account/tokens')).statusCode, 401)
  const holder = opened.holder(now.json<ApiTokenMade>().secret)
  assert.equal((await holder('GET', 'account/tokens')).statusCode, 200)
  const changed = await root('PUT', `${path}/${made.id}`, { description: 'rolls out' })
  assert.equal(changed.json<ServiceAccount>().description, 'rolls out')
  const listed = (await root('GET', path)).json<{ items: ServiceAccount[] }>()
  assert.deepEqual(
    listed.items.map(({ name, tokens, roles }) => [name, tokens, roles]),
    [['deploy', 1, ['operator']]],
  )
  const all = (await root('GET', 'tokens?owner=deploy')).json<{ items: ApiToken[] }>()
  const own = (await root('GET', `${path}/deploy/tokens`)).json<{ items: ApiToken[] }>()
  assert.deepEqual([all.items, all.items[0]?.name], [own.items, 'ci'])
  assert.equal((await root('DELETE', `tokens/${token.id}`)).statusCode, 204)
  assert.equal((await holder('GET', 'account/tokens')).statusCode, 401)
  assert.equal((await root('DELETE', `${path}/deploy`)).statusCode, 204)
  assert.equal(codeOf(await root('GET', `${path}/deploy`)), '404 not_found')
})
