import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { test } from 'node:test'

import { createManualClock } from '../../../kernel/testing/clock.ts'
import { openGateway, startOrigin, type TestGateway } from '../../testing/gateway.ts'
import { tally } from './testing.ts'
import { createTestAuthority } from './testing-tls.ts'

/** Balancing as a caller meets it: a Kong file, real services, and a clock that stands still. */

/** A service that says its name, with a status that can be changed. */
const startNamed = async (name: string) => {
  let status = 200
  const origin = await startOrigin((_request, response) => {
    response.statusCode = status
    response.end(name)
  })
  return Object.assign(origin, { answer: (next: number) => (status = next) })
}

const listen = async (server: Server) => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const fileOf = (ports: readonly number[], upstream: string): string => `
_format_version: "3.0"
services:
  - name: app
    host: app.upstream
    routes: [{ name: app, paths: ["/"] }]
upstreams:
  - name: app.upstream
    targets: [${ports.map((port) => `{ target: "127.0.0.1:${port}" }`).join(', ')}]
${upstream.replaceAll(/^/gm, '    ')}
`

const ask = async (gateway: TestGateway, count: number, init?: RequestInit) => {
  const names: string[] = []
  for (let round = 0; round < count; round += 1) {
    const response = await gateway.fetch('/', init)
    names.push(`${response.status} ${await response.text()}`)
  }
  return tally(names)
}

test('a target that fails is put out, and comes back without anybody doing anything', async () => {
  await using one = await startNamed('one')
  await using two = await startNamed('two')
  const clock = createManualClock()
  const passive = 'healthchecks: { passive: { unhealthy: { http_failures: 2 } } }'
  const config = fileOf([one.port, two.port], passive)
  await using gateway = await openGateway({ config, clock })
  assert.deepEqual(await ask(gateway, 4), { '200 one': 2, '200 two': 2 })

  two.answer(500)
  assert.deepEqual(await ask(gateway, 10), { '200 one': 8, '500 two': 2 })
  assert.ok(gateway.warnings.includes('target put out'))

  two.answer(200)
  clock.advance(5_000)
  const trial = await ask(gateway, 40)
  assert.ok((trial['200 two'] ?? 0) >= 1, JSON.stringify(trial))
  clock.advance(10_000)
  assert.deepEqual(await ask(gateway, 20), { '200 one': 10, '200 two': 10 })
})

test('everything fails: callers see what the services say, not a 503 of ours', async () => {
  await using one = await startNamed('one')
  await using two = await startNamed('two')
  for (const origin of [one, two]) origin.answer(500)
  const passive = 'healthchecks: { threshold: 50, passive: { unhealthy: { http_failures: 1 } } }'
  const config = fileOf([one.port, two.port], passive)
  await using gateway = await openGateway({ config, clock: createManualClock() })
  assert.deepEqual(await ask(gateway, 20), { '500 one': 10, '500 two': 10 })
  for (const origin of [one, two]) origin.answer(200)
  const after = await ask(gateway, 20)
  assert.equal((after['200 one'] ?? 0) + (after['200 two'] ?? 0), 20)
})

test('sessions stick by a cookie that the gateway makes', async () => {
  const origins = await Promise.all(['one', 'two', 'three'].map(startNamed))
  const ports = origins.map(({ port }) => port)
  const hashing = 'algorithm: consistent-hashing\nhash_on: cookie\nhash_on_cookie: shard'
  const sticky = 'x-keelson: { sticky: { cookie: stick, ttl_s: 60, secure: false } }'
  for (const upstream of [hashing, sticky]) {
    await using gateway = await openGateway({ config: fileOf(ports, upstream) })
    const first = await gateway.fetch('/')
    const name = await first.text()
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? ''
    assert.match(cookie, /^(?:shard|stick)=[\w-]{22,36}$/)
    assert.deepEqual(await ask(gateway, 10, { headers: { cookie } }), { [`200 ${name}`]: 10 })
  }
  for (const origin of origins) await origin.kill()
})

test('a service by https: checked against the authorities of the file', async () => {
  const authority = createTestAuthority()
  const server = createHttpsServer(authority.leaf('localhost'), (_request, response) => {
    response.end('secret')
  })
  await using listening = await listen(server)
  const { port } = listening
  const pem = (text: string) => text.trim().replaceAll(/^/gm, '        ')
  const configOf = (ca: string) => `
_format_version: "3.0"
ca_certificates:
  - id: 0f1a5b9e-3c5b-4bd4-9d7e-6a1f0f4f6a11
    cert: |
${pem(ca)}
services:
  - name: app
    url: https://localhost:${port}
    tls_verify: true
    ca_certificates: [0f1a5b9e-3c5b-4bd4-9d7e-6a1f0f4f6a11]
    routes: [{ name: app, paths: ["/"] }]
`
  await using right = await openGateway({ config: configOf(authority.ca) })
  assert.deepEqual(await ask(right, 2), { '200 secret': 2 })
  await using wrong = await openGateway({ config: configOf(createTestAuthority().ca) })
  const refused = await wrong.fetch('/')
  assert.ok(refused.status >= 502, String(refused.status))
})

test('a gRPC service is spoken to by HTTP/2', async () => {
  const server = createHttp2Server()
  server.on('stream', (stream, headers) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.end(`${headers[':method']} ${headers[':path']}`)
  })
  await using listening = await listen(server)
  const { port } = listening
  const config = `
_format_version: "3.0"
services:
  - name: app
    url: grpc://127.0.0.1:${port}
    routes: [{ name: app, paths: ["/"], protocols: [http], strip_path: false }]
`
  await using gateway = await openGateway({ config })
  const text = await gateway.raw(
    'POST /shop.Cart/Add HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: close, te\r\nContent-Length: 2\r\n\r\nhi',
  )
  assert.match(text, /^HTTP\/1\.1 200 /)
  assert.match(text, /POST \/shop\.Cart\/Add\r\n0\r\ngrpc-status: 0\r\n\r\n$/)
})
