import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { createCertificate } from '../tls/x509/certificate.ts'
import { readGatewayConfig } from './read.ts'
import { testPlugins } from './testing/plugin-table.ts'
import { writeGatewayConfig } from './write.ts'

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })

const issue = (pair: typeof ec, facts: { isAuthority?: boolean; end?: string } = {}): string =>
  createCertificate({
    commonName: 'a.example',
    names: ['a.example'],
    key: pair.privateKey,
    notBefore: new Date('2020-01-01T00:00:00Z'),
    notAfter: new Date(facts.end ?? '2099-01-01T00:00:00Z'),
    isAuthority: facts.isAuthority ?? false,
  })
const pemOf = (pair: typeof ec): string =>
  String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))

const good = { cert: issue(ec), key: pemOf(ec) }
const alternative = { cert_alt: issue(rsa), key_alt: pemOf(rsa) }

const read = (file: object) =>
  readGatewayConfig(
    { text: JSON.stringify({ _format_version: '3.0', ...file }), file: 'kong.json' },
    { environment: {}, plugins: testPlugins },
  )

describe('certificates', () => {
  const cases: [name: string, certificate: object, messages: string[]][] = [
    ['with its key', good, []],
    ['with another one of another kind', { ...good, ...alternative }, []],
    ['with a key of another', { ...good, key: pemOf(other) }, ['key does not belong to cert.']],
    ['that is none', { ...good, cert: 'x' }, ['cert is no certificate in PEM.']],
    ['whose key is none', { ...good, key: 'x' }, ['key is no private key in PEM.']],
    [
      'with half an alternative',
      { ...good, cert_alt: alternative.cert_alt },
      ['cert_alt and key_alt need each other.'],
    ],
    [
      'with an alternative of the same kind',
      { ...good, cert_alt: issue(other), key_alt: pemOf(other) },
      ['cert and cert_alt are both of ec; they must be of different kinds.'],
    ],
    [
      'with a name that is an address',
      { ...good, snis: ['10.0.0.1'] },
      ['name "10.0.0.1" must not be an IP address.'],
    ],
  ]
  for (const [name, certificate, messages] of cases) {
    test(name, () => {
      const { faults } = read({ certificates: [certificate] })
      assert.deepEqual(
        faults.map(({ message }) => message),
        messages,
      )
    })
  }

  test('names are texts or maps; services and upstreams refer by id', () => {
    const id = '11111111-1111-4111-8111-111111111111'
    const service = { name: 's', host: 's', protocol: 'https', client_certificate: id }
    const { config, faults } = read({
      certificates: [{ id, ...good, snis: ['a.example', { name: '*.b.example' }] }],
      services: [service],
    })
    assert.deepEqual(faults, [])
    assert.deepEqual(
      config.snis.map(({ name, certificate }) => [name, certificate]),
      [
        ['a.example', id],
        ['*.b.example', id],
      ],
    )
    assert.equal(config.services[0]?.client_certificate, id)
    const { text: written } = writeGatewayConfig(config, { secrets: 'keep', forKong: false })
    const again = readGatewayConfig(
      { text: written, file: 'kong.yml' },
      { environment: {}, plugins: testPlugins },
    )
    assert.deepEqual(again.config, config)
  })
})

describe('authorities', () => {
  const authority = issue(ec, { isAuthority: true })
  const cases: [name: string, cert: string, messages: string[]][] = [
    ['one', authority, []],
    ['none', good.cert, ['cert is not the certificate of an authority (CA:TRUE).']],
    ['two in one', `${authority}\n${authority}`, ['cert holds more than one certificate.']],
  ]
  for (const [name, cert, messages] of cases) {
    test(name, () => {
      const { faults } = read({ ca_certificates: [{ cert }] })
      assert.deepEqual(
        faults.map(({ message }) => message),
        messages,
      )
    })
  }

  test('one that has expired is noted', () => {
    const cert = issue(ec, { isAuthority: true, end: '2021-01-01T00:00:00Z' })
    const { notes, config } = read({ ca_certificates: [{ cert }] })
    assert.deepEqual(
      notes.map(({ message }) => message),
      ['This certificate has expired.'],
    )
    assert.match(config.ca_certificates[0]?.cert_digest ?? '', /^[\da-f]{64}$/)
  })

  test('services name those that there are', () => {
    const id = '11111111-1111-4111-8111-111111111111'
    const service = { name: 's', host: 's', protocol: 'https', ca_certificates: [id] }
    assert.deepEqual(
      read({ services: [service] }).faults.map(({ message }) => message),
      [`There is no CA certificate ${id} in this file.`],
    )
    assert.deepEqual(
      read({ services: [service], ca_certificates: [{ id, cert: authority }] }).faults,
      [],
    )
  })
})
