import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createManualClock } from '../../../kernel/testing/clock.ts'
import type { ClientExchange, ClientListener } from '../client-exchange.ts'
import { bodyOf, echo, openFront, rawClient, talk } from './testing.ts'

const date = 'Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n'
const keep = 'Connection: keep-alive\r\nKeep-Alive: timeout=65\r\n'
const get = (path = '/', more = '') => `GET ${path} HTTP/1.1\r\nHost: h\r\n${more}\r\n`
const close = 'Connection: close\r\n'

const answers: {
  why: string
  request: string
  door: (exchange: ClientExchange) => void
  wire: string
}[] = [
  {
    why: 'a whole answer gets its length',
    request: get(),
    door: (x) => x.sendWhole(200, '', ['X-A', '1'], Buffer.from('caf\xe9', 'latin1')),
    wire: `HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 4\r\n${date}${keep}\r\ncaf\xe9`,
  },
  {
    why: 'a reason is kept, an answer without body says so',
    request: get(),
    door: (x) => x.sendWhole(404, 'Nope', [], null),
    wire: `HTTP/1.1 404 Nope\r\nContent-Length: 0\r\n${date}${keep}\r\n`,
  },
  {
    why: 'a length in the fields is replaced by the one of the body',
    request: get(),
    door: (x) => x.sendWhole(200, '', ['content-length', '99'], Buffer.from('ab')),
    wire: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n${date}${keep}\r\nab`,
  },
  {
    why: 'HEAD keeps the length it is told, and has no body',
    request: get().replace('GET', 'HEAD'),
    door: (x) => x.sendWhole(200, '', ['Content-Length', '99'], Buffer.from('ab')),
    wire: `HTTP/1.1 200 OK\r\nContent-Length: 99\r\n${date}${keep}\r\n`,
  },
  {
    why: '304 has no body',
    request: get(),
    door: (x) => x.sendWhole(304, '', ['ETag', '"a"'], null),
    wire: `HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n${date}${keep}\r\n`,
  },
  {
    why: '204 has neither body nor length',
    request: get(),
    door: (x) => x.sendWhole(204, '', ['Content-Length', '0'], null),
    wire: `HTTP/1.1 204 No Content\r\n${date}${keep}\r\n`,
  },
  {
    why: 'a date that is there stays',
    request: get(),
    door: (x) => x.sendWhole(200, '', ['date', 'yesterday'], null),
    wire: `HTTP/1.1 200 OK\r\ndate: yesterday\r\nContent-Length: 0\r\n${keep}\r\n`,
  },
  {
    why: 'framing and hop-by-hop fields of others are not told on',
    request: get(),
    door: (x) =>
      x.sendWhole(200, '', ['Transfer-Encoding', 'chunked', 'Keep-Alive', 'timeout=1'], null),
    wire: `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${date}${keep}\r\n`,
  },
  {
    why: 'Upgrade is named in Connection',
    request: get(),
    door: (x) => x.sendWhole(426, '', ['Upgrade', 'TLS/1.2, HTTP/1.1'], null),
    wire: `HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2, HTTP/1.1\r\nContent-Length: 0\r\n${date}Connection: Upgrade\r\n\r\n`,
  },
  {
    why: 'values and names cannot break out of their line',
    request: get(),
    door: (x) =>
      x.sendWhole(
        200,
        'A\r\nB: c',
        ['X-A', 'a\r\nX-B: c\u010aX-C: d', 'X D', '1', 'X-E\r\n', '1'],
        null,
      ),
    wire: `HTTP/1.1 200 A  B: c\r\nX-A: a  X-B: c X-C: d\r\nContent-Length: 0\r\n${date}${keep}\r\n`,
  },
  {
    why: 'a stream of declared length goes as it is',
    request: get(),
    door: (x) => {
      x.sendHead(200, '', ['Content-Length', '4'])
      x.sendBody(Buffer.from('ab'))
      x.sendBody(Buffer.from('cd'))
      x.end(null)
    },
    wire: `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n${date}${keep}\r\nabcd`,
  },
  {
    why: 'a stream without length is chunked, with trailers',
    request: get(),
    door: (x) => {
      x.sendHead(200, '', ['Trailer', 'X-Sum'])
      x.sendBody(Buffer.from('abc'))
      x.sendBody(Buffer.alloc(0))
      x.sendBody(Buffer.from('0123456789abcdef'))
      x.end(['X-Sum', '19', 'Content-Length', '3'])
    },
    wire: `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n${date}${keep}\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 19\r\n\r\n`,
  },
  {
    why: 'early hints and processing come before the answer',
    request: get(),
    door: (x) => {
      x.sendInformational(102, [])
      x.sendInformational(103, ['Link', '</a>; rel=preload'])
      x.sendInformational(100, [])
      x.sendWhole(200, '', [], null)
    },
    wire: `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n${date}${keep}\r\n`,
  },
  {
    why: 'nothing follows an answer that is complete',
    request: get(),
    door: (x) => {
      x.sendWhole(200, '', [], null)
      x.sendWhole(500, '', [], null)
      x.sendHead(500, '', [])
      x.sendBody(Buffer.from('more'))
      x.end(null)
      x.abort()
    },
    wire: `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${date}${keep}\r\n`,
  },
]
for (const { why, request, door, wire } of answers) {
  test(why, async () => {
    const clock = createManualClock()
    await using front = await openFront(door, { clock })
    using client = rawClient(front.port)
    client.send(request)
    client.send(get('/last', close))
    const heard = await client.end()
    assert.equal(heard.slice(0, wire.length), wire)
    assert.match(heard.slice(wire.length), /^HTTP\/1\.1 /, 'the next answer follows')
  })
}

const closing: { why: string; request: string; door: (exchange: ClientExchange) => void }[] = [
  {
    why: 'the client asks for it',
    request: get('/', close),
    door: (x) => x.sendWhole(200, '', [], null),
  },
  {
    why: 'the engine asks for it',
    request: get(),
    door: (x) => {
      x.closeAfter()
      x.sendWhole(200, '', [], null)
    },
  },
  {
    why: 'a field of the answer says so',
    request: get(),
    door: (x) => x.sendWhole(200, '', ['connection', 'close'], null),
  },
]
for (const { why, request, door } of closing) {
  test(`the connection ends after the answer when ${why}`, async () => {
    await using front = await openFront(door)
    const heard = await talk(front.port, request + get('/second'))
    assert.match(heard, /\r\nConnection: close\r\n\r\n$/)
    assert.equal(heard.match(/HTTP\/1\.1 200/g)?.length, 1)
  })
}

const breaking: { why: string; door: (exchange: ClientExchange) => void; wire: RegExp }[] = [
  {
    why: 'an answer longer than declared is cut, and no byte of it follows',
    door: (x) => {
      x.sendHead(200, '', ['Content-Length', '2'])
      x.sendBody(Buffer.from('abcd'))
      x.end(null)
    },
    wire: /^(HTTP[^]*\r\n\r\n)?$/,
  },
  {
    why: 'an answer shorter than declared is cut',
    door: (x) => {
      x.sendHead(200, '', ['Content-Length', '9'])
      x.sendBody(Buffer.from('abcd'))
      x.end(null)
    },
    wire: /^(HTTP[^]*\r\n\r\n(abcd)?)?$/,
  },
  { why: 'an answer without head is cut', door: (x) => x.end(null), wire: /^$/ },
  { why: 'an aborted answer is cut', door: (x) => x.abort(), wire: /^$/ },
]
for (const { why, door, wire } of breaking) {
  test(why, async () => {
    await using front = await openFront(door)
    assert.match(await talk(front.port, get() + get('/second')), wire)
  })
}

const post = (body: string, more = '') =>
  `POST /p HTTP/1.1\r\nHost: h\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`

test('requests in every cut are understood the same', async () => {
  await using front = await openFront(echo)
  const request = post('GET /x HTTP/1.1\r\nHost: evil\r\n\r\n') + get('/last', close)
  const whole = (await talk(front.port, request)).replaceAll(/Date: .*\r\n/g, '')
  assert.equal(whole.match(/HTTP\/1\.1 200/g)?.length, 2)
  for (let cut = 1; cut < request.length; cut += 1) {
    using client = rawClient(front.port)
    client.send(request.slice(0, cut))
    await new Promise((resolve) => setImmediate(resolve))
    client.send(request.slice(cut))
    assert.equal((await client.end()).replaceAll(/Date: .*\r\n/g, ''), whole, `cut at ${cut}`)
  }
})

test('a request byte by byte is understood the same', async () => {
  await using front = await openFront(echo)
  using client = rawClient(front.port)
  for (const character of post('body', close)) {
    client.send(character)
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.match(await client.end(), /"body":"body"/)
})

test('pipelined requests are answered in their order, one at a time', async () => {
  const waiting: ClientExchange[] = []
  await using front = await openFront((exchange) => void waiting.push(exchange))
  using client = rawClient(front.port)
  client.send(get('/1') + post('two') + get('/3'))
  for (const [at, expected] of ['/1', '/p', '/3'].entries()) {
    await until(() => waiting.length > at)
    assert.equal(waiting.length, at + 1)
    const exchange = waiting[at]
    assert.equal(exchange?.target, expected)
    if (at === 1 && exchange !== undefined) assert.equal(await bodyOf(exchange), 'two')
    exchange?.sendWhole(200, '', [], Buffer.from(`answer ${at + 1}`))
  }
  await client.hears(/answer 1[^]*answer 2[^]*answer 3/)
})

test('ten thousand pipelined requests are each answered', async () => {
  let served = 0
  const door = (exchange: ClientExchange) => {
    served += 1
    // Some at once, some later: both ways on to the next one.
    if (served % 3 === 0) exchange.sendWhole(200, '', [], null)
    else setImmediate(() => exchange.sendWhole(200, '', [], null))
  }
  await using front = await openFront(door)
  const heard = await talk(front.port, get().repeat(9_999) + get('/', close))
  assert.equal(served, 10_000)
  assert.equal(heard.match(/HTTP\/1\.1 200/g)?.length, 10_000)
})

test('a body flows when it is asked for, and waits while it is paused', async () => {
  const listener = quiet()
  let pieces = 0
  const door = (exchange: ClientExchange) => {
    exchange.listener = {
      ...listener,
      onBody: () => {
        pieces += 1
        exchange.pauseBody()
        setImmediate(() => exchange.resumeBody())
      },
      onBodyEnd: () => {
        assert.equal(exchange.bodyComplete, true)
        exchange.sendWhole(200, '', [], Buffer.from(`${pieces > 1}`))
      },
    }
    assert.equal(exchange.bodyComplete, false)
    setImmediate(() => exchange.startBody())
  }
  await using front = await openFront(door)
  const heard = await talk(front.port, post('x'.repeat(1_000_000), close))
  assert.match(heard, /\r\n\r\ntrue$/)
})

const floods: { why: string; first: string; piece: string }[] = [
  {
    why: 'a body that nobody takes',
    first: `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${64 * 1024 * 1024}\r\n\r\n`,
    piece: 'x'.repeat(1024 * 1024),
  },
  { why: 'requests behind one that takes long', first: get(), piece: get().repeat(40_000) },
]
for (const { why, first, piece } of floods) {
  test(`${why}: 64 MB of it stay with the client`, async () => {
    const door = (exchange: ClientExchange) => {
      if (exchange.target === '/ping') exchange.sendWhole(200, '', [], null)
    }
    await using front = await openFront(door)
    using client = rawClient(front.port)
    client.send(first)
    while (client.socket.writableLength < 64 * 1024 * 1024) client.send(piece)
    // So many turns of both sides, and the rest is where it was.
    for (let turn = 0; turn < 50; turn += 1) await talk(front.port, get('/ping', close))
    assert.ok(client.socket.writableLength > 48 * 1024 * 1024)
  })
}

test('a refused body is read away, and the next request on the connection is answered', async () => {
  const door = (exchange: ClientExchange) => {
    exchange.dropBody()
    exchange.sendWhole(exchange.bodyLength === 0 ? 200 : 413, '', [], null)
  }
  await using front = await openFront(door)
  const heard = await talk(front.port, post('x'.repeat(200_000)) + get('/', close))
  assert.match(heard, /^HTTP\/1\.1 413 [^]*HTTP\/1\.1 200 /)
})

test('past the bound of a refused body the client is cut, after it could read the answer', async () => {
  const door = (exchange: ClientExchange) => exchange.sendWhole(413, '', [], null)
  await using front = await openFront(door, { bounds: { lingerBytes: 100_000 } })
  using client = rawClient(front.port)
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n')
  await client.hears(/^HTTP\/1\.1 413 /)
  const feed = setInterval(() => client.socket.write(Buffer.alloc(50_000)), 1)
  await client.end()
  clearInterval(feed)
})

test('a client that still sends after the end was said reads the answer', async () => {
  const door = (exchange: ClientExchange) => {
    exchange.closeAfter()
    exchange.sendWhole(413, '', [], Buffer.from('too large'))
  }
  await using front = await openFront(door)
  const heard = await talk(front.port, post('x'.repeat(900_000)))
  assert.match(heard, /^HTTP\/1\.1 413 [^]*too large$/)
})

test('the door is told when the client leaves, once, and only before the end', async () => {
  const told: string[] = []
  const exchanges: ClientExchange[] = []
  const door = (exchange: ClientExchange) => {
    exchange.listener = { ...quiet(), onClose: () => void told.push(exchange.target) }
    exchanges.push(exchange)
    if (exchange.target === '/answered') exchange.sendWhole(200, '', [], null)
    if (exchange.target === '/begun') exchange.sendHead(200, '', [])
  }
  await using front = await openFront(door)
  const clients = ['/waiting', '/begun', '/answered'].map((path) => {
    const client = rawClient(front.port)
    client.send(get(path))
    return client
  })
  await until(() => exchanges.length === 3)
  for (const client of clients) client.socket.destroy()
  await until(() => told.length === 2)
  assert.deepEqual(told.sort(), ['/begun', '/waiting'])
  for (const exchange of exchanges) {
    exchange.sendWhole(200, '', [], Buffer.from('late'))
    exchange.sendBody(Buffer.from('late'))
    exchange.end(null)
  }
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(told.length, 2)
})

test('a client that ends its side before the answer has left, as with nginx and node', async () => {
  let left = false
  const door = (exchange: ClientExchange) => {
    exchange.listener = { ...quiet(), onClose: () => (left = true) }
  }
  await using front = await openFront(door)
  using client = rawClient(front.port, true)
  client.socket.end(get(), 'latin1')
  assert.equal(await client.end(), '')
  await until(() => left)
})

test('a client that ends its side after the answer gets all of it', async () => {
  const body = Buffer.alloc(4_000_000, 'x')
  await using front = await openFront((exchange) => exchange.sendWhole(200, '', [], body))
  using client = rawClient(front.port, true)
  client.send(get())
  await client.hears(/xxx/)
  client.socket.end()
  assert.equal((await client.end()).split('\r\n\r\n')[1]?.length, body.length)
})

test('half a request and an end is refused', async () => {
  await using front = await openFront(echo)
  using client = rawClient(front.port, true)
  client.socket.end('GET / HTTP/1.1\r\nHos', 'latin1')
  assert.match(await client.end(), /^HTTP\/1\.1 400 [^]*Connection: close\r\n/)
})

test('of 50 MB that are read slowly only a little is under way', async () => {
  const piece = Buffer.alloc(100_000, 'x')
  let sent = 0
  let heard = 0
  let most = 0
  const door = (exchange: ClientExchange) => {
    const fill = () => {
      while (sent < 500) {
        sent += 1
        const writable = exchange.sendBody(piece)
        most = Math.max(most, sent * piece.length - heard)
        if (!writable) return
      }
      exchange.end(null)
    }
    exchange.listener = { ...quiet(), onDrain: fill }
    exchange.sendHead(200, '', ['Content-Length', String(500 * piece.length)])
    fill()
  }
  await using front = await openFront(door)
  using client = rawClient(front.port)
  client.socket.removeAllListeners('data')
  client.socket.on('data', (bytes: Buffer) => {
    heard += bytes.length
    client.socket.pause()
    setImmediate(() => client.socket.resume())
  })
  client.send(get('/', close))
  await client.end()
  assert.ok(heard > 500 * piece.length)
  // What the kernel holds on both sides, and one piece.
  assert.ok(most < 16_000_000, `${most} bytes`)
})

test('who holds an exchange past its end cannot reach the next one', async () => {
  let first: ClientExchange | undefined
  const door = (exchange: ClientExchange) => {
    if (first === undefined) {
      first = exchange
      return exchange.sendWhole(200, '', [], Buffer.from('first'))
    }
    first.sendWhole(200, '', [], Buffer.from('forged'))
    first.sendBody(Buffer.from('forged'))
    first.closeAfter()
    first.abort()
    return exchange.sendWhole(200, '', [], Buffer.from('second'))
  }
  await using front = await openFront(door)
  using client = rawClient(front.port)
  client.send(get() + get())
  const heard = await client.hears(/second/)
  assert.doesNotMatch(heard, /forged|close/)
})

const quiet = (): ClientListener => ({
  onBody: () => {},
  onBodyEnd: () => {},
  onDrain: () => {},
  onClose: () => {},
})

const until = async (condition: () => boolean): Promise<void> => {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
