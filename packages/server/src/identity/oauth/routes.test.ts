import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openOAuth } from './testing/open-oauth.ts'

const get = (opened: Awaited<ReturnType<typeof openOAuth>>, url: string) =>
  opened.http.app.inject({ url, headers: { host: 'localhost', origin: 'https://elsewhere.test' } })

test('keys and metadata are for everybody, from everywhere, and kept for five minutes', async () => {
  await using opened = await openOAuth()
  for (const path of ['/.well-known/jwks.json', '/.well-known/oauth-authorization-server']) {
    const answer = await get(opened, path)
    assert.equal(answer.statusCode, 200, path)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    assert.equal(answer.headers['cache-control'], 'public, max-age=300')
    assert.match(String(answer.headers['content-type']), /^application\/json/)
  }
})

test('the metadata names every address under the issuer', async () => {
  await using opened = await openOAuth()
  const told = (await get(opened, '/.well-known/oauth-authorization-server')).json<object>()
  const issuer = 'http://127.0.0.1:7070'
  assert.deepEqual(
    { ...told, scopes_supported: [] },
    {
      issuer,
      token_endpoint: `${issuer}/oauth/token`,
      device_authorization_endpoint: `${issuer}/oauth/device_authorization`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      jwks_uri: `${issuer}/.well-known/jwks.json`,
      grant_types_supported: [
        'client_credentials',
        'refresh_token',
        'urn:ietf:params:oauth:grant-type:device_code',
      ],
      response_types_supported: [],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      revocation_endpoint_auth_methods_supported: ['none'],
      scopes_supported: [],
    },
  )
})

const bodies: Record<string, [string | Record<string, string>, string]> = {
  'no grant': [{}, '400 invalid_request'],
  'an empty grant': ['grant_type=', '400 invalid_request'],
  'a grant of the browser': [{ grant_type: 'authorization_code' }, '400 unsupported_grant_type'],
  'the password grant': [
    { grant_type: 'password', username: 'ana', password: 'x' },
    '400 unsupported_grant_type',
  ],
  'a parameter that is there twice': [
    'grant_type=refresh_token&grant_type=client_credentials',
    '400 invalid_request',
  ],
  'a parameter that is there twice, once empty': [
    'grant_type=refresh_token&refresh_token=&refresh_token=krt_a&client_id=a',
    '400 invalid_request',
  ],
  'a NUL': ['grant_type=client_credentials&client_id=a%00b&client_secret=x', '400 invalid_request'],
  'bytes that are no UTF-8': [
    'grant_type=client_credentials&client_id=%ff%fe&client_secret=x',
    '401 invalid_client',
  ],
  'a refresh token without a client': [
    { grant_type: 'refresh_token', refresh_token: 'krt_a' },
    '400 invalid_request',
  ],
  'a refresh token with a secret': [
    { grant_type: 'refresh_token', refresh_token: 'krt_a', client_id: 'a', client_secret: 'b' },
    '401 invalid_client',
  ],
  'a refresh token that is none': [
    { grant_type: 'refresh_token', refresh_token: 'krt_a', client_id: 'a' },
    '400 invalid_grant',
  ],
  'no secret': [{ grant_type: 'client_credentials', client_id: 'a' }, '401 invalid_client'],
  'a body of 9 KiB': [{ grant_type: 'x'.repeat(9 * 1024) }, '400 invalid_request'],
  __proto__: ['__proto__=x&grant_type=x', '400 unsupported_grant_type'],
}
for (const [what, [form, told]] of Object.entries(bodies)) {
  test(`the token endpoint answers ${told} to ${what}`, async () => {
    await using opened = await openOAuth()
    const answer = await opened.post('/oauth/token', form)
    const { error, error_description: why } = answer.json<Record<string, string>>()
    assert.equal(`${answer.statusCode} ${error}`, told)
    assert.ok(why !== undefined && why !== '')
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['pragma'], 'no-cache')
  })
}

