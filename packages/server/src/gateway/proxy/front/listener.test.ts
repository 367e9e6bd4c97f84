import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ReadableStream } from 'node:stream/web'
import { test } from 'node:test'

import { WebSocket, WebSocketServer } from 'ws'

import { AppError } from '../../../kernel/errors.ts'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import type { ClientExchange } from '../client-exchange.ts'
import { createListener } from './listener.ts'
import { bodyOf, echo, openFront, rawClient, talk } from './testing.ts'

const close = 'Connection: close\r\n'
const get = (path = '/', more = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`

/** What is not usual, and how it is understood all the same. */
const fallbacks: { why: string; text: string; seen: Record<string, unknown> }[] = [
  {
    why: 'a chunked body',
    text: `POST /c HTTP/1.1\r\nHost: h\r\n${close}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n`,
    seen: { method: 'POST', target: '/c', host: 'h', body: 'abcde', version: '1.1' },
  },
  {
    why: 'HTTP/1.0 without Host',
    text: 'GET /old HTTP/1.0\r\n\r\n',
    seen: { target: '/old', host: '', version: '1.0' },
  },
  {
    why: 'an absolute target, whose authority takes the place of Host',
    text: `GET http://other:80/x?y HTTP/1.1\r\nHost: h\r\n${close}\r\n`,
    seen: { target: '/x?y', host: 'other:80', headers: ['Connection', 'close'] },
  },
  {
    why: 'an absolute target without path',
    text: `GET http://other?y HTTP/1.1\r\nHost: h\r\n${close}\r\n`,
    seen: { target: '/?y', host: 'other' },
  },
  {
    why: 'another method that node knows',
    text: `PROPFIND /dav HTTP/1.1\r\nHost: h\r\n${close}\r\n`,
    seen: { method: 'PROPFIND', target: '/dav' },
  },
  {
    why: 'options of the connection',
    text: `GET / HTTP/1.1\r\nHost: h\r\nConnection: close, X-A\r\nX-A: 1\r\n\r\n`,
    seen: { headers: ['Connection', 'close, X-A', 'X-A', '1'] },
  },
  {
    why: 'empty lines before the request',
    text: `\r\n\r\n${get('/late', close)}`,
    seen: { target: '/late' },
  },
  {
    why: 'h2c, which stays HTTP/1.1',
    text: get(
      '/',
      `Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAAA\r\n`,
    ),
    seen: { target: '/', version: '1.1' },
  },
]
for (const { why, text, seen } of fallbacks) {
  const check = (heard: string) => {
    const last = heard.slice(heard.lastIndexOf('{"method"'), heard.lastIndexOf('}') + 1)
    const all = JSON.parse(last) as Record<string, unknown>
    for (const [key, value] of Object.entries(seen)) assert.deepEqual(all[key], value, heard)
  }
  test(`not usual, and understood: ${why}`, async () => {
    await using front = await openFront(echo)
    check(await talk(front.port, text))
  })

  test(`not usual, behind two usual ones in one piece: ${why}`, async () => {
    await using front = await openFront(echo)
    const heard = await talk(front.port, get('/1') + get('/2') + text)
    assert.match(heard, /"target":"\/1"[^]*"target":"\/2"/)
    check(heard)
  })

  test(`not usual, at every cut: ${why}`, async () => {
    await using front = await openFront(echo)
    for (let cut = 1; cut < text.length; cut += 1) {
      using client = rawClient(front.port)
      client.send(get('/1') + text.slice(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      client.send(text.slice(cut))
      check(await client.end())
    }
  })
}

test('after what was not usual the connection goes on', async () => {
  await using front = await openFront(echo)
  const chunked =
    'POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'
  const heard = await talk(front.port, get('/1') + chunked + get('/3', close))
  assert.match(heard, /"target":"\/1"[^]*"body":"abc"[^]*"target":"\/3"/)
})

test('a large upload in chunks flows with backpressure', async () => {
  let bytesIn = 0
  const door = (exchange: ClientExchange) => {
    exchange.listener = {
      onBody: (bytes) => {
        bytesIn += bytes.length
        exchange.pauseBody()
        setImmediate(() => exchange.resumeBody())
      },
      onBodyEnd: () => exchange.sendWhole(200, '', [], null),
      onDrain: () => {},
      onClose: () => {},
    }
    exchange.startBody()
  }
  await using front = await openFront(door)
  const piece = new Uint8Array(100_000)
  const pieces = function* () {
    for (let count = 0; count < 100; count += 1) yield piece
  }
  const body = ReadableStream.from(pieces())
  const options = { method: 'POST', body, duplex: 'half' } as unknown as RequestInit
  const response = await fetch(front.url, options)
  assert.equal(response.status, 200)
  assert.equal(bytesIn, 10_000_000)
})

const streamed: { why: string; version: string; framing: RegExp }[] = [
  { why: 'HTTP/1.0 by the end of the connection', version: '1.0', framing: /\r\n\r\nabcdef$/ },
  { why: 'HTTP/1.1 in chunks', version: '1.1', framing: /3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n$/ },
]
for (const { why, version, framing } of streamed) {
  test(`an answer without length reaches ${why}`, async () => {
    const door = (exchange: ClientExchange) => {
      exchange.sendHead(200, '', [])
      exchange.sendBody(Buffer.from('abc'))
      exchange.sendBody(Buffer.from('def'))
      exchange.end(null)
    }
    await using front = await openFront(door)
    const heard = await talk(front.port, `GET / HTTP/${version}\r\nHost: h\r\n${close}\r\n`)
    assert.match(heard, framing)
  })
}

const handshake = `GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`

test('the socket of a handshake goes to who takes it, with the bytes that came early', async () => {
  const taken: { early: string; socket: Socket }[] = []
  const door = (exchange: ClientExchange) => {
    assert.notEqual(exchange.takeSocket, null)
    const { socket, early } = exchange.takeSocket?.() ?? {}
    if (socket === undefined || early === undefined) return
    taken.push({ early: early.toString(), socket: socket as Socket })
    socket.write('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    socket.pipe(socket)
  }
  await using front = await openFront(door)
  using client = rawClient(front.port)
  client.send(`${handshake}early`)
  await client.hears(/101/)
  assert.equal(taken[0]?.early, 'early')
  for (const word of ['one', 'two', 'three']) {
    client.send(word)
    await client.hears(new RegExp(`${word}$`))
  }
})

test('what flows through a taken socket is held up by who does not read', async () => {
  let taken: Socket | undefined
  const door = (exchange: ClientExchange) => {
    taken = exchange.takeSocket?.().socket as Socket | undefined
    taken?.on('error', () => {})
  }
  await using front = await openFront(door)
  using client = rawClient(front.port)
  client.send(handshake)
  while (client.socket.writableLength < 64 * 1024 * 1024) client.send('x'.repeat(1024 * 1024))
  for (let turn = 0; turn < 50; turn += 1) {
    using other = rawClient(front.port)
    other.send('nonsense\r\n\r\n')
    await other.end()
  }
  assert.ok(client.socket.writableLength > 48 * 1024 * 1024)
  assert.ok((taken?.readableLength ?? 0) < 1024 * 1024)
})

test('WebSockets of a real client and a real server go through', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  server.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const { port } = server.address() as { port: number }
  const door = (exchange: ClientExchange) => {
    const taken = exchange.takeSocket?.()
    if (taken === undefined) return
    const upstream = connect(port, '127.0.0.1')
    let head = `${exchange.method} ${exchange.target} HTTP/1.1\r\nHost: ${exchange.host}\r\n`
    for (const [name, value] of exchange.headers) head += `${name}: ${value}\r\n`
    upstream.write(`${head}\r\n`)
    upstream.write(taken.early)
    upstream.pipe(taken.socket).pipe(upstream)
  }
  await using front = await openFront(door)
  const client = new WebSocket(`ws://127.0.0.1:${front.port}/ws`)
  await once(client, 'open')
  for (const size of [1, 1000, 1_000_000]) {
    client.send(Buffer.alloc(size, 'x'))
    const [data] = (await once(client, 'message')) as [Buffer]
    assert.equal(data.length, size)
  }
  client.close()
  await once(client, 'close')
  await new Promise((resolve) => server.close(resolve))
})

test('a handshake can be answered like any request', async () => {
  await using front = await openFront((exchange) =>
    exchange.sendWhole(401, '', ['X-A', '1'], Buffer.from('no')),
  )
  const heard = await talk(front.port, handshake)
  assert.match(heard, /^HTTP\/1\.1 401 Unauthorized\r\nX-A: 1\r\nContent-Length: 2\r\n/)
  assert.match(heard, /Connection: close\r\n\r\nno$/)
})

const slow: { why: string; first: string; afterMs: number; heard: RegExp }[] = [
  {
    why: 'half a request head',
    first: 'GET / HTTP/1.1\r\nHo',
    afterMs: 15_000,
    heard: /^HTTP\/1\.1 408 /,
  },
  { why: 'nothing at all', first: '', afterMs: 15_000, heard: /^$/ },
  {
    why: 'nothing after an answer',
    first: get('/one'),
    afterMs: 65_000,
    heard: /"target":"\/one"/,
  },
  {
    why: 'half a second request',
    first: `${get('/one')}GET /two HTTP/1.1\r\n`,
    afterMs: 15_000,
    heard: /"target":"\/one"[^]*HTTP\/1\.1 408 /,
  },
  {
    why: 'the rest of a body that was refused',
    first: 'POST /refused HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc',
    afterMs: 15_000,
    heard: /^HTTP\/1\.1 413 /,
  },
]
for (const { why, first, afterMs, heard } of slow) {
  test(`a client that sends ${why} is cut when its time is up, not before`, async () => {
    const clock = createManualClock()
    let doors = 0
    const door = (exchange: ClientExchange) => {
      doors += 1
      if (exchange.target === '/refused') exchange.sendWhole(413, '', [], null)
      else echo(exchange)
    }
    await using front = await openFront(door, { clock })
    using client = rawClient(front.port)
    await once(client.socket, 'connect')
    client.send(first)
    if (first.includes('\r\n\r\n')) await client.hears(/HTTP\/1\.1/)
    // Another one's round trip: by then the bytes of the first one have been read.
    await talk(front.port, get('/other', close))
    clock.advance(afterMs - 2_000)
    await talk(front.port, get('/other', close))
    assert.equal(client.socket.readyState, 'open')
    clock.advance(4_000)
    assert.match(await client.end(), heard)
    assert.ok(doors >= 2)
  })
}

test('bytes that trickle in do not move the deadline of a head', async () => {
  const clock = createManualClock()
  await using front = await openFront(echo, { clock })
  using client = rawClient(front.port)
  await once(client.socket, 'connect')
  client.send('GET / HTTP/1.1\r\n')
  for (let second = 0; second < 17; second += 1) {
    client.send('A')
    await talk(front.port, get('/other', close))
    clock.advance(1_000)
  }
  assert.match(await client.end(), /^HTTP\/1\.1 408 /)
  assert.deepEqual(front.refused, [408])
})

test('a finished answer that nobody takes is given up in the end', async () => {
  const clock = createManualClock()
  const body = Buffer.alloc(64 * 1024 * 1024)
  await using front = await openFront((exchange) => exchange.sendWhole(200, '', [], body), {
    clock,
  })
  using client = rawClient(front.port)
  client.send(get())
  await client.hears(/200/)
  client.socket.pause()
  clock.advance(299_000)
  assert.equal(client.socket.destroyed, false)
  clock.advance(3_000)
  client.socket.resume()
  const heard = await client.end()
  assert.ok(heard.length < body.length)
})

test('one connection too many is closed at once, the others go on', async () => {
  await using front = await openFront(echo, { bounds: { clientConnections: 2 } })
  using first = rawClient(front.port)
  using second = rawClient(front.port)
  for (const client of [first, second]) {
    client.send(get())
    await client.hears(/200/)
  }
  assert.equal(await talk(front.port, get()), '')
  first.send(get('/again'))
  await first.hears(/again/)
  assert.deepEqual(front.warnings, ['too many client connections'])
  second.socket.destroy()
  await once(second.socket, 'close')
  // The end of one makes room for another.
  let heard = ''
  while (!heard.includes('200')) heard = await talk(front.port, get('/', close))
})

test('on stop idle connections end, busy ones after their answer', async () => {
  const held: ClientExchange[] = []
  const door = (exchange: ClientExchange) => {
    if (exchange.target === '/held') held.push(exchange)
    else echo(exchange)
  }
  await using front = await openFront(door)
  const usual = [get('/held')]
  const chunked = 'POST /held HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  using idle = rawClient(front.port)
  using idleNode = rawClient(front.port)
  idle.send(get())
  idleNode.send(get('/', 'Connection: keep-alive, x\r\n'))
  await idle.hears(/200/)
  await idleNode.hears(/200/)
  using busy = rawClient(front.port)
  using busyNode = rawClient(front.port)
  busy.send(usual.join(''))
  busyNode.send(chunked)
  while (held.length < 2) await talk(front.port, get('/', close))
  front.listener.stopAccepting()
  await idle.end()
  await idleNode.end()
  for (const exchange of held) exchange.sendWhole(200, '', [], Buffer.from('done'))
  for (const client of [busy, busyNode]) {
    assert.match(await client.end(), /Connection: close\r\n[^]*done$/)
  }
  await front.listener.closed()
})

test('a port in use is told with its holder', async () => {
  await using front = await openFront(echo)
  const second = createListener({
    engineDoor: echo,
    newId: () => 'id',
    clock: createManualClock(),
    warn: () => {},
  })
  await assert.rejects(second.open('127.0.0.1', front.port), (error: unknown) => {
    assert.ok(error instanceof AppError)
    assert.equal(error.code, 'port_taken')
    assert.match(error.message, new RegExp(`${front.port} is in use by .*${process.pid}`))
    return true
  })
  await second.closed()
})

test('requests that node has read at once take turns, and none follows an end', async () => {
  const waiting: ClientExchange[] = []
  await using front = await openFront((exchange) => void waiting.push(exchange))
  using client = rawClient(front.port)
  const chunked = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`
  client.send(['/1', '/2', '/3', '/4'].map(chunked).join(''))
  for (const [at, target] of ['/1', '/2', '/3'].entries()) {
    while (waiting.length <= at) await new Promise((resolve) => setImmediate(resolve))
    assert.equal(waiting.length, at + 1)
    const exchange = waiting[at]
    assert.equal(exchange?.target, target)
    if (exchange !== undefined) assert.equal(await bodyOf(exchange), 'x')
    if (at === 2) exchange?.closeAfter()
    exchange?.sendWhole(200, '', [], Buffer.from(`answer ${at + 1}`))
  }
  assert.match(await client.end(), /answer 1[^]*answer 2[^]*Connection: close[^]*answer 3$/)
  assert.equal(waiting.length, 3)
})

test('a body that was asked for late is whole, whichever way it came', async () => {
  const door = (exchange: ClientExchange) => {
    setImmediate(() => {
      void bodyOf(exchange).then((body) => exchange.sendWhole(200, '', [], Buffer.from(body)))
    })
  }
  await using front = await openFront(door)
  const plain = `POST / HTTP/1.1\r\nHost: h\r\n${close}Content-Length: 4\r\n\r\nbody`
  const chunked = `POST / HTTP/1.1\r\nHost: h\r\n${close}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n`
  for (const text of [plain, chunked]) assert.match(await talk(front.port, text), /\r\n\r\nbody$/)
})
