import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTlsServer, createSecureContext } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { systemClock } from '../../../kernel/clock.ts'
import { openAcmeServer } from '../../testing/acme-server.ts'
import { createTestAuthority } from '../../proxy/balance/testing-tls.ts'
import { createCertificate } from '../x509/certificate.ts'
import { createAcmeClient, type Challenge, type Present } from './client.ts'
import { anyDocument } from './documents.ts'
import { readAnswer, type Send } from './transport.ts'

const dayMs = 86_400_000

const send: Send = async (url, { method, body }) => {
  const headers = { 'content-type': 'application/jose+json' }
  const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    text: await answer.text(),
  }
}

const leafOf = (...names: string[]): string => createTestAuthority().leaf(...names).cert
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** A web server that shows what it is told under the well-known path. */
const openWeb = async () => {
  const shown = new Map<string, string>()
  const web = createServer((request, response) => {
    const body = shown.get(`${request.headers.host ?? ''}${request.url ?? ''}`)
    response.writeHead(body === undefined ? 404 : 200).end(body)
  }).listen(0, '127.0.0.1')
  await once(web, 'listening')
  const present: Present = ({ name, token, keyAuthorization }) => {
    const key = `${name}/.well-known/acme-challenge/${token}`
    shown.set(key, keyAuthorization)
    return Promise.resolve({
      withdraw: () => {
        shown.delete(key)
        return Promise.resolve()
      },
    })
  }
  return {
    port: (web.address() as AddressInfo).port,
    shown,
    present,
    [Symbol.asyncDispose]: async () => {
      web.close()
      await once(web, 'close')
    },
  }
}

const clientOf = (directoryUrl: string, present: Present, type: Challenge['type'] = 'http-01') =>
  createAcmeClient({
    ...{
      directoryUrl,
      accountKey: newKey(),
      email: 'ops@a.test',
      termsAgreed: true,
      send,
      present,
    },
    ...{ clock: systemClock, challenges: [type] },
  })

test('the key is of the kind that was asked for', async () => {
  await using web = await openWeb()
  await using server = await openAcmeServer({ httpPort: web.port })
  const client = clientOf(server.directoryUrl, web.present)
  const { cert, key } = await client.obtain(['a.test'], { rsaBits: 2048 })
  const { publicKey } = new X509Certificate(cert)
  assert.equal(publicKey.asymmetricKeyType, 'rsa')
  assert.ok(createPublicKey(key).equals(publicKey))
})

test('a certificate for several names is proved over HTTP and fetched', async () => {
  await using web = await openWeb()
  await using server = await openAcmeServer({ httpPort: web.port })
  const { cert, key } = await clientOf(server.directoryUrl, web.present).obtain([
    'a.test',
    'b.test',
  ])
  const leaf = new X509Certificate(cert)
  assert.ok(leaf.checkHost('a.test'))
  assert.ok(leaf.checkHost('b.test'))
  assert.ok(leaf.verify(new X509Certificate(server.authority).publicKey))
  assert.doesNotThrow(() => createSecureContext({ key, cert }))
  assert.deepEqual(server.challenges, ['http-01 a.test', 'http-01 b.test'])
  assert.equal(web.shown.size, 0)
})

/** Puts another certificate in the place of the one that the server gives. */
const givingInstead =
  (text: string): Send =>
  async (url, request) => {
    const answer = await send(url, request)
    return answer.text.startsWith('-----BEGIN') ? { ...answer, text } : answer
  }

const strangers: [string, () => string, RegExp][] = [
  ['that is none', () => '-----BEGIN', /something that is no certificate/],
  ['for another name', () => leafOf('b.test'), /a certificate that nobody has ordered/],
  ['for another key', () => leafOf('a.test'), /a certificate that nobody has ordered/],
]
for (const [what, given, message] of strangers) {
  test(`a certificate ${what} is not taken`, async () => {
    await using web = await openWeb()
    await using server = await openAcmeServer({ httpPort: web.port })
    const client = createAcmeClient({
      ...{ directoryUrl: server.directoryUrl, accountKey: newKey(), email: null },
      ...{ termsAgreed: true, send: givingInstead(given()), clock: systemClock },
      ...{ challenges: ['http-01'], present: web.present },
    })
    await assert.rejects(client.obtain(['a.test']), { message })
  })
}

