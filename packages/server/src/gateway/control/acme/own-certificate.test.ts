import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { Db } from '../../../kernel/db.ts'
import { openListener } from '../../../kernel/http/listener.ts'
import { createKeyring } from '../../../kernel/keys/index.ts'
import {
  createManualClock,
  createMemoryLog,
  createTestDb,
  testKeyring,
  until,
} from '../../../kernel/testing/index.ts'
import { openAcmeServer } from '../../testing/acme-server.ts'
import { freePort } from '../../testing/gateway.ts'
import type { Challenge, Present } from '../../tls/acme/client.ts'
import { shake } from '../../tls/testing/client.ts'
import { createOwnCertificate } from './own-certificate.ts'

const migrations = [{ domain: 'gateway', dir: join(import.meta.dirname, '../../migrations') }]
const name = 'ops.example.com'
const dayMs = 86_400_000
/** The first pause, and when it is seen to be over. */
const retryMs = 180_000

/** Gateways that show all at once, and remember what. */
const gatewaysThere = () => {
  const shown: Challenge[] = []
  const present: Present = async (challenge) => {
    shown.push(challenge)
    return { withdraw: async () => {} }
  }
  return { shown, present }
}

type Given = {
  db: Db
  directoryUrl: string
  port: number
  present?: Present
  keyring?: typeof testKeyring
}

/** The platform's port for TLS as it is after each start; `open` says that it is listened on. */
const openPort = async ({ db, directoryUrl, port, ...given }: Given) => {
  const clock = createManualClock(new Date())
  let atMs = performance.now()
  /** As fast as it does: handshakes and orders have deadlines. */
  const goOn = (): void => {
    const nowMs = performance.now()
    clock.advance(nowMs - atMs)
    atMs = nowMs
  }
  const log = createMemoryLog()
  const { present = gatewaysThere().present, keyring = testKeyring } = given
  const source = createOwnCertificate({
    settings: { name, email: 'ops@example.com', directoryUrl },
    ...{ db, keyring, clock, log, presentByGateways: present },
  })
  const first = await source.start((next) => listener.useCertificate(next))
  const listener = await openListener({
    address: { host: '127.0.0.1', port },
    tls: { certificate: first, accept: source.accept },
    trustedProxies: [],
    take: (socket) => void socket.on('error', () => socket.destroy()).pipe(socket),
  })
  const look = async (): Promise<string> => {
    const socket = await shake(port, { servername: name })
    const { issuer, fingerprint256 } = socket.getPeerCertificate()
    socket.destroy()
    return `${String(issuer.CN)} ${fingerprint256}`
  }
  return {
    ...{ source, first, log, clock, look },
    open: () => source.onOpen(),
    /** Time goes by until it is so. */
    until: (what: string, condition: () => boolean | Promise<boolean>) =>
      until(
        what,
        () => {
          goOn()
          return condition()
        },
        60_000,
      ),
    isTold: () => source.state().problem !== null,
    isShown: () =>
      look().then(
        (found) => found.startsWith('Test ACME CA'),
        () => false,
      ),
    async [Symbol.asyncDispose]() {
      await source.close()
      listener.close()
    },
  }
}

test('a certificate is proved at the port itself, which refuses handshakes until then', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ tlsPort: port })
  const { directoryUrl } = server
  const gateways = gatewaysThere()
  await using edge = await openPort({
    ...{ db: world.db, directoryUrl, port, present: gateways.present },
  })
  assert.equal(edge.first, null)
  await assert.rejects(edge.look())
  assert.equal(server.orders(), 0)
  edge.open()
  await edge.until('it is shown', edge.isShown)
  assert.deepEqual(server.challenges, [`tls-alpn-01 ${name}`])
  // Whichever port the name leads to.
  assert.deepEqual(
    gateways.shown.map(({ type }) => type),
    ['tls-alpn-01'],
  )
  const { certificate, ...state } = edge.source.state()
  assert.deepEqual(state, { from: 'acme', problem: null, nextTryAt: null })
  assert.deepEqual(certificate?.names, [name])
  const rows = await world.db.many(
    'select t::text from gateway.certificate t union all select a::text from gateway.acme_account a',
  )
  assert.equal(rows.length, 2)
  assert.doesNotMatch(JSON.stringify([rows, edge.log.lines]), /PRIVATE KEY/)
})

test('after a restart the one that was kept is shown, without an order', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ tlsPort: port })
  const given = { db: world.db, directoryUrl: server.directoryUrl, port }
  let before = ''
  {
    await using edge = await openPort(given)
    edge.open()
    await edge.until('it is shown', edge.isShown)
    before = await edge.look()
  }
  await using again = await openPort(given)
  assert.equal(await again.look(), before)
  again.open()
  again.clock.advance(10 * dayMs)
  assert.equal(await again.look(), before)
  assert.deepEqual([server.orders(), server.accounts()], [1, 1])
})

test('it is renewed in time: no connection ends, and meanwhile all are shown the former', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ tlsPort: port })
  const meanwhile: string[] = []
  const present: Present = async () => {
    meanwhile.push(await edge.look().catch(() => 'refused'))
    return { withdraw: async () => {} }
  }
  await using edge = await openPort({
    ...{ db: world.db, directoryUrl: server.directoryUrl, port, present },
  })
  edge.open()
  await edge.until('it is shown', edge.isShown)
  const before = await edge.look()
  const open = await shake(port, { servername: name })
  using _closing = { [Symbol.dispose]: () => open.destroy() }
  edge.clock.advance(61 * dayMs)
  await edge.until('another is shown', async () => (await edge.look()) !== before)
  assert.deepEqual(meanwhile, ['refused', before])
  open.end('still there')
  assert.equal(await text(open), 'still there')
  assert.equal(server.accounts(), 1)
})

