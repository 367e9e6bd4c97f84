import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { systemClock, type Clock } from '../../packages/server/src/kernel/clock.ts'
import { createManualClock } from '../../packages/server/src/kernel/testing/clock.ts'
import { createTestAuthority } from '../../packages/server/src/gateway/proxy/balance/testing-tls.ts'
import { startRawOrigin } from '../../packages/server/src/gateway/proxy/testing.ts'
import {
  openGateway,
  startOrigin,
  until,
  type TestGateway,
} from '../../packages/server/src/gateway/testing/gateway.ts'
import { certificateFor, configOf, heads } from './kong-file.ts'

/** An origin that tells how many bytes of a body it got, and counts what it was asked. */
const startCounting = async () => {
  const asked: string[] = []
  const origin = await startOrigin((request, response) => {
    let bytes = 0
    request.on('data', (piece: Buffer) => (bytes += piece.length))
    request.on('error', () => {})
    request.on('end', () => {
      asked.push(request.url ?? '')
      response.end(String(bytes))
    })
  })
  return { ...origin, asked }
}

/** The public ports: what holds on one holds on the other. */
const ports = {
  plain: (gateway: TestGateway): Socket => connect(gateway.port, '127.0.0.1'),
  TLS: (gateway: TestGateway): Socket =>
    connectTls({ port: gateway.tlsPort, servername: 'shop.test', rejectUnauthorized: false }),
} as const
type Port = keyof typeof ports
const everyPort: readonly Port[] = ['plain', 'TLS']

const more = certificateFor(createTestAuthority().leaf('shop.test'))
const open = (
  port: number,
  plugins: Readonly<Record<string, unknown>>[] = [],
  clock: Clock = systemClock,
) => openGateway({ config: configOf(port, { plugins, more }), clock, tls: {} })

/** Opens a connection, says something, and notes what comes back. */
const say = async (gateway: TestGateway, text: string, port: Port = 'plain') => {
  const socket = ports[port](gateway)
  let heard = ''
  let closed = false
  socket.setEncoding('latin1')
  socket.on('data', (piece: string) => (heard += piece))
  socket.on('error', () => {})
  socket.on('close', () => (closed = true))
  await once(socket, port === 'TLS' ? 'secureConnect' : 'connect')
  socket.write(text, 'latin1')
  return { socket, heard: () => heard, closed: () => closed }
}

const close = 'Host: h\r\nConnection: close\r\n'

for (const [port, count] of [
  ['plain', 500],
  ['TLS', 50],
] as const) {
  test(`Slowloris: ${count} clients (${port}) that never end their heads are told 408, and hold up nobody`, async () => {
    const clock = createManualClock()
    await using origin = await startCounting()
    await using gateway = await open(origin.port, [], clock)
    const slow = await Promise.all(
      Array.from({ length: count }, () => say(gateway, 'GET / HTTP/1.1\r\nHost: h\r\nX: ', port)),
    )
    assert.equal((await gateway.fetch('/before')).status, 200)
    for (let second = 0; second < 20; second += 1) {
      for (const { socket } of slow) if (!socket.destroyed) socket.write('a')
      assert.equal((await gateway.fetch('/meanwhile')).status, 200)
      clock.advance(1_000)
    }
    await until(() => slow.every(({ closed }) => closed()), 'all to be cut')
    for (const { heard } of slow) assert.match(heard(), /^HTTP\/1\.1 408 /)
  })
}

const large = 64 * 1024
const refused: readonly { why: string; text: string; status: number }[] = [
  {
    why: 'one field past 32 KiB',
    text: `GET / HTTP/1.1\r\n${close}A: ${'b'.repeat(large)}\r\n\r\n`,
    status: 431,
  },
  {
    why: 'ten thousand fields',
    text: `GET / HTTP/1.1\r\n${close}${'A: b\r\n'.repeat(10_000)}\r\n`,
    status: 431,
  },
  {
    why: '257 fields',
    text: `GET / HTTP/1.1\r\n${close}${'A: b\r\n'.repeat(257)}\r\n`,
    status: 431,
  },
  {
    why: 'a URL past 32 KiB',
    text: `GET /${'a'.repeat(large)} HTTP/1.1\r\n${close}\r\n`,
    status: 431,
  },
  {
    why: 'a head that never ends',
    text: `GET / HTTP/1.1\r\n${'A: b\r\n'.repeat(20_000)}`,
    status: 431,
  },
  {
    why: 'a body that is declared too large',
    text: `POST / HTTP/1.1\r\n${close}Content-Length: 2000\r\n\r\n`,
    status: 413,
  },
  {
    why: 'chunks that become too large',
    text: `POST / HTTP/1.1\r\n${close}Transfer-Encoding: chunked\r\n\r\n${`400\r\n${'x'.repeat(1024)}\r\n`.repeat(4)}0\r\n\r\n`,
    status: 413,
  },
]
const oneKilobyte = {
  name: 'request-size-limiting',
  config: { allowed_payload_size: 1, size_unit: 'kilobytes' },
}
for (const { why, text, status } of refused) {
  test(`${why}: ${status}, the connection ends, and no request is complete at the service`, async () => {
    await using origin = await startCounting()
    await using gateway = await open(origin.port, [oneKilobyte])
    for (const port of everyPort) {
      const client = await say(gateway, text, port)
      await until(client.closed, 'the end of the connection')
      assert.deepEqual(heads(client.heard()), [status], port)
      assert.deepEqual(origin.asked, [])
    }
  })
}

