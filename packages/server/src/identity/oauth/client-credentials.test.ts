import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stackObject, type Permission } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import { after, minuteMs, present } from '../testing/open-tokens.ts'
import { openOAuth, partsOf, type Tokens } from './testing/open-oauth.ts'

const robot = async () => {
  const opened = await openOAuth()
  const owner = await opened.identity.serviceAccounts.create({ name: 'robot' }, localActor)
  return { ...opened, owner: { id: owner.id, name: 'robot' } }
}

const errorOf = (answer: { statusCode: number; json(): { error?: string } }): string =>
  `${answer.statusCode} ${answer.json().error ?? ''}`

/** Not for how far it reaches: an access token ends before its API token. */
const replaced = (error: unknown): boolean =>
  error instanceof AppError && error.message.includes('was replaced')

test('ASVS 13.2.1: a service account exchanges its API token for a short one', async () => {
  await using opened = await robot()
  const { apiToken, byCredentials, owner, identity, keelson } = opened
  const { id, secret } = await apiToken(owner)
  const answer = await byCredentials(id, secret)
  assert.equal(answer.statusCode, 200, answer.body)
  const { access_token: token, ...rest } = answer.json<Tokens>()
  assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 600 })
  const { payload } = partsOf(token)
  assert.deepEqual(
    [payload['sub'], payload['client_id'], payload['tid'], payload['auth_time']],
    [owner.id, id, id, undefined],
  )
  const actor = await identity.authenticate({
    ...{ headers: { authorization: `Bearer ${token}` }, protocol: 'http' },
    ...{ id: 'r-1', ip: '192.0.2.7' },
  } as never)
  assert.deepEqual(
    [actor.kind, actor.name, actor.origin.credential, actor.origin.authenticatedAt],
    ['service_account', 'robot', `token:${id}`, null],
  )
  assert.deepEqual(await keelson.audited('client.issued'), [
    `client.issued done by robot about ${id}`,
  ])
})

test('the secret is the whole token or its last part, in the body or by HTTP Basic', async () => {
  await using opened = await robot()
  const { apiToken, byCredentials, post, owner } = opened
  const { id, secret } = await apiToken(owner)
  const part = secret.slice(`kst_${id}_`.length)
  assert.equal((await byCredentials(id, part)).statusCode, 200)
  for (const given of [secret, part]) {
    const basic = Buffer.from(`${id}:${encodeURIComponent(given)}`).toString('base64')
    const authorization = `Basic ${basic}`
    const answer = await post(
      '/oauth/token',
      { grant_type: 'client_credentials' },
      { authorization },
    )
    assert.equal(answer.statusCode, 200, answer.body)
  }
})

test('wrong credentials are refused, in the way they came, and told to the audit once', async () => {
  await using opened = await robot()
  const { apiToken, byCredentials, post, owner, keelson } = opened
  const { id, secret } = await apiToken(owner)
  const other = await apiToken(owner)
  for (const [name, given] of [
    [id, 'wrong'],
    ['nobody', secret],
    [id, other.secret],
    [id, secret.slice(0, -1)],
    ['shop/web', secret],
  ] as const) {
    assert.equal(errorOf(await byCredentials(name, given)), '401 invalid_client', name)
  }
  const authorization = `Basic ${Buffer.from(`${id}:wrong`).toString('base64')}`
  const form = { grant_type: 'client_credentials' }
  const byBasic = await post('/oauth/token', form, { authorization })
  assert.equal(errorOf(byBasic), '401 invalid_client')
  assert.equal(byBasic.headers['www-authenticate'], 'Basic realm="keelson"')
  assert.deepEqual(await keelson.audited('client.issued'), [
    'client.issued denied by anonymous about unknown',
  ])
})

test('ASVS 7.4.1: a token made from an API token goes with it at once', async () => {
  await using opened = await robot()
  const { apiToken, byCredentials, owner, statusOf, identity } = opened
  const { id, secret } = await apiToken(owner)
  const { access_token: token } = (await byCredentials(id, secret)).json<Tokens>()
  // It has no account of its own to look at: let in, and forbidden.
  assert.equal(await statusOf(token), 403)
  await identity.tokens.revoke(null, id, localActor)
  assert.equal(await statusOf(token), 401)
  assert.equal(errorOf(await byCredentials(id, secret)), '401 invalid_client')
})

