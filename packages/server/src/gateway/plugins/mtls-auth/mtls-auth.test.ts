import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import type { ClientCertificate, ClientTls } from '../../proxy/client-exchange.ts'
import { accessExchange, accessOf, people } from '../testing/access.ts'
import { configOf, faultsOf, instanceOf } from '../testing/index.ts'
import { alternativesOf } from './certificate-names.ts'
import { mtlsAuth } from './handler.ts'

/**
 * Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -days 36500 -nodes
 * -subj '/O=Analytical Engines/CN=ada' -addext
 * 'subjectAltName=DNS:ada.example,email:ada@example,URI:spiffe://example/ada'`.
 */
const pem = `-----BEGIN CERTIFICATE-----
MIIB6zCCAZCgAwIBAgIUd0q2CFSUHBoPyZGrXmPvq+85pvwwCgYIKoZIzj0EAwIw
KzEbMBkGA1UECgwSQW5hbHl0aWNhbCBFbmdpbmVzMQwwCgYDVQQDDANhZGEwIBcN
MjYxMTIxMTkwMzQyWhgPMjEyNjEwMjgxOTAzNDJaMCsxGzAZBgNVBAoMEkFuYWx5
dGljYWwgRW5naW5lczEMMAoGA1UEAwwDYWRhMFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEjWD73ofOg+p0C0lWstBRc4tvJPjUA3BBPEZltp35bS92/BG3Pw2whX/z
30lQOYVE5HXFOOFvGZunn3AkRfk2FqOBjzCBjDAdBgNVHQ4EFgQUy01J2m0hRfIn
R/5hkzaOznIF/vAwHwYDVR0jBBgwFoAUy01J2m0hRfInR/5hkzaOznIF/vAwDwYD
VR0TAQH/BAUwAwEB/zA5BgNVHREEMjAwggthZGEuZXhhbXBsZYELYWRhQGV4YW1w
bGWGFHNwaWZmZTovL2V4YW1wbGUvYWRhMAoGCCqGSM49BAMCA0kAMEYCIQCM5a9k
eksSQvRjgTekpaD7BVtlZRhNtHxVdg3eIdF1PQIhAPmDIwwcMwUO8Ge077rSdaOd
K+4WQdVHLfx8dMN7CmUY
-----END CERTIFICATE-----`

const certificate = (changes: Partial<ClientCertificate> = {}): ClientCertificate => {
  const { subject, issuer, serialNumber, fingerprint256 } = new X509Certificate(pem)
  return {
    subject,
    issuer,
    serial: serialNumber,
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
    pem,
    trusted: true,
    authorities: [],
    ...changes,
  }
}

const tls = (sent: ClientCertificate | null): ClientTls => ({
  sni: null,
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  certificate: sent,
})

const given = people({
  'ada.example': {},
  ada: { customId: 'spiffe://example/ada' },
  guest: {},
})
const { fingerprint } = certificate()

test('defaults', () => {
  assert.deepEqual(configOf(mtlsAuth), {
    anonymous: null,
    skip_consumer_lookup: false,
    match: ['san_dns', 'san_email', 'san_uri', 'subject_cn'],
    consumer_by: ['username', 'custom_id'],
    issuers: null,
    fingerprints: null,
    authenticated_group_by: null,
  })
  assert.equal(mtlsAuth.priority, 1600)
  assert.equal(faultsOf(mtlsAuth, { authenticated_group_by: 'CN' }).length, 1)
})

const dn = 'O=Analytical Engines, CN=ada'

const cases: { name: string; config?: object; sent?: ClientCertificate | null; is: string }[] = [
  { name: 'by its first name', sent: certificate(), is: 'ada.example' },
  { name: 'by its subject', config: { match: ['subject_cn'] }, sent: certificate(), is: 'ada' },
  { name: 'by its URI', config: { match: ['san_uri'] }, sent: certificate(), is: 'ada' },
  {
    name: 'by a name nobody has',
    config: { match: ['san_email', 'subject_dn'] },
    sent: certificate(),
    is: '401 Unauthorized',
  },
  {
    name: 'by a field that does not count',
    config: { match: ['subject_cn'], consumer_by: ['custom_id'] },
    sent: certificate(),
    is: '401 Unauthorized',
  },
  { name: 'none', sent: null, is: '401 No required TLS certificate was sent' },
  {
    name: 'of no authority we know',
    sent: certificate({ trusted: false }),
    is: '401 TLS certificate failed verification',
  },
  {
    name: 'of no authority, but known by itself',
    config: { fingerprints: [fingerprint.toUpperCase().replace(/..(?!$)/g, '$&:')] },
    sent: certificate({ trusted: false }),
    is: 'ada.example',
  },
  {
    name: 'another one than those known',
    config: { fingerprints: ['00'] },
    sent: certificate(),
    is: '401 TLS certificate failed verification',
  },
  { name: 'of an issuer', config: { issuers: [dn] }, sent: certificate(), is: 'ada.example' },
  {
    name: 'of another issuer',
    config: { issuers: ['CN=other'] },
    sent: certificate(),
    is: '401 TLS certificate failed verification',
  },
  {
    name: 'without a consumer',
    config: { skip_consumer_lookup: true },
    sent: certificate(),
    is: `${fingerprint} without a consumer`,
  },
  { name: 'anonymous', config: { anonymous: 'guest' }, sent: null, is: 'guest' },
]

describe('a certificate', () => {
  for (const { name, config, sent = null, is } of cases) {
    test(name, async () => {
      const exchange = accessExchange(given, { tls: tls(sent) })
      assert.equal(await accessOf(instanceOf(mtlsAuth, config), exchange), is)
    })
  }

  test('brings its subject along as a group', async () => {
    const config = { skip_consumer_lookup: true, authenticated_group_by: 'CN' }
    const exchange = accessExchange(given, { tls: tls(certificate()) })
    await accessOf(instanceOf(mtlsAuth, config), exchange)
    assert.deepEqual(exchange.who?.groups, ['ada'])
  })
})

describe('names in quotes', () => {
  const cases: [text: string, names: Record<string, string[]>][] = [
    ['DNS:a.example, DNS:b.example', { DNS: ['a.example', 'b.example'] }],
    ['DNS:"a, DNS:evil.example", email:x@y', { DNS: ['a, DNS:evil.example'], email: ['x@y'] }],
    ['URI:"a\\"b"', { URI: ['a"b'] }],
    ['URI:"broken', { URI: [] }],
    ['', {}],
  ]
  for (const [text, names] of cases) {
    test(text === '' ? 'none' : text, () => {
      assert.deepEqual(Object.fromEntries(alternativesOf(text)), names)
    })
  }
})
