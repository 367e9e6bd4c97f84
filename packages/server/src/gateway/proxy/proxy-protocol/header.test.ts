import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import { proxyHeaderBytesMax, readProxyHeader, signature } from './header.ts'
import { proxyHeader } from './write.ts'

const read = (text: string) => readProxyHeader(Buffer.from(text, 'latin1'))

const binary = (command: number, kind: number, content: Buffer): Buffer =>
  Buffer.concat([
    ...[signature, Buffer.from([command, kind, content.length >> 8, content.length & 0xff])],
    content,
  ])
const four = Buffer.from([192, 0, 2, 1, 198, 51, 100, 7, 0x11, 0x5c, 0x01, 0xbb])

const headers: { why: string; bytes: Buffer; client: { address: string; port: number } | null }[] =
  [
    {
      why: 'IPv4, version 1',
      bytes: Buffer.from('PROXY TCP4 192.0.2.1 198.51.100.7 4444 443\r\n'),
      client: { address: '192.0.2.1', port: 4444 },
    },
    {
      why: 'IPv6, version 1, in another spelling',
      bytes: Buffer.from('PROXY TCP6 2001:DB8:0:0:0:0:0:1 ::1 4444 443\r\n'),
      client: { address: '2001:db8::1', port: 4444 },
    },
    {
      why: 'the longest line there can be',
      bytes: Buffer.from(
        `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`,
      ),
      client: { address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', port: 65_535 },
    },
    { why: 'nobody known', bytes: Buffer.from('PROXY UNKNOWN\r\n'), client: null },
    {
      why: 'nobody known, with words',
      bytes: Buffer.from('PROXY UNKNOWN ::1 ::1 1 2\r\n'),
      client: null,
    },
    {
      why: 'IPv4, version 2',
      bytes: binary(0x21, 0x11, four),
      client: { address: '192.0.2.1', port: 4444 },
    },
    {
      why: 'IPv4, version 2, with fields',
      bytes: binary(0x21, 0x11, Buffer.concat([four, Buffer.from([2, 0, 3, 97, 98, 99])])),
      client: { address: '192.0.2.1', port: 4444 },
    },
    {
      why: 'IPv4 within IPv6, version 2',
      bytes: binary(
        0x21,
        0x21,
        Buffer.from(`${'0'.repeat(20)}ffffc0000201${'0'.repeat(32)}115c01bb`, 'hex'),
      ),
      client: { address: '192.0.2.1', port: 4444 },
    },
    { why: 'its own connection', bytes: binary(0x20, 0, Buffer.alloc(0)), client: null },
    { why: 'a Unix socket', bytes: binary(0x21, 0x31, Buffer.alloc(216)), client: null },
  ]

for (const { why, bytes, client } of headers) {
  test(`a header is read wherever it is cut, and no further: ${why}`, () => {
    for (let cut = 0; cut < bytes.length; cut += 1) {
      assert.deepEqual(readProxyHeader(bytes.subarray(0, cut)), { kind: 'more' }, String(cut))
    }
    const expected = { kind: 'header', length: bytes.length, client }
    assert.deepEqual(readProxyHeader(bytes), expected)
    assert.deepEqual(readProxyHeader(Buffer.concat([bytes, Buffer.from('GET /')])), expected)
  })
}

const refused: { why: string; bytes: Buffer | string; kind: 'absent' | 'malformed' }[] = [
  { why: 'HTTP', bytes: 'GET / HTTP/1.1\r\n', kind: 'absent' },
  { why: 'HTTP/2', bytes: 'PRI * HTTP/2.0\r\n', kind: 'absent' },
  { why: 'a ClientHello', bytes: '\x16\x03\x01', kind: 'absent' },
  { why: 'small letters', bytes: 'proxy TCP4 ', kind: 'absent' },
  { why: 'no line end', bytes: `PROXY ${'x'.repeat(101)}`, kind: 'malformed' },
  { why: 'a line end too late', bytes: `PROXY UNKNOWN${'x'.repeat(93)}\r\n`, kind: 'malformed' },
  { why: 'UDP', bytes: 'PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n', kind: 'malformed' },
  { why: 'the other family', bytes: 'PROXY TCP4 ::1 ::1 1 2\r\n', kind: 'malformed' },
  { why: 'half an address', bytes: 'PROXY TCP4 1.1.1 2.2.2.2 1 2\r\n', kind: 'malformed' },
  { why: 'no target', bytes: 'PROXY TCP4 1.1.1.1 1 2\r\n', kind: 'malformed' },
  { why: 'two spaces', bytes: 'PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n', kind: 'malformed' },
  { why: 'a port too large', bytes: 'PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n', kind: 'malformed' },
  { why: 'a port in octal', bytes: 'PROXY TCP4 1.1.1.1 2.2.2.2 010 2\r\n', kind: 'malformed' },
  { why: 'more words', bytes: 'PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n', kind: 'malformed' },
  { why: 'a zone', bytes: 'PROXY TCP6 fe80::1%lo ::1 1 2\r\n', kind: 'malformed' },
  { why: 'version 3', bytes: binary(0x31, 0x11, four), kind: 'malformed' },
  { why: 'an unknown command', bytes: binary(0x22, 0x11, four), kind: 'malformed' },
  { why: 'half of the addresses', bytes: binary(0x21, 0x11, four.subarray(4)), kind: 'malformed' },
  {
    why: 'half a field',
    bytes: binary(0x21, 0x11, Buffer.concat([four, Buffer.from([2, 0, 3, 97])])),
    kind: 'malformed',
  },
  {
    why: 'too many bytes',
    bytes: binary(0x21, 0x11, Buffer.alloc(proxyHeaderBytesMax)),
    kind: 'malformed',
  },
]
for (const { why, bytes, kind } of refused) {
  test(`no header: ${why}`, () => {
    assert.equal((typeof bytes === 'string' ? read(bytes) : readProxyHeader(bytes)).kind, kind)
  })
}

test('what is written is read as the same client', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6())
  const port = fc.nat(65_535)
  fc.assert(
    fc.property(address, port, address, port, (from, port, localAddress, localPort) => {
      const client = { address: from, port, localAddress, localPort }
      const [first, second] = (['v1', 'v2'] as const).map((version) =>
        readProxyHeader(proxyHeader(version, client)),
      )
      assert.equal(first?.kind, 'header')
      assert.deepEqual(
        second?.kind === 'header' && second.client,
        first?.kind === 'header' && first.client,
      )
      assert.equal(first?.kind === 'header' && first.client?.port, port)
    }),
  )
  assert.deepEqual(readProxyHeader(proxyHeader('v1', null)), {
    ...{ kind: 'header', length: 15, client: null },
  })
  assert.deepEqual(readProxyHeader(proxyHeader('v2', null)), {
    ...{ kind: 'header', length: 16, client: null },
  })
})

test('whatever the bytes are, a client is an address, and cutting them short changes nothing for good', () => {
  const samples = headers.map(({ bytes }) => bytes)
  fc.assert(
    fc.property(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 3 }),
      fc.nat(300),
      (sample, changes, cut) => {
        const bytes = Buffer.from(sample)
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        const whole = readProxyHeader(bytes)
        const part = readProxyHeader(bytes.subarray(0, cut))
        if (part.kind !== 'more' && cut < bytes.length) assert.deepEqual(part, whole)
        if (whole.kind !== 'header') return
        assert.ok(whole.length <= bytes.length)
        if (whole.client !== null) assert.notEqual(isIP(whole.client.address), 0)
      },
    ),
    { numRuns: 5_000 },
  )
})
