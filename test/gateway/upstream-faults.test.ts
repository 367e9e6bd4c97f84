import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { startRawOrigin, talk } from '../../packages/server/src/gateway/proxy/testing.ts'
import { openGateway } from '../../packages/server/src/gateway/testing/gateway.ts'
import { configOf, heads } from './kong-file.ts'

/** What a broken service does on a connection, once a request is there, and what its client sees. */
type Fault = {
  why: string
  does: (socket: Socket) => void
  /** Of the answer; the body is cut where the service stopped. */
  sees: RegExp
  /** On the next request the service must be asked on a new connection. */
  keepsConnection?: boolean
}

const ok = 'HTTP/1.1 200 OK\r\n'
const say = (text: string) => (socket: Socket) => void socket.write(text, 'latin1')
const sayAndEnd = (text: string) => (socket: Socket) => void socket.end(text, 'latin1')
const sayAndReset = (text: string) => (socket: Socket) => {
  socket.write(text, 'latin1', () => socket.resetAndDestroy())
}

/** Bytes one by one, for as long as anybody listens. */
const trickle = (first: string, byte: string) => (socket: Socket) => {
  socket.write(first, 'latin1')
  const timer = setInterval(() => socket.write(byte, 'latin1'), 20)
  socket.on('close', () => clearInterval(timer))
}

/** So much of it, and for as long as anybody listens. */
const flood = (first: string, piece: string) => (socket: Socket) => {
  socket.write(first, 'latin1')
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece, 'latin1'));
  }
  socket.on('drain', more)
  more()
}

const failed = /^HTTP\/1\.1 502 [^]*An invalid response was received from the upstream server/
const late = /^HTTP\/1\.1 504 [^]*The upstream server is timing out/
/** The head came through, the end did not: the client can tell. */
const cut = (body: string) => new RegExp(`^HTTP/1\\.1 200 [^]*\\r\\n\\r\\n${body}$`)

const faults: readonly Fault[] = [
  { why: 'says nothing', does: () => {}, sees: late },
  { why: 'says half a head and hangs', does: say(`${ok}Content-Le`), sees: late },
  { why: 'trickles a head without end', does: trickle(`${ok}X: `, 'a'), sees: late },
  { why: 'ends without a word', does: (socket) => void socket.end(), sees: failed },
  { why: 'resets without a word', does: (socket) => void socket.resetAndDestroy(), sees: failed },
  { why: 'ends in the head', does: sayAndEnd(`${ok}Content-Le`), sees: failed },
  { why: 'resets in the head', does: sayAndReset(`${ok}Content-Le`), sees: failed },
  {
    why: 'ends before the length it told',
    does: sayAndEnd(`${ok}Content-Length: 10\r\n\r\nhalf`),
    sees: cut('half'),
  },
  {
    why: 'resets in a body',
    does: sayAndReset(`${ok}Content-Length: 10\r\n\r\nhalf`),
    sees: cut('(half)?'),
  },
  {
    why: 'ends in chunks',
    does: sayAndEnd(`${ok}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`),
    sees: cut('4\\r\\nhalf\\r\\n'),
  },
  {
    why: 'ends inside a chunk',
    does: sayAndEnd(`${ok}Transfer-Encoding: chunked\r\n\r\n8\r\nhalf`),
    sees: cut('4\\r\\nhalf\\r\\n'),
  },
  {
    why: 'sends more than the length it told',
    does: say(
      `${ok}Content-Length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`,
    ),
    sees: cut('body'),
  },
  { why: 'speaks no HTTP', does: say('220 smtp ready\r\n\r\n'), sees: failed },
  { why: 'answers with zeros, and no line ever ends', does: say('\0'.repeat(100)), sees: late },
  { why: 'answers a TLS alert', does: sayAndEnd('\x15\x03\x01\x00\x02\x02\x28'), sees: failed },
  {
    why: 'tells two lengths',
    does: say(`${ok}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`),
    sees: failed,
  },
  {
    why: 'tells a length beside chunks',
    does: say(`${ok}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`),
    sees: failed,
  },
  { why: 'folds a field', does: say(`${ok}X: a\r\n b\r\nContent-Length: 0\r\n\r\n`), sees: failed },
  {
    why: 'lies about a chunk',
    does: say(`${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nabcdef\r\n0\r\n\r\n`),
    sees: /^HTTP\/1\.1 (?:502|200)(?![^]*\r\n0\r\n\r\n$)/,
  },
  {
    why: 'switches protocols unasked',
    does: say('HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n'),
    sees: failed,
  },
  {
    why: 'floods with 1xx',
    does: flood('', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(20)),
    sees: /HTTP\/1\.1 502 /,
  },
  { why: 'sends a head without end', does: flood(ok, `X: ${'a'.repeat(1000)}\r\n`), sees: failed },
  { why: 'sends one field without end', does: flood(`${ok}X: `, 'a'.repeat(1000)), sees: failed },
  {
    why: 'sends a chunk line without end',
    does: flood(`${ok}Transfer-Encoding: chunked\r\n\r\n1;`, 'a'.repeat(1000)),
    sees: /^HTTP\/1\.1 (?:502|200)(?![^]*\r\n0\r\n\r\n$)/,
  },
  {
    why: 'sends trailers without end',
    does: flood(`${ok}Transfer-Encoding: chunked\r\n\r\n0\r\n`, `X: ${'a'.repeat(1000)}\r\n`),
    sees: /^HTTP\/1\.1 (?:502|200)(?![^]*\r\n0\r\n\r\n$)/,
  },
]

for (const { why, does, sees } of faults) {
  test(`a service that ${why}: one answer, and the gateway goes on`, async () => {
    let broken = true
    await using origin = await startRawOrigin((socket) => {
      socket.on('data', () => {
        if (broken) does(socket)
        else socket.write(`${ok}Content-Length: 4\r\n\r\nfine`)
      })
    })
    const service = { read_timeout: sees === late ? 300 : 10_000, retries: 0 }
    await using gateway = await openGateway({ config: configOf(origin.port, { service }) })
    const request = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
    const answer = await talk(gateway.port, request)
    assert.match(answer, sees)
    assert.equal(heads(answer).filter((status) => status >= 200).length, 1, answer.slice(0, 500))
    // Whatever is left of the broken one on its connection is no answer to anybody.
    broken = false
    assert.match(await talk(gateway.port, request), cut('fine'))
  })
}

test('a service that answers before it has read a large body: the answer arrives', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => {
      socket.pause()
      socket.write(`${ok}Content-Length: 5\r\n\r\nearly`)
    })
  })
  await using gateway = await openGateway({ config: configOf(origin.port) })
  const body = 'x'.repeat(900_000)
  const head = `POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`
  assert.match(await talk(gateway.port, head + body), cut('early'))
})
