import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect as connectTls } from 'node:tls'
import { test } from 'node:test'
import type { RouteProtocol } from '../../config/model.ts'
import { createManualClock } from '../../../kernel/testing/index.ts'
import { createTestAuthority } from '../balance/testing-tls.ts'
import { rawClient } from '../front/testing.ts'
import {
  aConfig,
  aPlugin,
  anUpstream,
  aRoute,
  aService,
  aTarget,
  openGateway,
  startOrigin,
  startRawOrigin,
  until,
} from '../../testing/gateway.ts'
import { getOver, shake } from '../../tls/testing/client.ts'
import { readProxyHeader } from './header.ts'
import { noHaproxy, startHaproxy } from './testing.ts'
import { proxyHeader } from './write.ts'

const client = { address: '192.0.2.1', port: 4444, localAddress: '198.51.100.7', localPort: 443 }
const loopback = ['127.0.0.0/8', '::1']
const request = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

/** Answers with what it was told of the client. */
const tellOrigin = () =>
  startOrigin((asked, response) => {
    const { 'x-forwarded-for': forwardedFor = '' } = asked.headers
    response.end(`for ${String(forwardedFor)} as ${String(asked.headers['x-forwarded-proto'])}`)
  })

const through = (port: number) => ({
  services: [aService('s', { port })],
  routes: [aRoute('r', 's')],
})

for (const version of ['v1', 'v2'] as const) {
  test(`the client is who the header (${version}) says, over HTTP/1.1, chunked, HTTP/2 and TLS`, async () => {
    await using origin = await tellOrigin()
    const { leaf } = createTestAuthority()
    await using gateway = await openGateway({
      config: aConfig({
        ...through(origin.port),
        certificates: [{ id: 'c', tags: [], cert_alt: null, key_alt: null, ...leaf('*') }],
        snis: [{ id: 'c', tags: [], name: '*', certificate: 'c' }],
      }),
      ...{ proxyProtocol: loopback, tls: {} },
    })
    const header = proxyHeader(version, client).toString('latin1')
    assert.match(await gateway.raw([header, request]), /for 192\.0\.2\.1 as http$/)
    assert.match(await gateway.raw(header + request), /for 192\.0\.2\.1 as http$/)
    const chunked = request.replace('\r\n\r\n', '\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')
    assert.match(await gateway.raw(header + chunked), /for 192\.0\.2\.1 as http$/)

    for (const alpn of ['http/1.1', 'h2']) {
      const socket = connect(gateway.tlsPort, '127.0.0.1')
      socket.write(header, 'latin1')
      const secure = connectTls({ socket, ALPNProtocols: [alpn], rejectUnauthorized: false })
      if (alpn === 'h2') {
        const session = connectHttp2('https://a', { createConnection: () => secure })
        const stream = session.request({ ':path': '/' })
        assert.equal(await text(stream), 'for 192.0.2.1 as https')
        session.destroy()
      } else {
        assert.match(await getOver(secure), /for 192\.0\.2\.1 as https$/)
      }
    }
  })
}

const restriction = {
  allow: ['192.0.2.0/24'],
  deny: null,
  status: null,
  message: null,
  resolvers: [],
}

test('limits and lists go by the client of the header', async () => {
  await using origin = await tellOrigin()
  const plugins = [aPlugin('ip-restriction', restriction)]
  const config = aConfig({ ...through(origin.port), plugins })
  await using gateway = await openGateway({ config, proxyProtocol: loopback })
  assert.match(await gateway.raw(proxyHeader('v2', client).toString('latin1') + request), /200/)
  const other = proxyHeader('v2', { ...client, address: '203.0.113.9' }).toString('latin1')
  assert.match(await gateway.raw(other + request), /403 [^]*not allowed: 203\.0\.113\.9/)
  assert.match(await gateway.raw(`PROXY UNKNOWN\r\n${request}`), /not allowed: 127\.0\.0\.1/)
})

test('nobody is listened to who is not named', async () => {
  await using origin = await tellOrigin()
  const config = aConfig(through(origin.port))
  await using gateway = await openGateway({ config, proxyProtocol: ['10.0.0.0/8'] })
  const answer = await gateway.raw(proxyHeader('v1', client).toString('latin1') + request)
  assert.match(answer, /^HTTP\/1\.1 400 /)
})

test('connections of this machine may do without a header; what is none is cut and counted', async () => {
  await using origin = await tellOrigin()
  const config = aConfig(through(origin.port))
  await using gateway = await openGateway({ config, proxyProtocol: loopback })
  assert.match(await gateway.raw(request), /for 127\.0\.0\.1 as http$/)
  assert.equal(await gateway.raw(`PROXY TCP4 1.2.3 4.5.6.7 1 2\r\n${request}`), '')
  assert.match(gateway.metrics(), /proxy_protocol_connections_total\{outcome="own"\} 1\n/)
  assert.match(gateway.metrics(), /proxy_protocol_connections_total\{outcome="refused"\} 1\n/)
  assert.deepEqual(gateway.warnings, ['no header of the PROXY protocol that can be read'])
})

test('who does not finish its header is cut in time', async () => {
  const clock = createManualClock()
  await using gateway = await openGateway({ config: aConfig({}), proxyProtocol: loopback, clock })
  using slow = rawClient(gateway.port)
  slow.send('PROXY TCP4 192.0.2.1')
  // The round trip of another one: by then the first is there.
  await gateway.raw(request)
  clock.advance(10_000)
  assert.equal(await slow.end(), '')
})

