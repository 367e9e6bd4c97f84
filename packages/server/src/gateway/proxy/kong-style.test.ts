import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'

import type { GatewayConfig, Route, Service } from '../config/model.ts'
import { definePlugin } from '../plugins/plugin.ts'
import {
  aConfig,
  aPlugin,
  aRoute,
  aService,
  aTarget,
  anUpstream,
  documentOf,
  freePort,
  openGateway,
  startOrigin,
  startRawOrigin,
} from '../testing/gateway.ts'
import { formFor, kongError } from './kong-answer.ts'
import { HeaderList } from './header-list.ts'
import { endpoint } from './testing.ts'

type Seen = { url: string; headers: Record<string, string> }

const echo = () =>
  startOrigin((request, response) => {
    response.setHeader('X-Own', 'yes')
    if (request.headers['x-with-via'] !== undefined) {
      response.setHeader('Via', '1.1 other')
      response.setHeader('Server', 'other')
    }
    response.end(JSON.stringify({ url: request.url, headers: request.headers }))
  })

const seenBy = async (answer: Response): Promise<Seen> => (await answer.json()) as Seen

/** One service `app` and one route. */
const one = (service: Partial<Service>, route: Partial<Route> = {}): GatewayConfig =>
  aConfig({ services: [aService('app', service)], routes: [aRoute('app', 'app', route)] })

