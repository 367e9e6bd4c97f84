import assert from 'node:assert/strict'
import { test } from 'node:test'

import { limits } from './limits.ts'
import { ResponseParser, type ResponseHead } from './response-parser.ts'

type Outcome = {
  heads: number[]
  headers: string[]
  body: string
  trailers: string[] | null
  done: boolean
  failure: string | null
  used: number
  keepAlive: boolean
}

/** Feeds the bytes cut at the given places, in a buffer that is overwritten after every call. */
const parse = (text: string, cuts: readonly number[], method = 'GET', fin = false): Outcome => {
  const heads: ResponseHead[] = []
  let body = ''
  let trailers: string[] | null = null
  const parser = new ResponseParser({
    onInformational: (head) => heads.push(head),
    onHead: (head) => heads.push(head),
    onBody: (bytes) => (body += bytes.toString('latin1')),
    onEnd: (fields) => (trailers = fields),
  })
  parser.expect(method, false)
  let used = 0
  let at = 0
  for (const cut of [...cuts, text.length]) {
    const bytes = Buffer.from(text.slice(at, cut), 'latin1')
    used += parser.push(bytes)
    bytes.fill(0x21)
    at = cut
    if (parser.failure !== null) break
  }
  const done = fin ? parser.finish() : parser.done
  const last = heads.at(-1)
  return {
    heads: heads.map((head) => head.status),
    headers: last?.headers ?? [],
    body,
    trailers,
    done,
    failure: parser.failure,
    used,
    keepAlive: last?.keepAlive ?? false,
  }
}