const misshapen: [string, (url: string) => boolean, string, RegExp][] = [
  ['directory', (url) => url.endsWith('/directory'), 'null', /has not the form of RFC 8555/],
  ['order', (url) => url.endsWith('/newOrder'), 'null', /has not the form of RFC 8555/],
  ['order', (url) => url.endsWith('/newOrder'), '{"status":"ready"}', /form of RFC 8555/],
  ['authorization', (url) => url.includes('/authz/'), '[]', /form of RFC 8555/],
]
for (const [what, isIt, text, message] of misshapen) {
  test(`${what} ${text} is told as what it is`, async () => {
    await using web = await openWeb()
    await using server = await openAcmeServer({ httpPort: web.port })
    const spoiled: Send = async (url, request) => {
      const answer = await send(url, request)
      return isIt(url) ? { ...answer, text } : answer
    }
    const client = createAcmeClient({
      ...{ directoryUrl: server.directoryUrl, accountKey: newKey(), email: null },
      ...{ termsAgreed: true, send: spoiled, clock: systemClock },
      ...{ challenges: ['http-01'], present: web.present },
    })
    await assert.rejects(client.obtain(['a.test']), { name: 'AcmeError', message })
  })
}

const waits: [string, number][] = [
  ['99999999999999', dayMs],
  ['9'.repeat(400), dayMs],
  ['Fri, 31 Dec 9999 23:59:59 GMT', dayMs],
  ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
  ['120', 120_000],
]
for (const [after, waitMs] of waits) {
  test(`Retry-After ${after.slice(0, 40)} is a wait of ${waitMs / 1000} s`, () => {
    const answer = { status: 429, headers: { 'retry-after': after }, text: '{}' }
    assert.throws(() => readAnswer(answer, anyDocument), { retryAfterMs: waitMs })
  })
}

test('several orders have one account', async () => {
  await using web = await openWeb()
  await using server = await openAcmeServer({ httpPort: web.port })
  const client = clientOf(server.directoryUrl, web.present)
  await client.obtain(['a.test'])
  await client.obtain(['b.test'])
  assert.equal(server.accounts(), 1)
})

test('a nonce that the server does not know any more is renewed', async () => {
  await using web = await openWeb()
  await using server = await openAcmeServer({ httpPort: web.port, badNonces: 2 })
  const { cert } = await clientOf(server.directoryUrl, web.present).obtain(['a.test'])
  assert.ok(new X509Certificate(cert).checkHost('a.test'))
})

test('a name that cannot be proved is told with what was found, and withdrawn', async () => {
  await using web = await openWeb()
  await using server = await openAcmeServer({ httpPort: web.port })
  let withdrawn = 0
  const present: Present = () =>
    Promise.resolve({
      withdraw: () => {
        withdrawn += 1
        return Promise.resolve()
      },
    })
  await assert.rejects(clientOf(server.directoryUrl, present).obtain(['a.test']), {
    message: 'a.test was not proved: status 404',
  })
  assert.equal(withdrawn, 1)
})

test('proved by a TLS handshake with acme-tls/1', async () => {
  const key = newKey()
  const contexts = new Map<string, ReturnType<typeof createSecureContext>>()
  const tls = createTlsServer({
    ALPNProtocols: ['acme-tls/1'],
    SNICallback: (name, done) => done(null, contexts.get(name)),
  }).listen(0, '127.0.0.1')
  await once(tls, 'listening')
  await using server = await openAcmeServer({ tlsPort: (tls.address() as AddressInfo).port })
  const present: Present = ({ name, digest }) => {
    const cert = createCertificate({
      ...{ commonName: name, names: [name], key, isAuthority: false, acmeIdentifier: digest },
      ...{ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 3_600_000) },
    })
    const pem = key.export({ type: 'pkcs8', format: 'pem' })
    contexts.set(name, createSecureContext({ key: pem, cert }))
    return Promise.resolve({ withdraw: () => Promise.resolve() })
  }
  const { cert } = await clientOf(server.directoryUrl, present, 'tls-alpn-01').obtain(['a.test'])
  assert.ok(new X509Certificate(cert).checkHost('a.test'))
  tls.close()
})

const refusals: [name: string, answer: Awaited<ReturnType<Send>>, message: string][] = [
  [
    'a problem with a time',
    {
      status: 429,
      headers: { 'retry-after': '120' },
      text: '{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many"}',
    },
    'The ACME server refuses (rateLimited): too many',
  ],
  [
    'a page of a proxy',
    { status: 502, headers: {}, text: '<html>' },
    'The ACME server refuses (HTTP 502)',
  ],
  ['no JSON', { status: 200, headers: {}, text: 'hello' }, 'The ACME server answered no JSON'],
]
for (const [name, answer, message] of refusals) {
  test(`${name} is told`, async () => {
    const client = createAcmeClient({
      ...{ directoryUrl: 'http://acme.test', accountKey: newKey(), termsAgreed: true, email: null },
      ...{ send: () => Promise.resolve(answer), clock: systemClock, challenges: ['http-01'] },
      present: () => Promise.reject(new Error('not reached')),
    })
    await assert.rejects(client.obtain(['a.test']), { message })
  })
}
