import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { test } from 'node:test'
import type { PluginEntity, Route } from '../config/model.ts'
import { createManualClock } from '../../kernel/testing/index.ts'
import type { Proxy } from '../proxy/index.ts'
import { createTestAuthority } from '../proxy/balance/testing-tls.ts'
import { rawClient } from '../proxy/front/testing.ts'
import {
  aConfig,
  aPlugin,
  anUpstream,
  aRoute,
  aService,
  aTarget,
  freePort,
  openGateway,
  startRawOrigin,
  until,
} from '../testing/gateway.ts'
import { shake } from '../tls/testing/client.ts'

const streamRoute = (
  service: string,
  protocol: 'tcp' | 'tls' | 'tls_passthrough',
  parts: Partial<Route>,
) => aRoute(`${protocol}-of-${service}`, service, { protocols: [protocol], paths: [], ...parts })

const echo = () => startRawOrigin((socket) => void socket.pipe(socket))

const listening = async (server: Server) => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Says its name and ends. */
const named = (name: string, authority = createTestAuthority()) =>
  listening(createTlsServer(authority.leaf(name), (socket) => socket.end(`I am ${name}`)))

const textOf = async (socket: Socket): Promise<string> => {
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  await once(socket, 'close')
  return text
}

const anywhere = { sources: [{ ip: '127.0.0.0/8', port: null }] }

test('tcp: bytes go both ways, and an end goes through to the other side', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', (bytes: Buffer) => socket.write(bytes))
    socket.on('end', () => socket.end('goodbye'))
  })
  const service = aService('s', { protocol: 'tcp', port: origin.port })
  const config = aConfig({ services: [service], routes: [streamRoute('s', 'tcp', anywhere)] })
  await using gateway = await openGateway({ config, streams: 1 })
  using client = rawClient(gateway.streamPorts[0] ?? 0, true)
  client.send('hello ')
  await client.hears(/hello /)
  client.socket.end()
  assert.equal(await client.end(), 'hello goodbye')
  const [counters] = gateway.proxy.counters().filter(({ service: name }) => name === 's')
  assert.equal(counters?.requests, 1)
})

test('tcp: the port decides, also where others are asked for a name', async () => {
  await using first = await startRawOrigin((socket) => socket.end('first'))
  await using second = await startRawOrigin((socket) => socket.end('second'))
  await using shop = await named('shop.test')
  const services = [first, second, shop].map(({ port }, at) =>
    aService(`s${at}`, { protocol: 'tcp', port }),
  )
  await using gateway = await openGateway({ config: aConfig({ services }), streams: 2 })
  const [a = 0, b = 0] = gateway.streamPorts
  const to = (port: number) => ({ destinations: [{ ip: null, port }] })
  const routes = [
    ...[streamRoute('s0', 'tcp', to(a)), streamRoute('s1', 'tcp', to(b))],
    streamRoute('s2', 'tls_passthrough', { snis: ['shop.test'] }),
  ]
  await gateway.apply(aConfig({ services, routes }))
  for (const [port, says] of [
    [a, 'first'],
    [b, 'second'],
  ] as const) {
    using client = rawClient(port)
    assert.equal(await client.end(), says)
  }
})

test('tls_passthrough: the name that is asked for decides, and the service shows its own certificate', async () => {
  await using a = await named('a.test')
  await using b = await named('b.test')
  const services = [a, b].map(({ port }, at) => aService(`s${at}`, { protocol: 'tcp', port }))
  const routes = [
    streamRoute('s0', 'tls_passthrough', { snis: ['a.test'] }),
    streamRoute('s1', 'tls_passthrough', { snis: ['*.b.test', 'b.test'] }),
  ]
  await using gateway = await openGateway({ config: aConfig({ services, routes }), streams: 1 })
  const port = gateway.streamPorts[0] ?? 0
  for (const [servername, shown] of [
    ['a.test', 'a.test'],
    ['b.test', 'b.test'],
    ['x.b.test', 'b.test'],
  ] as const) {
    const socket = await shake(port, { servername })
    assert.equal(String(socket.getPeerCertificate().subject.CN), shown)
    assert.equal(await textOf(socket), `I am ${shown}`)
  }
  await assert.rejects(shake(port, { servername: 'c.test' }))
  await assert.rejects(shake(port))
})

