import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '@keelson/contract'
import { Type } from 'typebox'
import type { Actor } from '../actor.ts'
import type { Http } from '../http.ts'
import { sendRaw, startTestHttp, type RawAnswer } from '../testing/http.ts'
import { signedIn } from '../testing/index.ts'

const problemIn = ({ body }: RawAnswer): Problem => JSON.parse(body) as Problem

const serveSome = (http: Http): void => {
  http.route('listServices', ({ query }) => ({ items: [], nextCursor: JSON.stringify(query) }))
  http.route('createSession', ({ body }) => ({
    ...{ actor: body.name, displayName: body.name, kind: 'user', id: '1', preferences: {} },
    ...{ permissions: [], expiresAt: null, factorNeeded: false },
  }))
  http.route('removeStack', () => {})
  http.route('deleteUserFactors', () => ({ found: false, link: null }))
  const { app } = http
  app.get('/page', { config: { permission: 'public' } }, () => 'the page')
  app.get('/seen', { config: { permission: 'public' } }, ({ ip, protocol, host }) => ({
    ...{ ip, protocol, host },
  }))
  const lists = Type.Object({ names: Type.Optional(Type.Array(Type.String())) })
  app.get(
    '/lists',
    { config: { permission: 'public' }, schema: { querystring: lists } },
    () => 'ok',
  )
}

const start = (more: Parameters<typeof startTestHttp>[0] = {}) =>
  startTestHttp({ prepare: serveSome, ...more })

type Given = { method?: string; headers?: readonly string[]; body?: string; host?: string }

const ask = (port: number, target: string, given: Given = {}): Promise<RawAnswer> => {
  const { method = 'GET', headers = [], body = '', host = 'localhost' } = given
  const head = [`host: ${host}`, 'connection: close', ...headers]
  const length = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]
  return sendRaw(
    port,
    `${method} ${target} HTTP/1.1\r\n${[...head, ...length].join('\r\n')}\r\n\r\n${body}`,
  )
}

const askBody = (port: number, body: string, type = 'application/json'): Promise<RawAnswer> =>
  ask(port, '/api/v1/session', { method: 'POST', headers: [`content-type: ${type}`], body })

const everyAnswer: [string, string, Given][] = [
  ['an answer of the API', '/api/v1/services', { headers: ['x-actor: session'] }],
  ['a refusal', '/api/v1/services', {}],
  ['what is not there', '/nothing', {}],
  ['a path that cannot be decoded', '/%zz', {}],
  ['a foreign host', '/page', { host: 'evil.example' }],
  ['a page', '/page', {}],
]
for (const [what, target, given] of everyAnswer) {
  test(`ASVS 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8, 3.5.8: ${what} is guarded in a browser`, async () => {
    await using server = await start()
    const { header } = await ask(server.port, target, given)
    const policy = header('content-security-policy') ?? ''
    for (const rule of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
      assert.ok(policy.includes(rule), `${rule} in ${policy}`)
    }
    assert.equal(header('x-content-type-options'), 'nosniff')
    assert.equal(header('referrer-policy'), 'no-referrer')
    assert.equal(header('cross-origin-opener-policy'), 'same-origin')
    assert.equal(header('cross-origin-resource-policy'), 'same-origin')
    assert.match(header('permissions-policy') ?? '', /camera=\(\)/)
    assert.equal(header('cache-control'), 'no-store')
    assert.equal(header('strict-transport-security'), undefined)
  })
}

test('ASVS 3.4.2, 3.5.2: no other origin is let in, and a preflight gets no leave', async () => {
  await using server = await start()
  const asked = ['origin: https://evil.example', 'access-control-request-method: DELETE']
  const preflight = await ask(server.port, '/api/v1/stacks/shop', {
    method: 'OPTIONS',
    headers: asked,
  })
  assert.equal(preflight.status, 404)
  for (const answer of [
    preflight,
    await ask(server.port, '/api/v1/services', { headers: [...asked, 'x-actor: session'] }),
  ]) {
    assert.equal(answer.header('access-control-allow-origin'), undefined)
    assert.equal(answer.header('access-control-allow-methods'), undefined)
    assert.equal(answer.header('access-control-allow-credentials'), undefined)
  }
})