const streamRoute = (protocol: RouteProtocol) =>
  aRoute('r', 's', { protocols: [protocol], paths: [], sources: [{ ip: '192.0.2.1', port: null }] })

test('ports for connections are told, and tell; there a header has to be', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', (bytes: Buffer) => socket.end(bytes))
  })
  const service = aService('s', {
    ...{ protocol: 'tcp', port: origin.port },
    'x-keelson': { proxy_protocol: 'v1' },
  })
  const config = aConfig({ services: [service], routes: [streamRoute('tcp')] })
  await using gateway = await openGateway({ config, streams: 1, proxyProtocol: loopback })
  const [port = 0] = gateway.streamPorts
  using told = rawClient(port)
  told.send(proxyHeader('v2', client).toString('latin1'))
  assert.equal(await told.end(), `PROXY TCP4 192.0.2.1 127.0.0.1 4444 ${port}\r\n`)
  using silent = rawClient(port)
  silent.send('no header')
  assert.equal(await silent.end(), '')
})

test('a service is told who asks, on a connection for each request, WebSockets too', async () => {
  await using origin = await startRawOrigin((socket) => {
    let heard = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes])
      if (!heard.includes('\r\n\r\n', 28)) return
      const header = readProxyHeader(heard)
      const said = header.kind === 'header' ? header.client?.address : header.kind
      const name = /x-name: (\w+)/i.exec(heard.toString('latin1'))?.[1] ?? ''
      const body = `${said} ${name}`
      const isUpgrade = /^upgrade:/im.test(heard.toString('latin1'))
      socket.write(
        isUpgrade
          ? `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n${body}`
          : `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    })
  })
  const service = aService('s', { port: origin.port, 'x-keelson': { proxy_protocol: 'v2' } })
  const config = aConfig({ services: [service], routes: [aRoute('r', 's')] })
  await using gateway = await openGateway({ config })
  for (const name of ['one', 'two']) {
    const answer = await gateway.fetch('/', { headers: { 'X-Name': name } })
    assert.equal(await answer.text(), `127.0.0.1 ${name}`)
  }
  assert.equal(origin.connections(), 2)
  using socket = rawClient(gateway.port)
  socket.send(
    'GET / HTTP/1.1\r\nHost: a\r\nX-Name: ws\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  assert.match(await socket.hears(/127\.0\.0\.1 ws$/), /^HTTP\/1\.1 101 /)
})

test(
  'through a real HAProxy before the gateway, plain and over TLS',
  { skip: noHaproxy },
  async () => {
    await using origin = await tellOrigin()
    const config = aConfig(through(origin.port))
    const { leaf } = createTestAuthority()
    const certificates = [{ id: 'c', tags: [], cert_alt: null, key_alt: null, ...leaf('*') }]
    const snis = [{ id: 'c', tags: [], name: '*', certificate: 'c' }]
    await using gateway = await openGateway({
      ...{ config: { ...config, certificates, snis }, tls: {} },
      proxyProtocol: ['127.0.0.1'],
    })
    for (const send of ['send-proxy', 'send-proxy-v2']) {
      // It is told of a client by us, so that there is one that is not this machine.
      const server = `127.0.0.1:${gateway.port} ${send}`
      await using before = await startHaproxy('tcp', { bind: 'accept-proxy', server })
      using told = rawClient(before.port)
      told.send(proxyHeader('v2', client).toString('latin1') + request)
      assert.match(await told.end(), /for 192\.0\.2\.1 as http$/, send)

      const secure = `127.0.0.1:${gateway.tlsPort} ${send}`
      await using beforeTls = await startHaproxy('tcp', { server: secure })
      const socket = await shake(beforeTls.port, { servername: 'a.test' })
      assert.match(await getOver(socket), /for 127\.0\.0\.1 as https$/, send)
    }
  },
)

test(
  'to a real HAProxy behind the gateway, plain, over TLS, and in its checks',
  { skip: noHaproxy },
  async () => {
    const checks: string[] = []
    await using origin = await startOrigin((asked, response) => {
      if (asked.url === '/check') checks.push(String(asked.headers['x-seen-by-haproxy']))
      response.end(String(asked.headers['x-seen-by-haproxy']))
    })
    const server = `127.0.0.1:${origin.port}`
    for (const version of ['v1', 'v2'] as const) {
      await using behind = await startHaproxy('http', { bind: 'accept-proxy', server })
      const { healthchecks } = anUpstream('u')
      const { active } = healthchecks
      const healthy = { ...active.healthy, interval: 1, successes: 1 }
      const often = { ...active, http_path: '/check', healthy }
      const checked = anUpstream('u', { healthchecks: { ...healthchecks, active: often } })
      const config = aConfig({
        services: [aService('s', { host: 'u', 'x-keelson': { proxy_protocol: version } })],
        upstreams: [checked],
        targets: [aTarget('u', `127.0.0.1:${behind.port}`)],
        routes: [aRoute('r', 's')],
      })
      await using gateway = await openGateway({ config, proxyProtocol: loopback })
      const answer = await gateway.raw(proxyHeader('v1', client).toString('latin1') + request)
      assert.match(answer, /192\.0\.2\.1$/, version)
      await until(() => checks.length > 0, 'a check')
      assert.deepEqual(checks.splice(0).slice(0, 1), ['127.0.0.1'])
    }
  },
)