test('it goes with the secret it was made by, and never becomes what the next one is worth', async () => {
  await using opened = await robot()
  const { keelson, byCredentials, owner, identity, statusOf } = opened
  const permissions: Permission[] = ['users:read', 'users:write']
  await identity.roles.put('host', { permissions }, localActor)
  await keelson.addPerson('mallory', 'host')
  await keelson.addPerson('root', 'administrator')
  const mallory = await opened.browserOf('mallory')
  const { token, secret } = await identity.tokens.create(owner, { name: 'ci' }, mallory)
  const give = { user: 'robot', role: 'operator' }
  await identity.grants.create(give, localActor)
  const rotate = async (overlapMinutes: number): Promise<string> =>
    (
      await identity.tokens.rotate(
        owner,
        token.id,
        { overlapMinutes },
        await opened.browserOf('root'),
      )
    ).secret
  const shortOf = async (whole: string): Promise<string> =>
    (await byCredentials(token.id, whole)).json<Tokens>().access_token
  const mayRestart = async (short: string): Promise<boolean> =>
    (await present(identity, short)).may('services:restart', stackObject('shop'))

  const hers = await shortOf(secret)
  assert.equal(await mayRestart(hers), false)
  const second = await rotate(2)
  assert.equal(await mayRestart(hers), false, 'in the overlap it is worth what it was')
  assert.equal(await mayRestart(await shortOf(secret)), false)
  const roots = await shortOf(second)
  assert.ok(await mayRestart(roots), 'the next secret is worth its maker at once')
  await keelson.later(2 * minuteMs)
  assert.equal(await statusOf(hers), 401, 'not beyond the overlap')
  assert.ok(await mayRestart(roots))
  await rotate(0)
  assert.equal(await statusOf(roots), 401, 'there is no overlap')
})

test('one of a secret that was replaced neither rotates nor revokes its API token', async () => {
  await using opened = await robot()
  const { byCredentials, owner, identity } = opened
  const { apiToken } = opened
  const { id, secret } = await apiToken(owner)
  const former = (await byCredentials(id, secret)).json<Tokens>().access_token
  await identity.tokens.rotate(owner, id, { overlapMinutes: 60 }, localActor)
  const expiresAt = after(minuteMs)
  const actor = await present(identity, former)
  const rotated = identity.tokens.rotate(owner, id, { overlapMinutes: 0, expiresAt }, actor)
  await assert.rejects(rotated, replaced)
  await assert.rejects(identity.tokens.revoke(owner.id, id, actor), replaced)
})

test('ASVS 7.4.2: it goes with its owner', async () => {
  await using opened = await robot()
  const { apiToken, byCredentials, owner, statusOf, identity } = opened
  const { id, secret } = await apiToken(owner)
  const { access_token: token } = (await byCredentials(id, secret)).json<Tokens>()
  await identity.serviceAccounts.update('robot', { disabled: true }, localActor)
  assert.equal(await statusOf(token), 401)
})

test('it is for the networks of its API token, within its scopes and its life', async () => {
  await using opened = await robot()
  const { apiToken, byCredentials, owner, statusOf, keelson } = opened
  const { id, secret } = await apiToken(owner, {
    scopes: ['services:read', 'logs:read', 'account:own'],
    networks: ['192.0.2.0/24'],
    expiresAt: '2026-01-01T00:05:00Z',
  })
  const outside = await byCredentials(id, secret, {}, { address: '203.0.113.1' })
  assert.equal(errorOf(outside), '401 invalid_client')
  const more = await byCredentials(id, secret, { scope: 'services:read users:write' })
  assert.equal(errorOf(more), '400 invalid_scope')
  const answer = (await byCredentials(id, secret, { scope: 'account:own logs:read' })).json<
    Tokens & { scope: string }
  >()
  assert.equal(answer.scope, 'account:own logs:read')
  assert.equal(answer.expires_in, 300)
  assert.equal(await statusOf(answer.access_token), 403, 'let in')
  assert.equal(await statusOf(answer.access_token, '203.0.113.1'), 401, 'not from there')
  await keelson.later(300_000)
  assert.equal(await statusOf(answer.access_token), 401, 'not beyond the end of its token')
})

test('it proves nobody: what takes a fresh proof is refused to a token of a person', async () => {
  await using opened = await openOAuth()
  const { keelson, apiToken, byCredentials, http } = opened
  const id = await keelson.addPerson('ana', 'administrator')
  const made = await apiToken({ id, name: 'ana' })
  const { access_token: token } = (await byCredentials(made.id, made.secret)).json<Tokens>()
  const answer = await http.app.inject({
    ...{ method: 'POST', url: '/api/v1/device-requests/decisions' },
    headers: { host: 'localhost', authorization: `Bearer ${token}` },
    payload: { userCode: 'BCDF-BCDF', approve: true },
  })
  assert.equal(answer.json<{ code: string }>().code, 'reauthentication_required')
})

test('an API token is for the platform alone', async () => {
  await using opened = await robot()
  const { apiToken, byCredentials, owner } = opened
  const { id, secret } = await apiToken(owner)
  const answer = await byCredentials(id, secret, { audience: 'web' })
  assert.equal(errorOf(answer), '400 invalid_target')
})
