import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable, Transform } from 'node:stream'
import { test } from 'node:test'

import { WebSocket, WebSocketServer } from 'ws'

import type { ExchangeRecord, PluginInstance } from '../../plugins/plugin.ts'
import {
  aConsumer,
  aPlugin,
  openGateway,
  startOrigin,
  startRawOrigin,
  until,
} from '../../testing/gateway.ts'
import { rawClient } from '../front/testing.ts'
import { app, knowing, plugin } from './testing.ts'

const answers: {
  title: string
  hook: NonNullable<PluginInstance['response']>
  status?: number
  body: string
}[] = [
  {
    title: 'headers and status',
    hook: (_exchange, response) => {
      response.status = 202
      response.headers.set('content-type', 'x/y')
    },
    status: 202,
    body: '{"n":1}',
  },
  {
    title: 'the whole body',
    hook: (_exchange, response) =>
      response.changeBody(100, (body) => Buffer.from(body.toString().toUpperCase())),
    body: '{"N":1}',
  },
  {
    title: 'the whole body, later',
    hook: (_exchange, response) =>
      response.changeBody(100, async (body) => {
        await new Promise(setImmediate)
        return Buffer.from(`${body.toString()}!`)
      }),
    body: '{"n":1}!',
  },
  {
    title: 'a body too large is left alone',
    hook: (_exchange, response) => response.changeBody(3, () => Buffer.from('never')),
    body: '{"n":1}',
  },
  {
    title: 'by a stream',
    hook: (_exchange, response) =>
      response.pipeBody(
        new Transform({
          transform: (piece: Buffer, _encoding, done) => done(null, `<${piece.toString()}>`),
          flush: (done) => done(null, '.'),
        }),
      ),
    body: '<{"n":1}>.',
  },
  {
    title: 'changed, then streamed',
    hook: (_exchange, response) => {
      response.pipeBody(
        new Transform({
          transform: (piece: Buffer, _encoding, done) => done(null, `<${piece.toString()}>`),
        }),
      )
      response.changeBody(100, () => Buffer.from('new'))
    },
    body: '<new>',
  },
  {
    title: 'replaced',
    hook: (_exchange, response) =>
      response.replace({ status: 203, headers: ['x-new', '1'], body: 'instead' }),
    status: 203,
    body: 'instead',
  },
  {
    title: 'replaced by a stream',
    hook: (_exchange, response) =>
      response.replace({
        status: 203,
        body: Readable.from([Buffer.from('in'), Buffer.from('stead')]),
      }),
    status: 203,
    body: 'instead',
  },
  {
    title: 'failing change',
    hook: (_exchange, response) =>
      response.changeBody(100, () => {
        throw new Error('broken')
      }),
    body: '{"n":1}',
  },
]

test('the answer can be changed', async (t) => {
  for (const size of [0, 200_000]) {
    await using origin = await startOrigin((request, response) => {
      if (request.url === '/large') response.end('z'.repeat(size))
      else response.end('{"n":1}')
    })
    for (const { title, hook, status = 200, body } of answers) {
      await t.test(`${title}, ${size}`, async () => {
        await using gateway = await openGateway({
          plugins: [plugin('changing', 10, () => ({ response: hook }))],
          config: app(origin.port, { plugins: [aPlugin('changing')] }),
        })
        const answer = await gateway.fetch('/')
        assert.equal(answer.status, status)
        assert.equal(await answer.text(), body)
        const head = await gateway.fetch('/', { method: 'HEAD' })
        assert.equal(await head.text(), '')
        if (status === 200) assert.equal(head.status, 200)
        const large = await (await gateway.fetch('/large')).text()
        assert.ok(large.length >= (status === 203 ? 7 : 0))
      })
    }
  }
})

