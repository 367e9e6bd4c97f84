import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:http2'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'

import { openGateway, startOrigin } from '../../testing/gateway.ts'
import { createTestAuthority } from '../balance/testing-tls.ts'
import type { ClientExchange } from '../client-exchange.ts'
import { bodyOf, openFront, rawClient } from './testing.ts'

const expects = (length: number) =>
  `PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`

/** A door that leaves each exchange to the test. */
const waiting = () => {
  const asked = Promise.withResolvers<ClientExchange>()
  return { door: asked.resolve, asked: asked.promise }
}

const authority = createTestAuthority()
const ways = [
  { why: 'HTTP/1.1', options: {}, open: (port: number) => rawClient(port) },
  {
    why: 'HTTP/1.1 over TLS',
    options: { tls: authority.leaf('shop.test') },
    open: (port: number) => rawClient(port, false, connectTls({ port, rejectUnauthorized: false })),
  },
]
for (const { why, options, open } of ways) {
  test(`${why}: 100 Continue comes when the body is wanted, not before`, async () => {
    const { door, asked } = waiting()
    await using front = await openFront(door, options)
    using client = open(front.port)
    client.send(expects(4))
    const exchange = await asked
    assert.equal(client.heard(), '')
    const body = bodyOf(exchange)
    await client.hears(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    client.send('body')
    exchange.sendWhole(200, '', ['X-Body', await body], null)
    assert.match(await client.hears(/200 OK/), /^HTTP\/1\.1 100 [^]*X-Body: body/)
  })

  test(`${why}: who is refused is not told to go on, and the connection ends`, async () => {
    await using front = await openFront(
      (exchange) => exchange.sendWhole(401, '', [], Buffer.from('no')),
      options,
    )
    using client = open(front.port)
    client.send(expects(4))
    const heard = await client.end()
    assert.match(heard, /^HTTP\/1\.1 401 [^]*Connection: close[^]*no$/i)
  })
}

test('behind a request in the same read: 100 Continue comes in its turn', async () => {
  await using front = await openFront((exchange) => {
    const answer = (body: string) => exchange.sendWhole(200, '', ['X-Body', body], null)
    void bodyOf(exchange).then(answer)
  })
  using client = rawClient(front.port)
  client.send(`GET / HTTP/1.1\r\nHost: h\r\n\r\n${expects(4)}`)
  const before = await client.hears(/100 Continue\r\n\r\n$/)
  assert.match(before, /^HTTP\/1\.1 200 OK/)
  client.send('body')
  await client.hears(/X-Body: body/)
})

test('HTTP/1.0 clients are told nothing: they know no 1xx', async () => {
  await using front = await openFront((exchange) => {
    void bodyOf(exchange).then((body) => exchange.sendWhole(200, '', [], Buffer.from(body)))
  })
  using client = rawClient(front.port)
  client.send(`${expects(4).replace('1.1', '1.0')}body`)
  assert.match(await client.end(), /^HTTP\/1\.1 200 [^]*body$/)
})

test('HTTP/2: 100 Continue comes when the body is wanted, and not to who is refused', async () => {
  await using front = await openFront((exchange) => {
    if (exchange.target === '/no') return exchange.sendWhole(413, '', [], null)
    void bodyOf(exchange).then((body) => exchange.sendWhole(200, '', [], Buffer.from(body)))
  })
  const session = connect(front.url)
  const ask = (path: string) => {
    const stream = session.request({ ':method': 'PUT', ':path': path, expect: '100-continue' })
    stream.setEncoding('utf8')
    return stream
  }
  const refused = ask('/no')
  refused.on('headers', () => assert.fail('told to go on'))
  const [no] = (await once(refused, 'response')) as [Record<string, unknown>]
  assert.equal(no[':status'], 413)
  refused.end()
  const taken = ask('/yes')
  const [told] = (await once(taken, 'headers')) as [Record<string, unknown>]
  assert.equal(told[':status'], 100)
  taken.end('body')
  assert.deepEqual(await taken.toArray(), ['body'])
  session.destroy()
})

test('plugins decide before the client sends: 417 and 401, and the service is not asked', async () => {
  let asked = 0
  await using origin = await startOrigin((_request, response) => {
    asked += 1
    response.end()
  })
  await using gateway = await openGateway({
    config: `
_format_version: "3.0"
services:
  - name: app
    url: http://127.0.0.1:${origin.port}
    routes:
      - name: small
        paths: ["/small"]
        plugins:
          - name: request-size-limiting
            config: { allowed_payload_size: 4, size_unit: bytes, require_content_length: true }
      - name: closed
        paths: ["/closed"]
        plugins: [{ name: key-auth }]
`,
  })
  const to = (path: string, head: string) =>
    gateway.raw(`PUT ${path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n${head}\r\n`)
  const large = 'Expect: 100-continue\r\nContent-Length: 5\r\n'
  assert.match(await to('/small', large), /^HTTP\/1\.1 417 [^]*Request size limit exceeded/)
  assert.match(await to('/closed', large), /^HTTP\/1\.1 401 /)
  assert.match(await to('/small', ''), /^HTTP\/1\.1 411 /)
  assert.equal(asked, 0)
  assert.match(await to('/small', 'Content-Length: 0\r\n'), /^HTTP\/1\.1 200 /)
  assert.equal(asked, 1)
})
