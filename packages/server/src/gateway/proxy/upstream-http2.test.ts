import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  constants,
  createSecureServer,
  createServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { test } from 'node:test'

import { createTestAuthority } from './balance/testing-tls.ts'
import type { Loss, Tenant, UpstreamConnection } from './connection.ts'
import type { OriginTls } from './dial.ts'
import { Origin } from './origin.ts'

type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

const authority = createTestAuthority()
const tls: OriginTls = {
  serverName: 'shop.test',
  verify: true,
  ca: [authority.ca],
  certificate: null,
}

const start = async (
  onStream: OnStream,
  options: { secure?: boolean; settings?: Settings } = {},
) => {
  const { secure = false, settings = {} } = options
  const server = secure
    ? createSecureServer({ ...authority.leaf('shop.test'), settings })
    : createServer({ settings })
  const sessions: Http2Session[] = []
  server.on('session', (session) => sessions.push(session))
  server.on('sessionError', () => {})
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    onStream(stream, headers)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const address = { host: '127.0.0.1', port, tls: secure ? tls : null, http2: true }
  const origin = new Origin(
    address,
    () => 0,
    () => {},
  )
  return {
    origin,
    sessions,
    [Symbol.asyncDispose]: async () => {
      origin.destroy()
      for (const session of sessions) session.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Answer = { status: number; fields: string[]; body: string; trailers: string[] | null }

type Asked = {
  head?: string
  method?: string
  body?: Buffer | null
  onReady?: (connection: UpstreamConnection) => void
  onWritable?: () => void
}

const get = 'GET /path?x=1 HTTP/1.1\r\nHost: shop.test\r\nX-Two: a\r\nX-Two: b\r\n\r\n'
const post = (framing: string) => `POST / HTTP/1.1\r\nHost: shop.test\r\n${framing}\r\n\r\n`

const ask = (origin: Origin, asked: Asked = {}): Promise<Answer | Loss> => {
  const { head = get, method = 'GET', body = null } = asked
  const answer: Answer = { status: 0, fields: [], body: '', trailers: null }
  return new Promise((resolve) => {
    const tenant: Tenant = {
      onReady: (connection) => {
        connection.sendHead(head, body, method, 1000)
        asked.onReady?.(connection)
      },
      onInformational: ({ status }) => answer.fields.push(`informational ${status}`),
      onHead: (response) => {
        answer.status = response.status
        answer.fields.push(...response.headers)
      },
      onBody: (bytes) => (answer.body += bytes.toString()),
      onEnd: (trailers) => resolve({ ...answer, trailers }),
      onPartial: () => {},
      onWritable: () => asked.onWritable?.(),
      onLoss: resolve,
      onDeadline: () => false,
    }
    if (!origin.request(tenant, 'any', 1000)) throw new Error('the line is full')
  })
}

const wholeOf = (result: Answer | Loss): Answer => {
  if ('status' in result) return result
  throw new Error(`lost: ${JSON.stringify(result)}`)
}
const lossOf = (result: Answer | Loss): Loss => {
  if ('reason' in result) return result
  throw new Error(`answered: ${JSON.stringify(result)}`)
}

for (const secure of [false, true]) {
  test(`a request and its answer, ${secure ? 'by ALPN' : 'as h2c'}`, async () => {
    let seen: IncomingHttpHeaders = {}
    const answer: OnStream = (stream, headers) => {
      seen = headers
      stream.additionalHeaders({ ':status': 103, link: '</a.css>' })
      stream.respond({ ':status': 200, 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2'] })
      stream.end('the body')
    }
    await using server = await start(answer, { secure })
    const { status, fields, body, trailers } = wholeOf(await ask(server.origin))
    const told = fields.filter((_, at, all) => all[at - 1] !== 'date' && all[at] !== 'date')
    assert.deepEqual(
      [status, body, trailers, told],
      [
        200,
        'the body',
        null,
        [
          ...['informational 103', 'content-type', 'text/plain'],
          ...['set-cookie', 'a=1', 'set-cookie', 'b=2'],
        ],
      ],
    )
    const { ':method': method, ':path': path, ':authority': host, 'x-two': two } = seen
    assert.deepEqual([method, path, host, two], ['GET', '/path?x=1', 'shop.test', 'a, b'])
  })
}

test('bodies: whole, with a length, in chunks; hop-by-hop fields stay here', async () => {
  const echo: OnStream = (stream, headers) => {
    const framing = `${headers['content-length'] ?? 'none'} ${headers['transfer-encoding'] ?? 'none'}`
    stream.respond({ ':status': 200, 'x-framing': framing, 'x-te': headers.te ?? '' })
    stream.pipe(stream)
  }
  await using server = await start(echo)
  const cases: [what: string, asked: Asked, framing: string][] = [
    [
      'whole',
      {
        head: post('Content-Length: 5\r\nConnection: te\r\nTE: trailers'),
        body: Buffer.from('hello'),
      },
      '5 none',
    ],
    [
      'with a length',
      {
        head: post('Content-Length: 5'),
        onReady: (connection) => {
          connection.write(Buffer.from('hel'))
          connection.write(Buffer.from('lo'))
          connection.endBody(false, null)
        },
      },
      '5 none',
    ],
    [
      'in chunks',
      {
        head: post('Transfer-Encoding: chunked'),
        onReady: (connection) => {
          connection.writeChunk(Buffer.from('hel'))
          connection.writeChunk(Buffer.from('lo'))
          connection.endBody(true, null)
        },
      },
      'none none',
    ],
  ]
  for (const [what, asked, framing] of cases) {
    const { body, fields } = wholeOf(await ask(server.origin, { ...asked, method: 'POST' }))
    assert.equal(body, 'hello', what)
    assert.equal(fields[fields.indexOf('x-framing') + 1], framing, what)
    assert.equal(fields[fields.indexOf('x-te') + 1], what === 'whole' ? 'trailers' : '')
  }
  assert.equal(server.sessions.length, 1)
})

test('trailers of a gRPC answer come through, also those of an answer without a body', async () => {
  await using server = await start((stream, headers) => {
    const type = { ':status': 200, 'content-type': 'application/grpc' }
    if (headers[':path'] === '/none')
      return stream.respond({ ...type, 'grpc-status': '5' }, { endStream: true })
    stream.respond(type, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-more': 'y' }))
    stream.end('message')
  })
  const { trailers } = wholeOf(await ask(server.origin))
  assert.deepEqual(trailers, ['grpc-status', '0', 'x-more', 'y'])
  const none = wholeOf(await ask(server.origin, { head: 'GET /none HTTP/1.1\r\nHost: h\r\n\r\n' }))
  assert.equal(none.fields[none.fields.indexOf('grpc-status') + 1], '5')
  assert.equal(none.trailers, null)
})

test('requests share a connection, as many as the other side allows; others wait', async () => {
  let open = 0
  let most = 0
  const answer: OnStream = (stream) => {
    open += 1
    most = Math.max(most, open)
    setImmediate(() => {
      open -= 1
      stream.respond({ ':status': 200 })
      stream.end()
    })
  }
  await using server = await start(answer, { settings: { maxConcurrentStreams: 3 } })
  const answers = await Promise.all(Array.from({ length: 50 }, () => ask(server.origin)))
  assert.ok(answers.every((one) => 'status' in one && one.status === 200))
  assert.ok(server.sessions.length <= 8)
  assert.ok(most <= 3 * server.sessions.length)
})

test('how a request is lost', async () => {
  const cases: [what: string, onStream: OnStream, loss: Partial<Loss>][] = [
    [
      'reset before the answer',
      (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
      { sent: true, answered: false, reason: 'reset' },
    ],
    [
      'refused: it has not been looked at',
      (stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM),
      { sent: false, answered: false, reason: 'reset' },
    ],
    [
      'reset in the middle of the answer',
      (stream) => {
        stream.respond({ ':status': 200 })
        stream.write('part', () => stream.destroy(new Error('of the test')))
      },
      { sent: true, answered: true, reason: 'reset' },
    ],
    [
      'less than it has announced',
      (stream) => {
        stream.respond({ ':status': 200, 'content-length': '100' })
        stream.end('part')
      },
      { sent: true, answered: true, reason: 'reset' },
    ],
    [
      'the connection breaks in the middle of the answer',
      (stream) => {
        stream.respond({ ':status': 200 })
        stream.write('part', () => setImmediate(() => stream.session?.destroy()))
      },
      { sent: true, answered: true, reason: 'reset' },
    ],
    [
      'the connection breaks',
      (stream) => stream.session?.destroy(),
      { sent: true, answered: false, reason: 'reset' },
    ],
  ]
  for (const [what, onStream, loss] of cases) {
    await using server = await start(onStream)
    const { sent, answered, reason } = lossOf(await ask(server.origin))
    assert.deepEqual({ sent, answered, reason }, loss, what)
  }
})

test('no answer in time: the request is lost, the connection is not', async () => {
  let asked = 0
  let arrived = () => {}
  await using server = await start((stream) => {
    asked += 1
    if (asked === 1) return arrived()
    stream.respond({ ':status': 200 })
    stream.end()
  })
  const arrival = new Promise<void>((resolve) => (arrived = resolve))
  const first = ask(server.origin)
  await arrival
  server.origin.sweep(999)
  server.origin.sweep(1000)
  assert.equal(lossOf(await first).reason, 'timeout')
  assert.equal(wholeOf(await ask(server.origin)).status, 200)
  assert.equal(server.sessions.length, 1)
})

test('after GOAWAY the next request takes another connection', async () => {
  await using server = await start((stream) => {
    stream.respond({ ':status': 200 })
    stream.end()
  })
  wholeOf(await ask(server.origin))
  const [first] = server.sessions
  assert.ok(first)
  first.close()
  await once(first, 'close')
  wholeOf(await ask(server.origin))
  assert.equal(server.sessions.length, 2)
})

test('nobody listens, or nobody speaks HTTP/2: refused, and left out for a while', async () => {
  const silent = createTcpServer((socket) => void socket.resume())
  const listen = async (server: Server) => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }
  const port = await listen(silent)
  const originAt = () =>
    new Origin(
      { host: '127.0.0.1', port, http2: true },
      () => 0,
      () => {},
    )
  const waits = originAt()
  const connected = once(silent, 'connection')
  const waiting = ask(waits)
  await connected
  waits.sweep(1000)
  assert.deepEqual(lossOf(await waiting).reason, 'connect_timeout')
  waits.destroy()
  await new Promise((resolve) => silent.close(resolve))

  const refuses = originAt()
  const loss = lossOf(await ask(refuses))
  assert.equal(`${loss.reason} ${loss.sent}`, 'refused false')
  assert.match(loss.detail, /ECONNREFUSED/)
  assert.equal(refuses.isAnswering(0), false)
})

test('a slow reader holds the other side back, a slow other side the writer', async () => {
  const mebibyte = 1024 * 1024
  let written = 0
  await using server = await start((stream) => {
    stream.respond({ ':status': 200 })
    const piece = Buffer.alloc(64 * 1024)
    const more = () => {
      while (written < 64 * mebibyte) {
        written += piece.length
        if (!stream.write(piece)) return void stream.once('drain', more)
      }
      stream.end()
    }
    more()
  })
  let sent = 0
  let blocked = () => {}
  const isBlocked = new Promise<void>((resolve) => (blocked = resolve))
  void ask(server.origin, {
    method: 'POST',
    head: post('Transfer-Encoding: chunked'),
    onReady: (connection) => {
      connection.pause()
      const piece = Buffer.alloc(64 * 1024)
      while (sent < 64 * mebibyte) {
        sent += piece.length
        if (!connection.writeChunk(piece)) return blocked()
      }
    },
  })
  await isBlocked
  assert.ok(sent < mebibyte, `sent ${sent}`)
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(written < 8 * mebibyte, `written ${written}`)
})
