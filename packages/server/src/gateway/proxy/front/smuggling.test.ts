import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { test } from 'node:test'

import fc from 'fast-check'

import type { ClientExchange } from '../client-exchange.ts'
import { bodyOf, openFront, rawClient } from './testing.ts'

/** One request as somebody understood it. */
type Seen = { method: string; target: string; body: string }

/** Our listener; notes what it takes for requests. */
const startOurs = async (seen: Seen[]) => {
  const door = (exchange: ClientExchange) => {
    const { method, target } = exchange
    void bodyOf(exchange).then(
      (body) => {
        seen.push({ method, target, body })
        exchange.sendWhole(200, '', [], null)
      },
      () => {},
    )
  }
  const front = await openFront(door)
  return { port: front.port, [Symbol.asyncDispose]: () => front[Symbol.asyncDispose]() }
}

/** Node as it comes: the judge. */
const startNode = async (seen: Seen[]) => {
  const server: Server = createServer({ requireHostHeader: true }, (request, response) => {
    let body = ''
    request.on('data', (bytes: Buffer) => (body += bytes.toString('latin1')))
    request.on('error', () => {})
    request.on('end', () => {
      seen.push({ method: request.method ?? '', target: request.url ?? '', body })
      response.end()
    })
  })
  server.on('clientError', (_error, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port, [Symbol.asyncDispose]: close }
}

/** Sends the pieces one by one, and a last request that ends the connection if it is understood. */
const speak = async (port: number, pieces: readonly string[]): Promise<string> => {
  using client = rawClient(port)
  for (const piece of pieces) {
    client.send(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  client.socket.end(last, 'latin1')
  return await client.end()
}

const last = '\r\nGET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
const inner = 'GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n'
const post = 'POST /p HTTP/1.1\r\nHost: h\r\n'
const chunkedInner = `0\r\n\r\n${inner}`

/** Framing that two parsers may read differently. What is refused must end the connection. */
const refused: { why: string; text: string }[] = [
  ...[
    'Transfer-Encoding: chunked',
    'transfer-encoding: CHUNKED',
    'Transfer-Encoding:chunked',
    'Transfer-Encoding:\tchunked',
    'Transfer-Encoding: chunked ',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: x',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: chunked, identity',
    'Transfer-Encoding: chunked, chunked',
    'Transfer-Encoding: "chunked"',
    'Transfer-Encoding: chunked;q=1',
    'Transfer-Encoding',
    'Transfer-Encoding : chunked',
    ' Transfer-Encoding: chunked',
    'X: y\r\n Transfer-Encoding: chunked',
    'X: y\rTransfer-Encoding: chunked',
    'X: y\nTransfer-Encoding: chunked',
    'Transfer-Encoding:\r\n chunked',
    'Transfer-Encoding: \x0bchunked',
    'Transfer-Encoding: chunked\0',
    'Transfer\0-Encoding: chunked',
    'Transfer-Encoding\t: chunked',
    '\0Transfer-Encoding: chunked',
  ].map((line) => ({
    why: `Content-Length with ${JSON.stringify(line)}`,
    text: `${post}Content-Length: ${chunkedInner.length}\r\n${line}\r\n\r\n${chunkedInner}`,
  })),
  ...[
    '1, 1',
    '+1',
    '-1',
    '0x1',
    '1 1',
    '1.0',
    '',
    ' ',
    '1e0',
    '\x001',
    '1\x0b',
    '99999999999999999999',
  ].map((length) => ({
    why: `Content-Length of ${JSON.stringify(length)}`,
    text: `${post}Content-Length: ${length}\r\n\r\n${inner}`,
  })),
  {
    why: 'two Content-Lengths',
    text: `${post}Content-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
  },
  {
    why: 'two Content-Lengths that agree',
    text: `${post}Content-Length: 0\r\ncontent-length: 0\r\n\r\n${inner}`,
  },
  {
    why: 'a blank before the colon of a length',
    text: `${post}Content-Length : 5\r\n\r\n${inner}`,
  },
  { why: 'a folded length', text: `${post}Content-Length:\r\n 5\r\n\r\n${inner}` },
  { why: 'a bare line feed in the head', text: `${post}X: y\nContent-Length: 5\r\n\r\n${inner}` },
  { why: 'a head that ends with line feeds', text: `${post.replaceAll('\r', '')}\n${inner}` },
  { why: 'a NUL in the target', text: `GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n${inner}` },
  { why: 'a NUL in a name', text: `${post}X\0: y\r\n\r\n${inner}` },
  { why: 'two Hosts', text: `GET / HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n${inner}` },
  { why: 'a Host with a user', text: `GET / HTTP/1.1\r\nHost: i@h\r\n\r\n${inner}` },
  { why: 'a Host with a path', text: `GET / HTTP/1.1\r\nHost: h/i\r\n\r\n${inner}` },
  { why: 'no Host', text: `GET / HTTP/1.1\r\n\r\n${inner}` },
  { why: 'HTTP/0.9', text: `GET /\r\n\r\n${inner}` },
  { why: 'a version without end', text: `GET / HTTP/1.11\r\nHost: h\r\n\r\n${inner}` },
  { why: 'a blank after the version', text: `GET / HTTP/1.1 \r\nHost: h\r\n\r\n${inner}` },
  {
    why: 'chunks of a wrong size',
    text: `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n${inner}`,
  },
  {
    why: 'a chunk size of another notation',
    text: `${post}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n${inner}`,
  },
  {
    why: 'a chunk size past 2^64',
    text: `${post}Transfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n${inner}`,
  },
  {
    why: 'chunk lines that end with line feeds',
    text: `${post}Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n${inner}`,
  },
  {
    why: 'a line feed in a chunk extension',
    text: `${post}Transfer-Encoding: chunked\r\n\r\n1;\nx\r\na\r\n0\r\n\r\n${inner}`,
  },
  {
    why: 'chunks of HTTP/1.0 with a length',
    text: `POST /p HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
  },
]
for (const { why, text } of refused) {
  test(`refused, and nothing behind it is a request: ${why}`, async () => {
    const seen: Seen[] = []
    await using ours = await startOurs(seen)
    for (const before of ['', 'GET /1 HTTP/1.1\r\nHost: h\r\n\r\n']) {
      seen.length = 0
      using client = rawClient(ours.port)
      client.send(before + text)
      const heard = await client.end()
      assert.match(heard, /HTTP\/1\.1 400 [^]*Connection: close/i)
      assert.deepEqual(
        seen.filter(({ target }) => target !== '/1'),
        [],
      )
    }
  })
}

test('an absolute target decides over Host, and what is behind it is a request of its own', async () => {
  const hosts: string[] = []
  await using front = await openFront((exchange) => {
    hosts.push(exchange.host)
    exchange.sendWhole(200, '', [], null)
  })
  await speak(front.port, [
    'GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\nGET / HTTP/1.1\r\nHost: c\r\n\r\n',
  ])
  assert.deepEqual(hosts, ['a', 'c', 'h'])
})

const fragments = fc.constantFrom(
  'GET /a HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET /b HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc',
  'POST /c HTTP/1.1\r\nHost: h\r\nContent-Length: 36\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n..',
  'POST /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
  'POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n',
  'HEAD /f HTTP/1.1\r\nHost: h\r\n\r\n',
  'OPTIONS /g HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx',
  'DELETE /h HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
  'POST /i HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab',
  'POST /j HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'GET /k HTTP/1.1\nHost: h\n\n',
  'GET /l HTTP/1.0\r\n\r\n',
  '\r\n',
  '0\r\n\r\n',
  'x',
  '\0',
  'Transfer-Encoding: chunked\r\n\r\n',
  'GET /m HTTP/1.1\r\nHost: h\r\nX: ',
)
const conversations = fc.tuple(
  fc.array(fragments, { minLength: 1, maxLength: 5 }).map((all) => all.join('')),
  fc.array(fc.nat(400), { maxLength: 3 }),
)

test('whatever is said, and however it is cut, the same requests are understood as by node', async () => {
  const [ourSeen, nodeSeen]: [Seen[], Seen[]] = [[], []]
  await using ours = await startOurs(ourSeen)
  await using node = await startNode(nodeSeen)
  const cut = (text: string, cuts: readonly number[]): string[] => {
    const at = [...new Set(cuts.map((where) => where % text.length))].sort((a, b) => a - b)
    return [...at, text.length].map((end, index) => text.slice(at[index - 1] ?? 0, end))
  }
  await fc.assert(
    fc.asyncProperty(conversations, async ([text, cuts]) => {
      ourSeen.length = 0
      nodeSeen.length = 0
      await speak(ours.port, cut(text, cuts))
      await speak(node.port, [text])
      // Whoever ends its side early may leave the last ones unanswered: never others, never more.
      const fewer = Math.min(ourSeen.length, nodeSeen.length)
      assert.deepEqual(ourSeen.slice(0, fewer), nodeSeen.slice(0, fewer))
      for (const { target } of ourSeen) assert.notEqual(target, '/smuggled')
    }),
    { numRuns: 500 },
  )
})