const OK = 'HTTP/1.1 200 OK\r\n'
type Expected = Partial<Outcome>
const accepted: {
  why: string
  text: string
  method?: string
  fin?: boolean
  expected: Expected
}[] = [
  {
    why: 'a body with Content-Length',
    text: `${OK}Content-Length: 5\r\nX-A: b\r\n\r\nhello`,
    expected: { body: 'hello', headers: ['Content-Length', '5', 'X-A', 'b'], keepAlive: true },
  },
  { why: 'an empty body', text: `${OK}Content-Length: 0\r\n\r\n`, expected: { body: '' } },
  {
    why: 'chunks with extensions',
    text: `${OK}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1 \r\n!\r\n0\r\n\r\n`,
    expected: { body: 'hello!', headers: [] },
  },
  {
    why: 'trailers, without those that may not be there',
    text: `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 9\r\nContent-Length: 3\r\n\r\n`,
    expected: { body: 'x', trailers: ['X-Sum', '9'] },
  },
  {
    why: 'a body until the end of the connection',
    text: `${OK}\r\nsome bytes`,
    fin: true,
    expected: { body: 'some bytes' },
  },
  {
    why: 'informational responses before the final one',
    text: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
    expected: { heads: [103, 102, 200], body: 'x' },
  },
  {
    why: 'the answer to HEAD',
    text: `${OK}Content-Length: 500\r\n\r\n`,
    method: 'HEAD',
    expected: { body: '', headers: ['Content-Length', '500'] },
  },
  {
    why: '204 with a Content-Length',
    text: 'HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n',
    expected: { body: '' },
  },
  { why: '304', text: 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\n\r\n', expected: { body: '' } },
  {
    why: 'no reason',
    text: 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
    expected: { heads: [200] },
  },
  {
    why: 'the same Content-Length twice',
    text: `${OK}Content-Length: 1\r\ncontent-length: 1\r\n\r\nx`,
    expected: { headers: ['Content-Length', '1'], body: 'x' },
  },
  {
    why: 'hop-by-hop headers, which go',
    text: `${OK}Connection: close, X-Hop\r\nKeep-Alive: timeout=5\r\nx-hop: 1\r\nX-End: 2\r\nContent-Length: 0\r\n\r\n`,
    expected: { headers: ['X-End', '2', 'Content-Length', '0'], keepAlive: false },
  },
  {
    why: 'HTTP/1.0, which does not keep alive',
    text: 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    expected: { keepAlive: false },
  },
  {
    why: 'bytes above 127 in a value',
    text: `${OK}X-Name: M\xfcller\r\nContent-Length: 0\r\n\r\n`,
    expected: { headers: ['X-Name', 'M\xfcller', 'Content-Length', '0'] },
  },
]
for (const { why, text, method = 'GET', fin = false, expected } of accepted) {
  test(`takes ${why}, however the bytes are cut`, () => {
    const whole = parse(text, [], method, fin)
    for (const [name, value] of Object.entries(expected)) {
      assert.deepEqual(whole[name as keyof Outcome], value, name)
    }
    assert.deepEqual({ done: whole.done, failure: whole.failure }, { done: true, failure: null })
    for (let cut = 1; cut < text.length; cut += 1) {
      assert.deepEqual(parse(text, [cut], method, fin), whole, `cut at ${cut}`)
    }
    const everyByte = Array.from({ length: text.length - 1 }, (_, at) => at + 1)
    assert.deepEqual(parse(text, everyByte, method, fin), whole, 'byte by byte')
  })
}

const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`
const refused: { why: string; text: string }[] = [
  { why: 'another protocol', text: 'HTTP/2 200 OK\r\n\r\n' },
  { why: 'a status of two digits', text: 'HTTP/1.1 20 OK\r\n\r\n' },
  { why: 'a status of 600', text: 'HTTP/1.1 600 No\r\n\r\n' },
  { why: 'line feeds without carriage return', text: 'HTTP/1.1 200 OK\nA: b\r\n\r\n' },
  { why: 'a folded header', text: `${OK}A: b\r\n c\r\n\r\n` },
  { why: 'a space before the colon', text: `${OK}A : b\r\n\r\n` },
  { why: 'an empty name', text: `${OK}: b\r\n\r\n` },
  { why: 'a bare carriage return in a value', text: `${OK}A: b\rc\r\n\r\n` },
  { why: 'a NUL in a value', text: `${OK}A: b\0c\r\n\r\n` },
  { why: 'two Content-Lengths', text: `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx` },
  { why: 'a list of Content-Lengths', text: `${OK}Content-Length: 1, 1\r\n\r\nx` },
  { why: 'a signed Content-Length', text: `${OK}Content-Length: +1\r\n\r\nx` },
  { why: 'a hexadecimal Content-Length', text: `${OK}Content-Length: 0x1\r\n\r\nx` },
  {
    why: 'Content-Length beside chunks',
    text: `${OK}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
  },
  { why: 'an unknown transfer coding', text: `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n` },
  {
    why: 'chunked twice',
    text: `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
  },
  { why: 'chunks in HTTP/1.0', text: 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' },
  { why: 'a switch of protocols nobody asked for', text: 'HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n' },
  { why: 'a chunk without size', text: `${CHUNKED}\r\nx\r\n` },
  { why: 'a chunk size that is no number', text: `${CHUNKED}5x\r\nhello\r\n` },
  { why: 'a chunk size of 14 digits', text: `${CHUNKED}10000000000000\r\n` },
  { why: 'a chunk longer than its size', text: `${CHUNKED}2\r\nabc\r\n0\r\n\r\n` },
  { why: 'a chunk line that ends in a line feed', text: `${CHUNKED}2;a\nab\r\n` },
  { why: 'a malformed trailer', text: `${CHUNKED}0\r\nno colon\r\n\r\n` },
  { why: 'an endless head', text: `${OK}A: ${'b'.repeat(limits.responseHeadBytes)}\r\n\r\n` },
  { why: 'endless trailers', text: `${CHUNKED}0\r\nA: ${'b'.repeat(limits.responseTrailerBytes)}` },
  {
    why: 'an endless chunk extension',
    text: `${CHUNKED}1;${'b'.repeat(limits.chunkLineBytes + 1)}\r\nx`,
  },
  { why: 'endless informational responses', text: 'HTTP/1.1 102 P\r\n\r\n'.repeat(17) },
]
for (const { why, text } of refused) {
  test(`refuses ${why}, however the bytes are cut`, () => {
    const outcome = parse(text, [])
    assert.notEqual(outcome.failure, null)
    assert.equal(outcome.done, false)
    if (text.length > 1000) return
    for (let cut = 1; cut < text.length; cut += 1) {
      assert.equal(parse(text, [cut]).failure, outcome.failure, `cut at ${cut}`)
    }
  })
}

test('bytes after the response are not taken', () => {
  const response = `${OK}Content-Length: 1\r\n\r\nx`
  assert.equal(parse(`${response}HTTP/1.1 200 OK\r\n\r\n`, []).used, response.length)
})

test('an end in the middle of a body is no proper end', () => {
  for (const text of [`${OK}Content-Length: 5\r\n\r\nhel`, `${CHUNKED}5\r\nhel`, 'HTTP/1.1 2']) {
    assert.equal(parse(text, [], 'GET', true).done, false)
  }
})
