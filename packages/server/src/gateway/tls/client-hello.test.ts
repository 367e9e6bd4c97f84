import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect, type ConnectionOptions } from 'node:tls'
import fc from 'fast-check'
import { helloBytesMax, readClientHello } from './client-hello.ts'

/** What OpenSSL says first. */
const helloOf = async (options: ConnectionOptions): Promise<Buffer> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', ...options })
  client.on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  server.close()
  return bytes
}

const hellos: {
  why: string
  options: ConnectionOptions
  sni: string | null
  alpn?: string[]
}[] = [
  { why: 'TLS 1.3', options: { servername: 'Shop.Test' }, sni: 'shop.test' },
  { why: 'TLS 1.2', options: { servername: 'a.test', maxVersion: 'TLSv1.2' }, sni: 'a.test' },
  { why: 'no name', options: {}, sni: null },
  {
    why: 'many protocols',
    options: { servername: 'b.test', ALPNProtocols: ['h2', 'x'] },
    sni: 'b.test',
    alpn: ['h2', 'x'],
  },
]

/** The message in records of this size. */
const inRecords = (hello: Buffer, size: number): Buffer => {
  const message = hello.subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 0xff]), piece)
  }
  return Buffer.concat(records)
}

for (const { why, options, sni, alpn = [] } of hellos) {
  test(`a hello is read whole, at every cut, and in small records: ${why}`, async () => {
    const hello = await helloOf(options)
    const read = { kind: 'hello', sni, alpn }
    for (let cut = 0; cut < hello.length; cut += 1) {
      assert.deepEqual(readClientHello(hello.subarray(0, cut)), { kind: 'more' }, String(cut))
    }
    assert.deepEqual(readClientHello(hello), read)
    assert.deepEqual(readClientHello(Buffer.concat([hello, Buffer.from('more')])), read)
    for (const size of [50, 64, 333, hello.length]) {
      const records = inRecords(hello, size)
      assert.deepEqual(readClientHello(records), read, `records of ${size}`)
      assert.deepEqual(readClientHello(records.subarray(0, -1)), { kind: 'more' })
    }
  })
}

const others: { why: string; bytes: number[] | string; kind: string }[] = [
  { why: 'nothing', bytes: [], kind: 'more' },
  { why: 'HTTP', bytes: 'GET / HTTP/1.1\r\n', kind: 'plain' },
  { why: 'SSH', bytes: 'SSH-2.0-x\r\n', kind: 'plain' },
  { why: 'a record without content', bytes: [22, 3, 1, 0, 0], kind: 'malformed' },
  { why: 'a record that is too long', bytes: [22, 3, 1, 0xff, 0xff], kind: 'malformed' },
  { why: 'a version there never was', bytes: [22, 9, 9, 0, 4], kind: 'malformed' },
  { why: 'another message', bytes: [22, 3, 1, 0, 4, 2, 0, 0, 0], kind: 'malformed' },
  { why: 'a message that is too long', bytes: [22, 3, 1, 0, 4, 1, 0xff, 0, 0], kind: 'malformed' },
  { why: 'a message that is too short', bytes: [22, 3, 1, 0, 5, 1, 0, 0, 1, 3], kind: 'malformed' },
]
for (const { why, bytes, kind } of others) {
  test(`no hello: ${why}`, () => {
    const given = typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes)
    assert.equal(readClientHello(given).kind, kind)
  })
}

test('a hello of two records is read wherever it is cut', async () => {
  const hello = await helloOf({ servername: 'shop.test' })
  for (let size = 1; size < 40; size += 1) {
    const rest = hello.subarray(5 + size)
    const records = [
      ...[Buffer.from([22, 3, 1, 0, size]), hello.subarray(5, 5 + size)],
      ...[Buffer.from([22, 3, 3, rest.length >> 8, rest.length & 0xff]), rest],
    ]
    const read = { kind: 'hello', sni: 'shop.test', alpn: [] }
    assert.deepEqual(readClientHello(Buffer.concat(records)), read)
  }
})

test('records that never end are given up', () => {
  const one = (byte: number) => [22, 3, 1, 0, 1, byte]
  const dribble = [1, 0, 32, ...Array.from({ length: 62 }, () => 0)].flatMap(one)
  assert.equal(readClientHello(Buffer.from(dribble.slice(0, 60))).kind, 'more')
  assert.equal(readClientHello(Buffer.from(dribble)).kind, 'malformed')
  const large = Buffer.alloc(helloBytesMax + 10)
  large.set([22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xff])
  large.set([22, 3, 1, 0x40], 5 + 0x4000)
  assert.notEqual(readClientHello(large).kind, 'more')
})

test('whatever the bytes are, there is an answer, and cutting them short changes none for good', async () => {
  const hello = await helloOf({ servername: 'shop.test' })
  fc.assert(
    fc.property(fc.nat(hello.length - 1), fc.nat(255), fc.nat(hello.length), (at, byte, cut) => {
      const changed = Buffer.from(hello)
      changed[at] = byte
      const whole = readClientHello(changed)
      const part = readClientHello(changed.subarray(0, cut))
      if (part.kind !== 'more') assert.deepEqual(part, whole)
    }),
    { numRuns: 3_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      readClientHello(Buffer.from([22, 3, 1, ...bytes]))
    }),
  )
})
