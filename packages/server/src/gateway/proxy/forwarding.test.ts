import assert from 'node:assert/strict'
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { test } from 'node:test'
import { once } from 'node:events'

import {
  documentsOf,
  endpoint,
  route,
  snapshotOf,
  startOrigin,
  startProxy,
  startRawOrigin,
  talk,
  until,
} from './testing.ts'

const echo = (name: string) =>
  startOrigin((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (bytes: Buffer) => pieces.push(bytes))
    request.on('end', () => {
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({
          name,
          method: request.method,
          url: request.url,
          headers: request.headers,
          raw: request.rawHeaders,
          body: Buffer.concat(pieces).toString('latin1'),
        }),
      )
    })
  })
type Echo = {
  name: string
  method: string
  url: string
  headers: Record<string, string>
  raw: string[]
  body: string
}
const ask = async (url: string, init: RequestInit = {}): Promise<Echo> =>
  (await (await fetch(url, init)).json()) as Echo

test('a request reaches the service with its path, query, body and forwarding headers', async () => {
  await using origin = await echo('a')
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const response = await fetch(`${gateway.url}/x/y?z=1`, {
    method: 'POST',
    body: 'hello',
    headers: { 'x-forwarded-for': '10.0.0.1', 'x-forwarded-proto': 'https', forwarded: 'for=1' },
  })
  const seen = (await response.json()) as Echo
  assert.equal(`${seen.method} ${seen.url} ${seen.body}`, 'POST /x/y?z=1 hello')
  assert.equal(seen.headers['host'], `127.0.0.1:${gateway.port}`)
  // What a visitor claims about others is not handed on.
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1')
  assert.equal(seen.headers['x-forwarded-proto'], 'http')
  assert.equal(seen.headers['x-forwarded-host'], `127.0.0.1:${gateway.port}`)
  assert.equal(seen.headers['x-forwarded-port'], String(gateway.port))
  assert.equal(seen.headers['forwarded'], undefined)
  assert.equal(response.headers.get('x-keelson-instance'), 'app-1')
  assert.equal(response.headers.get('x-request-id'), seen.headers['x-request-id'])
})

const ids = [
  { given: 'abc-1.2_X', kept: true },
  { given: 'a'.repeat(128), kept: true },
  { given: 'a'.repeat(129), kept: false },
  { given: 'a b', kept: false },
  { given: '<script>', kept: false },
]
test('a sane request id is kept, any other is replaced', async () => {
  await using origin = await echo('a')
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  for (const { given, kept } of ids) {
    const response = await fetch(gateway.url, { headers: { 'x-request-id': given } })
    const seen = (await response.json()) as Echo
    const id = seen.headers['x-request-id']
    assert.equal(id === given, kept, given)
    assert.match(id ?? '', /^[A-Za-z0-9._-]{1,128}$/)
    assert.equal(response.headers.get('x-request-id'), id)
  }
})

const cookies = [
  { sent: 'keelson_session=s3cret', seen: undefined },
  { sent: 'a=1; keelson_session=s3cret; b=2', seen: 'a=1; b=2' },
  { sent: 'a=1;keelson_session=s3cret', seen: 'a=1' },
  { sent: ' keelson_session =s3cret; b=2', seen: 'b=2' },
  { sent: 'a="x; keelson_session=s3cret"; b=2', seen: 'a="x; b=2' },
  { sent: 'keelson_session=1; keelson_session=2', seen: undefined },
  { sent: 'keelson_device=mark; a=1', seen: 'a=1' },
  { sent: 'keelson_trip=t; __Host-keelson_trip=t; a=1', seen: 'a=1' },
  { sent: '__Host-keelson_session=s3cret; __Host-keelson_device=mark; a=1', seen: 'a=1' },
  { sent: 'keelson_session_theme=dark', seen: 'keelson_session_theme=dark' },
  { sent: 'a=keelson_session', seen: 'a=keelson_session' },
]
for (const { sent, seen } of cookies) {
  test(`of the cookies ${sent} a service and the platform see ${seen}`, async () => {
    await using origin = await echo('a')
    await using gateway = await startProxy(
      snapshotOf([endpoint('app-1', origin.port)]),
      origin.port,
    )
    for (const path of ['/', '/api/v1/me']) {
      const { headers } = await ask(`${gateway.url}${path}`, { headers: { cookie: sent } })
      assert.equal(headers['cookie'], seen)
    }
  })
}

