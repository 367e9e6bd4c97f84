import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'

import fc from 'fast-check'

import { newUsualHead, readUsualHead, type HeadVerdict } from './request-parser.ts'

const bounds = { requestHeadBytes: 1024, requestHeaders: 8 }
const get = 'GET / HTTP/1.1\r\nHost: h\r\n'
const post = 'POST / HTTP/1.1\r\nHost: h\r\n'

const read = (text: string, start = 0) => {
  const head = newUsualHead()
  return { verdict: readUsualHead(Buffer.from(text, 'latin1'), start, bounds, head), head }
}

const usual: { why: string; text: string; expected: Partial<ReturnType<typeof newUsualHead>> }[] = [
  {
    why: 'a plain GET',
    text: `${get}\r\n`,
    expected: {
      method: 'GET',
      target: '/',
      host: 'h',
      headers: [],
      contentLength: 0,
      close: false,
    },
  },
  {
    why: 'fields in their order and case, blanks around values gone',
    text: 'GET /a?b=c HTTP/1.1\r\nX-A:1\r\nhOsT:\t h:80 \r\nx-a: \t2 3 \t\r\nEmpty:\r\n\r\n',
    expected: { target: '/a?b=c', host: 'h:80', headers: ['X-A', '1', 'x-a', '2 3', 'Empty', ''] },
  },
  {
    why: 'a body of declared length',
    text: `${post}Content-Length: 42\r\n\r\n`,
    expected: { method: 'POST', contentLength: 42, headers: ['Content-Length', '42'] },
  },
  {
    why: 'a declared length of nothing',
    text: `${post}Content-Length: 0\r\n\r\n`,
    expected: { contentLength: 0 },
  },
  { why: 'the end asked for', text: `${get}Connection: Close\r\n\r\n`, expected: { close: true } },
  {
    why: 'the default said',
    text: `${get}Connection: Keep-Alive\r\n\r\n`,
    expected: { close: false },
  },
  {
    why: 'bytes above 127 in a value',
    text: `${get}X: caf\xe9\r\n\r\n`,
    expected: { headers: ['X', 'caf\xe9'] },
  },
  {
    why: 'an address as Host',
    text: 'GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n',
    expected: { host: '[::1]:8080' },
  },
  ...['HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({
    why: method,
    text: `${method} /x HTTP/1.1\r\nHost: h\r\n\r\n`,
    expected: { method },
  })),
]
for (const { why, text, expected } of usual) {
  test(`usual: ${why}`, () => {
    const { verdict, head } = read(text)
    assert.equal(verdict, 'complete')
    assert.equal(head.end, text.length)
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(head[key as keyof typeof head], value)
    }
  })

  test(`usual, at every cut: ${why}`, () => {
    for (let cut = 0; cut < text.length; cut += 1) {
      assert.equal(read(text.slice(0, cut)).verdict, 'incomplete', `cut at ${cut}`)
    }
  })
}

test('a head is read where it begins, and what follows is left alone', () => {
  const first = `${get}\r\n`
  const { verdict, head } = read(`${first}${post}\r\nrest`, first.length)
  assert.equal(verdict, 'complete')
  assert.equal(head.method, 'POST')
  assert.equal(head.end, first.length + post.length + 2)
})