test('a form is the only kind of body', async () => {
  await using opened = await openOAuth()
  const answer = await opened.http.app.inject({
    ...{ method: 'POST', url: '/oauth/token', headers: { host: 'localhost' } },
    payload: { grant_type: 'client_credentials' },
  })
  assert.equal(answer.statusCode, 400)
  assert.equal(answer.json<{ error: string }>().error, 'invalid_request')
})

test('two ways to name the client are refused, and an Authorization that is no Basic', async () => {
  await using opened = await openOAuth()
  const form = { grant_type: 'client_credentials' }
  const basic = `Basic ${Buffer.from('a:b').toString('base64')}`
  const told = async (more: Record<string, string>, authorization: string): Promise<string> =>
    (await opened.post('/oauth/token', { ...form, ...more }, { authorization })).json<{
      error: string
    }>().error
  assert.equal(await told({ client_secret: 'b' }, basic), 'invalid_request')
  assert.equal(await told({ client_id: 'other' }, basic), 'invalid_request')
  assert.equal(await told({}, 'Bearer abc'), 'invalid_client')
  assert.equal(await told({}, 'Basic %%%'), 'invalid_client')
  for (const pair of ['a%zz:b', 'a%00:b', 'a/b\0:c', 'a:b%00']) {
    const authorization = `Basic ${Buffer.from(pair).toString('base64')}`
    assert.equal(await told({}, authorization), 'invalid_client', pair)
  }
})

test('ASVS 3.5.1: a cookie means nothing here, and no other site is told that it may read', async () => {
  await using opened = await openOAuth()
  const { post, keelson, cookieOf, http } = opened
  await keelson.addPerson('ana')
  const cookie = `keelson_session=${await cookieOf('ana')}`
  const form = { grant_type: 'client_credentials' }
  const answer = await post('/oauth/token', form, { cookie })
  assert.equal(answer.json<{ error: string }>().error, 'invalid_client')
  assert.equal(answer.headers['access-control-allow-origin'], undefined)
  assert.equal(answer.headers['set-cookie'], undefined)
  const foreign = await post('/oauth/token', form, { origin: 'https://elsewhere.test' })
  assert.equal(foreign.json<{ code: string }>().code, 'origin_refused')
  assert.equal(foreign.headers['access-control-allow-origin'], undefined)
  const preflight = await http.app.inject({
    ...{ method: 'OPTIONS', url: '/oauth/token' },
    headers: { host: 'localhost', origin: 'https://elsewhere.test' },
  })
  assert.equal(preflight.statusCode, 404)
  assert.equal(preflight.headers['access-control-allow-origin'], undefined)
})

test('a person sees and signs out programs by the contract', async () => {
  await using opened = await openOAuth()
  const { http, keelson, cookieOf, begin, poll } = opened
  await keelson.addPerson('ana')
  const cookie = `keelson_session=${await cookieOf('ana')}`
  const call = (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) =>
    http.app.inject({
      ...{ method, url: `/api/v1/${path}`, headers: { host: 'localhost', cookie } },
      ...(payload === undefined ? {} : { payload }),
    })
  const { device_code: deviceCode, user_code: userCode } = await begin({ scope: 'services:read' })
  const read = await call('POST', 'device-requests/read', { userCode })
  assert.deepEqual(read.json(), {
    ...{ client: 'keelson', scopes: ['services:read'], address: '192.0.2.7' },
    device: 'another program',
    ...{ createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T00:10:00.000Z' },
  })
  const decided = await call('POST', 'device-requests/decisions', { userCode, approve: true })
  assert.equal(decided.statusCode, 204)
  assert.equal((await poll(deviceCode)).statusCode, 200)
  const { items } = (await call('GET', 'account/clients')).json<{ items: { id: string }[] }>()
  assert.equal(items.length, 1)
  assert.equal((await call('DELETE', `account/clients/${items[0]?.id}`)).statusCode, 204)
  assert.equal((await call('DELETE', `account/clients/${items[0]?.id}`)).statusCode, 404)
  assert.deepEqual((await call('GET', 'account/clients')).json(), { items: [], nextCursor: null })
})