test('tls: the gateway shows its certificate, and speaks plainly or by TLS to the service', async () => {
  const inside = createTestAuthority()
  const { leaf } = createTestAuthority()
  await using plain = await startRawOrigin((socket) => socket.end('plain'))
  await using secret = await named('127.0.0.1', inside)
  const services = [
    aService('s0', { protocol: 'tcp', port: plain.port }),
    aService('s1', {
      protocol: 'tls',
      port: secret.port,
      tls_verify: true,
      ca_certificates: ['ca'],
    }),
  ]
  const routes = [
    streamRoute('s0', 'tls', { snis: ['plain.test'] }),
    streamRoute('s1', 'tls', { snis: ['secret.test'] }),
  ]
  const config = aConfig({
    ...{ services, routes },
    ca_certificates: [{ id: 'ca', tags: [], cert: inside.ca, cert_digest: '' }],
    certificates: [{ id: 'c', tags: [], cert_alt: null, key_alt: null, ...leaf('edge.test') }],
    snis: [{ id: 'c', tags: [], name: '*', certificate: 'c' }],
  })
  await using gateway = await openGateway({ config, streams: 1, tls: {} })
  for (const [servername, says] of [
    ['plain.test', 'plain'],
    ['secret.test', 'I am 127.0.0.1'],
  ] as const) {
    const socket = await shake(gateway.streamPorts[0] ?? 0, { servername, ALPNProtocols: ['x'] })
    assert.equal(String(socket.getPeerCertificate().subject.CN), 'edge.test')
    assert.equal(await textOf(socket), says)
  }
})

test('a target that refuses is passed over', async () => {
  await using origin = await startRawOrigin((socket) => socket.end('here'))
  const config = aConfig({
    services: [aService('s', { protocol: 'tcp', host: 'u' })],
    upstreams: [anUpstream('u')],
    targets: [
      aTarget('u', `127.0.0.1:${await freePort()}`),
      aTarget('u', `127.0.0.1:${origin.port}`),
    ],
    routes: [streamRoute('s', 'tcp', anywhere)],
  })
  await using gateway = await openGateway({ config, streams: 1 })
  for (let turn = 0; turn < 4; turn += 1) {
    using client = rawClient(gateway.streamPorts[0] ?? 0)
    assert.equal(await client.end(), 'here')
  }
})

test('nobody there: the client is cut, and it counts as an error', async () => {
  const service = aService('s', { protocol: 'tcp', port: await freePort(), retries: 1 })
  const config = aConfig({ services: [service], routes: [streamRoute('s', 'tcp', anywhere)] })
  await using gateway = await openGateway({ config, streams: 1 })
  using client = rawClient(gateway.streamPorts[0] ?? 0)
  assert.equal(await client.end(), '')
  assert.equal(gateway.proxy.counters().find(({ service: name }) => name === 's')?.errors, 1)
})

test('silence ends a connection after the read timeout, traffic keeps it', async () => {
  const clock = createManualClock()
  await using origin = await echo()
  const service = aService('s', { protocol: 'tcp', port: origin.port, read_timeout: 10_000 })
  const config = aConfig({ services: [service], routes: [streamRoute('s', 'tcp', anywhere)] })
  await using gateway = await openGateway({ config, streams: 1, clock })
  using client = rawClient(gateway.streamPorts[0] ?? 0)
  for (const word of ['one', 'two', 'three']) {
    client.send(word)
    await client.hears(new RegExp(`${word}$`))
    clock.advance(9_000)
  }
  assert.equal(client.socket.readyState, 'open')
  clock.advance(2_000)
  assert.equal(await client.end(), 'onetwothree')
})