test('a bomb of 64 MB in 64 KB: it is counted as it came, and nobody unpacks it', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  await using origin = await startCounting()
  const plugins = [
    { name: 'request-size-limiting', config: { allowed_payload_size: 1 } },
    { name: 'request-transformer', config: { add: { body: ['a:b'] } } },
  ]
  await using gateway = await openGateway({ config: configOf(origin.port, { plugins }) })
  const before = process.memoryUsage().rss
  for (const type of ['application/json', 'application/x-www-form-urlencoded', 'text/plain']) {
    const answer = await gateway.fetch('/', {
      method: 'POST',
      headers: { 'content-encoding': 'gzip', 'content-type': type },
      body: bomb,
    })
    assert.equal(answer.status, 200)
    const taken = Number(await answer.text())
    assert.ok(taken <= bomb.length + 1024 * 1024, `${type}: ${taken}`)
  }
  assert.ok(process.memoryUsage().rss - before < 64 * 1024 * 1024)
})

test('a bomb that a service sends comes through as it is: transformers leave it packed', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024))
  await using origin = await startOrigin((_request, response) => {
    response.setHeader('content-type', 'application/json')
    response.setHeader('content-encoding', 'gzip')
    response.end(bomb)
  })
  const plugins = [{ name: 'response-transformer', config: { add: { json: ['a:b'] } } }]
  await using gateway = await openGateway({ config: configOf(origin.port, { plugins }) })
  const answer = await gateway.raw(`GET / HTTP/1.1\r\n${close}\r\n`)
  assert.equal(answer.length - answer.indexOf('\r\n\r\n') - 4, bomb.length)
})

test('a client that ends its side in the middle of its body: the service gets no whole request', async () => {
  await using origin = await startCounting()
  await using gateway = await open(origin.port)
  const framings = ['Content-Length: 100000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n400\r\n']
  for (const port of everyPort) {
    for (const framing of framings) {
      const client = await say(gateway, `POST / HTTP/1.1\r\nHost: h\r\n${framing}abc`, port)
      client.socket.end()
      await until(client.closed, 'the end')
      assert.ok(!heads(client.heard()).includes(200), port)
    }
  }
  assert.deepEqual(origin.asked, [])
  assert.equal((await gateway.fetch('/after')).status, 200)
})

for (const port of everyPort) {
  test(`a client (${port}) that stops in the middle of its body: 408, and its slot is free again`, async () => {
    const clock = createManualClock()
    await using origin = await startRawOrigin(() => {})
    await using gateway = await open(origin.port, [], clock)
    const bodies = [
      'Content-Length: 100000\r\n\r\nabc',
      'Content-Length: 100\r\n\r\nabc',
      'Transfer-Encoding: chunked\r\n\r\n5\r\nab',
    ]
    const stalled = await Promise.all(
      bodies.map((body) => say(gateway, `POST / HTTP/1.1\r\nHost: h\r\n${body}`, port)),
    )
    await until(() => origin.connections() >= 2, 'the service to be asked')
    for (let second = 0; second < 70; second += 1) {
      clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => stalled.every(({ closed }) => closed()), 'all to be cut')
    for (const { heard } of stalled) assert.match(heard(), /^HTTP\/1\.1 408 /)
    await until(() => origin.open() === 0, 'the service to be rid of them')
  })
}

for (const port of everyPort) {
  test(`upgraded (${port}) and silent: both ends are cut after an hour, not before`, async () => {
    const clock = createManualClock()
    await using origin = await startRawOrigin((socket) => {
      socket.once('data', () => {
        const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        )
      })
    })
    await using gateway = await open(origin.port, [], clock)
    const client = await say(
      gateway,
      'GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      port,
    )
    await until(() => client.heard().includes('101'), 'the handshake')
    clock.advance(59 * 60_000)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(client.closed(), false)
    clock.advance(2 * 60_000)
    await until(client.closed, 'the client to be cut')
    await until(() => origin.open() === 0, 'the service to be rid of it')
  })
}