test('bytes from the service can be watched, also when the answer breaks off', async () => {
  const seen: string[] = []
  const watching = plugin('watching', 10, () => ({
    response: (_exchange, response) =>
      response.watchBody({
        onBytes: (bytes) => void seen.push(bytes.toString()),
        onEnd: () => void seen.push('end'),
        onAbort: () => void seen.push('abort'),
      }),
  }))
  let count = 0
  await using origin = await startRawOrigin((socket) => {
    count += 1
    if (count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc')
    else {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 30\r\n\r\nabc')
      setImmediate(() => socket.destroy())
    }
  })
  await using gateway = await openGateway({
    plugins: [watching],
    config: app(origin.port, { plugins: [aPlugin('watching')] }),
  })
  assert.equal(await (await gateway.fetch('/', { method: 'POST' })).text(), 'abc')
  assert.deepEqual(seen.splice(0), ['abc', 'end'])
  await gateway.proxy.apply({
    ...{ revision: 9, services: {}, edges: [] },
    documents: [],
  })
  await gateway.apply(app(origin.port, { plugins: [aPlugin('watching')] }))
  await assert.rejects((async () => (await gateway.fetch('/', { method: 'POST' })).text())())
  await until(() => seen.includes('abort'), 'the watcher hears of it')
  assert.deepEqual(seen, ['abc', 'abort'])
})

test('a plugin can ask the service itself, past all plugins', async () => {
  await using origin = await startOrigin((request, response) => {
    const asked = `${request.method} ${request.url} ${String(request.headers['x-more'])}`
    if (request.url === '/large') response.end('l'.repeat(300_000))
    else response.end(asked)
  })
  const asking = plugin('asking', 10, () => ({
    access: async (exchange) => {
      const headers = exchange.request.headers.copy()
      headers.set('x-more', 'yes')
      const answer = await exchange.subrequest({ method: 'GET', headers })
      exchange.respond({ status: answer.status, headers: ['x-sub', '1'], body: answer.body })
    },
  }))
  await using gateway = await openGateway({
    plugins: [asking],
    config: app(origin.port, { plugins: [aPlugin('asking')] }),
  })
  const answer = await gateway.fetch('/x?y')
  assert.equal(await answer.text(), 'GET /x?y yes')
  assert.equal((await (await gateway.fetch('/large')).text()).length, 300_000)
  await origin.kill()
  assert.equal((await gateway.fetch('/x')).status, 500, 'it rejects when no answer comes')
})

test('log tells once, after the last byte, what happened', async () => {
  await using origin = await startOrigin((_request, response) => {
    response.setHeader('x-a', '1')
    response.end('twelve bytes')
  })
  const records: ExchangeRecord[] = []
  const logging = plugin('logging', 10, () => ({
    log: (_exchange, record) => void records.push(record),
  }))
  await using gateway = await openGateway({
    plugins: [logging],
    config: app(origin.port, { plugins: [aPlugin('logging')] }),
  })
  await (await gateway.fetch('/', { method: 'POST', body: 'four' })).text()
  await until(() => records.length === 1, 'the record')
  const [record] = records
  assert.equal(record?.status, 200)
  assert.equal(record?.source, 'service')
  assert.equal(record?.error, null)
  assert.equal(record?.responseHeaders.get('x-a'), '1')
  assert.ok((record?.requestBytes ?? 0) > 4 && (record?.responseBytes ?? 0) > 12)
  assert.deepEqual(
    record?.tries.map(({ outcome, port }) => [outcome, port]),
    [[200, origin.port]],
  )
  assert.ok(
    (record?.upstreamMs ?? -1) >= 0 && (record?.durationMs ?? 0) >= (record?.upstreamMs ?? 0),
  )
  await origin.kill()
  assert.equal((await gateway.fetch('/')).status, 502)
  await until(() => records.length === 2, 'the record')
  assert.equal(records[1]?.error, 'gateway_no_upstream')
  assert.deepEqual(
    records[1]?.tries.map(({ outcome }) => outcome),
    ['refused'],
  )
})

test('a client that leaves is told to log as 499', async () => {
  await using origin = await startRawOrigin(() => {})
  const records: ExchangeRecord[] = []
  const logging = plugin('logging', 10, () => ({
    log: (_exchange, record) => void records.push(record),
  }))
  await using gateway = await openGateway({
    plugins: [logging],
    config: app(origin.port, { plugins: [aPlugin('logging')] }),
  })
  const leaving = new AbortController()
  const asked = gateway.fetch('/', { signal: leaving.signal })
  await until(() => origin.open() === 1, 'the request is there')
  leaving.abort()
  await assert.rejects(asked)
  await until(() => records.length === 1, 'the record')
  assert.equal(records[0]?.status, 499)
  assert.equal(records[0]?.aborted, true)
})

test('a WebSocket passes its plugins: refused by access, seen by response and log', async () => {
  await using origin = await startOrigin((_request, response) => response.end())
  const sockets = new WebSocketServer({ server: origin.server })
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  const logged: number[] = []
  const seeing = plugin('seeing', 10, () => ({
    response: (_exchange, response) => response.headers.add('x-seen', 'yes'),
    log: (_exchange, { status }) => void logged.push(status),
  }))
  await using gateway = await openGateway({
    plugins: [knowing, seeing],
    config: app(origin.port, {
      consumers: [aConsumer('ann')],
      plugins: [aPlugin('knowing'), aPlugin('seeing')],
    }),
  })
  const url = gateway.url.replace('http', 'ws')
  const refused = new WebSocket(url)
  const [error] = (await once(refused, 'error')) as [Error]
  assert.match(error.message, /401/)
  const socket = new WebSocket(url, { headers: { 'x-user': 'ann' } })
  const [upgrade] = (await once(socket, 'upgrade')) as [{ headers: Record<string, string> }]
  assert.equal(upgrade.headers['x-seen'], 'yes')
  if (socket.readyState !== WebSocket.OPEN) await once(socket, 'open')
  socket.send('hello')
  const [data] = (await once(socket, 'message')) as [Buffer]
  assert.equal(data.toString(), 'hello')
  socket.close()
  await until(() => logged.length === 2, 'both are logged')
  assert.deepEqual(logged, [401, 101])
  sockets.close()
})

test('a WebSocket waits for a hook that looks at its handshake, with what came behind it', async () => {
  const looked = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const slow = plugin('slow', 10, () => ({
    response: async (_exchange, response) => {
      looked.resolve()
      await release.promise
      response.headers.add('x-late', 'yes')
    },
  }))
  await using origin = await startRawOrigin((socket) => {
    const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
    socket.once('data', () => socket.end(`${head}\r\nearly,`))
  })
  await using gateway = await openGateway({
    plugins: [slow],
    config: app(origin.port, { plugins: [aPlugin('slow')] }),
  })
  const handshake =
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  using client = rawClient(gateway.port)
  client.send(handshake)
  await looked.promise
  assert.equal(client.heard(), '')
  release.resolve()
  assert.match(await client.end(), /^HTTP\/1\.1 101 [^]*x-late: yes\r\n[^]*\r\n\r\nearly,$/)
})

test('an answer that waits for a hook is not taken in meanwhile', async () => {
  const waits = Promise.withResolvers<void>()
  const waiting = plugin('waiting', 10, () => ({
    response: async () => {
      await waits.promise
    },
  }))
  const piece = Buffer.alloc(64 * 1024, 'x')
  const pieces = 500
  let sent = 0
  await using origin = await startOrigin((_request, response) => {
    const send = (): void => {
      while (sent < pieces) {
        sent += 1
        if (!response.write(piece)) return void response.once('drain', send)
      }
      response.end()
    }
    send()
  })
  await using gateway = await openGateway({
    plugins: [waiting],
    config: app(origin.port, { plugins: [aPlugin('waiting')] }),
  })
  const asked = gateway.fetch('/')
  let before = -1
  // Until the buffers of the system are full, the origin gets rid of something.
  await until(() => {
    const still = sent > 0 && sent === before
    before = sent
    return still
  }, 'the origin is held up')
  assert.ok(sent < pieces, `${sent} pieces of ${pieces} are out`)
  waits.resolve()
  assert.equal((await (await asked).arrayBuffer()).byteLength, pieces * piece.length)
})

test('a gateway that stops waits for requests that are among their plugins', async () => {
  const waits = Promise.withResolvers<void>()
  let entered = false
  const waiting = plugin('waiting', 10, () => ({
    access: async () => {
      entered = true
      await waits.promise
    },
  }))
  await using origin = await startOrigin((_request, response) => response.end('served'))
  await using gateway = await openGateway({
    plugins: [waiting],
    config: app(origin.port, { plugins: [aPlugin('waiting')] }),
  })
  const asked = gateway.fetch('/')
  await until(() => entered, 'the hook waits')
  const closed = gateway.proxy.close(10_000)
  waits.resolve()
  assert.equal(await (await asked).text(), 'served')
  await closed
})