const unfinished: { why: string; text: string }[] = [
  { why: 'nothing', text: '' },
  { why: 'half a hello', text: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc' },
]
for (const { why, text } of unfinished) {
  test(`who has to name somebody and sends ${why} is cut in time`, async () => {
    const clock = createManualClock()
    await using origin = await echo()
    const service = aService('s', { protocol: 'tcp', port: origin.port })
    const routes = [streamRoute('s', 'tls_passthrough', { snis: ['a.test'] })]
    const config = aConfig({ services: [service], routes })
    await using gateway = await openGateway({ config, streams: 1, clock })
    using client = rawClient(gateway.streamPorts[0] ?? 0)
    await once(client.socket, 'connect')
    client.send(text)
    // The round trip of another one: by then the first is there.
    using other = rawClient(gateway.streamPorts[0] ?? 0)
    other.send('no TLS')
    await other.end()
    clock.advance(10_000)
    assert.equal(await client.end(), '')
    assert.equal(origin.connections(), 0)
  })
}

test('other routes take the next connections; those under way stay', async () => {
  await using first = await echo()
  await using second = await startRawOrigin((socket) => socket.end('second'))
  const configFor = (port: number) =>
    aConfig({
      services: [aService('s', { protocol: 'tcp', port })],
      routes: [streamRoute('s', 'tcp', anywhere)],
    })
  await using gateway = await openGateway({ config: configFor(first.port), streams: 1 })
  using before = rawClient(gateway.streamPorts[0] ?? 0)
  before.send('a')
  await before.hears(/a/)
  await gateway.apply(configFor(second.port))
  using after = rawClient(gateway.streamPorts[0] ?? 0)
  assert.equal(await after.end(), 'second')
  before.send('b')
  await before.hears(/ab/)
})

test('what flows is held up by who does not read', async () => {
  const held: Socket[] = []
  await using origin = await listening(
    createTcpServer((socket) => {
      socket.on('error', () => {})
      held.push(socket.pause())
    }),
  )
  const service = aService('s', { protocol: 'tcp', port: origin.port })
  const config = aConfig({ services: [service], routes: [streamRoute('s', 'tcp', anywhere)] })
  await using gateway = await openGateway({ config, streams: 1 })
  using client = rawClient(gateway.streamPorts[0] ?? 0)
  const before = process.memoryUsage().arrayBuffers
  for (let count = 0; count < 64; count += 1) client.send('x'.repeat(1024 * 1024))
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(client.socket.writableLength > 32 * 1024 * 1024)
  assert.ok(process.memoryUsage().arrayBuffers - before < 100 * 1024 * 1024)
  client.socket.destroy()
  for (const socket of held) socket.destroy()
})

test('plugins of tcp and tls see connections: a list keeps out, a log and metrics tell of them', async () => {
  await using origin = await startRawOrigin((socket) => socket.end('hello'))
  await using lines = await startRawOrigin((socket) => {
    socket.on('data', (bytes: Buffer) => (logged += bytes.toString()))
  })
  let logged = ''
  const service = aService('s', { protocol: 'tcp', port: origin.port })
  const routes = [streamRoute('s', 'tcp', anywhere)]
  const config = (...plugins: PluginEntity[]) =>
    aConfig({
      services: [service],
      routes,
      plugins: plugins.map((one) => ({ ...one, protocols: ['tcp'] })),
    })
  const log = aPlugin('tcp-log', {
    ...{ host: '127.0.0.1', port: lines.port, timeout: 1000, keepalive: 1000 },
    ...{ tls: false, tls_sni: null, ssl_verify: false, custom_fields_by_lua: null },
  })
  const restriction = { status: null, message: null, resolvers: [], allow: null }
  const nobody = aPlugin('ip-restriction', { ...restriction, deny: ['127.0.0.1'] })
  const counting = aPlugin('prometheus', {})
  await using gateway = await openGateway({ config: config(log, counting), streams: 1 })
  const port = gateway.streamPorts[0] ?? 0
  using well = rawClient(port)
  assert.equal(await well.end(), 'hello')
  await until(() => logged.endsWith('\n'), 'the first line')
  await gateway.apply(config(log, counting, nobody))
  using refused = rawClient(port)
  assert.equal(await refused.end(), '')
  await until(() => logged.split('\n').length === 3, 'both lines')
  const [first, second] = logged
    .split('\n')
    .slice(0, 2)
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    [first.session.status, first.session.sent, first.tries[0].port, first.client_ip],
    [200, 5, origin.port, '127.0.0.1'],
  )
  assert.deepEqual([second.session.status, second.tries], [403, []])
  for (const code of [200, 403]) {
    assert.match(
      gateway.metrics(),
      new RegExp(`kong_stream_sessions_total\\{service="s".*code="${code}".* 1\\n`),
    )
  }
  assert.equal(origin.connections(), 1)
})

const winners = ({ routes }: ReturnType<Proxy['explain']>): string[] =>
  routes.flatMap(({ key, outcome }) => (outcome === 'wins' ? [key] : []))

test('explain tells which route takes a connection, and what looks at it', async () => {
  const services = [aService('s', { protocol: 'tcp', port: 9000 })]
  const deny = { status: null, message: null, resolvers: [], allow: null, deny: ['192.0.2.1'] }
  const plugins = [
    { ...aPlugin('ip-restriction', deny), protocols: ['tls_passthrough' as const, 'tls' as const] },
  ]
  const routes = [
    streamRoute('s', 'tls', { snis: ['a.test'] }),
    streamRoute('s', 'tcp', { destinations: [{ ip: null, port: 9000 }] }),
  ]
  await using gateway = await openGateway({ config: aConfig({ services, routes, plugins }) })
  const explain = (method: string, url: string) =>
    gateway.proxy.explain({ method, url, headers: [] })
  const named = explain('TLS', 'A.test:9443')
  assert.deepEqual(winners(named), ['file tls-of-s'])
  assert.deepEqual(
    named.plugins.map(({ phases }) => phases),
    [['connect']],
  )
  assert.equal(named.upstream?.url, 'tcp://127.0.0.1:9000')
  const byPort = explain('TCP', ':9000')
  assert.deepEqual(winners(byPort), ['file tcp-of-s'])
  assert.deepEqual(byPort.plugins, [])
})

test('routes of connections without a port for them are told', async () => {
  const config = aConfig({
    services: [aService('s', { protocol: 'tcp' })],
    routes: [streamRoute('s', 'tcp', anywhere)],
  })
  await using gateway = await openGateway({ config })
  assert.match(gateway.proxy.problems()[0] ?? '', /no port is given for them/)
})
