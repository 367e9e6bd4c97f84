import assert from 'node:assert/strict'
import { test } from 'node:test'

import { limits } from './limits.ts'
import { endpoint, snapshotOf, startProxy, startRawOrigin, talk } from './testing.ts'

const head = 'GET / HTTP/1.1\r\nHost: h\r\n'
const post = 'POST / HTTP/1.1\r\nHost: h\r\n'
const refused: { why: string; text: string; status: number }[] = [
  {
    why: 'Content-Length beside chunks',
    text: `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    why: 'chunks beside Content-Length',
    text: `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    why: 'two Content-Lengths',
    text: `${post}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`,
    status: 400,
  },
  { why: 'a signed Content-Length', text: `${post}Content-Length: +4\r\n\r\nabcd`, status: 400 },
  { why: 'a list as Content-Length', text: `${post}Content-Length: 4, 4\r\n\r\nabcd`, status: 400 },
  { why: 'a space before the colon', text: `${post}Content-Length : 4\r\n\r\nabcd`, status: 400 },
  { why: 'a folded header', text: `${head}A: b\r\n c\r\n\r\n`, status: 400 },
  { why: 'a bare carriage return', text: `${head}A: b\rc\r\n\r\n`, status: 400 },
  { why: 'a NUL in a header', text: `${head}A: b\0c\r\n\r\n`, status: 400 },
  { why: 'a name that is no token', text: `${head}A(b: c\r\n\r\n`, status: 400 },
  { why: 'no Host', text: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
  { why: 'two Hosts', text: `${head}Host: i\r\n\r\n`, status: 400 },
  { why: 'a method nobody knows', text: 'BREW / HTTP/1.1\r\nHost: h\r\n\r\n', status: 400 },
  { why: 'another protocol', text: 'GET / HTTP/3.0\r\nHost: h\r\n\r\n', status: 400 },
  {
    why: 'a target that is no path',
    text: 'GET ftp://h/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n',
    status: 400,
  },
  { why: 'a TLS hello', text: '\x16\x03\x01\x02\x00\x01\x00\x01', status: 400 },
  {
    why: 'chunked in disguise',
    text: `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    why: 'another coding under the chunks',
    text: `${post}Connection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    why: 'chunked twice',
    text: `${post}Connection: close\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    why: 'one header too large',
    text: `${head}A: ${'b'.repeat(limits.requestHeadBytes)}\r\n\r\n`,
    status: 431,
  },
  { why: 'ten thousand headers', text: `${head}${'A: b\r\n'.repeat(10_000)}\r\n`, status: 431 },
]
for (const { why, text, status } of refused) {
  test(`${why} is refused with ${status} and reaches no instance`, async () => {
    const seen: string[] = []
    await using origin = await startRawOrigin((socket) => {
      socket.on('data', (bytes) => seen.push(bytes.toString('latin1')))
    })
    await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
    const answer = await talk(gateway.port, text)
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    assert.match(answer, /Content-Type: application\/problem\+json/i)
    assert.deepEqual(seen, [])
  })
}

/** What arrives at the instance when a request carries a second one in its body. */
const smuggled: { why: string; text: string }[] = [
  {
    why: 'in a body with Content-Length',
    text: `${post}Content-Length: 41\r\nConnection: close\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n`,
  },
  {
    why: 'in chunks with sizes and extensions that others read differently',
    text: `${post}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n1;\t\r\nG\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n`,
  },
  {
    why: 'behind a body of a GET',
    text: 'GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhelloGET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n',
  },
  {
    why: 'after a request that closes',
    text: `${head}Connection: close\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: evil.test\r\n\r\n`,
  },
]
for (const { why, text } of smuggled) {
  test(`a second request ${why} never becomes one`, async () => {
    const lines: string[] = []
    await using origin = await startRawOrigin((socket) => {
      socket.on('data', (bytes) => {
        lines.push(bytes.toString('latin1'))
        // Answers late enough for anything else to arrive first.
        setTimeout(() => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 20)
      })
    })
    await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
    await talk(gateway.port, text)
    const all = lines.join('')
    assert.equal(origin.connections(), 1)
    assert.equal(all.match(/^(?:GET|POST) \S+ HTTP\/1\.1\r\nHost: h\r$/gm)?.length, 1)
    const separate = /\r\n\r\nGET \/smuggled/.test(all)
    // In a declared body it may travel, as the bytes of that body.
    assert.equal(separate, /Content-Length: 41/.test(all))
  })
}

test('bytes that an instance sends unasked are no answer to the next request', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', () => {
      const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n'
      socket.write(`${answer}okHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged`)
    })
  })
  await using gateway = await startProxy(snapshotOf([endpoint('app-1', origin.port)]))
  for (let round = 0; round < 5; round += 1) {
    assert.equal(await (await fetch(`http://127.0.0.1:${gateway.port}/`)).text(), 'ok')
  }
  assert.equal(origin.connections(), 5)
})
