import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { api, Problem, type Endpoint } from '@keelson/contract'
import { Value } from 'typebox/value'
import { anonymous, localActor, type Actor } from './actor.ts'
import { AppError } from './errors.ts'
import { systemClock } from './clock.ts'
import { createHttp, type Http } from './http.ts'
import type { Log } from './log.ts'
import { createMemoryLog, quietLog, signedIn } from './testing/index.ts'

const session = signedIn()
const actors: Record<string, Actor> = { nobody: anonymous, session, local: localActor }

type Options = { log?: Log; prepare?: (http: Http) => void }

/** A listening server; the header `x-actor` of a test says who asks. */
const startHttp = async ({ log = quietLog, prepare = () => undefined }: Options = {}) => {
  let ids = 0
  const http = await createHttp({
    clock: systemClock,
    onDenied: async () => undefined,
    log,
    newId: () => `made-${(ids += 1)}`,
    hostNames: ['localhost', '127.0.0.1', '[::1]'],
    authenticate: async ({ headers }) => {
      const name = String(headers['x-actor'] ?? 'nobody')
      if (name === 'unreachable') throw new AppError('database_unavailable')
      return actors[name] ?? anonymous
    },
  })
  prepare(http)
  await http.listen({ host: '127.0.0.1', port: 0 })
  const { port } = http.app.server.address() as AddressInfo
  return { http, port, [Symbol.asyncDispose]: () => http.close() }
}

type Given = { method?: string; as?: string; headers?: Record<string, string>; body?: string }

