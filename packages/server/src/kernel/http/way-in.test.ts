import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request, type RequestOptions } from 'node:https'
import { connect, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { createTestAuthority } from '../../gateway/proxy/balance/testing-tls.ts'
import { AppError } from '../errors.ts'
import { rawAnswerOf, sendRaw, startTestHttp } from '../testing/http.ts'
import { createMemoryLog, until } from '../testing/index.ts'
import { certificateFromFiles } from './certificate-files.ts'
import { createWayIn } from './way-in.ts'

const authority = createTestAuthority()
/** An address of this machine that others reach. */
const outer = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.internal === false && each.family === 'IPv4')?.address
const skip = outer === undefined ? 'this machine has no address but loopback' : false

type Given = {
  host?: string
  withTls?: boolean
  trustedProxies?: readonly string[]
  isSetUp?: boolean
}

/** A platform's edge, not started; `setUp` makes an administrator of somebody. */
const openEdge = async (given: Given = {}) => {
  const { host = '127.0.0.1', withTls = false, trustedProxies = [], isSetUp = false } = given
  const folder = await mkdtemp(join(tmpdir(), 'keelson-way-in-'))
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
  const put = async ({ cert, key }: { cert: string; key: string }): Promise<void> => {
    await writeFile(files.certFile, cert)
    await writeFile(files.keyFile, key)
  }
  await put(authority.leaf('ops.example.com', '127.0.0.1'))
  const log = createMemoryLog()
  const hostNames = ['ops.example.com', ...(outer === undefined ? [] : [outer])]
  const server = await startTestHttp({ log, trustedProxies, hostNames })
  // The plain port of the platform is the one that the system chose for the server.
  const { port, clock } = server
  const { app } = server.http
  let hasAdministrator = isSetUp
  const followers = new Set<() => void>()
  const source = withTls
    ? certificateFromFiles({ files, host: 'ops.example.com', clock, log })
    : null
  const wayIn = createWayIn({
    http: {
      ...{ app, takeConnection: server.http.takeConnection, listen: async () => undefined },
      onRightsChange: (listener) => {
        followers.add(listener)
        return { close: () => followers.delete(listener) }
      },
    },
    env: { host, port, trustedProxies },
    tls: source === null ? null : { port: 0, source },
    isSetUp: async () => hasAdministrator,
    ...{ clock, log },
  })
  return {
    ...{ wayIn, server, files, put, log, clock, port },
    certificate: () => source?.state(),
    tlsPort: () => wayIn.address()?.port ?? 0,
    setUp: () => {
      hasAdministrator = true
      for (const follower of followers) follower()
    },
    async [Symbol.asyncDispose]() {
      await wayIn.stop()
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

const getByTls = async (port: number, path: string, more: RequestOptions = {}) => {
  const sent = request({
    ...{ host: '127.0.0.1', port, path, ca: authority.ca, servername: 'ops.example.com' },
    ...{ agent: false, headers: { host: 'ops.example.com' }, ...more },
  })
  sent.end()
  const [answer] = await once(sent, 'response')
  return { status: answer.statusCode as number, headers: answer.headers, body: await text(answer) }
}

const shake = async (port: number, more: ConnectionOptions): Promise<TLSSocket> => {
  const socket = connectTls({ host: '127.0.0.1', port, ca: authority.ca, ...more })
  await once(socket, 'secureConnect')
  return socket
}

/** Fingerprint of the certificate that is shown. */
const shownAt = async (port: number, servername = 'ops.example.com'): Promise<string> => {
  const socket = await shake(port, { servername })
  const found = socket.getPeerX509Certificate()?.fingerprint256 ?? ''
  socket.destroy()
  return found
}

const get = (host: string) => `GET /nothing HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`

test('ASVS 12.2.1, 3.4.1: by TLS the platform knows that it is, and asks for it from then on', async () => {
  await using edge = await openEdge({ withTls: true })
  await edge.wayIn.start()
  const { status, headers } = await getByTls(edge.tlsPort(), '/nothing')
  assert.equal(status, 404)
  assert.equal(headers['strict-transport-security'], 'max-age=63072000; includeSubDomains')
  assert.match(headers['content-type'] ?? '', /^application\/problem\+json/)
  const plain = await sendRaw(edge.port, get('127.0.0.1'))
  assert.equal(plain.status, 404)
  assert.equal(plain.header('strict-transport-security'), undefined)
  const local = await getByTls(edge.tlsPort(), '/nothing', { headers: { host: 'localhost' } })
  assert.equal(local.headers['strict-transport-security'], undefined)
})

test('ASVS 12.1.1: nothing older than TLS 1.2 is spoken', async () => {
  await using edge = await openEdge({ withTls: true })
  await edge.wayIn.start()
  const old = {
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  } as const
  await assert.rejects(shake(edge.tlsPort(), { ...old, servername: 'ops.example.com' }))
  const socket = await shake(edge.tlsPort(), { servername: 'ops.example.com' })
  assert.equal(socket.getProtocol(), 'TLSv1.3')
  socket.destroy()
})

test('ASVS 12.1.2: no cipher without forward secrecy is taken', async () => {
  await using edge = await openEdge({ withTls: true })
  await edge.wayIn.start()
  const shakeWith = (ciphers: string) =>
    shake(edge.tlsPort(), { ciphers, maxVersion: 'TLSv1.2', servername: 'ops.example.com' })
  await assert.rejects(shakeWith('AES128-GCM-SHA256'))
  await assert.rejects(shakeWith('ECDHE-ECDSA-AES128-SHA256'))
  const socket = await shakeWith('ECDHE-ECDSA-AES128-GCM-SHA256')
  assert.equal(socket.getProtocol(), 'TLSv1.2')
  socket.destroy()
})

test('plain HTTP on the port of TLS is no way in, and leaves it open for others', async () => {
  await using edge = await openEdge({ withTls: true })
  await edge.wayIn.start()
  const socket = connect(edge.tlsPort(), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.end(get('127.0.0.1'))
  assert.doesNotMatch(await text(socket).catch(() => ''), /HTTP\/1\.1 [2-4]/)
  assert.equal((await getByTls(edge.tlsPort(), '/nothing')).status, 404)
})

test('upgrades and streams pass by TLS as by the plain port', async () => {
  await using edge = await openEdge({ withTls: true })
  const { app } = edge.server.http
  app.server.on('upgrade', (_request, socket) => {
    socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: echo\r\nconnection: upgrade\r\n\r\n')
  })
  await edge.wayIn.start()
  const sent = request({
    ...{ host: '127.0.0.1', port: edge.tlsPort(), ca: authority.ca, servername: 'ops.example.com' },
    headers: { host: 'ops.example.com', connection: 'upgrade', upgrade: 'echo' },
  })
  sent.end()
  const [answer, socket] = await once(sent, 'upgrade')
  assert.equal(answer.headers['upgrade'], 'echo')
  socket.destroy()
})

test('a certificate that changes is met without a restart, and a wrong one is not', async () => {
  await using edge = await openEdge({ withTls: true })
  await edge.wayIn.start()
  const serial = () => shownAt(edge.tlsPort())
  const said = (message: string): boolean => edge.log.lines.some((line) => line.message === message)
  const before = await serial()
  await writeFile(edge.files.keyFile, authority.leaf('ops.example.com').key)
  edge.clock.advance(10_000)
  await until('the wrong pair is told', () => said('the certificate before stays in use'))
  assert.equal(await serial(), before)
  await edge.put(authority.leaf('ops.example.com', '127.0.0.1'))
  await until('the new one is in use', () => {
    edge.clock.advance(10_000)
    return said('another certificate is in use')
  })
  assert.notEqual(await serial(), before)
  assert.doesNotMatch(JSON.stringify(edge.log.lines), /PRIVATE KEY/)
})

const worse: [string, () => { cert: string; key: string }, RegExp][] = [
  [
    'that has ended',
    () => createTestAuthority('late', -60_000).leaf('ops.example.com'),
    /cert\.pem is not taken: it ended at 20/,
  ],
  ['for another name', () => authority.leaf('other.example'), /it is not for ops\.example\.com$/],
]
for (const [what, leaf, problem] of worse) {
  test(`a certificate ${what} does not take the place of a good one`, async () => {
    await using edge = await openEdge({ withTls: true })
    await edge.wayIn.start()
    const before = await shownAt(edge.tlsPort())
    await edge.put(leaf())
    await until('it is told', () => {
      edge.clock.advance(10_000)
      return problem.test(edge.certificate()?.problem ?? '')
    })
    assert.equal(await shownAt(edge.tlsPort()), before)
    const told = () => edge.log.lines.filter(({ message }) => /certificate/.test(message))
    assert.deepEqual(
      told().map(({ level, message }) => [level, message]),
      [['warn', 'the certificate before stays in use']],
    )
    // A good one does, and then all is well.
    await edge.put(authority.leaf('ops.example.com'))
    await until('a good one is in use', () => {
      edge.clock.advance(10_000)
      return edge.certificate()?.problem === null
    })
    assert.notEqual(await shownAt(edge.tlsPort()), before)
  })
}

test('where the certificate in use has ended, any other one is no worse', async () => {
  await using edge = await openEdge({ withTls: true })
  await edge.wayIn.start()
  const before = await shownAt(edge.tlsPort())
  await edge.put(authority.leaf('other.example'))
  edge.clock.advance(2 * 86_400_000)
  await until('it is in use', async () => {
    edge.clock.advance(10_000)
    return (await shownAt(edge.tlsPort(), 'other.example').catch(() => before)) !== before
  })
  const told = edge.log.lines.find(({ message }) => message === 'another certificate is in use')
  assert.equal(told?.level, 'warn')
})

const noPem = '-----BEGIN CERTIFICATE-----\nAAAA!!!!\n-----END CERTIFICATE-----\n'
const wrong: [string, (edge: Awaited<ReturnType<typeof openEdge>>) => Promise<void>, RegExp][] = [
  [
    'that is not there',
    ({ files }) => rm(files.certFile),
    /KEELSON_TLS_CERT_FILE .* cannot be read/,
  ],
  ['that is none', ({ files }) => writeFile(files.certFile, 'x'), /cert\.pem holds no certificate/],
  [
    'with a chain that is none',
    ({ files }) => appendFile(files.certFile, noPem),
    /cert\.pem holds no chain that can be shown/,
  ],
  [
    'without its key',
    ({ files }) => writeFile(files.keyFile, 'x'),
    /key\.pem holds no private key/,
  ],
  [
    'with the key of another',
    ({ files }) => writeFile(files.keyFile, authority.leaf('x').key),
    /is not the key of the certificate/,
  ],
]
for (const [what, spoil, message] of wrong) {
  test(`a certificate ${what} keeps the platform from starting`, async () => {
    await using edge = await openEdge({ withTls: true })
    await spoil(edge)
    await assert.rejects(edge.wayIn.start(), (error) => {
      assert.ok(error instanceof AppError && error.code === 'env_invalid')
      assert.match(error.message, message)
      return true
    })
  })
}

const refusesAt = async (host: string, port: number): Promise<boolean> => {
  const socket = connect(port, host)
  return once(socket, 'connect').then(
    () => {
      socket.destroy()
      return false
    },
    () => true,
  )
}

test('ASVS 6.3.2: until there is an administrator others find nothing', { skip }, async () => {
  const host = outer ?? ''
  await using edge = await openEdge({ host, trustedProxies: [host] })
  await edge.wayIn.start()
  assert.equal(await refusesAt(host, edge.port), true)
  assert.equal((await sendRaw(edge.port, get('localhost'))).status, 404)
  edge.setUp()
  await until('it is open', async () => !(await refusesAt(host, edge.port)))
  const answer = await sendRaw(edge.port, get(host), host)
  assert.equal(answer.status, 404)
})

test(
  'an address for all gives way to nobody: the loopback one is part of it',
  { skip },
  async () => {
    const host = outer ?? ''
    await using edge = await openEdge({ host: '0.0.0.0', trustedProxies: [host] })
    await edge.wayIn.start()
    const early = connect(edge.port, '127.0.0.1')
    await once(early, 'connect')
    edge.setUp()
    await until('it is open', async () => !(await refusesAt(host, edge.port)))
    assert.equal((await sendRaw(edge.port, get('localhost'))).status, 404)
    assert.equal((await sendRaw(edge.port, get(host), host)).status, 404)
    // A connection from before goes on.
    early.write(get('localhost'))
    assert.equal(rawAnswerOf(await text(early)).status, 404)
  },
)

test('ASVS 12.2.1: plainly, nobody but a proxy is answered from outside', { skip }, async () => {
  const host = outer ?? ''
  await using edge = await openEdge({ host, trustedProxies: ['198.51.100.0/24'], isSetUp: true })
  await edge.wayIn.start()
  const socket = connect(edge.port, host)
  socket.on('error', () => undefined)
  socket.write(get(host))
  assert.equal(await text(socket).catch(() => ''), '')
})

test('a port that somebody else has later is told, and tried again', { skip }, async () => {
  const host = outer ?? ''
  await using edge = await openEdge({ host, trustedProxies: [host] })
  await edge.wayIn.start()
  const holder = createServer().listen({ host, port: edge.port })
  await once(holder, 'listening')
  edge.setUp()
  await until('it is told', () =>
    edge.log.lines.some(({ message }) => message === 'others cannot reach the platform'),
  )
  holder.close()
  await once(holder, 'close')
  await until('it is open', async () => {
    edge.clock.advance(30_000)
    return !(await refusesAt(host, edge.port))
  })
})
