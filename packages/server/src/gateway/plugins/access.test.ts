import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { createManualClock } from '../../kernel/testing/clock.ts'
import { openGateway, startOrigin, type Origin, type TestGateway } from '../testing/gateway.ts'
import { startOidcProvider, type OidcProvider } from '../testing/oidc-provider.ts'

/** The plugins of access at work in a gateway: what clients get, and what the service sees. */

const fileOf = (service: string, issuer: string): string => `
_format_version: "3.0"
services:
- name: echo
  url: ${service}
  routes:
  - name: keys
    paths: [/keys]
    plugins:
    - name: key-auth
      config: { hide_credentials: true }
    - name: acl
      config: { allow: [staff] }
  - name: either
    paths: [/either]
    plugins:
    - name: key-auth
      config: { anonymous: guest }
    - name: basic-auth
      config: { anonymous: guest }
  - name: both
    paths: [/both]
    plugins:
    - name: key-auth
    - name: basic-auth
  - name: signed
    paths: [/signed]
    plugins:
    - name: hmac-auth
      config: { enforce_headers: [date, request-line] }
  - name: tokens
    paths: [/tokens]
    plugins:
    - name: jwt
      config: { issuer: "${issuer}", allow_http: true, allow_internal: true, groups_claim: groups }
    - name: acl
      config: { allow: [ops] }
  - name: browsers
    paths: [/browsers]
    plugins:
    - name: cors
      config: { origins: ["https://shop.example", "https://other.example"], max_age: 60 }
    - name: bot-detection
  - name: here
    paths: [/here]
    plugins:
    - name: ip-restriction
      config: { deny: [127.0.0.0/8] }
  - name: sessions
    paths: [/sessions]
    plugins:
    - name: session
      config: { secret: s, cookie_secure: false }
    - name: key-auth
      config: { anonymous: guest }
  - name: people
    paths: [/]
    strip_path: false
    plugins:
    - name: oidc
      config:
        issuer: "${issuer}"
        client_id: gateway
        client_secret: gateway-secret
        allow_http: true
        allow_internal: true
        claim_headers: { X-User: email }
consumers:
- username: ada
  custom_id: lovelace
  keyauth_credentials: [{ key: key-of-ada }]
  basicauth_credentials: [{ username: ada, password: pass-of-ada }]
  hmacauth_credentials: [{ username: ada, secret: secret-of-ada }]
  acls: [{ group: staff }]
- username: bob
  keyauth_credentials: [{ key: key-of-bob }]
- username: guest
`

type Echo = { url: string; headers: Record<string, string> }

