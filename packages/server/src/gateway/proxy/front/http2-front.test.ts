import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import {
  connect,
  constants,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import { Agent, request as httpsRequest } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { connect as connectTcp } from 'node:net'
import { test } from 'node:test'

import { createCertificate } from '../../tls/x509/certificate.ts'
import type { ClientExchange } from '../client-exchange.ts'
import { until } from '../testing.ts'
import type { FrontBounds } from './bounds.ts'
import { bodyOf, echo, openFront } from './testing.ts'

const certificate = () => {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const cert = createCertificate({
    ...{ commonName: 'localhost', names: ['localhost'], key, isAuthority: false },
    ...{ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) },
    issuer: { commonName: 'localhost', key },
  })
  return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() }
}
const tls = certificate()

type Answer = {
  headers: IncomingHttpHeaders & IncomingHttpStatusHeader
  text: string
  trailers: IncomingHttpHeaders
}

const ask = async (
  session: ClientHttp2Session,
  headers: Record<string, string | string[]>,
  body: string | null = null,
): Promise<Answer> => {
  const stream = session.request(headers, { endStream: body === null })
  if (body !== null) stream.end(body)
  let answer: Answer['headers'] = {}
  let trailers: IncomingHttpHeaders = {}
  let text = ''
  stream.on('response', (fields) => (answer = fields))
  stream.on('trailers', (fields) => (trailers = fields))
  stream.setEncoding('utf8')
  stream.on('data', (piece: string) => (text += piece))
  await once(stream, 'close')
  return { headers: answer, text, trailers }
}