const formTypes = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']
for (const type of formTypes) {
  test(`ASVS 3.5.1: a form of another page cannot send ${type} for JSON`, async () => {
    await using server = await start()
    const answer = await askBody(server.port, '{"name":"ana","password":"x"}', type)
    assert.deepEqual([answer.status, problemIn(answer).code], [400, 'bad_request'])
  })
}

test('ASVS 4.2.1: a request that two readers could read differently is refused', async () => {
  await using server = await start()
  const double: [string, readonly string[]][] = [
    ['host', ['host: evil.example']],
    ['content-type', ['content-type: application/json', 'content-type: text/plain']],
    ['authorization', ['authorization: Bearer a', 'authorization: Bearer b']],
    ['origin', ['origin: http://localhost', 'origin: http://evil.example']],
  ]
  for (const [name, headers] of double) {
    const answer = await ask(server.port, '/page', { headers })
    assert.equal(answer.status, 400, name)
    assert.match(problemIn(answer).detail, new RegExp(`header ${name} is there 2 times`))
  }
  const lengths = ['content-length: 1', 'content-length: 2']
  assert.equal((await ask(server.port, '/page', { headers: lengths })).status, 400)
  const both = ['content-length: 5', 'transfer-encoding: chunked']
  assert.equal((await ask(server.port, '/page', { headers: both })).status, 400)
})

for (const target of ['http://localhost/page', 'http://evil.example/page', '//evil.example/page']) {
  test(`a request for ${target} is none for a path, and refused`, async () => {
    await using server = await start()
    const answer = await ask(server.port, target)
    assert.equal(answer.status, 400)
    assert.equal(problemIn(answer).code, 'bad_request')
  })
}

test('a request without a Host is refused', async () => {
  await using server = await start()
  const answer = await sendRaw(server.port, 'GET /page HTTP/1.1\r\nconnection: close\r\n\r\n')
  assert.equal(answer.status, 400)
  const older = await sendRaw(server.port, 'GET /page HTTP/1.0\r\n\r\n')
  assert.equal(problemIn(older).code, 'origin_refused')
})

test('an address or headers beyond 16 KiB, and what is no HTTP, get a problem', async () => {
  await using server = await start()
  const long = 'x'.repeat(17 * 1024)
  for (const answer of [
    await ask(server.port, `/page?${long}`),
    await ask(server.port, '/page', { headers: [`x-long: ${long}`] }),
  ]) {
    assert.equal(answer.status, 431)
    assert.match(problemIn(answer).detail, /16 KiB/)
  }
  const garbage = await sendRaw(server.port, 'HELLO\r\n\r\n')
  assert.equal(garbage.status, 400)
  assert.equal(garbage.header('content-type'), 'application/problem+json')
  assert.equal(problemIn(garbage).code, 'bad_request')
})

test('ASVS 15.3.7: a query that says one thing twice is refused by its name', async () => {
  await using server = await start()
  const headers = ['x-actor: local']
  const twice = await ask(server.port, '/api/v1/services?limit=1&limit=2', { headers })
  assert.equal(twice.status, 400)
  assert.equal(problemIn(twice).errors?.[0]?.pointer, '/querystring/limit')
  assert.match(problemIn(twice).detail, /limit is there 2 times/)
  const same = await ask(server.port, '/api/v1/services?stack=shop&stack=shop', { headers })
  assert.equal(same.status, 400)
  assert.equal((await ask(server.port, '/lists?names=a&names=b')).status, 200)
})

