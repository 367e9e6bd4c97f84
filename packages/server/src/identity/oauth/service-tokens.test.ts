import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { createKeyring } from '../../kernel/keys/index.ts'
import { createServiceCredentials } from './service-credentials.ts'
import { openOAuth, partsOf, type OpenedOAuth, type Tokens } from './testing/open-oauth.ts'

const tokenFor = async (
  { byCredentials, identity }: OpenedOAuth,
  id: string,
  audience: string,
): Promise<string> => {
  const secret = identity.oauth.services.secretOf(id)
  const answer = await byCredentials(id, secret, { audience })
  assert.equal(answer.statusCode, 200, answer.body)
  return answer.json<Tokens>().access_token
}

const refusalOf = async (
  { byCredentials, identity }: OpenedOAuth,
  id: string,
  form: Record<string, string>,
): Promise<string> => {
  const answer = await byCredentials(id, identity.oauth.services.secretOf(id), form)
  return `${answer.statusCode} ${answer.json<{ error?: string }>().error ?? ''}`
}

test('ASVS 13.2.1, 9.2.4: a service proves itself to another, which asks nobody but the published keys', async () => {
  await using opened = await openOAuth()
  const { http, clock } = opened
  const token = await tokenFor(opened, 'shop/web', 'api')
  assert.deepEqual(partsOf(token).header['typ'], 'service+jwt')
  await http.listen({ host: '127.0.0.1', port: 0 })
  const address = http.app.server.address()
  assert.ok(typeof address === 'object' && address !== null)
  // What a service of the stack does; it has this library, the address and its own name.
  const keys = createRemoteJWKSet(new URL(`http://127.0.0.1:${address.port}/.well-known/jwks.json`))
  const verify = (audience: string) =>
    jwtVerify(token, keys, {
      ...{ issuer: 'http://127.0.0.1:7070', audience, typ: 'service+jwt' },
      currentDate: clock.now(),
    })
  const { payload } = await verify('service:shop/api')
  assert.equal(payload.sub, 'service:shop/web')
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 600)
  await assert.rejects(verify('service:shop/web'), /unexpected "aud"/)
  await assert.rejects(verify('service:blog/api'), /unexpected "aud"/)
})

test('ASVS 9.2.2: a service token is no access token', async () => {
  await using opened = await openOAuth()
  assert.equal(await opened.statusOf(await tokenFor(opened, 'shop/web', 'shop/api')), 401)
})

test('with the platform as its audience a service is somebody, who may what everybody may', async () => {
  await using opened = await openOAuth()
  const { identity, services, statusOf } = opened
  const token = await tokenFor(opened, 'shop/web', 'keelson')
  const actor = await identity.authenticate({
    ...{ headers: { authorization: `Bearer ${token}` }, protocol: 'http' },
    ...{ id: 'r-1', ip: '192.0.2.7' },
  } as never)
  assert.deepEqual([actor.kind, actor.name], ['stack_service', 'shop/web'])
  assert.deepEqual([...actor.permissions].sort(), ['account:own', 'public', 'status:read'])
  assert.equal(await statusOf(token), 403, 'it has no account')
  services.delete('shop/web')
  assert.equal(await statusOf(token), 401, 'and is nobody when the service is gone')
})

test('services have tokens for services of their own stack that are there, and for nothing else', async () => {
  await using opened = await openOAuth()
  const { services } = opened
  assert.equal(await refusalOf(opened, 'shop/web', { audience: 'blog/web' }), '400 invalid_target')
  assert.equal(await refusalOf(opened, 'shop/web', { audience: 'nobody' }), '400 invalid_target')
  assert.equal(await refusalOf(opened, 'shop/web', { audience: 'shop/' }), '400 invalid_target')
  assert.equal(await refusalOf(opened, 'shop/web', {}), '400 invalid_request')
  const scoped = { audience: 'api', scope: 'services:read' }
  assert.equal(await refusalOf(opened, 'shop/web', scoped), '400 invalid_scope')
  services.delete('shop/web')
  assert.equal(await refusalOf(opened, 'shop/web', { audience: 'api' }), '401 invalid_client')
})

test('the secret of one service is none of another', async () => {
  await using opened = await openOAuth()
  const { byCredentials, identity } = opened
  const { services } = identity.oauth
  const answer = await byCredentials('shop/web', services.secretOf('shop/api'), { audience: 'api' })
  assert.equal(answer.statusCode, 401)
  assert.equal(services.secretOf('shop/web'), services.secretOf('shop/web'))
  assert.match(services.secretOf('shop/web'), /^ksc_[\w-]{43}$/)
})

test('a service that runs goes on with its secret when there is another master key', async () => {
  await using opened = await openOAuth()
  const { keelson, identity } = opened
  const of = (keys: [number, Buffer][]) =>
    createServiceCredentials({
      ...{ clock: keelson.clock, keys: identity.oauth.keys, publicUrl: 'http://127.0.0.1:7070' },
      keyring: createKeyring(new Map(keys)),
    })
  const before = of([[1, Buffer.alloc(32, 1)]])
  const after = of([
    [1, Buffer.alloc(32, 1)],
    [2, Buffer.alloc(32, 2)],
  ])
  const secret = before.secretOf('shop/web')
  assert.notEqual(after.secretOf('shop/web'), secret)
  assert.ok(after.isSecretOf('shop/web', secret))
  assert.ok(!of([[2, Buffer.alloc(32, 2)]]).isSecretOf('shop/web', secret))
})