describe('access', () => {
  const clock = createManualClock(new Date())
  let origin: Origin
  let provider: OidcProvider
  let gateway: TestGateway

  before(async () => {
    origin = await startOrigin((request, response) => {
      response.end(JSON.stringify({ url: request.url, headers: request.headers }))
    })
    provider = await startOidcProvider(() => clock.now())
    const service = `http://127.0.0.1:${origin.port}`
    gateway = await openGateway({ config: fileOf(service, provider.issuer), clock })
  })
  after(async () => {
    await gateway[Symbol.asyncDispose]()
    await origin[Symbol.asyncDispose]()
    await provider.close()
  })

  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const answer = await gateway.fetch(path, { headers, method })
    const text = await answer.text()
    const body = text === '' ? {} : (JSON.parse(text) as Partial<Echo> & { message?: string })
    return {
      status: answer.status,
      answer,
      message: body.message,
      seen: body.headers ?? {},
      url: body.url,
    }
  }
  /** As a browser does: `fetch` says of itself that it is no navigation. */
  const navigate = async (path: string, cookie = 'none=1') => {
    const { host } = new URL(gateway.url)
    const head = ['Connection: close', 'Accept: text/html', `Cookie: ${cookie}`].join('\r\n')
    const answer = await gateway.raw(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${head}\r\n\r\n`)
    const values = (name: string) =>
      [...answer.matchAll(new RegExp(`^${name}: (.*?)\\r$`, 'gim'))].map(([, value = '']) => value)
    return {
      status: Number(answer.slice(9, 12)),
      location: values('location')[0] ?? '',
      cookies: values('set-cookie').map((line) => line.split(';')[0] ?? ''),
    }
  }
  const basic = `Basic ${Buffer.from('ada:pass-of-ada').toString('base64')}`

  test('a key names a consumer to the service, and forged names go', async () => {
    const { status, seen, url } = await ask('/keys?apikey=key-of-ada&a=b', {
      'X-Consumer-Username': 'root',
      'X-Consumer-Groups': 'admins',
      'X-Anonymous-Consumer': 'true',
      'X-Credential-Identifier': 'forged',
    })
    assert.equal(status, 200)
    assert.equal(url, '/?a=b')
    assert.equal(seen['x-consumer-username'], 'ada')
    assert.equal(seen['x-consumer-custom-id'], 'lovelace')
    assert.equal(seen['x-consumer-groups'], 'staff')
    assert.equal(seen['x-anonymous-consumer'], undefined)
    assert.match(seen['x-consumer-id'] ?? '', /^[0-9a-f-]{36}$/)
    assert.match(seen['x-credential-identifier'] ?? '', /^[0-9a-f-]{36}$/)
  })

  test('forged names go in every spelling that a service may take for them', async () => {
    const { seen } = await ask('/either', {
      apikey: 'key-of-bob',
      X_Consumer_Username: 'root',
      'X-Consumer_ID': 'root',
      X_Consumer_Groups: 'admins',
      'X-Authenticated-Groups': 'admins',
      X_Real_IP: '6.6.6.6',
      'X-Kong_Request-Id': 'forged',
    })
    assert.equal(seen['x-consumer-username'], 'bob')
    assert.doesNotMatch(JSON.stringify(seen), /root|admins|6\.6\.6\.6|forged/)
  })

  test('without one the answer says what is missing', async () => {
    const none = await ask('/keys')
    assert.equal(none.status, 401)
    assert.equal(none.message, 'No API key found in request')
    assert.equal(none.answer.headers.get('www-authenticate'), 'Key')
    const outsider = await ask('/keys', { apikey: 'key-of-bob' })
    assert.deepEqual([outsider.status, outsider.message], [403, 'You cannot consume this service'])
  })

  test('two authentications are alternatives with anonymous, and both needed without', async () => {
    const names = async (path: string, headers: Record<string, string>) => {
      const { status, seen } = await ask(path, headers)
      return seen['x-consumer-username'] ?? status
    }
    assert.equal(await names('/either', { apikey: 'key-of-bob' }), 'bob')
    assert.equal(await names('/either', { authorization: basic }), 'ada')
    assert.equal(await names('/either', {}), 'guest')
    assert.equal(await names('/both', { apikey: 'key-of-bob' }), 401)
    assert.equal(await names('/both', { authorization: basic }), 401)
    assert.equal(await names('/both', { apikey: 'key-of-bob', authorization: basic }), 'ada')
    const { seen } = await ask('/either')
    assert.equal(seen['x-anonymous-consumer'], 'true')
    assert.equal(seen['x-credential-identifier'], undefined)
  })

  test('a name and a password may come in Proxy-Authorization, which stays here', async () => {
    const answer = await gateway.raw(
      `GET /either HTTP/1.1\r\nHost: a\r\nConnection: close\r\nProxy-Authorization: ${basic}\r\n\r\n`,
    )
    assert.match(answer, /"x-consumer-username":"ada"/)
    assert.doesNotMatch(answer, /proxy-authorization/)
  })

  test('a signature is over the request as it was written', async () => {
    const date = clock.now().toUTCString()
    const target = '/signed/%7Eada/../x?a=%62'
    const text = `date: ${date}\nGET ${target} HTTP/1.1`
    const signature = createHmac('sha256', 'secret-of-ada').update(text).digest('base64')
    const authorization = `hmac username="ada", algorithm="hmac-sha256", headers="date request-line", signature="${signature}"`
    const answer = await gateway.raw(
      `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nDate: ${date}\r\nAuthorization: ${authorization}\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 200 /)
    assert.match(answer, /"x-credential-identifier":"ada"/)
  })

  test('a token of an issuer brings groups along', async () => {
    const token = await provider.sign({ sub: 'ada', groups: ['ops'] })
    const { status, seen } = await ask('/tokens', { authorization: `Bearer ${token}` })
    assert.equal(status, 200)
    assert.equal(seen['x-authenticated-groups'], 'ops')
    assert.equal(seen['x-credential-identifier'], 'ada')
    const other = await provider.sign({ sub: 'eve', groups: ['dev'] })
    assert.equal((await ask('/tokens', { authorization: `Bearer ${other}` })).status, 403)
    assert.equal((await ask('/tokens')).answer.headers.get('www-authenticate'), 'Bearer')
  })

  test('a preflight is answered here', async () => {
    const preflight = await gateway.fetch('/browsers', {
      method: 'OPTIONS',
      headers: { origin: 'https://shop.example', 'access-control-request-method': 'PUT' },
    })
    assert.equal(preflight.status, 200)
    assert.equal(await preflight.text(), '')
    assert.equal(preflight.headers.get('content-length'), '0')
    assert.equal(preflight.headers.get('access-control-allow-origin'), 'https://shop.example')
    assert.equal(preflight.headers.get('access-control-max-age'), '60')
    const { answer } = await ask('/browsers', { origin: 'https://shop.example' })
    assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example')
    assert.equal(answer.headers.get('vary'), 'Origin')
  })

  test('crawlers and addresses are kept out, and pages may read why', async () => {
    const crawler = await ask('/browsers', {
      'user-agent': 'Googlebot/2.1',
      origin: 'https://shop.example',
    })
    assert.deepEqual([crawler.status, crawler.message], [403, 'Forbidden'])
    assert.equal(crawler.answer.headers.get('access-control-allow-origin'), 'https://shop.example')
    const here = await ask('/here')
    assert.deepEqual([here.status, here.message], [403, 'IP address not allowed: 127.0.0.1'])
  })

  test('a session stands for the key it began with', async () => {
    const { answer } = await ask('/sessions', { apikey: 'key-of-ada' })
    const [cookie = ''] = answer.headers.getSetCookie()
    assert.match(cookie, /^session=/)
    const { seen } = await ask('/sessions', { cookie: cookie.split(';')[0] ?? '' })
    assert.equal(seen['x-consumer-username'], 'ada')
    const guest = await ask('/sessions')
    assert.equal(guest.seen['x-consumer-username'], 'guest')
    assert.deepEqual(guest.answer.headers.getSetCookie(), [])
  })

  test('a browser is sent to log in, and comes back to its page', async () => {
    provider.claims = { sub: 'ada', email: 'ada@example' }
    const sent = await navigate('/orders?page=2')
    assert.equal(sent.status, 302)
    const atProvider = await fetch(sent.location, { redirect: 'manual' })
    const back = new URL(atProvider.headers.get('location') ?? '')
    assert.equal(back.origin, gateway.url)
    const returned = await navigate(back.pathname + back.search, sent.cookies.join('; '))
    assert.equal(returned.location, '/orders?page=2')
    const session = returned.cookies.find((pair) => pair.startsWith('oidc_session='))
    const { seen, url } = await ask('/orders?page=2', { cookie: `${session}; mine=1` })
    assert.equal(url, '/orders?page=2')
    assert.equal(seen['x-user'], 'ada@example')
    assert.equal(seen['cookie'], 'mine=1')
  })
})