test('a renewal that is refused is told and tried again, and the former goes on', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ tlsPort: port })
  await using edge = await openPort({ db: world.db, directoryUrl: server.directoryUrl, port })
  edge.open()
  await edge.until('it is shown', edge.isShown)
  const before = await edge.look()
  server.refuseOrders('too many certificates for this name')
  edge.clock.advance(61 * dayMs)
  await edge.until('it is told', edge.isTold)
  const { problem, nextTryAt } = edge.source.state()
  assert.match(problem ?? '', /refuses \(rateLimited\): too many certificates/)
  assert.ok(nextTryAt !== null && nextTryAt > edge.clock.now())
  assert.ok(edge.log.lines.some(({ message }) => message === 'no certificate'))
  assert.equal(await edge.look(), before)
  server.refuseOrders(null)
  edge.clock.advance(retryMs)
  await edge.until('another is shown', async () => (await edge.look()) !== before)
  assert.equal(edge.source.state().problem, null)
})

test('where our port is out of reach, the gateway proves it by HTTP the next time', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  let body = ''
  const web = createServer((_request, response) => response.end(body)).listen(0, '127.0.0.1')
  await once(web, 'listening')
  await using _web = { [Symbol.asyncDispose]: async () => void web.close() }
  const httpPort = (web.address() as AddressInfo).port
  await using server = await openAcmeServer({ httpPort, tlsPort: await freePort() })
  const present: Present = async ({ keyAuthorization }) => {
    body = keyAuthorization
    return { withdraw: async () => {} }
  }
  await using edge = await openPort({
    ...{ db: world.db, directoryUrl: server.directoryUrl, port, present },
  })
  edge.open()
  await edge.until('it is told', edge.isTold)
  edge.clock.advance(retryMs)
  await edge.until('it is shown', edge.isShown)
  assert.deepEqual(server.challenges, [`tls-alpn-01 ${name}`, `http-01 ${name}`])
})

test('a gateway that does not answer keeps nobody from proving at our own port', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ tlsPort: port })
  const present: Present = () => Promise.reject(new Error('not in time'))
  await using edge = await openPort({
    ...{ db: world.db, directoryUrl: server.directoryUrl, port, present },
  })
  edge.open()
  await edge.until('it is shown', edge.isShown)
})

test('a directory that is down is told, and asked again', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  const directoryUrl = `http://127.0.0.1:${await freePort()}/directory`
  await using edge = await openPort({ db: world.db, directoryUrl, port })
  edge.open()
  await edge.until('it is told', edge.isTold)
  const { certificate, problem, nextTryAt } = edge.source.state()
  assert.match(problem ?? '', /The ACME server cannot be asked/)
  assert.equal(certificate, null)
  assert.ok(nextTryAt !== null)
  await assert.rejects(edge.look())
})

test('a chain that cannot be shown keeps no platform from its start', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ tlsPort: port })
  const given = { db: world.db, directoryUrl: server.directoryUrl, port }
  {
    await using edge = await openPort(given)
    edge.open()
    await edge.until('it is shown', edge.isShown)
  }
  await world.db.execute('update gateway.certificate set cert = cert || $1', [
    '-----BEGIN CERTIFICATE-----\nAAAA!!!!\n-----END CERTIFICATE-----\n',
  ])
  await using edge = await openPort(given)
  assert.equal(edge.first, null)
  assert.ok(edge.log.lines.some(({ message }) => /cannot be shown/.test(message)))
  edge.open()
  edge.clock.advance(retryMs)
  await edge.until('it is shown', edge.isShown)
})

test('after restarts without an end a refusal is still told, and not asked for anew', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ tlsPort: port })
  server.refuseOrders('too many certificates for this name')
  const given = { db: world.db, directoryUrl: server.directoryUrl, port }
  {
    await using edge = await openPort(given)
    edge.open()
    await edge.until('it is told', edge.isTold)
  }
  const accounts = server.accounts()
  await using edge = await openPort(given)
  edge.open()
  const { problem, nextTryAt } = edge.source.state()
  assert.match(problem ?? '', /too many certificates/)
  assert.ok(nextTryAt !== null && nextTryAt > edge.clock.now())
  assert.equal(server.accounts(), accounts)
})

test('a key that does not open, because somebody has changed it, is ordered anew', async () => {
  await using world = await createTestDb({ migrations })
  const port = await freePort()
  await using server = await openAcmeServer({ tlsPort: port })
  const given = { db: world.db, directoryUrl: server.directoryUrl, port }
  {
    await using edge = await openPort(given)
    edge.open()
    await edge.until('it is shown', edge.isShown)
  }
  const keyring = createKeyring(new Map([[1, Buffer.alloc(32, 2)]]))
  await using edge = await openPort({ ...given, keyring })
  assert.equal(edge.first, null)
  assert.ok(edge.log.lines.some(({ message }) => /does not open/.test(message)))
  edge.open()
  edge.clock.advance(retryMs)
  await edge.until('it is shown', edge.isShown)
  assert.deepEqual([server.orders(), server.accounts()], [2, 2])
})