const ways: { why: string; url: (port: number) => string; options: object }[] = [
  { why: 'by prior knowledge', url: (port) => `http://127.0.0.1:${port}`, options: {} },
  { why: 'over TLS', url: (port) => `https://localhost:${port}`, options: { tls } },
]
for (const { why, url, options } of ways) {
  const open = async (
    door: (exchange: ClientExchange) => void,
    bounds: Partial<FrontBounds> = {},
  ) => {
    const front = await openFront(door, { ...options, bounds })
    const session = connect(url(front.port), { rejectUnauthorized: false })
    session.on('error', () => {})
    await once(session, 'connect')
    return {
      front,
      session,
      [Symbol.asyncDispose]: async () => {
        session.destroy()
        await front[Symbol.asyncDispose]()
      },
    }
  }

  test(`HTTP/2 ${why}: requests as the engine knows them`, async () => {
    await using h2 = await open(echo)
    const fields = {
      ':path': '/a?b',
      ':authority': 'shop.test',
      'x-a': '1',
      cookie: ['a=1', 'b=2'],
    }
    const { headers, text } = await ask(h2.session, fields)
    assert.equal(headers[':status'], 200)
    assert.equal(headers['content-type'], 'application/json')
    assert.ok(headers['date'])
    assert.deepEqual(JSON.parse(text), {
      ...{ method: 'GET', target: '/a?b', host: 'shop.test', version: '2', body: '' },
      headers: ['x-a', '1', 'cookie', 'a=1; b=2'],
    })
  })

  test(`HTTP/2 ${why}: bodies, many at once, and a stream with trailers`, async () => {
    await using h2 = await open((exchange) => {
      void bodyOf(exchange).then((body) => {
        exchange.sendInformational(103, ['Link', '</a>; rel=preload'])
        exchange.sendHead(200, '', [
          'Trailer',
          'x-sum',
          'Connection',
          'close',
          'X-B',
          '1',
          'x-b',
          '2',
        ])
        exchange.sendBody(Buffer.from(body))
        exchange.end(['X-Sum', String(body.length)])
      })
    })
    const sizes = Array.from({ length: 50 }, (_, at) => at * 3_000)
    const answers = await Promise.all(
      sizes.map((size) => ask(h2.session, { ':method': 'POST', ':path': '/' }, 'x'.repeat(size))),
    )
    for (const [at, { headers, text, trailers }] of answers.entries()) {
      assert.equal(headers['x-b'], '1, 2')
      assert.equal(headers['connection'], undefined)
      assert.equal(text.length, sizes[at])
      assert.equal(trailers['x-sum'], String(sizes[at]))
    }
  })

  test(`HTTP/2 ${why}: what has no body, and what cannot be completed`, async () => {
    await using h2 = await open((exchange) => {
      if (exchange.target === '/abort') {
        exchange.sendHead(200, '', [])
        return exchange.abort()
      }
      const status = Number(exchange.target.slice(1))
      exchange.sendWhole(status, '', ['content-length', '7'], Buffer.from('ignored'))
    })
    const head = await ask(h2.session, { ':method': 'HEAD', ':path': '/200' })
    assert.deepEqual([head.headers['content-length'], head.text], ['7', ''])
    assert.equal((await ask(h2.session, { ':path': '/304' })).text, '')
    assert.equal((await ask(h2.session, { ':path': '/204' })).headers['content-length'], undefined)
    const stream = h2.session.request({ ':path': '/abort' })
    stream.resume()
    const [error] = (await once(stream, 'error')) as [NodeJS.ErrnoException]
    assert.match(error.message, /NGHTTP2_INTERNAL_ERROR/)
  })

  test(`HTTP/2 ${why}: a large answer waits for who does not read`, async () => {
    let sent = 0
    let ended = false
    await using h2 = await open((exchange) => {
      const piece = Buffer.alloc(100_000, 'x')
      const fill = () => {
        while (sent < 300) {
          sent += 1
          if (!exchange.sendBody(piece)) return
        }
        ended = true
        exchange.end(null)
      }
      exchange.listener = {
        onBody: () => {},
        onBodyEnd: () => {},
        onDrain: fill,
        onClose: () => {},
      }
      exchange.sendHead(200, '', [])
      fill()
    })
    const stream = h2.session.request({ ':path': '/' })
    await once(stream, 'response')
    for (let turn = 0; turn < 20; turn += 1) await ping(h2.session)
    assert.equal(ended, false)
    assert.ok(sent < 20, `${sent} pieces`)
    let size = 0
    stream.on('data', (bytes: Buffer) => (size += bytes.length))
    await once(stream, 'end')
    assert.equal(size, 300 * 100_000)
  })

  test(`HTTP/2 ${why}: an answer that nobody reads is given up, and the session goes on`, async () => {
    const whole = Buffer.alloc(2_000_000, 'x')
    await using h2 = await open((exchange) => exchange.sendWhole(200, '', [], whole), {
      bodyIdleMs: 50,
    })
    const stream = h2.session.request({ ':path': '/' })
    stream.on('error', () => {})
    // Who does not read gives the server no window for more than a part of it.
    stream.on('response', () => {})
    await until(() => stream.rstCode === constants.NGHTTP2_CANCEL, 'the stream to be given up')
    await ping(h2.session)
  })

  test(`HTTP/2 ${why}: while too much is unread, further requests wait for their turn`, async () => {
    // More than Node would let wait by itself.
    const whole = Buffer.alloc(12_000_000, 'x')
    const asked: string[] = []
    const door = (exchange: ClientExchange) => {
      asked.push(exchange.target)
      exchange.sendWhole(200, '', [], whole)
    }
    await using h2 = await open(door, { unreadBytes: whole.length - 1 })
    const unread = h2.session.request({ ':path': '/unread' })
    await once(unread, 'response')
    const given = h2.session.request({ ':path': '/given-up' })
    const waiting = ask(h2.session, { ':path': '/waiting' })
    await ping(h2.session)
    assert.deepEqual(asked, ['/unread'])
    given.close(constants.NGHTTP2_CANCEL)
    await ping(h2.session)
    unread.resume()
    assert.equal((await waiting).text.length, whole.length)
    assert.deepEqual(asked, ['/unread', '/waiting'])
  })

  test(`HTTP/2 ${why}: the door is told when a stream is reset, and the session goes on`, async () => {
    let tell = () => {}
    const told = new Promise<void>((resolve) => (tell = resolve))
    let held = false
    await using h2 = await open((exchange) => {
      if (exchange.target === '/') return exchange.sendWhole(200, '', [], null)
      held = true
      exchange.listener = {
        onBody: () => {},
        onBodyEnd: () => {},
        onDrain: () => {},
        onClose: tell,
      }
    })
    const stream = h2.session.request({ ':path': '/held' })
    stream.on('error', () => {})
    while (!held) await ping(h2.session)
    stream.close(constants.NGHTTP2_CANCEL)
    await told
    assert.equal((await ask(h2.session, { ':path': '/' })).headers[':status'], 200)
  })

  test(`HTTP/2 ${why}: the door is told when the client leaves, and its connection ends`, async () => {
    const left = Promise.withResolvers<void>()
    await using h2 = await open((exchange) => {
      exchange.listener = { ...exchange.listener, onClose: left.resolve }
      h2.session.destroy()
    })
    h2.session.request({ ':path': '/held' }).on('error', () => {})
    await left.promise
    await until(() => h2.front.listener.connections().active === 0, 'the connection to end')
  })

  test(`HTTP/2 ${why}: what is left of a body is not waited for, nor is a client without requests`, async () => {
    const bounds = { requestHeadTimeoutMs: 20, clientIdleMs: 200 }
    await using h2 = await open((exchange) => exchange.sendWhole(200, '', [], null), bounds)
    const stream = h2.session.request({ ':method': 'POST', ':path': '/' })
    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders]
    assert.equal(answer[':status'], 200)
    await once(stream.resume(), 'close')
    assert.equal(stream.rstCode, constants.NGHTTP2_NO_ERROR)
    if (!h2.session.closed) await once(h2.session, 'close')
  })

  test(`HTTP/2 ${why}: on stop streams end in order, then the session`, async () => {
    let held: ClientExchange | undefined
    await using h2 = await open((exchange) => (held = exchange))
    const answer = ask(h2.session, { ':path': '/' })
    while (held === undefined) await ping(h2.session)
    const closed = once(h2.session, 'close')
    const told = once(h2.session, 'goaway')
    h2.front.listener.stopAccepting()
    await told
    held.sendWhole(200, '', [], Buffer.from('done'))
    assert.equal((await answer).text, 'done')
    await closed
    await h2.front.listener.closed()
  })
}