/** Over a socket of its own, because `fetch` sets Host and Origin by itself. */
const request = async (port: number, path: string, given: Given = {}) => {
  const { method = 'GET', as = 'nobody', headers = {}, body = '' } = given
  const lines = {
    host: `127.0.0.1:${port}`,
    connection: 'close',
    'x-actor': as,
    ...(body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}`)
  const socket = connect(port, '127.0.0.1')
  socket.write(`${method} ${path} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n${body}`)
  const [rawHead = '', answer = ''] = (await text(socket)).split('\r\n\r\n', 2)
  const status = Number(rawHead.split(' ')[1])
  const header = (name: string): string | undefined =>
    new RegExp(`^${name}: (.*)$`, 'im').exec(rawHead)?.[1]?.trim()
  return { status, header, body: answer }
}

const problemIn = (answer: { body: string; header: (name: string) => string | undefined }) => {
  assert.match(answer.header('content-type') ?? '', /^application\/problem\+json/)
  const problem: unknown = JSON.parse(answer.body)
  assert.ok(Value.Check(Problem, problem), answer.body)
  return problem
}

const serveSome = (http: Http): void => {
  http.route('listServices', ({ query }) => ({
    items: [],
    nextCursor: JSON.stringify(query),
  }))
  http.route('getServicesStatus', () => ({
    total_services: 0,
    healthy_services: 0,
    services: {},
    timestamp: '2026-01-01T00:00:00Z',
  }))
  http.route('createSession', ({ body }) => ({
    ...{ actor: body.name, displayName: body.name, kind: 'user', id: '1', preferences: {} },
    ...{ permissions: [], expiresAt: null, factorNeeded: false },
  }))
  http.route('deleteSession', () => {})
  http.route('removeStack', () => {})
  http.route('stopSystem', () => {
    throw new Error('connect postgres://ana:hunter2@db failed')
  })
  http.route('applyStack', () => assert.fail('no plan is asked for'))
  http.app.get('/page', { config: { permission: 'public' } }, () => 'the page')
}

test('a route without a permission is refused', async () => {
  const http = await createHttp({
    clock: systemClock,
    log: quietLog,
    newId: () => '1',
    hostNames: [],
    authenticate: async () => anonymous,
    onDenied: async () => undefined,
  })
  assert.throws(() => http.app.get('/secret', () => 'x'), /GET \/secret names no permission/)
  assert.throws(
    () => http.app.route({ method: ['POST', 'PUT'], url: '/x', config: {}, handler: () => 'x' }),
    /names no permission/,
  )
})

const access: [string, string, string, number][] = [
  ['nobody', 'GET', '/api/v1/services', 401],
  ['session', 'GET', '/api/v1/services', 200],
  ['local', 'GET', '/api/v1/services', 200],
  ['nobody', 'GET', '/api/v1/services/status', 200],
  ['nobody', 'DELETE', '/api/v1/stacks/shop', 401],
  ['session', 'DELETE', '/api/v1/stacks/shop', 204],
  ['nobody', 'DELETE', '/api/v1/session', 204],
  ['nobody', 'HEAD', '/api/v1/services', 401],
  ['local', 'HEAD', '/api/v1/services', 200],
  ['nobody', 'GET', '/api/v1/nothing', 404],
  ['local', 'GET', '/api/v1/nothing', 404],
  ['local', 'PATCH', '/api/v1/services', 404],
  ['nobody', 'OPTIONS', '/api/v1/services', 404],
]
for (const [as, method, path, status] of access) {
  test(`${method} ${path} answers ${as} with ${status}`, async () => {
    await using server = await startHttp({ prepare: serveSome })
    assert.equal((await request(server.port, path, { as, method })).status, status)
  })
}

test('who lacks one permission is told which', async () => {
  await using server = await startHttp({ prepare: serveSome })
  actors['reader'] = { ...session, permissions: new Set(['services:read']) }
  const answer = await request(server.port, '/api/v1/stacks/shop', {
    as: 'reader',
    method: 'DELETE',
  })
  const problem = problemIn(answer)
  assert.equal(problem.code, 'forbidden')
  assert.match(problem.detail, /stacks:write/)
})

test('a refusal is an RFC 9457 problem with code, hint, path and request id', async () => {
  await using server = await startHttp({ prepare: serveSome })
  const answer = await request(server.port, '/api/v1/services?stack=shop', {
    headers: { 'x-request-id': 'abc' },
  })
  const { hint, ...problem } = problemIn(answer)
  assert.deepEqual(problem, {
    type: 'urn:keelson:problem:unauthenticated',
    title: 'Sign in first',
    status: 401,
    detail: 'Sign in first',
    instance: '/api/v1/services',
    code: 'unauthenticated',
    requestId: 'abc',
  })
  assert.match(hint, /Sign in on the page/)
})

const hosts: [string, boolean][] = [
  ['localhost', true],
  ['LOCALHOST:7070', true],
  ['127.0.0.1:1', true],
  ['[::1]:7070', true],
  ['evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['localhost.evil.example:7070', false],
  ['evil.example#localhost', false],
]
for (const [host, isKnown] of hosts) {
  test(`a request to ${host} is ${isKnown ? 'answered' : 'refused'}`, async () => {
    await using server = await startHttp({ prepare: serveSome })
    for (const path of ['/api/v1/services/status', '/page', '/nothing']) {
      const answer = await request(server.port, path, { headers: { host }, as: 'local' })
      if (isKnown) assert.notEqual(answer.status, 403)
      else assert.equal(problemIn(answer).code, 'origin_refused')
    }
  })
}

const origins: [string, string, string | undefined, number][] = [
  ['session', 'DELETE', 'http://127.0.0.1:8080', 403],
  ['session', 'DELETE', 'https://evil.example', 403],
  ['session', 'DELETE', 'null', 403],
  ['session', 'DELETE', 'same', 204],
  ['session', 'DELETE', undefined, 204],
  ['nobody', 'POST', 'https://evil.example', 403],
  ['local', 'DELETE', 'https://evil.example', 204],
  ['session', 'GET', 'https://evil.example', 200],
]
for (const [as, method, origin, status] of origins) {
  test(`${method} by ${as} from ${origin ?? 'no'} origin answers ${status}`, async () => {
    await using server = await startHttp({ prepare: serveSome })
    const own = `http://127.0.0.1:${server.port}`
    const path = {
      GET: '/api/v1/services',
      POST: '/api/v1/session',
      DELETE: '/api/v1/stacks/shop',
    }[method]
    const headers: Record<string, string> =
      origin === undefined ? {} : { origin: origin === 'same' ? own : origin }
    const answer = await request(server.port, path ?? '', { as, method, headers })
    assert.equal(answer.status, status)
    if (status === 403) assert.equal(problemIn(answer).code, 'origin_refused')
  })
}

test('no answer lets another origin read it', async () => {
  await using server = await startHttp({ prepare: serveSome })
  const headers = { origin: 'https://evil.example' }
  const answer = await request(server.port, '/api/v1/services', { as: 'session', headers })
  assert.equal(answer.header('access-control-allow-origin'), undefined)
})