test('no service can set a cookie of the platform', async () => {
  await using origin = await startOrigin((_request, response) => {
    response.setHeader('set-cookie', [
      ...['a=1', 'keelson_session=evil; Path=/', '__Host-keelson_session=evil; Secure; Path=/'],
      ...['keelson_device=evil', 'keelson_trip=evil', 'b=2'],
    ])
    response.end('x')
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const response = await fetch(gateway.url)
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2'])
})

test('hop-by-hop headers, those named in Connection and ours stay at the gateway', async () => {
  await using origin = await startOrigin((request, response) => {
    response.setHeader('connection', 'x-down')
    response.setHeader('x-down', '1')
    response.setHeader('x-end', '1')
    response.setHeader('x-keelson-instance', 'forged')
    response.end(JSON.stringify(request.rawHeaders))
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const answer = await talk(
    gateway.port,
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: close, X-Up\r\nX-Up: 1\r\nKeep-Alive: 9\r\nTE: gzip\r\n' +
      'Proxy-Authorization: x\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nX-Keelson-User: root\r\n' +
      'X_Forwarded_For: 6.6.6.6\r\nX-Kept: 1\r\n\r\n',
  )
  const raw = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n['))) as string[]
  const names = raw.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase())
  assert.deepEqual(names.sort(), [
    'host',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-proto',
    'x-kept',
    'x-request-id',
  ])
  assert.match(answer, /x-end: 1/i)
  assert.doesNotMatch(answer, /x-down|forged/i)
})

test('routes: longest path, host, stripped prefix, and a port of its own', async () => {
  await using web = await echo('web')
  await using api = await echo('api')
  await using admin = await echo('admin')
  await using gateway = await startProxy(
    snapshotOf([], {
      services: {
        'shop/web': { id: 'shop/web', endpoints: [endpoint('web-1', web.port)] },
        'shop/api': {
          id: 'shop/api',
          endpoints: [endpoint('api-1', api.port, { ports: { '9000': admin.port } })],
        },
      },
      routes: [
        route('shop/web', '/'),
        route('shop/api', '/shop', { stripPath: true }),
        route('shop/api', '/admin', { port: 9000 }),
        route('shop/api', '/gone', { port: 1234 }),
      ],
    }),
  )
  assert.equal((await ask(`${gateway.url}/shopping`)).name, 'web')
  const stripped = await ask(`${gateway.url}/shop/cart?id=1`)
  assert.deepEqual([stripped.name, stripped.url], ['api', '/cart?id=1'])
  assert.equal(stripped.headers['x-forwarded-prefix'], '/shop')
  assert.equal((await ask(`${gateway.url}/shop?id=1`)).url, '/?id=1')
  assert.equal((await ask(`${gateway.url}/admin`)).name, 'admin')
  assert.equal((await fetch(`${gateway.url}/gone`)).status, 503)
})

test('dot segments cannot walk out of a route', async () => {
  await using a = await echo('open')
  await using b = await echo('closed')
  await using gateway = await startProxy(
    snapshotOf([], {
      services: {
        'shop/open': { id: 'shop/open', endpoints: [endpoint('open-1', a.port)] },
        'shop/closed': { id: 'shop/closed', endpoints: [endpoint('closed-1', b.port)] },
      },
      routes: [route('shop/open', '/open'), route('shop/closed', '/closed')],
    }),
  )
  const answer = await talk(
    gateway.port,
    'GET /open/%2e%2E/closed/x?y=/../ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  )
  assert.match(answer, /"name":"closed".*"url":"\/closed\/x\?y=\/\.\.\/"/)
})

test('/api leads to the platform as long as no route takes it', async () => {
  await using app = await echo('app')
  await using platform = await echo('platform')
  const services = snapshotOf([endpoint('app-1', app.port)])
  const at = (path: string) => ({ ...services, documents: documentsOf([route('shop/app', path)]) })
  await using gateway = await startProxy(at('/shop'), platform.port)
  assert.equal((await ask(`${gateway.url}/api`)).name, 'platform')
  assert.equal((await ask(`${gateway.url}/api/v1/x`)).name, 'platform')
  assert.equal((await fetch(`${gateway.url}/apiary`)).status, 404)
  await gateway.proxy.apply(at('/api'))
  assert.equal((await ask(`${gateway.url}/api/v1/x`)).name, 'app')
})

test('no route: a problem for programs, a page for people', async () => {
  await using gateway = await startProxy(snapshotOf([], { routes: [] }))
  const problem = await fetch(`${gateway.url}/x`)
  assert.equal(problem.status, 404)
  assert.equal(problem.headers.get('content-type'), 'application/problem+json')
  const body = (await problem.json()) as Record<string, unknown>
  assert.equal(body['code'], 'gateway_no_route')
  assert.equal(body['requestId'], problem.headers.get('x-request-id'))
  const page = await fetch(gateway.url, { headers: { accept: 'text/html' } })
  assert.equal(page.status, 404)
  assert.match(await page.text(), /There is no page at this address/)
  const head = await fetch(gateway.url, { method: 'HEAD' })
  assert.equal(await head.text(), '')
})

test('requests go round over the healthy instances, and over all when none is', async () => {
  await using a = await echo('a')
  await using b = await echo('b')
  await using c = await echo('c')
  const sick = { healthy: false }
  await using gateway = await startProxy(
    snapshotOf([endpoint('1', a.port), endpoint('2', b.port), endpoint('3', c.port, sick)]),
  )
  const counts = async () => {
    const seen: Record<string, number> = {}
    for (let round = 0; round < 12; round += 1) {
      const { name } = await ask(gateway.url)
      seen[name] = (seen[name] ?? 0) + 1
    }
    return seen
  }
  assert.deepEqual(await counts(), { a: 6, b: 6 })
  await gateway.proxy.apply(
    snapshotOf([
      endpoint('1', a.port, sick),
      endpoint('2', b.port, sick),
      endpoint('3', c.port, sick),
    ]),
  )
  assert.deepEqual(await counts(), { a: 4, b: 4, c: 4 })
})

const bodyless = [
  { method: 'HEAD', status: 200, headers: { 'content-length': '500' } },
  { method: 'GET', status: 204, headers: {} },
  { method: 'GET', status: 304, headers: { etag: '"a"' } },
]
for (const { method, status, headers } of bodyless) {
  test(`the answer ${status} to ${method} has no body and keeps the connection`, async () => {
    let connections = 0
    await using origin = await startOrigin((_request, response) => {
      response.writeHead(status, headers)
      response.end()
    })
    origin.server.on('connection', () => (connections += 1))
    await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
    const one = `${method} / HTTP/1.1\r\nHost: h\r\n\r\n`
    const last = `${method} / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`
    const answer = await talk(gateway.port, [one, one, last])
    assert.equal(answer.split(`HTTP/1.1 ${status}`).length, 4)
    for (const [name, value] of Object.entries(headers)) {
      assert.match(answer, new RegExp(`${name}: ${value}`, 'i'))
    }
    assert.equal(answer.split('\r\n\r\n').at(-1), '')
    assert.ok(connections <= 3)
  })
}

test('trailers and early hints come through', async () => {
  await using origin = await startOrigin((_request, response) => {
    response.writeEarlyHints({ link: '</a.css>; rel=preload' })
    response.writeHead(200, { trailer: 'x-sum' })
    response.write('data')
    response.addTrailers({ 'x-sum': '42' })
    response.end()
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const answer = await talk(gateway.port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n/i)
  assert.match(answer, /0\r\nx-sum: 42\r\n\r\n$/)
})

test('pipelined requests are answered in order', async () => {
  await using origin = await startOrigin((request, response) => {
    // The first is the slowest.
    const delayMs = request.url === '/1' ? 60 : 0
    setTimeout(() => response.end(`<${request.url}>`), delayMs)
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`
  const answer = await talk(
    gateway.port,
    get('/1') + get('/2') + get('/3', 'Connection: close\r\n'),
  )
  assert.deepEqual(answer.match(/<\/\d>/g), ['</1>', '</2>', '</3>'])
})

test('Expect: 100-continue is answered, and the body arrives', async () => {
  await using origin = await echo('a')
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const request = httpRequest(gateway.url, { method: 'PUT', headers: { expect: '100-continue' } })
  request.flushHeaders()
  await once(request, 'continue')
  request.end('late')
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  const text = Buffer.concat(await response.toArray()).toString()
  assert.equal((JSON.parse(text) as Echo).body, 'late')
})

test('HTTP/1.0 clients get an answer that ends with the connection', async () => {
  await using origin = await startOrigin((_request, response) => {
    response.write('one,')
    setImmediate(() => response.end('two'))
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const answer = await talk(gateway.port, 'GET / HTTP/1.0\r\n\r\n')
  assert.match(answer, /\r\n\r\none,two$/)
  assert.doesNotMatch(answer, /transfer-encoding/i)
})

test('a request in absolute form goes by its own host', async () => {
  await using origin = await echo('a')
  const snapshot = snapshotOf([endpoint('app-1', origin.port)])
  await using gateway = await startProxy({
    ...snapshot,
    documents: documentsOf([route('shop/app', '/', { host: 'shop.example' })]),
  })
  const answer = await talk(
    gateway.port,
    'GET http://shop.example/x HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n',
  )
  assert.match(answer, /"url":"\/x"/)
  assert.match(answer, /"host":"shop.example"/)
})

test('an event stream arrives piece by piece and counts once', async () => {
  const streams: { write(text: string): void; end(): void }[] = []
  await using origin = await startOrigin((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
    streams.push(response)
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const response = await fetch(gateway.url)
  const reader = response.body?.getReader()
  const stream = streams[0]
  for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
    stream?.write(text)
    const piece = await reader?.read()
    assert.equal(Buffer.from(piece?.value ?? []).toString(), text)
  }
  stream?.end()
  assert.equal((await reader?.read())?.done, true)
  const counted = () => gateway.proxy.counters().find(({ service }) => service === 'shop/app')
  await until(() => counted()?.bytesOut === 18, 'the bytes to be counted')
  assert.equal(counted()?.requests, 1)
})

test('edges: a port for each, counted by source, with the forwarding chain kept', async () => {
  await using origin = await echo('a')
  const [edgePort, takenPort] = [await free(), await free()]
  await using holder = await startOrigin(() => {}, takenPort)
  assert.equal(holder.port, takenPort)
  const edges = [
    { source: 'shop/web', service: 'shop/app', port: edgePort, timeoutMs: 1000 },
    { source: 'shop/jobs', service: 'shop/app', port: takenPort, timeoutMs: 1000 },
  ]
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)], { edges }))
  assert.equal(gateway.proxy.problems().length, 1)
  assert.match(gateway.proxy.problems()[0] ?? '', /shop\/jobs cannot reach shop\/app: .*in use by/)

  const seen = await ask(`http://127.0.0.1:${edgePort}/api/x`, {
    headers: { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' },
  })
  assert.equal(seen.url, '/api/x')
  assert.equal(seen.headers['x-forwarded-proto'], 'https')
  assert.equal(seen.headers['x-forwarded-host'], 'shop.example')
  const counted = gateway.proxy.counters().find(({ source }) => source === 'shop/web')
  assert.equal(counted?.requests, 1)
  assert.equal(counted?.service, 'shop/app')
  assert.match(
    gateway.proxy.metrics(),
    /keelson_gateway_requests_total\{source="shop\/web",service="shop\/app",route="edge",code="2xx"\} 1/,
  )

  // Freed, the other port opens by itself; no longer wanted, the first closes.
  await holder.kill()
  await gateway.proxy.apply(snapshotOf([endpoint('app-1', origin.port)], { edges: edges.slice(1) }))
  assert.deepEqual(gateway.proxy.problems(), [])
  assert.equal((await ask(`http://127.0.0.1:${takenPort}/x`)).name, 'a')
  await assert.rejects(fetch(`http://127.0.0.1:${edgePort}/x`))
})
const free = async (): Promise<number> => {
  const origin = await startOrigin(() => {})
  await origin.kill()
  return origin.port
}

test('a public port that is taken is an error that names the holder', async () => {
  const { createProxy } = await import('./index.ts')
  const { systemClock } = await import('../../kernel/clock.ts')
  await using holder = await startOrigin(() => {})
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  const proxy = createProxy({
    log: quiet,
    clock: systemClock,
    newId: () => 'id',
    publicHost: '127.0.0.1',
    publicPort: holder.port,
    platform: { host: '127.0.0.1', port: 1 },
  })
  await assert.rejects(proxy.start(), { code: 'port_taken', message: /in use by .*\(pid \d+\)/ })
  await proxy.close(0)
})

test('connections to an instance are used again', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let round = 0; round < 20; round += 1) {
    const request = httpRequest(gateway.url, { agent }).end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    assert.equal(Buffer.concat(await response.toArray()).toString(), 'ok')
  }
  agent.destroy()
  assert.equal(origin.connections(), 1)
})
