import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'

import { WebSocket, WebSocketServer } from 'ws'

import {
  documentsOf,
  endpoint,
  freePort,
  route,
  snapshotOf,
  startOrigin,
  startProxy,
  startRawOrigin,
  talk,
  until,
} from './testing.ts'

const startEcho = async () => {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  const seen: { cookie: string | undefined; url: string | undefined }[] = []
  sockets.on('connection', (socket, request) => {
    seen.push({ cookie: request.headers.cookie, url: request.url })
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    port,
    seen,
    clients: sockets.clients,
    [Symbol.asyncDispose]: async () => {
      for (const client of sockets.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const open = async (port: number, path = '/', headers: Record<string, string> = {}) => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  await once(socket, 'open')
  return socket
}
const echo = async (socket: WebSocket, text: string | Buffer): Promise<string> => {
  socket.send(text)
  const [data] = (await once(socket, 'message')) as [Buffer]
  return data.toString('latin1')
}

test('a WebSocket passes both ways, without the session of the platform', async () => {
  await using origin = await startEcho()
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const cookie = 'a=1; keelson_session=s3cret'
  const socket = await open(gateway.port, '/live?x=1', { cookie })
  assert.equal(await echo(socket, 'hello'), 'hello')
  const large = 'x'.repeat(3_000_000)
  assert.equal(await echo(socket, large), large)
  assert.deepEqual(origin.seen, [{ cookie: 'a=1', url: '/live?x=1' }])
  socket.close(4000, 'bye')
  const [code] = (await once(socket, 'close')) as [number]
  assert.equal(code, 4000)
  await until(() => origin.clients.size === 0, 'the instance to hear of the end')
  const counted = () => gateway.proxy.counters().find(({ service }) => service === 'shop/app')
  await until(() => (counted()?.bytesOut ?? 0) > large.length, 'the bytes to be counted')
  assert.equal(counted()?.requests, 1)
})

test('WebSockets outlive any number of snapshots, even one without their instance', async () => {
  await using origin = await startEcho()
  const snapshot = snapshotOf([endpoint('app-1', origin.port)])
  await using gateway = await startProxy(snapshot)
  const socket = await open(gateway.port)
  for (let revision = 2; revision < 30; revision += 1) {
    await gateway.proxy.apply({ ...snapshot, revision })
    assert.equal(await echo(socket, `r${revision}`), `r${revision}`)
  }
  await gateway.proxy.apply(snapshotOf([], { routes: [] }))
  assert.equal(await echo(socket, 'still here'), 'still here')
  socket.terminate()
})

test('an instance that refuses the handshake: its answer comes through', async () => {
  await using origin = await startOrigin((_request, response) => {
    response.writeHead(401, { 'x-why': 'no token' }).end('sign in')
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const answer = await talk(gateway.port, handshake)
  assert.match(answer, /^HTTP\/1\.1 401 /)
  assert.match(answer, /x-why: no token/i)
  assert.match(answer, /sign in/)
})
const handshake =
  'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

test('handshakes go to an instance that accepts connections; none: 503', async () => {
  await using origin = await startEcho()
  const dead = await freePort()
  await using gateway = await startProxy(
    snapshotOf([endpoint('dead', dead), endpoint('alive', origin.port)]),
  )
  for (let round = 0; round < 4; round += 1) {
    const socket = await open(gateway.port)
    assert.equal(await echo(socket, 'x'), 'x')
    socket.terminate()
  }
  await gateway.proxy.apply(snapshotOf([endpoint('dead', dead)]))
  assert.match(await talk(gateway.port, handshake), /^HTTP\/1\.1 503 /)
  await gateway.proxy.apply(snapshotOf([], { routes: [] }))
  assert.match(await talk(gateway.port, handshake), /^HTTP\/1\.1 404 /)
})

test('an instance that hangs in the handshake: 504', async () => {
  await using origin = await startRawOrigin(() => {})
  const snapshot = snapshotOf([endpoint('app-1', origin.port)])
  const documents = documentsOf([route('shop/app', '/', { timeoutMs: 150 })])
  await using gateway = await startProxy({ ...snapshot, documents })
  assert.match(await talk(gateway.port, handshake), /^HTTP\/1\.1 504 /)
})

const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
test('half-close: what the instance sends after the client has ended still arrives', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.allowHalfOpen = true
    socket.once('data', () => socket.write(switching))
    socket.on('end', () => socket.end('after the end'))
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const socket = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  socket.write(handshake)
  await until(() => text.includes('101'), 'the handshake')
  socket.end()
  await once(socket, 'end')
  assert.match(text, /after the end$/)
})

test('an instance that dies ends its WebSockets, and a client that dies those of the instance', async () => {
  await using origin = await startEcho()
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const first = await open(gateway.port)
  first.terminate()
  await until(() => origin.clients.size === 0, 'the instance to hear of it')
  const second = await open(gateway.port)
  for (const client of origin.clients) client.terminate()
  await once(second, 'close')
})

test('a WebSocket client that does not read holds the instance back', async () => {
  let written = 0
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => {
      socket.write(switching)
      const piece = Buffer.alloc(256 * 1024)
      const more = () => {
        while (written < 512 * 1024 * 1024) {
          written += piece.length
          if (!socket.write(piece)) return void socket.once('drain', more)
        }
      }
      more()
    })
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  const socket = connect(gateway.port, '127.0.0.1')
  socket.write(handshake)
  await once(socket, 'readable')
  let last = -1
  while (written !== last) {
    last = written
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  assert.ok(written < 64 * 1024 * 1024, `${written} bytes for a client that reads none`)
  socket.destroy()
})