const requestIds: [string, string, boolean][] = [
  ['a plain one', 'Ab-1._', true],
  ['one of 128 characters', 'x'.repeat(128), true],
  ['one of 129 characters', 'x'.repeat(129), false],
  ['one with a space', 'a b', false],
  ['one with markup', '<script>', false],
  ['one that forges a log line', 'a"}{"b', false],
]
for (const [what, id, isTaken] of requestIds) {
  test(`${what} is ${isTaken ? 'taken' : 'replaced'} as request id`, async () => {
    await using server = await startHttp({ prepare: serveSome })
    const answer = await request(server.port, '/page', { headers: { 'x-request-id': id } })
    assert.equal(answer.header('x-request-id'), isTaken ? id : 'made-1')
  })
}

const json = { 'content-type': 'application/json' }
const bodies: [string, Record<string, string>, string, string][] = [
  ['that is no JSON', json, '{"token":', 'bad_request'],
  ['that is empty', json, '', 'bad_request'],
  ['of another type', { 'content-type': 'text/xml' }, '<token/>', 'bad_request'],
  ['without a needed field', json, '{}', 'bad_request'],
  ['with a wrong type', json, '{"token":5}', 'bad_request'],
  ['with a prototype', json, '{"__proto__":{"token":"x"}}', 'bad_request'],
  // Refused for its announced length: the server does not wait for the rest.
  ['over the limit', { ...json, 'content-length': '65537' }, '{"token":', 'payload_too_large'],
]
for (const [what, headers, body, code] of bodies) {
  test(`a body ${what} is refused as ${code}`, async () => {
    await using server = await startHttp({ prepare: serveSome })
    const answer = await request(server.port, '/api/v1/session', { method: 'POST', headers, body })
    const problem = problemIn(answer)
    assert.equal(problem.code, code)
    if (code === 'payload_too_large') assert.match(problem.detail, /64 KiB/)
  })
}

test('a stack may be larger, and of who may not send one nothing is read', async () => {
  await using server = await startHttp({ prepare: serveSome })
  // Announced and never sent: an answer says what is decided without it.
  const put = (as: string, length: number) => {
    const headers = { ...json, 'content-length': String(length) }
    return request(server.port, '/api/v1/stacks/shop', { method: 'PUT', as, headers })
  }
  assert.equal((await put('nobody', 8 * 1024 * 1024)).status, 401)
  const tooLarge = problemIn(await put('local', 8 * 1024 * 1024 + 1))
  assert.deepEqual([tooLarge.code, /8192 KiB/.test(tooLarge.detail)], ['payload_too_large', true])
  const body = JSON.stringify({ name: 'x'.repeat(1024 * 1024) })
  const read = await request(server.port, '/api/v1/stacks/shop', {
    ...{ method: 'PUT', as: 'local', headers: json, body },
  })
  assert.equal(problemIn(read).code, 'bad_request')
})

