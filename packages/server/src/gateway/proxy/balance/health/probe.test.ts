import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { createSecureServer, createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import {
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'
import { test } from 'node:test'

import type { ActiveChecks } from '../../../config/model.ts'
import { createTestAuthority } from '../testing-tls.ts'
import { upstreamOf } from '../testing.ts'
import { startProbe, type ProbeResult } from './probe.ts'

const authority = createTestAuthority()
const leaf = authority.leaf('shop.test')

const listen = async (server: Server) => {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const probe = (
  port: number,
  changes: Partial<ActiveChecks>,
  ca: readonly string[] | null = [authority.ca],
): Promise<ProbeResult> =>
  new Promise((resolve) => {
    const { active } = upstreamOf({ active: changes }).healthchecks
    const target = {
      host: '127.0.0.1',
      port,
      authority: `shop.test:${port}`,
      proxyProtocol: null,
      serverName: 'shop.test',
    }
    startProbe({ checks: active, target, certificate: null, ca }, resolve)
  })

const textOf = (result: ProbeResult): string =>
  result.kind === 'status' ? `status ${result.status}` : result.kind

test('http: path, headers and Host as configured, by HTTP/1.1', async () => {
  const seen: string[] = []
  const answer: RequestListener = (request, response) => {
    const { host, 'x-probe': own } = request.headers
    seen.push(`${request.method} ${request.url} ${request.httpVersion} ${host} ${String(own)}`)
    response.statusCode = 418
    response.end()
  }
  await using server = await listen(createServer(answer))
  const result = await probe(server.port, {
    http_path: '/up?x=1',
    headers: { 'X-Probe': ['a', 'b'] },
  })
  assert.deepEqual(result, { kind: 'status', status: 418 })
  assert.deepEqual(seen, [`GET /up?x=1 1.1 shop.test:${server.port} a, b`])
})

test('https: name and certificate are checked, unless told otherwise', async () => {
  await using server = await listen(
    createHttpsServer(leaf, (_request, response) => response.end('ok')),
  )
  const cases: [changes: Partial<ActiveChecks>, ca: readonly string[] | null, result: string][] = [
    [{}, [authority.ca], 'status 200'],
    [{}, null, 'tcp'],
    [{ https_sni: 'other.test' }, [authority.ca], 'tcp'],
    [{ https_verify_certificate: false }, null, 'status 200'],
  ]
  for (const [changes, ca, result] of cases) {
    assert.equal(textOf(await probe(server.port, { type: 'https', ...changes }, ca)), result)
  }
})

test('tcp: a connection is enough', async () => {
  const server = await listen(createTcpServer((socket) => void socket.resume()))
  assert.equal(textOf(await probe(server.port, { type: 'tcp' })), 'ok')
  await server[Symbol.asyncDispose]()
  for (const type of ['tcp', 'http', 'https', 'grpc'] as const) {
    const result = await probe(server.port, { type })
    assert.equal(textOf(result), 'tcp', type)
    assert.match('detail' in result ? result.detail : '', /ECONNREFUSED/)
  }
})

test('no answer in time, and an answer that is not HTTP', async () => {
  await using silent = await listen(createTcpServer((socket) => void socket.resume()))
  assert.equal(textOf(await probe(silent.port, { timeout: 0.05 })), 'timeout')
  await using garbage = await listen(createTcpServer((socket) => void socket.end('?\r\n\r\n')))
  assert.equal(textOf(await probe(garbage.port, {})), 'http')
})

test('grpc and grpcs: the health service is asked', async () => {
  const serving = Buffer.from([0, 0, 0, 0, 2, 0x08, 1])
  const notServing = Buffer.from([0, 0, 0, 0, 2, 0x08, 2])
  const cases: [message: Buffer | null, grpcStatus: string, result: string][] = [
    [serving, '0', 'ok'],
    [notServing, '0', 'http'],
    [null, '12', 'ok'],
    [null, '14', 'http'],
  ]
  for (const secure of [false, true]) {
    for (const [message, grpcStatus, expected] of cases) {
      const h2 = secure ? createSecureServer(leaf) : createHttp2Server()
      h2.on('stream', (stream, headers) => {
        assert.equal(headers[':path'], '/grpc.health.v1.Health/Check')
        stream.respond({ ':status': 200 }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': grpcStatus }))
        stream.end(message ?? undefined)
      })
      await using server = await listen(h2)
      const result = await probe(server.port, { type: secure ? 'grpcs' : 'grpc' })
      assert.equal(textOf(result), expected, `${grpcStatus} ${secure}`)
    }
  }
})

test('a probe that cannot be sent fails, and throws nothing', async () => {
  const result = await probe(1, { headers: { 'X-Bad': ['a\nb'] } })
  assert.equal(textOf(result), 'tcp')
  assert.match('detail' in result ? result.detail : '', /X-Bad|x-bad/)
})

test('a probe that is called off says nothing', async () => {
  await using silent = await listen(createTcpServer((socket) => void socket.resume()))
  const { active } = upstreamOf({ active: { timeout: 0.01 } }).healthchecks
  const target = {
    host: '127.0.0.1',
    port: silent.port,
    authority: 'h',
    proxyProtocol: null,
    serverName: 'h',
  }
  const results: ProbeResult[] = []
  const parts = { checks: active, target, certificate: null, ca: null }
  startProbe(parts, (result) => results.push(result)).cancel()
  await probe(silent.port, { timeout: 0.05 })
  assert.deepEqual(results, [])
})