const unusual: { why: string; text: string }[] = [
  { why: 'another method', text: 'BREW / HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'a method in lower case', text: 'get / HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'CONNECT', text: 'CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'an absolute target', text: 'GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'the asterisk', text: 'OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'a fragment', text: 'GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'a blank in the target', text: 'GET /a b HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'two blanks', text: 'GET  / HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'a target that is not ASCII', text: 'GET /\xe9 HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'HTTP/1.0', text: 'GET / HTTP/1.0\r\nHost: h\r\n\r\n' },
  { why: 'HTTP/2 by prior knowledge', text: 'PRI * HTTP/2.0\r\n\r\n' },
  { why: 'a TLS hello', text: '\x16\x03\x01' },
  { why: 'an empty line first', text: `\r\n${get}\r\n` },
  { why: 'no Host', text: 'GET / HTTP/1.1\r\n\r\n' },
  { why: 'an empty Host', text: 'GET / HTTP/1.1\r\nHost:\r\n\r\n' },
  { why: 'two Hosts', text: `${get}Host: h\r\n\r\n` },
  { why: 'a Host with a user', text: 'GET / HTTP/1.1\r\nHost: u@h\r\n\r\n' },
  { why: 'a blank before the colon', text: `${get}A : b\r\n\r\n` },
  { why: 'a folded line', text: `${get}A: b\r\n c\r\n\r\n` },
  { why: 'a line without colon', text: `${get}A\r\n\r\n` },
  { why: 'a name that is no token', text: `${get}A(b: c\r\n\r\n` },
  { why: 'an empty name', text: `${get}: c\r\n\r\n` },
  { why: 'a bare line feed', text: `${get}A: b\nC: d\r\n\r\n` },
  { why: 'bare line feeds only', text: 'GET / HTTP/1.1\nHost: h\n\n' },
  { why: 'a bare carriage return', text: `${get}A: b\rc\r\n\r\n` },
  { why: 'a NUL', text: `${get}A: b\0\r\n\r\n` },
  { why: 'DEL', text: `${get}A: b\x7f\r\n\r\n` },
  { why: 'chunks', text: `${post}Transfer-Encoding: chunked\r\n\r\n` },
  { why: 'two lengths', text: `${post}Content-Length: 1\r\nContent-Length: 1\r\n\r\n` },
  { why: 'a list of lengths', text: `${post}Content-Length: 1, 1\r\n\r\n` },
  { why: 'a signed length', text: `${post}Content-Length: +1\r\n\r\n` },
  { why: 'a hexadecimal length', text: `${post}Content-Length: 0x1\r\n\r\n` },
  { why: 'a length with zeros in front', text: `${post}Content-Length: 03\r\n\r\n` },
  { why: 'an empty length', text: `${post}Content-Length:\r\n\r\n` },
  { why: 'a length past 2^53', text: `${post}Content-Length: 9007199254740993\r\n\r\n` },
  { why: 'an upgrade', text: `${get}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n` },
  { why: 'an expectation', text: `${post}Content-Length: 1\r\nExpect: 100-continue\r\n\r\n` },
  { why: 'options of the connection', text: `${get}Connection: close, X-A\r\n\r\n` },
  { why: 'two Connections', text: `${get}Connection: close\r\nConnection: close\r\n\r\n` },
  { why: 'Proxy-Connection', text: `${get}Proxy-Connection: close\r\n\r\n` },
  { why: 'too many fields', text: `${get}${'A: b\r\n'.repeat(8)}\r\n` },
  { why: 'a head too large', text: `${get}A: ${'b'.repeat(1024)}\r\n\r\n` },
  { why: 'a head too large, without its end', text: `${get}A: ${'b'.repeat(1024)}` },
]
for (const { why, text } of unusual) {
  test(`unusual: ${why}`, () => assert.equal(read(text).verdict, 'unusual'))

  test(`unusual, and never usual before: ${why}`, () => {
    for (let cut = 1; cut < text.length; cut += 1) {
      const { verdict }: { verdict: HeadVerdict } = read(text.slice(0, cut))
      assert.notEqual(verdict, 'complete', `cut at ${cut}`)
    }
  })
}

/** What `node:http` makes of a head, or null when it refuses it; sent over a real socket. */
const startNode = async () => {
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    const { method, url, rawHeaders, httpVersion } = request
    const body: Buffer[] = []
    request.on('data', (bytes: Buffer) => body.push(bytes))
    request.on('end', () => {
      const close = !response.shouldKeepAlive
      response.setHeader('Connection', 'close')
      response.end(
        JSON.stringify({
          method,
          url,
          rawHeaders,
          httpVersion,
          body: Buffer.concat(body).length,
          close,
        }),
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return {
    ask: (text: string): Promise<string> =>
      new Promise((resolve) => {
        let answer = ''
        const socket = connect(port, '127.0.0.1')
        socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece))
        socket.on('error', () => {})
        socket.on('close', () => resolve(answer))
        socket.write(text, 'latin1')
      }),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

const anyByte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const oneOf = (...texts: string[]) => fc.constantFrom(...texts)
const weighted = (usual: fc.Arbitrary<string>, odd: fc.Arbitrary<string>) =>
  fc.oneof({ arbitrary: usual, weight: 9 }, { arbitrary: odd, weight: 1 })
const text = (alphabet: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(alphabet, { maxLength }).map((all) => all.join(''))
const field = fc
  .tuple(
    weighted(
      oneOf('A', 'X-Long-Name', 'Accept', 'Content-Length', 'Connection', 'host', 'TE', 'Cookie'),
      oneOf('Transfer-Encoding', 'Upgrade', 'Expect', 'Proxy-Connection', 'A ', 'A(', '', '\tA'),
    ),
    weighted(oneOf(':', ': ', ':\t '), oneOf(' :', '', ';')),
    weighted(
      oneOf('x', '0', '3', 'close', 'keep-alive', 'a, b', 'a\tb', 'caf\xe9', '', 'h:1', 'q="1"'),
      fc.oneof(oneOf('chunked', 'close, x', '03', '3 ', 'a\rb', 'a\nb', '\0'), text(anyByte, 4)),
    ),
    weighted(oneOf('\r\n'), oneOf('\n', '\r', ' \r\n', '\r\n ', '\r\r\n')),
  )
  .map((parts) => parts.join(''))
const heads = fc
  .tuple(
    weighted(oneOf('GET', 'POST', 'PUT', 'HEAD', 'DELETE'), oneOf('get', 'BREW', 'PRI', '')),
    weighted(oneOf(' '), oneOf('  ', '\t', '')),
    weighted(
      fc.oneof(
        oneOf('/', '/a/b?c=d&e', '/%2e%2e/', '//x', '/a;b=c', '/{x}|"<>^`\\'),
        text(
          fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
          5,
        ).map((path) => `/${path}`),
      ),
      fc.oneof(oneOf('http://h/', '*', 'h:80', '/a b'), text(anyByte, 4)),
    ),
    weighted(
      oneOf(' HTTP/1.1\r\n'),
      oneOf(' HTTP/1.0\r\n', ' HTTP/1.1\n', ' http/1.1\r\n', '\r\n'),
    ),
    weighted(oneOf('Host: h\r\n'), oneOf('', 'Host: a\r\nHost: b\r\n', 'Host: a b\r\n')),
    fc.array(field, { maxLength: 4 }).map((all) => all.join('')),
    weighted(oneOf('\r\n'), oneOf('\n', '\r\n\r\n')),
  )
  .map((parts) => parts.join(''))

/** A usual head of framing fields, some of them twice, with a byte changed here and there. */
const mutated = fc
  .tuple(
    oneOf('GET /a', 'POST /b?c=d', 'DELETE /'),
    fc.array(
      oneOf(
        ...['Content-Length: 0', 'Content-Length: 3', 'content-length:3', 'Connection: close'],
        ...['Connection: keep-alive', 'Host: h', 'X-Y: a b', 'Cookie: a="b"; c=d', 'Accept:*/*'],
      ),
      { maxLength: 4 },
    ),
    fc.array(
      fc.tuple(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(1),
        fc.oneof(
          oneOf('\x7f', '\0', '\r', '\n', '\r\n', '\t', ' ', ':', '\x0b', '\xa0', '\xff', '#', ','),
          anyByte,
        ),
      ),
      { maxLength: 2 },
    ),
  )
  .map(([line, fields, edits]) => {
    let head = [`${line} HTTP/1.1`, 'Host: h', ...fields, '', ''].join('\r\n')
    for (const [where, removed, added] of edits) {
      const at = Math.floor(where * head.length)
      head = head.slice(0, at) + added + head.slice(at + removed)
    }
    return head
  })

test('whatever is taken, node takes too, and reads the same in it', async () => {
  await using node = await startNode()
  let taken = 0
  await fc.assert(
    fc.asyncProperty(fc.oneof(heads, mutated), async (sent) => {
      const { verdict, head } = read(sent)
      if (verdict !== 'complete') return
      taken += 1
      const follows = 'x'.repeat(head.contentLength)
      const answer = await node.ask(sent.slice(0, head.end) + follows)
      const [status = '', body = ''] = answer.split('\r\n\r\n')
      assert.match(status, /^HTTP\/1\.1 200 /, sent)
      if (head.method === 'HEAD') return
      const json = body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)
      const theirs = JSON.parse(json) as {
        method: string
        url: string
        rawHeaders: string[]
        httpVersion: string
        close: boolean
        body: number
      }
      const hostAt = theirs.rawHeaders.findIndex(
        (name, at) => at % 2 === 0 && name.toLowerCase() === 'host',
      )
      const [, host] = theirs.rawHeaders.splice(hostAt, 2)
      assert.deepEqual(
        { ...theirs, host },
        {
          method: head.method,
          url: head.target,
          rawHeaders: head.headers,
          httpVersion: '1.1',
          close: head.close,
          body: head.contentLength,
          host: head.host,
        },
      )
    }),
    { numRuns: 3000 },
  )
  assert.ok(taken > 300, `only ${taken} heads were usual`)
})
