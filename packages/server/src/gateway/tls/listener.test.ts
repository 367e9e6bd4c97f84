import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectHttp2 } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { systemClock } from '../../kernel/clock.ts'
import { createManualClock, until } from '../../kernel/testing/index.ts'
import type { GatewayConfig } from '../config/model.ts'
import { createTestAuthority } from '../proxy/balance/testing-tls.ts'
import {
  aConfig,
  aConsumer,
  aPlugin,
  aRoute,
  aService,
  documentOf,
  openGateway,
  startOrigin,
} from '../testing/gateway.ts'
import { openLocalAuthority } from './local-authority.ts'
import { getOver, shake, shownTo } from './testing/client.ts'
import { opensslAuthority } from './testing/openssl.ts'

type Pair = { cert: string; key: string; cert_alt?: string; key_alt?: string }

/** Certificates by the name they are for. */
const certificatesFor = (pairs: Record<string, Pair>): Partial<GatewayConfig> => ({
  certificates: Object.entries(pairs).map(([id, pair]) => ({
    ...{ id, tags: [], cert_alt: null, key_alt: null, ...pair },
  })),
  snis: Object.keys(pairs).map((name) => ({ id: name, tags: [], name, certificate: name })),
})

const localAuthority = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-tls-'))
  const authority = await openLocalAuthority(folder, systemClock)
  return { authority, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

const answered = {
  routes: [aRoute('r', null)],
  plugins: [aPlugin('request-termination', { status_code: 200, message: 'here', echo: false })],
}

const shown: { asked: string | undefined; gets: string }[] = [
  { asked: 'shop.test', gets: 'shop.test' },
  { asked: 'SHOP.test', gets: 'shop.test' },
  { asked: 'a.shop.test', gets: '*.shop.test' },
  { asked: 'a.b.shop.test', gets: '*' },
  { asked: 'shop.example', gets: 'shop.*' },
  { asked: 'other.example', gets: '*' },
  { asked: undefined, gets: '*' },
]
test('a client is shown the certificate for the name it asks for', async () => {
  const { leaf } = createTestAuthority()
  const names = ['*', 'shop.test', '*.shop.test', 'shop.*']
  const certificates = certificatesFor(Object.fromEntries(names.map((name) => [name, leaf(name)])))
  await using gateway = await openGateway({ config: aConfig(certificates), tls: {} })
  for (const { asked, gets } of shown) {
    const options = asked === undefined ? {} : { servername: asked }
    assert.equal(await shownTo(gateway.tlsPort, options), gets, asked)
  }
})

test('names that nobody has a certificate for are signed for by the authority of this machine', async () => {
  await using local = await localAuthority()
  const { authority } = local
  await using gateway = await openGateway({ config: aConfig(answered), tls: { authority } })
  const ca = authority.certificate
  const trusting = { ca, rejectUnauthorized: true }
  for (const servername of ['shop.localhost', 'x.test', 'localhost']) {
    const socket = await shake(gateway.tlsPort, { ...trusting, servername })
    assert.match(await getOver(socket), /^HTTP\/1\.1 200 /)
  }
  // By its address, without a name.
  const socket = await shake(gateway.tlsPort, trusting)
  assert.match(await getOver(socket), /^HTTP\/1\.1 200 /)
})

test('without a certificate and without an authority the handshake fails, and others go on', async () => {
  const { leaf } = createTestAuthority()
  const config = aConfig({ ...answered, ...certificatesFor({ 'a.test': leaf('a.test') }) })
  await using gateway = await openGateway({ config, tls: {} })
  await assert.rejects(shake(gateway.tlsPort, { servername: 'b.test' }))
  const socket = await shake(gateway.tlsPort, { servername: 'a.test' })
  assert.match(await getOver(socket), /here/)
})

test('another configuration is shown from the next handshake on; connections there are stay', async () => {
  const { leaf } = createTestAuthority()
  const config = (name: string) => aConfig({ ...answered, ...certificatesFor({ '*': leaf(name) }) })
  await using gateway = await openGateway({ config: config('old'), tls: {} })
  const before = await shake(gateway.tlsPort)
  await gateway.apply(config('new'))
  assert.equal(await shownTo(gateway.tlsPort), 'new')
  assert.match(await getOver(before), /here/)
})

test('a port for TLS that is taken is told, and taken as soon as it is free', async () => {
  const clock = createManualClock()
  const taken = await startOrigin(() => {})
  await using local = await localAuthority()
  const tls = { authority: local.authority, port: taken.port, mayWait: true }
  await using gateway = await openGateway({ config: aConfig(answered), tls, clock })
  assert.match(gateway.proxy.problems()[0] ?? '', /^The gateway speaks no TLS: Port \d+ is in use/)
  assert.equal((await gateway.fetch('/')).status, 200)
  await taken.kill()
  await until('it is open', () => {
    clock.advance(5_000)
    return gateway.proxy.tlsAddress() !== null
  })
  assert.deepEqual(gateway.proxy.problems(), [])
  assert.match(await getOver(await shake(taken.port)), /here/)
})

test('a certificate that OpenSSL does not take is told, and the others are shown', async () => {
  using authority = opensslAuthority('ca')
  const { leaf } = createTestAuthority()
  const pairs = {
    'short.test': authority.leaf(['short.test'], '512'),
    'good.test': leaf('good.test'),
  }
  await using gateway = await openGateway({ config: aConfig(certificatesFor(pairs)), tls: {} })
  assert.equal(await shownTo(gateway.tlsPort, { servername: 'good.test' }), 'good.test')
  assert.match(
    gateway.proxy.problems()[0] ?? '',
    /certificate for short\.test cannot be used: .*small/,
  )
})

test('a client that knows no curves is shown the RSA certificate beside the other one', async () => {
  using authority = opensslAuthority('ca')
  const [ec, rsa] = [authority.leaf(['ec.test']), authority.leaf(['rsa.test'], '2048')]
  const both = { ...ec, cert_alt: rsa.cert, key_alt: rsa.key }
  await using gateway = await openGateway({
    config: aConfig(certificatesFor({ '*': both })),
    tls: {},
  })
  const old: ConnectionOptions = { maxVersion: 'TLSv1.2' }
  const ciphers = (kind: string) => ({ ...old, ciphers: `ECDHE-${kind}-AES128-GCM-SHA256` })
  assert.equal(await shownTo(gateway.tlsPort, ciphers('RSA')), 'rsa.test')
  assert.equal(await shownTo(gateway.tlsPort, ciphers('ECDSA')), 'ec.test')
})

const refused: { why: string; options: ConnectionOptions }[] = [
  {
    why: 'TLS 1.1',
    options: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' },
  },
  {
    why: 'a cipher without forward secrecy',
    options: { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' },
  },
  { why: 'a protocol that is none of ours', options: { ALPNProtocols: ['smtp'] } },
]
for (const { why, options } of refused) {
  test(`refused: ${why}`, async () => {
    using authority = opensslAuthority('ca')
    const config = aConfig(certificatesFor({ '*': authority.leaf(['rsa.test'], '2048') }))
    await using gateway = await openGateway({ config, tls: {} })
    await assert.rejects(shake(gateway.tlsPort, options))
    assert.equal(await shownTo(gateway.tlsPort), 'rsa.test')
  })
}

test('HTTP/2 is spoken with who offers it, and services are told https', async () => {
  const { leaf, ca } = createTestAuthority()
  await using origin = await startOrigin((request, response) =>
    response.end(String(request.headers['x-forwarded-proto'])),
  )
  const config = aConfig({
    services: [aService('s', { port: origin.port })],
    routes: [aRoute('r', 's', { snis: ['shop.test'] })],
    ...certificatesFor({ 'shop.test': leaf('shop.test') }),
  })
  await using gateway = await openGateway({ config, tls: {} })
  const session = connectHttp2('https://shop.test', {
    createConnection: () =>
      // Named as a browser does.
      tlsTo(gateway.tlsPort, { servername: 'shop.test', ca, ALPNProtocols: ['h2'] }),
  })
  const stream = session.request({ ':path': '/' })
  let text = ''
  stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  await once(stream, 'end')
  assert.equal(text, 'https')
  session.destroy()
  const socket = await shake(gateway.tlsPort, { servername: 'shop.test', ca })
  assert.match(await getOver(socket), /https$/)
})

test('a route for https only sends plain clients there, as it was told', async () => {
  const { leaf } = createTestAuthority()
  const route = aRoute('r', null, { protocols: ['https'], https_redirect_status_code: 308 })
  const config = aConfig({
    ...answered,
    routes: [route],
    ...certificatesFor({ '*': leaf('a.test') }),
  })
  await using gateway = await openGateway({ config, tls: {} })
  const plain = await gateway.fetch('/x?y=1')
  assert.equal(plain.status, 308)
  assert.equal(plain.headers.get('location'), `https://127.0.0.1:${gateway.tlsPort}/x?y=1`)
  const behind = await gateway.raw('GET /x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n')
  assert.match(behind, /^Location: https:\/\/a\.test\/x\r$/m)
  assert.match(await getOver(await shake(gateway.tlsPort), '/x?y=1'), /here/)
})

test('sessions are resumed, also by another worker with the same secret, and after a swap', async () => {
  const { leaf } = createTestAuthority()
  const config = aConfig({ ...answered, ...certificatesFor({ '*': leaf('a.test') }) })
  const ticketSecret = randomBytes(32)
  await using one = await openGateway({ config, tls: { ticketSecret } })
  await using other = await openGateway({ config, tls: { ticketSecret } })
  await using stranger = await openGateway({ config, tls: {} })
  const first = await shake(one.tlsPort)
  const [session] = (await once(first, 'session')) as [Buffer]
  first.destroy()
  await one.apply(aConfig({ ...answered, ...certificatesFor({ '*': leaf('b.test') }) }))
  const isReused = async (port: number) => {
    const socket = await shake(port, { session })
    const reused = socket.isSessionReused()
    socket.destroy()
    return reused
  }
  assert.equal(await isReused(one.tlsPort), true)
  assert.equal(await isReused(other.tlsPort), true)
  assert.equal(await isReused(stranger.tlsPort), false)
})

test('clients are asked for a certificate only where a plugin looks at it', async () => {
  using good = opensslAuthority('good')
  using bad = opensslAuthority('bad')
  const mtls = aPlugin('mtls-auth', {
    ...{
      anonymous: null,
      skip_consumer_lookup: false,
      match: ['san_dns'],
      consumer_by: ['username'],
    },
    ...{ issuers: null, fingerprints: null, authenticated_group_by: null },
  })
  const parts = {
    ...{ routes: [aRoute('r', null)], consumers: [aConsumer('ana.test')] },
    ...certificatesFor({ '*': good.leaf(['server.test']) }),
    ca_certificates: [{ id: 'ca', tags: [], cert: good.ca, cert_digest: '' }],
  }
  const { plugins } = answered
  await using gateway = await openGateway({ config: aConfig({ ...parts, plugins }), tls: {} })
  const statusWith = async (options: ConnectionOptions) =>
    (await getOver(await shake(gateway.tlsPort, options))).slice(9, 12)
  const [ana, forged] = [good.leaf(['ana.test']), bad.leaf(['ana.test'])]
  assert.equal(await statusWith(ana), '200')
  await gateway.apply(aConfig({ ...parts, plugins: [...plugins, mtls] }))
  assert.equal(await statusWith(ana), '200')
  assert.equal(await statusWith(forged), '401')
  assert.equal(await statusWith({}), '401')
  const other = {
    ...parts,
    ca_certificates: [{ id: 'ca', tags: [], cert: bad.ca, cert_digest: '' }],
  }
  // A ticket would say that a certificate was good.
  const before = await shake(gateway.tlsPort, ana)
  const [session] = (await once(before, 'session')) as [Buffer]
  before.destroy()
  await gateway.apply(aConfig({ ...other, plugins: [...plugins, mtls] }))
  assert.equal(await statusWith({ ...ana, session }), '401')
  assert.equal(await statusWith(forged), '200')
})

const mtlsAuth = aPlugin('mtls-auth', {
  ...{ anonymous: null, skip_consumer_lookup: true, match: ['san_dns'], consumer_by: ['username'] },
  ...{ issuers: null, fingerprints: null, authenticated_group_by: null },
})

test('the authorities of one document open no route of another, over resumed sessions neither', async () => {
  using shop = opensslAuthority('shop')
  using bank = opensslAuthority('bank')
  const documentFor = (name: string, authority: { ca: string }) =>
    documentOf(
      aConfig({
        routes: [aRoute(name, null, { hosts: [`${name}.test`] })],
        plugins: [...answered.plugins, mtlsAuth],
        ca_certificates: [{ id: name, tags: [], cert: authority.ca, cert_digest: '' }],
      }),
      { manager: `file:${name}` },
    )
  await using local = await localAuthority()
  const config = [documentFor('shop', shop), documentFor('bank', bank)]
  await using gateway = await openGateway({ config, tls: { authority: local.authority } })
  const clients = { shop: shop.leaf(['ana.test']), bank: bank.leaf(['ana.test']) }
  for (const [own, other] of [
    ['shop', 'bank'],
    ['bank', 'shop'],
  ] as const) {
    const first = await shake(gateway.tlsPort, { ...clients[own], servername: `${own}.test` })
    const [session] = (await once(first, 'session')) as [Buffer]
    first.destroy()
    // Whatever name the handshake was made for, it is the route that counts.
    for (const servername of [`${own}.test`, `${other}.test`]) {
      const socket = await shake(gateway.tlsPort, { ...clients[own], servername, session })
      assert.match(await getOver(socket, '/', `${other}.test`), /^HTTP\/1\.1 401 /)
    }
    const resumed = await shake(gateway.tlsPort, {
      ...clients[own],
      servername: `${own}.test`,
      session,
    })
    assert.equal(resumed.isSessionReused(), true)
    assert.match(await getOver(resumed, '/', `${own}.test`), /^HTTP\/1\.1 200 /)
  }
})

const tlsTo = (port: number, options: ConnectionOptions) => {
  return connectTls({ port, host: '127.0.0.1', ...options })
}