const ping = (session: ClientHttp2Session): Promise<void> =>
  new Promise((resolve) => session.ping(() => resolve()))

const refused: { why: string; fields: Record<string, string> }[] = [
  { why: 'a target that is no path', fields: { ':path': 'x' } },
  { why: 'a blank in the target', fields: { ':path': '/a HTTP/1.1' } },
  {
    why: 'a Host that is not the authority',
    fields: { ':path': '/', ':authority': 'a', host: 'b' },
  },
  { why: 'an authority with a user', fields: { ':path': '/', ':authority': 'u@a' } },
  { why: 'a method that is no token', fields: { ':path': '/', ':method': 'GET /x' } },
]
for (const { why, fields } of refused) {
  test(`HTTP/2: ${why} is refused, and never becomes HTTP/1.1`, async () => {
    let doors = 0
    await using front = await openFront(() => void (doors += 1))
    const session = connect(front.url)
    session.on('error', () => {})
    const { headers } = await ask(session, fields).catch(() => ({
      headers: {} as IncomingHttpHeaders,
    }))
    assert.ok(headers[':status'] === 400 || headers[':status'] === undefined)
    assert.equal(doors, 0)
    session.destroy()
  })
}

test('one client that resets streams as fast as it can is sent away, others stay', async () => {
  await using front = await openFront(echo)
  const [bad, good] = [connect(front.url), connect(front.url)]
  for (const session of [bad, good]) session.on('error', () => {})
  await ask(good, { ':path': '/' })
  const gone = new Promise((resolve) => bad.on('close', resolve))
  const attack = setInterval(() => {
    for (let count = 0; count < 100 && !bad.destroyed && !bad.closed; count += 1) {
      const stream = bad.request({ ':path': '/' })
      stream.on('error', () => {})
      stream.close(constants.NGHTTP2_CANCEL)
    }
  }, 1)
  await gone
  clearInterval(attack)
  assert.equal((await ask(good, { ':path': '/' })).headers[':status'], 200)
  good.destroy()
})

test('the preface in pieces is understood the same', async () => {
  await using front = await openFront(echo)
  const socket = connectTcp(front.port, '127.0.0.1')
  // Preface and an empty SETTINGS frame; the answer begins with SETTINGS.
  const bytes = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
  for (const byte of bytes) {
    socket.write(Buffer.of(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.equal(answer[3], 4)
  socket.destroy()
})

test('HTTP/1.1 over TLS, with what the handshake told', async () => {
  const seen: { scheme: string; sni: string | null; protocol: string }[] = []
  const door = (exchange: ClientExchange) => {
    const { scheme, tls } = exchange
    seen.push({ scheme, sni: tls?.sni ?? null, protocol: tls?.protocol ?? '' })
    echo(exchange)
  }
  await using front = await openFront(door, { tls })
  const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 1 })
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }, {}]) {
    const request = httpsRequest(`https://localhost:${front.port}/x`, {
      ...{ agent, headers, method: 'POST', servername: 'Shop.Test' },
    })
    request.end('body')
    const [response] = (await once(request, 'response')) as [AsyncIterable<Buffer>]
    let text = ''
    for await (const piece of response) text += piece.toString()
    assert.match(text, /"body":"body"/)
  }
  agent.destroy()
  const one = { scheme: 'https', sni: 'shop.test', protocol: 'TLSv1.3' }
  assert.deepEqual(seen, [one, one, one])
})

test('what is no TLS is cut, and the listener goes on', async () => {
  await using front = await openFront(echo, { tls })
  const plain = connectTcp(front.port, '127.0.0.1')
  plain.on('error', () => {})
  plain.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  plain.resume()
  await once(plain, 'close')
  const socket = connectTls({ port: front.port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.match(answer.toString(), /^HTTP\/1\.1 200 /)
  socket.destroy()
})
