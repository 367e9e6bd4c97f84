import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { createTestAuthority } from '../balance/testing-tls.ts'
import { getOver, shake } from '../../tls/testing/client.ts'
import { echo, openFront, rawClient } from './testing.ts'

const tls = createTestAuthority().leaf('localhost')

/** The head of a handshake record of 512 bytes, which never come. */
const half = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc'

test('who begins a handshake and does not go on is cut in time', async () => {
  await using front = await openFront(echo, { tls, bounds: { handshakeMs: 20 } })
  for (const text of ['', half]) {
    using client = rawClient(front.port)
    client.send(text)
    assert.equal(await client.end(), '')
  }
})

test('of many unfinished handshakes the oldest makes room; finished ones stay', async () => {
  await using front = await openFront(echo, { tls, bounds: { handshakes: 2 } })
  const done = await shake(front.port)
  const waiting = [1, 2, 3].map(() => rawClient(front.port))
  for (const client of waiting) client.send(half)
  await waiting[0]?.end()
  // Each of these makes room for itself, and none of the finished ones is touched.
  for (let turn = 0; turn < 5; turn += 1) {
    assert.match(await getOver(await shake(front.port)), /^HTTP\/1\.1 200 /)
  }
  assert.match(await getOver(done), /^HTTP\/1\.1 200 /)
  for (const client of waiting) client.socket.destroy()
})

const garbage: { why: string; text: string }[] = [
  { why: 'HTTP', text: 'GET / HTTP/1.1\r\nHost: h\r\n\r\n' },
  { why: 'a record that is longer than records are', text: '\x16\x03\x01\xff\xff' },
  { why: 'a hello that lies about its length', text: '\x16\x03\x01\x00\x05\x01\xff\xff\xff\x00' },
  { why: 'an alert', text: '\x15\x03\x01\x00\x02\x02\x28' },
  { why: 'zeros', text: '\0'.repeat(100) },
]
for (const { why, text } of garbage) {
  test(`no handshake: ${why}`, async () => {
    await using front = await openFront(echo, { tls })
    using client = rawClient(front.port)
    client.send(text)
    await client.end()
    assert.match(await getOver(await shake(front.port)), /^HTTP\/1\.1 200 /)
  })
}

test('handshakes go by other options from one moment to the next', async () => {
  await using front = await openFront(echo, { tls })
  const before = await shake(front.port)
  front.listener.useTls(createTestAuthority().leaf('other.test'))
  const after = await shake(front.port)
  assert.equal(String(after.getPeerCertificate().subject.CN), 'other.test')
  assert.match(await getOver(before), /^HTTP\/1\.1 200 /)
  const closed = once(after, 'close')
  front.listener.stopAccepting()
  await closed
})