test('ASVS 1.5.3, 4.1.1: a body is read to the letter, and a fault has its place', async () => {
  await using server = await start()
  const faults: [string, string, RegExp][] = [
    [
      '{"name":"ana",\n"name":"leo"}',
      'application/json',
      /names "name" twice \(line 2, column 1\)/,
    ],
    [
      '{"__proto__":{"admin":true}}',
      'application/json',
      /no member __proto__ \(line 1, column 2\)/,
    ],
    ['{"name":\n', 'application/json', /ends where a value should be \(line 2, column 1\)/],
    ['', 'application/json', /empty/],
    ['{}', 'application/json; charset=utf-16', /UTF-8, not utf-16/],
  ]
  for (const [body, type, detail] of faults) {
    const answer = await askBody(server.port, body, type)
    assert.equal(answer.status, 400, body)
    assert.match(problemIn(answer).detail, detail)
  }
  const { errors } = problemIn(await askBody(server.port, '{"name": nobody}'))
  assert.deepEqual(errors?.[0]?.origin, { file: 'body', line: 1, column: 10 })
  const taken = await askBody(
    server.port,
    '{"name":"ána","password":"x"}',
    'application/json; charset=UTF-8',
  )
  assert.equal(taken.status, 200)
})

test('ASVS 1.5.3: text with NUL or half a character is refused with its place, for strangers too', async () => {
  await using server = await start()
  for (const [body, said] of [
    ['{\n"name":"a\\u0000"}', /NUL \(\\u0000\) in a text.* \(line 2, column 10\)/],
    ['{"na\\ud800me":1}', /half a character \(\\ud800\) in a text \(line 1, column 5\)/],
  ] as const) {
    const answer = await askBody(server.port, body)
    assert.equal(answer.status, 400)
    assert.match(problemIn(answer).detail, said)
  }
  const headers = ['x-actor: local']
  for (const [target, method, pointer] of [
    ['/api/v1/services?stack=a%00', 'GET', '/querystring/stack'],
    ['/api/v1/services?a%00=b', 'GET', '/querystring/a\uFFFD'],
    ['/lists?names=a&names=%00', 'GET', '/querystring/names'],
    ['/api/v1/users/a%00/factors', 'DELETE', '/params/user'],
    ['/page?%00', 'GET', '/querystring/\uFFFD'],
    ['/nothing?a=%00', 'GET', '/querystring/a'],
  ] as const) {
    const answer = await ask(server.port, target, { headers, method })
    assert.equal(answer.status, 400, target)
    assert.equal(problemIn(answer).errors?.[0]?.pointer, pointer)
    assert.match(problemIn(answer).detail, /NUL/)
  }
})

test('a body that is no UTF-8 is refused', async () => {
  await using server = await start()
  const { statusCode, json } = await server.http.app.inject({
    ...{ method: 'POST', url: '/api/v1/session', payload: Buffer.from([0x22, 0xff, 0x22]) },
    headers: { host: 'localhost', 'content-type': 'application/json' },
  })
  assert.equal(statusCode, 400)
  assert.match(json<Problem>().detail, /not UTF-8/)
})

test('ASVS 4.1.3: only a trusted proxy says who asks, by which name, and whether by https', async () => {
  const forwarded = [
    'x-forwarded-for: 203.0.113.9, 192.0.2.66',
    'x-forwarded-proto: https',
    'x-forwarded-host: ops.example.com',
  ]
  const hostNames = ['ops.example.com']
  const seenBy = async (trustedProxies: readonly string[], headers = forwarded) => {
    await using server = await start({ trustedProxies, hostNames })
    return await ask(server.port, '/seen', { headers })
  }
  assert.deepEqual(JSON.parse((await seenBy([])).body), {
    ...{ ip: '127.0.0.1', protocol: 'http', host: 'localhost' },
  })
  assert.deepEqual(JSON.parse((await seenBy(['10.0.0.0/8'])).body), {
    ...{ ip: '127.0.0.1', protocol: 'http', host: 'localhost' },
  })
  // The last address that is not a proxy's: what comes before it anybody could have written.
  const trusted = await seenBy(['127.0.0.0/8'])
  assert.deepEqual(JSON.parse(trusted.body), {
    ...{ ip: '192.0.2.66', protocol: 'https', host: 'ops.example.com' },
  })
  assert.match(trusted.header('strict-transport-security') ?? '', /max-age=63072000/)
  const foreign = await seenBy(['127.0.0.1'], ['x-forwarded-host: evil.example'])
  assert.equal(problemIn(foreign).code, 'origin_refused')
  for (const unclear of ['x-forwarded-for: unknown', 'x-forwarded-proto: ftp']) {
    assert.equal(problemIn(await seenBy(['127.0.0.1'], [unclear])).code, 'bad_request')
  }
})