test('who is signed out while their request arrives is refused, however much of it was there', async () => {
  let known = 0
  const here = Promise.withResolvers<void>()
  await using server = await startHttp({
    prepare: (http) => {
      serveSome(http)
      http.app.addHook('preParsing', async () => here.resolve())
    },
  })
  Object.defineProperty(actors, 'leaver', {
    configurable: true,
    get: () => ((known += 1) === 1 ? session : anonymous),
  })
  const body = JSON.stringify({ name: 'shop' })
  const socket = connect(server.port, '127.0.0.1')
  const head = [
    `PUT /api/v1/stacks/shop HTTP/1.1`,
    `host: 127.0.0.1:${server.port}`,
    ...['connection: close', 'x-actor: leaver', 'content-type: application/json'],
    `content-length: ${body.length}`,
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${body.slice(0, -1)}`)
  await here.promise
  assert.equal(known, 1, 'they were signed in when the head came')
  socket.write(body.slice(-1))
  assert.match(await text(socket), /^HTTP\/1\.1 401 /)
})

test('strangers may send 64 KiB to every endpoint that is open to them', () => {
  const larger = Object.values<Endpoint>(api).filter(({ bodyMax }) => bodyMax !== undefined)
  assert.ok(larger.length > 0)
  for (const { permission, path } of larger) {
    assert.ok(!anonymous.permissions.has(permission) && permission !== 'account:own', path)
  }
})

test('a request may take a minute to arrive, and its head a quarter of that', async () => {
  await using server = await startHttp()
  const { headersTimeout, requestTimeout } = server.http.app.server
  assert.deepEqual([headersTimeout, requestTimeout], [15_000, 60_000])
})

test('a malformed request names the place of the fault', async () => {
  await using server = await startHttp({ prepare: serveSome })
  const inQuery = await request(server.port, '/api/v1/services?limit=0', { as: 'local' })
  assert.equal(problemIn(inQuery).errors?.[0]?.pointer, '/querystring/limit')
  const given = { method: 'POST', headers: json, body: '{"name":5,"password":"p"}' }
  const inBody = problemIn(await request(server.port, '/api/v1/session', given))
  assert.equal(inBody.errors?.[0]?.pointer, '/body/name')
  assert.match(inBody.detail, /\/body\/name/)
})

test('a path that cannot be decoded is refused as any other malformed request', async () => {
  await using server = await startHttp({ prepare: serveSome })
  const answer = await request(server.port, '/api/v1/services/%zz', {
    headers: { 'x-request-id': 'abc' },
  })
  const { code, detail, requestId } = problemIn(answer)
  assert.deepEqual([answer.status, code, requestId], [400, 'bad_request', 'abc'])
  assert.match(detail, /%zz/)
  assert.equal(answer.header('x-request-id'), 'abc')
})

test('a query is read as its types, and defaults are filled in', async () => {
  await using server = await startHttp({ prepare: serveSome })
  const queryOf = async (path: string): Promise<unknown> => {
    const { body } = await request(server.port, path, { as: 'local' })
    return JSON.parse((JSON.parse(body) as { nextCursor: string }).nextCursor)
  }
  assert.deepEqual(await queryOf('/api/v1/services'), { limit: 200 })
  assert.deepEqual(await queryOf('/api/v1/services?limit=7&stack=shop'), {
    limit: 7,
    stack: 'shop',
  })
})

test('an unknown error tells the client nothing, and the log everything', async () => {
  const log = createMemoryLog()
  await using server = await startHttp({ log, prepare: serveSome })
  const given = { as: 'local', method: 'POST' }
  const answer = await request(server.port, '/api/v1/system/stop', given)
  assert.equal(problemIn(answer).code, 'internal')
  assert.doesNotMatch(answer.body, /hunter2|postgres:|http\.test/)
  const line = log.lines.find(({ message }) => message === 'request failed')
  const fields = line?.fields as { requestId: string; actor: string; err: Error }
  assert.match(fields.err.stack ?? '', /http\.test/)
  assert.equal(fields.requestId, answer.header('x-request-id'))
  assert.equal(fields.actor, localActor.name)
})

test('an answered request is one line in the log', async () => {
  const log = createMemoryLog()
  await using server = await startHttp({ log, prepare: serveSome })
  await request(server.port, '/api/v1/stacks/shop?volumes=true', { as: 'local', method: 'DELETE' })
  const lines = log.lines.filter(({ message }) => message === 'request answered')
  assert.equal(lines.length, 1)
  const { durationMs, ...fields } = (lines[0]?.fields ?? {}) as Record<string, unknown>
  assert.equal(typeof durationMs, 'number')
  assert.deepEqual(fields, {
    requestId: 'made-1',
    actor: localActor.name,
    method: 'DELETE',
    path: '/api/v1/stacks/:stack',
    status: 204,
  })
})

test('while sessions cannot be looked up the page is served, and the API says why not', async () => {
  await using server = await startHttp({ prepare: serveSome })
  assert.equal((await request(server.port, '/page', { as: 'unreachable' })).status, 200)
  const answer = await request(server.port, '/api/v1/services', { as: 'unreachable' })
  assert.equal(answer.status, 503)
  assert.equal(problemIn(answer).code, 'database_unavailable')
})

test('a port that is taken is named', async () => {
  await using server = await startHttp()
  const other = await createHttp({
    clock: systemClock,
    log: quietLog,
    newId: () => '1',
    hostNames: [],
    authenticate: async () => anonymous,
    onDenied: async () => undefined,
  })
  await assert.rejects(
    other.listen({ host: '127.0.0.1', port: server.port }),
    (error: unknown) =>
      error instanceof AppError &&
      error.code === 'port_taken' &&
      error.message === `Port ${server.port} on 127.0.0.1 is in use`,
  )
})

test('closing does not wait for a client that is still connected', async () => {
  const server = await startHttp({ prepare: serveSome })
  const socket = connect(server.port, '127.0.0.1')
  await once(socket, 'connect')
  await server.http.close()
  await once(socket.resume(), 'close')
})
