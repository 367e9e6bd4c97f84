import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { createTestAuthority } from '../../gateway/proxy/balance/testing-tls.ts'
import { until } from '../testing/index.ts'
import { amongst, boundConnections, connectionsMax, loopbackRanges } from './connections.ts'

const listen = async (server: Server, bounds: Parameters<typeof boundConnections>[1]) => {
  boundConnections(server, bounds)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = []
  const counted = (): Promise<number> =>
    new Promise((resolve) => void server.getConnections((_error, count) => resolve(count)))
  return {
    ...{ server, port, counted },
    open: (localAddress = '127.0.0.1'): Socket => {
      const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => {})
      sockets.push(socket)
      return socket.resume()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const greeting = (): Server =>
  createServer((socket) => void (socket.destroyed || socket.write('.')))
const isGreeted = async (socket: Socket): Promise<boolean> => {
  const [first] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as unknown[]
  return Buffer.isBuffer(first)
}

test('a client has so many connections and no more; another has its own', async () => {
  await using bound = await listen(greeting(), { shared: [], perClient: 2 })
  const first = bound.open()
  assert.deepEqual([await isGreeted(first), await isGreeted(bound.open())], [true, true])
  assert.equal(await isGreeted(bound.open()), false)
  assert.equal(await isGreeted(bound.open('127.0.0.2')), true)
  first.destroy()
  await until('its end is seen', async () => (await bound.counted()) === 2)
  assert.equal(await isGreeted(bound.open()), true)
})

test('who speaks for many is bound by the bound of all alone', async () => {
  await using bound = await listen(greeting(), { shared: loopbackRanges, perClient: 1 })
  assert.deepEqual([await isGreeted(bound.open()), await isGreeted(bound.open())], [true, true])
  assert.equal(bound.server.maxConnections, connectionsMax)
})

test('a handshake that is not done counts as well', async () => {
  const authority = createTestAuthority()
  const server = createTlsServer(authority.leaf('localhost'), (socket) => socket.end('.'))
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  await using bound = await listen(server, { shared: [], perClient: 1 })
  const silent = bound.open()
  await until('it is there', async () => (await bound.counted()) === 1)
  await once(bound.open(), 'close')
  silent.destroy()
  await until('it is gone', async () => (await bound.counted()) === 0)
  const secure = connectTls({
    ...{ port: bound.port, host: '127.0.0.1', ca: authority.ca, servername: 'localhost' },
  })
  assert.equal(await isGreeted(secure), true)
  secure.destroy()
})

test('an address is looked for as what it is', () => {
  const isOwn = amongst([...loopbackRanges, '10.0.0.0/8'])
  for (const each of ['127.0.0.5', '::1', '::ffff:127.0.0.1', '10.1.2.3']) {
    assert.ok(isOwn(each), each)
  }
  for (const each of ['192.0.2.1', 'fe80::1%eth0', '', undefined]) assert.ok(!isOwn(each), each)
})
