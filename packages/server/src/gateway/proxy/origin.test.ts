import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createPlainServer, type AddressInfo, type Server } from 'node:net'
import { test } from 'node:test'
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls'

import { createTestAuthority } from './balance/testing-tls.ts'
import type { Loss, Tenant } from './connection.ts'
import { checkDepth, type OriginTls } from './dial.ts'
import { Origin } from './origin.ts'

const authority = createTestAuthority()
const server = authority.leaf('shop.test', '127.0.0.1')
const strict: OriginTls = {
  serverName: 'shop.test',
  verify: true,
  ca: [authority.ca],
  certificate: null,
}

type Handshake = { sni: string | false | null; reused: boolean; client: string | undefined }

const listen = async (listener: Server) => {
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return (listener.address() as AddressInfo).port
}

/** A TLS server that answers every request with 200 `ok`, and notes the handshakes it saw. */
const startSecure = async (options: TlsOptions = {}) => {
  const handshakes: Handshake[] = []
  const sockets = new Set<TLSSocket>()
  const listener = createServer({ ...server, ...options }, (socket) => {
    sockets.add(socket)
    const { CN } = socket.getPeerCertificate().subject ?? {}
    const client = typeof CN === 'string' ? CN : undefined
    handshakes.push({ sni: socket.servername, reused: socket.isSessionReused(), client })
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  })
  const port = await listen(listener)
  return {
    port,
    handshakes,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

const originAt = (port: number, tls: OriginTls | null) =>
  new Origin(
    { host: '127.0.0.1', port, tls },
    () => 0,
    () => {},
  )

/** One GET; the status, or how the connection was lost. */
const get = (
  origin: Origin,
  freshness: 'any' | 'new' = 'any',
  connectTimeoutMs?: number,
): Promise<number | Loss> =>
  new Promise((resolve) => {
    let status = 0
    const tenant: Tenant = {
      onReady: (connection) =>
        connection.sendHead('GET / HTTP/1.1\r\nHost: h\r\n\r\n', null, 'GET', Infinity),
      onInformational: () => {},
      onHead: (head) => (status = head.status),
      onBody: () => {},
      // The connection is free once the whole read is used up.
      onEnd: () => setImmediate(() => resolve(status)),
      onPartial: () => {},
      onWritable: () => {},
      onLoss: resolve,
      onDeadline: () => false,
    }
    origin.request(tenant, freshness, connectTimeoutMs)
  })

test('TLS: what is asked for, and what is refused', async () => {
  const stranger = createTestAuthority('a stranger')
  const cases: [what: string, tls: OriginTls, outcome: RegExp | 200][] = [
    ['name and authority are right', strict, 200],
    ['checked by address', { ...strict, serverName: null }, 200],
    ['another name', { ...strict, serverName: 'other.test' }, /other\.test/],
    ['another authority', { ...strict, ca: [stranger.ca] }, /signature|verify|certificate/],
    ['signed by the authority itself', { ...strict, verifyDepth: 0 }, 200],
    [
      'a certificate that is none',
      { ...strict, certificate: { cert: 'x', key: 'y' } },
      /^certificate or key cannot be used$/,
    ],
    ['not checked', { ...strict, serverName: 'other.test', ca: null, verify: false }, 200],
  ]
  await using secure = await startSecure()
  for (const [what, tls, outcome] of cases) {
    const origin = originAt(secure.port, tls)
    const result = await get(origin)
    if (outcome === 200) assert.equal(result, 200, what)
    else {
      assert.ok(typeof result === 'object', what)
      assert.equal(`${result.reason} ${result.sent}`, 'refused false', what)
      assert.match(result.detail, outcome, what)
      assert.equal(origin.isAnswering(0), false, what)
    }
    origin.destroy()
  }
})

test('TLS: how many certificates may be between', () => {
  const root: { issuerCertificate?: object } = {}
  root.issuerCertificate = root
  const direct = { issuerCertificate: root }
  const twoBetween = { issuerCertificate: { issuerCertificate: direct } }
  const cases: [chain: object, most: number | null, fine: boolean][] = [
    [direct, 0, true],
    [root, 0, true],
    [twoBetween, null, true],
    [twoBetween, 2, true],
    [twoBetween, 1, false],
    [twoBetween, 0, false],
  ]
  for (const [chain, most, fine] of cases) assert.equal(checkDepth(chain, most) === undefined, fine)
})

test('TLS: the name is sent, an address is not', async () => {
  await using secure = await startSecure()
  for (const serverName of ['shop.test', null]) {
    const origin = originAt(secure.port, { ...strict, serverName })
    await get(origin)
    origin.destroy()
  }
  assert.deepEqual(
    secure.handshakes.map(({ sni }) => sni),
    ['shop.test', false],
  )
})

test('TLS: a server that asks for a certificate gets ours', async () => {
  await using secure = await startSecure({ requestCert: true, ca: authority.ca })
  const without = originAt(secure.port, strict)
  const shown = originAt(secure.port, { ...strict, certificate: authority.leaf('the gateway') })
  assert.equal(await get(shown), 200)
  assert.notEqual(await get(without), 200)
  assert.equal(secure.handshakes[0]?.client, 'the gateway')
  shown.destroy()
  without.destroy()
})

test('TLS: connections are used again, and new ones take up the session', async () => {
  await using secure = await startSecure()
  const origin = originAt(secure.port, strict)
  assert.equal(await get(origin), 200)
  assert.equal(await get(origin), 200)
  assert.equal(secure.handshakes.length, 1)
  assert.equal(await get(origin, 'new'), 200)
  assert.deepEqual(
    secure.handshakes.map(({ reused }) => reused),
    [false, true],
  )
  origin.destroy()
})

test('a server that never ends its handshake has the time of the service, and no more', async () => {
  const silent = createPlainServer((socket) => void socket.resume())
  const port = await listen(silent)
  const origin = originAt(port, strict)
  const connected = once(silent, 'connection')
  const lost = get(origin, 'any', 700)
  await connected
  origin.sweep(699)
  assert.equal(origin.isAnswering(0), true)
  origin.sweep(700)
  assert.deepEqual(await lost, {
    ...{ sent: false, answered: false, reused: false },
    ...{ reason: 'connect_timeout', detail: '' },
  })
  assert.equal(origin.isAnswering(0), false)
  origin.destroy()
  silent.close()
})

test('so many connections, so many in line, the next is refused', async () => {
  const silent = createPlainServer((socket) => void socket.resume())
  const origin = originAt(await listen(silent), null)
  const tenant: Tenant = {
    onReady: () => {},
    onInformational: () => {},
    onHead: () => {},
    onBody: () => {},
    onEnd: () => {},
    onPartial: () => {},
    onWritable: () => {},
    onLoss: () => {},
    onDeadline: () => false,
  }
  const taken = Array.from({ length: 2000 }, () => origin.request({ ...tenant }, 'any'))
  assert.equal(taken.indexOf(false), 512 + 1024)
  assert.equal(taken.filter(Boolean).length, 512 + 1024)
  origin.destroy()
  silent.close()

  const http2 = new Origin(
    { host: '127.0.0.1', port: 1, http2: true },
    () => 0,
    () => {},
  )
  const waiting = Array.from({ length: 2000 }, () => http2.request({ ...tenant }, 'any'))
  assert.equal(waiting.filter(Boolean).length, 1024)
  http2.destroy()
})

test('those that wait for a connection leave in the order of their deadlines', async () => {
  const silent = createPlainServer((socket) => void socket.resume())
  const port = await listen(silent)
  const origin = originAt(port, null)
  for (let used = 0; used < 512; used += 1) void get(origin, 'new', Infinity)
  const order: string[] = []
  const waits = [
    get(origin, 'any', 900).then(() => order.push('late')),
    get(origin, 'any', 300).then(() => order.push('early')),
  ]
  origin.sweep(300)
  await waits[1]
  origin.sweep(900)
  await waits[0]
  assert.deepEqual(order, ['early', 'late'])
  origin.destroy()
  silent.close()
})
