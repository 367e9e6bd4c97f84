import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTestAuthority } from '../../gateway/proxy/balance/testing-tls.ts'
import { certificateOf, isFor } from './certificate.ts'

const names = ['ops.example.com', '*.apps.example.com', '192.0.2.7', '2001:db8::1']
const certificate = certificateOf(createTestAuthority().leaf(...names))

test('a certificate tells its names and addresses', () => {
  assert.deepEqual(certificate.names.slice(0, 3), names.slice(0, 3))
  assert.match(certificate.names[3] ?? '', /^2001:DB8:/i)
})

const hosts: [string, boolean][] = [
  ['ops.example.com', true],
  ['shop.apps.example.com', true],
  ['192.0.2.7', true],
  ['[2001:db8::1]', true],
  ['example.com', false],
  ['192.0.2.8', false],
  ['[2001:db8::2]', false],
]
for (const [host, expected] of hosts) {
  test(`it is ${expected ? '' : 'not '}for ${host}`, () => {
    assert.equal(isFor(certificate, host), expected)
  })
}

test('a chain that cannot be shown is none', () => {
  const { cert, key } = createTestAuthority().leaf('ops.example.com')
  const noPem = '-----BEGIN CERTIFICATE-----\nAAAA!!!!\n-----END CERTIFICATE-----\n'
  assert.throws(() => certificateOf({ cert: cert + noPem, key }))
})