test('the service sees where a request came from, as from Kong', async () => {
  await using origin = await echo()
  const config = one({ port: origin.port, path: '/base' }, { paths: ['/shop'] })
  await using gateway = await openGateway({ config })
  const answer = await gateway.fetch('/shop/a?b=1', {
    headers: {
      ...{ 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https' },
      ...{ 'x-forwarded-prefix': '/forged', 'x-real-ip': '203.0.113.7', via: '1.0 early' },
      ...{ 'x-kong-request-id': 'forged', 'x-keelson-instance': 'forged', forwarded: 'for=a' },
    },
  })
  const { url, headers } = await seenBy(answer)
  assert.equal(url, '/base/a?b=1')
  assert.equal(headers['host'], `127.0.0.1:${origin.port}`)
  assert.equal(headers['x-forwarded-for'], '203.0.113.7, 127.0.0.1')
  assert.equal(headers['x-forwarded-proto'], 'http')
  assert.equal(headers['x-forwarded-host'], '127.0.0.1')
  assert.equal(headers['x-forwarded-port'], String(gateway.port))
  assert.equal(headers['x-forwarded-path'], '/shop/a')
  assert.equal(headers['x-forwarded-prefix'], '/shop')
  assert.equal(headers['x-real-ip'], '127.0.0.1')
  assert.equal(headers['via'], '1.0 early, 1.1 keelson/0.1.0')
  assert.equal(headers['forwarded'], 'for=a')
  assert.match(headers['x-kong-request-id'] ?? '', /^[0-9a-f]{32}$/)
  assert.equal(headers['x-kong-request-id'], answer.headers.get('x-kong-request-id'))
  assert.equal(headers['x-keelson-instance'], undefined)
})

test('TRACE is answered here, and shows nothing that the gateway added', async () => {
  await using origin = await echo()
  await using gateway = await openGateway({ config: one({ port: origin.port }) })
  const answer = await gateway.raw(
    'TRACE / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nCookie: a=b\r\n\r\n',
  )
  assert.match(answer, /^HTTP\/1\.1 405 /)
  assert.match(answer, /\r\nAllow: GET, HEAD,/)
  assert.doesNotMatch(answer, /a=b|x-forwarded/i)
})

test('answers of services carry what Kong adds', async () => {
  await using origin = await echo()
  await using gateway = await openGateway({ config: one({ port: origin.port }) })
  const plain = (await gateway.fetch('/')).headers
  assert.match(plain.get('x-kong-upstream-latency') ?? '', /^\d+$/)
  assert.match(plain.get('x-kong-proxy-latency') ?? '', /^\d+$/)
  assert.equal(plain.get('via'), '1.1 keelson/0.1.0')
  assert.equal(plain.get('server'), 'keelson/0.1.0')
  assert.equal(plain.get('x-own'), 'yes')
  assert.equal(plain.get('x-keelson-instance'), null)
  const named = (await gateway.fetch('/', { headers: { 'x-with-via': '1' } })).headers
  assert.equal(named.get('via'), '1.1 other, 1.1 keelson/0.1.0')
  assert.equal(named.get('server'), 'other')
})

test('Host: of the service, of the upstream, of the target, or as the client said it', async (t) => {
  await using origin = await echo()
  const { port } = origin
  const upstreams = (host_header: string | null): Partial<GatewayConfig> => ({
    upstreams: [anUpstream('pool', { host_header })],
    targets: [aTarget('pool', `127.0.0.1:${port}`)],
  })
  const cases: { title: string; config: GatewayConfig; host: string }[] = [
    { title: 'service', config: one({ port }), host: `127.0.0.1:${port}` },
    { title: 'preserved', config: one({ port }, { preserve_host: true }), host: 'client.test:81' },
    {
      title: 'target',
      config: { ...one({ host: 'pool' }), ...upstreams(null) },
      host: `127.0.0.1:${port}`,
    },
    {
      title: 'upstream',
      config: { ...one({ host: 'pool' }), ...upstreams('up.test') },
      host: 'up.test',
    },
    {
      title: 'preserved before upstream',
      config: { ...one({ host: 'pool' }, { preserve_host: true }), ...upstreams('up.test') },
      host: 'client.test:81',
    },
  ]
  for (const { title, config, host } of cases) {
    await t.test(title, async () => {
      await using gateway = await openGateway({ config })
      const text = await gateway.raw(
        'GET / HTTP/1.1\r\nHost: client.test:81\r\nConnection: close\r\n\r\n',
      )
      assert.match(text, new RegExp(`"host":"${host.replaceAll('.', '\\.')}"`))
    })
  }
})

test('a host of a stack is a service of it: by the port that it has there', async () => {
  await using origin = await echo()
  const services = {
    'shop/web': {
      id: 'shop/web',
      endpoints: [endpoint('shop-web-1', origin.port, { ports: { '8000': origin.port } })],
    },
  }
  const config = [documentOf(one({ host: 'web', port: 8000 }), { stack: 'shop' })]
  await using gateway = await openGateway({ config, services })
  const { headers } = await seenBy(await gateway.fetch('/'))
  assert.equal(headers['host'], 'web:8000')
  await gateway.apply([documentOf(one({ host: 'web', port: 80 }), { stack: 'shop' })])
  assert.equal((await gateway.fetch('/')).status, 200, 'the only port must be meant')
})

const message = async (answer: Response): Promise<string> =>
  ((await answer.json()) as { message: string }).message

test('errors have Kong’s statuses and words', async () => {
  await using broken = await startRawOrigin((socket) => socket.on('data', () => socket.destroy()))
  await using silent = await startRawOrigin(() => {})
  const closed = await freePort()
  const config = aConfig({
    services: [
      aService('broken', { port: broken.port }),
      aService('silent', { port: silent.port, read_timeout: 100 }),
      aService('closed', { port: closed }),
      aService('empty', { host: 'pool' }),
    ],
    upstreams: [anUpstream('pool')],
    routes: ['broken', 'silent', 'closed', 'empty'].map((name) =>
      aRoute(name, name, { paths: [`/${name}`] }),
    ),
  })
  await using gateway = await openGateway({ config })
  const cases: [path: string, status: number, message: string][] = [
    ['/none', 404, 'no Route matched with those values'],
    ['/broken', 502, 'An invalid response was received from the upstream server'],
    ['/closed', 502, 'An invalid response was received from the upstream server'],
    ['/silent', 504, 'The upstream server is timing out'],
    ['/empty', 503, 'failure to get a peer from the ring-balancer'],
  ]
  for (const [path, status, text] of cases) {
    const answer = await gateway.fetch(path, { method: 'POST' })
    assert.equal(answer.status, status, path)
    assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
    assert.equal(answer.headers.get('server'), 'keelson/0.1.0')
    assert.match(answer.headers.get('x-kong-response-latency') ?? '', /^\d+$/)
    assert.equal(await message(answer), text, path)
  }
})

test('http on a route that takes https only: 426 or a redirect', async () => {
  await using origin = await echo()
  const route = { protocols: ['https'] as const }
  await using gateway = await openGateway({ config: one({ port: origin.port }, route) })
  const answer = await gateway.fetch('/a')
  assert.equal(answer.status, 426)
  assert.equal(answer.headers.get('upgrade'), 'TLS/1.2, HTTP/1.1')
  assert.equal(await message(answer), 'Please use HTTPS protocol')
  for (const status of [301, 302, 307, 308] as const) {
    const redirecting = { ...route, https_redirect_status_code: status }
    await gateway.apply(one({ port: origin.port }, redirecting))
    const moved = await gateway.fetch('/a?b=1')
    assert.equal(moved.status, status)
    assert.equal(moved.headers.get('location'), 'https://127.0.0.1/a?b=1')
  }
})

test('a service that is off has no routes', async () => {
  await using gateway = await openGateway({ config: one({ enabled: false }) })
  assert.equal((await gateway.fetch('/')).status, 404)
})

test('plugins for everything see answers to requests without a route', async () => {
  const seen: string[] = []
  const seeing = definePlugin({
    ...{ name: 'seeing', priority: 1, summary: 's', schema: Type.Object({}) },
    ...{ scopes: ['route'], protocols: ['http'] },
    create: () => ({
      access: () => void seen.push('access'),
      response: (_exchange, response) => response.headers.set('x-seen', 'yes'),
      log: (exchange, { status, error }) =>
        void seen.push(`${status} ${String(error)} ${exchange.route === null}`),
    }),
  })
  await using gateway = await openGateway({
    plugins: [seeing],
    config: aConfig({ plugins: [aPlugin('seeing')] }),
  })
  const answer = await gateway.fetch('/')
  assert.equal(answer.headers.get('x-seen'), 'yes')
  assert.equal(await message(answer), 'no Route matched with those values')
  assert.deepEqual(seen, ['404 gateway_no_route true'])
})

const forms: [accept: string | undefined, form: string][] = [
  [undefined, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['text/html', 'html'],
  ['text/*', 'plain'],
  ['text/plain;q=0.5, application/xml;q=0.9', 'xml'],
  ['text/html;q=0, text/plain', 'plain'],
  ['image/png', 'json'],
  ['TEXT/HTML', 'html'],
  ['text/html;level=1;q=0.3, application/json;q=0.4', 'json'],
  ['nonsense', 'json'],
]

test('errors come in the form that the client likes best', () => {
  for (const [accept, form] of forms) assert.equal(formFor(accept), form, accept)
  const asked = (...raw: string[]) => ({ headers: new HeaderList(raw), requestId: 'id' })
  const text = (...raw: string[]) => kongError(429, 'a<b>"', asked(...raw)).body?.toString()
  assert.equal(text(), '{\n  "message":"a<b>\\"",\n  "request_id":"id"\n}')
  assert.match(
    text('Accept', 'text/html') ?? '',
    /<p>a&lt;b&gt;".<\/p>\n {4}<p>request_id: id<\/p>/,
  )
  assert.match(text('Accept', 'application/xml') ?? '', /<message>a&lt;b&gt;"<\/message>/)
  assert.equal(text('Accept', 'text/plain'), 'a<b>"\nrequest_id: id\n')
  const grpc = kongError(429, 'too many', asked('Content-Type', 'application/grpc'))
  assert.deepEqual(
    [grpc.headers, grpc.body],
    [['grpc-status', '8', 'grpc-message', 'too many'], null],
  )
})

test('10,000 routes are compiled without holding up requests, and not again for an endpoint', async () => {
  await using origin = await echo()
  const routes = Array.from({ length: 10_000 }, (_, at) =>
    aRoute(`r${at}`, 'app', { paths: [`/r${at}`], hosts: [`h${at % 100}.test`] }),
  )
  const documents = [documentOf({ ...one({ port: origin.port }), routes })]
  await using gateway = await openGateway({ config: one({ port: origin.port }) })
  const before = gateway.proxy
  let turns = 0
  let running = true
  const turning = (async () => {
    while (running) {
      await new Promise(setImmediate)
      turns += 1
    }
  })()
  await gateway.apply(documents)
  running = false
  await turning
  assert.ok(turns > 5, `the event loop went round ${turns} times meanwhile`)
  const answer = await gateway.raw(
    'GET /r77/x HTTP/1.1\r\nHost: h77.test\r\nConnection: close\r\n\r\n',
  )
  assert.match(answer, /"url":"\/x"/)
  turns = 0
  await gateway.apply(documents)
  assert.equal(before.routeFigures().length, 1)
})

test('balancers in front that are trusted say who the client is, and how it spoke', async () => {
  await using origin = await echo()
  const seen: string[] = []
  const seeing = definePlugin({
    ...{ name: 'seeing', priority: 1, summary: 's', schema: Type.Object({}) },
    ...{ scopes: ['route'], protocols: ['http'] },
    create: () => ({ access: ({ clientIp }) => void seen.push(clientIp) }),
  })
  const config = {
    ...one({ port: origin.port }, { protocols: ['https'] }),
    plugins: [aPlugin('seeing')],
  }
  const headers = {
    ...{ 'x-forwarded-for': '1.1.1.1, 203.0.113.7', 'x-forwarded-proto': 'https' },
    ...{ 'x-forwarded-host': 'shop.test', 'x-forwarded-port': '443' },
  }
  await using trusting = await openGateway({
    ...{ config, plugins: [seeing], trustedProxies: ['127.0.0.0/8'] },
  })
  const sent = (await seenBy(await trusting.fetch('/', { headers }))).headers
  assert.deepEqual(seen, ['203.0.113.7'])
  assert.equal(sent['x-forwarded-proto'], 'https')
  assert.equal(sent['x-forwarded-host'], 'shop.test')
  assert.equal(sent['x-forwarded-port'], '443')
  assert.equal(sent['x-forwarded-for'], '1.1.1.1, 203.0.113.7, 127.0.0.1')
  await using gateway = await openGateway({ config, plugins: [seeing] })
  assert.equal((await gateway.fetch('/', { headers })).status, 426)
})

test('who names a version that is not there is told those that are', async () => {
  await using origin = await echo()
  const config = `
_format_version: "3.0"
services:
  - name: items
    url: http://127.0.0.1:${origin.port}
    routes:
      - name: one
        paths: [/items]
        x-keelson: { version: { api: items, version: "1", by: header, header: X-API-Version } }
      - name: two
        paths: [/items]
        x-keelson: { version: { api: items, version: "2", by: header, header: X-API-Version } }
`
  await using gateway = await openGateway({ config })
  const ask = (headers: Record<string, string>) => gateway.fetch('/items', { headers })
  assert.equal((await ask({ 'x-api-version': '2' })).status, 200)
  const refused = await ask({ 'x-api-version': '3' })
  assert.equal(refused.status, 406)
  const { message } = (await refused.json()) as { message: string }
  assert.equal(message, 'The request names version 3 of items; there are 1, 2.')
})
