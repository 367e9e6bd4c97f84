import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash, createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { createCertificate, createRequest, pem } from './certificate.ts'

const run = promisify(execFile)
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const notBefore = new Date('2026-01-01T00:00:00Z')
const notAfter = new Date('2027-01-01T00:00:00Z')
const authorityKey = newKey()
const authority = { commonName: 'Keelson local CA', key: authorityKey }
const authorityPem = createCertificate({
  ...{ ...authority, names: [], notBefore, notAfter: new Date('2055-01-01T00:00:00Z') },
  isAuthority: true,
})
const key = newKey()
const leafOf = (names: readonly string[]): X509Certificate =>
  new X509Certificate(
    createCertificate({
      ...{ commonName: names[0] ?? '', names, key, notBefore, notAfter },
      ...{ isAuthority: false, issuer: authority },
    }),
  )

test('an authority signs itself and may sign others, past 2049 too', () => {
  const ca = new X509Certificate(authorityPem)
  assert.ok(ca.ca)
  assert.ok(ca.verify(ca.publicKey))
  assert.match(ca.subject, /CN=Keelson local CA/)
  assert.equal(new Date(ca.validTo).toISOString(), '2055-01-01T00:00:00.000Z')
})

test('a leaf is issued by the authority, belongs to its key and may sign nobody', () => {
  const leaf = leafOf(['shop.localhost', '*.shop.localhost', '127.0.0.1', '::1', 'fe80::1:2'])
  const ca = new X509Certificate(authorityPem)
  assert.ok(leaf.checkIssued(ca))
  assert.ok(leaf.verify(ca.publicKey))
  assert.ok(leaf.checkPrivateKey(key))
  assert.equal(leaf.ca, false)
  assert.equal(new Date(leaf.validFrom).toISOString(), notBefore.toISOString())
  for (const name of ['shop.localhost', 'a.shop.localhost']) assert.ok(leaf.checkHost(name), name)
  assert.equal(leaf.checkHost('other.localhost'), undefined)
  for (const address of ['127.0.0.1', '::1', 'fe80::1:2']) assert.ok(leaf.checkIP(address), address)
})

test('every list of names and addresses is read back as it was written', () => {
  const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/)
  const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => labels.join('.'))
  const name = fc.oneof(
    host.filter((text) => !/^[\d.]+$/.test(text)),
    fc.ipV4(),
    fc.ipV6(),
  )
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 30 }), (names) => {
      const leaf = leafOf(names)
      for (const one of names) {
        const isAddress = one.includes(':') || /^[\d.]+$/.test(one)
        assert.ok(isAddress ? leaf.checkIP(one) : leaf.checkHost(one), one)
      }
    }),
    { numRuns: 50 },
  )
})

test('serial numbers are positive, long and never the same', () => {
  const serials = Array.from({ length: 50 }, () => leafOf(['a.test']).serialNumber)
  assert.equal(new Set(serials).size, 50)
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/)
})

const hasOpenssl = await run('openssl', ['version']).then(
  () => true,
  () => false,
)
const skip = hasOpenssl ? false : 'openssl is not installed'

test('openssl verifies the chain, and a request with its own signature', { skip }, async () => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-x509-'))
  try {
    const at = (name: string) => join(dir, name)
    await writeFile(at('ca.pem'), authorityPem)
    await writeFile(at('leaf.pem'), leafOf(['shop.test']).toString())
    await writeFile(
      at('request.pem'),
      pem('CERTIFICATE REQUEST', createRequest(key, ['a.test', '10.0.0.1'])),
    )
    const time = String(Date.parse('2026-06-01T00:00:00Z') / 1000)
    const strict = ['verify', '-x509_strict', '-attime', time, '-CAfile', at('ca.pem')]
    const verified = await run('openssl', [...strict, '-purpose', 'sslserver', at('leaf.pem')])
    assert.match(verified.stdout, /OK/)
    const asked = await run('openssl', [
      'req',
      '-in',
      at('request.pem'),
      '-noout',
      '-verify',
      '-text',
    ])
    assert.match(asked.stdout, /DNS:a\.test, IP Address:10\.0\.0\.1/)
    assert.match(asked.stdout + asked.stderr, /verify OK/)
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('the answer to tls-alpn-01 carries the digest as a critical extension', () => {
  const acmeIdentifier = createHash('sha256').update('token.thumbprint').digest()
  const text = createCertificate({
    ...{ commonName: 'a.test', names: ['a.test'], key, notBefore, notAfter },
    ...{ isAuthority: false, acmeIdentifier },
  })
  const { raw } = new X509Certificate(text)
  const oid = Buffer.from('06082b0601050507011f0101ff04220420', 'hex')
  const at = raw.indexOf(oid)
  assert.notEqual(at, -1)
  assert.deepEqual(raw.subarray(at + oid.length, at + oid.length + 32), acmeIdentifier)
})

test('a key that was stored as PEM signs as well', () => {
  const stored = createPrivateKey(authorityKey.export({ type: 'pkcs8', format: 'pem' }))
  const leaf = new X509Certificate(
    createCertificate({
      ...{ commonName: 'b.test', names: ['b.test'], key, notBefore, notAfter },
      ...{ isAuthority: false, issuer: { ...authority, key: stored } },
    }),
  )
  assert.ok(leaf.verify(new X509Certificate(authorityPem).publicKey))
})