test('ASVS 3.5.1: behind a proxy a change comes from the page by https', async () => {
  await using server = await start({
    ...{ trustedProxies: ['127.0.0.1'], hostNames: ['ops.example.com'] },
  })
  const change = (origin: string) =>
    ask(server.port, '/api/v1/stacks/shop', {
      method: 'DELETE',
      headers: [
        ...['x-actor: session', `origin: ${origin}`, 'x-forwarded-proto: https'],
        'x-forwarded-host: ops.example.com',
      ],
    })
  assert.equal((await change('https://ops.example.com')).status, 204)
  for (const origin of [
    'http://ops.example.com',
    'https://ops.example.com:8443',
    'http://localhost',
  ]) {
    assert.equal(problemIn(await change(origin)).code, 'origin_refused', origin)
  }
})

test('ASVS 3.7.2: no answer sends a browser to where its request says', async () => {
  await using server = await start()
  for (const target of [
    '/page?next=https://evil.example',
    '/page/..//evil.example',
    '/\\evil.example',
  ]) {
    const { status, header } = await ask(server.port, target)
    assert.ok(status < 300 || status >= 400, `${target}: ${status}`)
    assert.equal(header('location'), undefined)
  }
})

const minutesMs = 60_000
const proven = (agoMs: number | null): Actor => {
  const ana = signedIn()
  const authenticatedAt = agoMs === null ? null : new Date(Date.now() - agoMs)
  return { ...ana, origin: { ...ana.origin, authenticatedAt } }
}
const account: Actor = {
  ...{ ...proven(null), kind: 'service_account' },
}
const fresh: [string, Actor, number][] = [
  ['a person who just proved it', proven(minutesMs), 200],
  ['a person who proved it an hour ago', proven(60 * minutesMs), 403],
  ['a person of whom no proof is known', proven(null), 403],
  ['a service account', account, 200],
]
for (const [who, actor, status] of fresh) {
  test(`ASVS 7.5.1: ${who} gets ${status} for what takes a fresh proof`, async () => {
    await using server = await start({ actors: { them: actor } })
    const asked = { method: 'DELETE', headers: ['x-actor: them'] }
    const answer = await ask(server.port, '/api/v1/users/leo/factors', asked)
    assert.equal(answer.status, status)
    if (status === 403) assert.equal(problemIn(answer).code, 'reauthentication_required')
  })
}

test('a program that acts for a person is told on which page they do it themselves', async () => {
  const ana = proven(null)
  const program: Actor = { ...ana, origin: { ...ana.origin, provenBy: 'bearer' } }
  await using server = await start({ actors: { program } })
  const asked = { method: 'DELETE', headers: ['x-actor: program'] }
  const { detail, hint } = problemIn(await ask(server.port, '/api/v1/users/leo/factors', asked))
  assert.match(detail, /the person does it at https:\/\/ops\.example\.com\/access\/users$/)
  assert.match(hint, /^Open https:\/\/ops\.example\.com\/access\/users; programs use/)
})

test('ASVS 7.5.1: the command line of this machine is asked for no fresh proof', async () => {
  await using server = await start()
  const asked = { method: 'DELETE', headers: ['x-actor: local'] }
  assert.equal((await ask(server.port, '/api/v1/users/leo/factors', asked)).status, 200)
})
