import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { startOrigin } from '../../packages/server/src/gateway/testing/gateway.ts'
import { configOf } from './kong-file.ts'
import { serveInProcess } from './serve-process.ts'

/** Asks and gives whether it was answered; false when the connection was shed. */
const ask = async (socket: Socket): Promise<boolean> => {
  socket.write('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  return await Promise.race([
    once(socket, 'data').then(([bytes]) => String(bytes).includes('200 OK')),
    once(socket, 'close').then(() => false),
  ]).catch(() => false)
}

test(
  'file descriptors run out: new connections are shed, old ones are served, and it recovers',
  { timeout: 60_000 },
  async () => {
    await using origin = await startOrigin((_request, response) => response.end('ok'))
    await using gateway = await serveInProcess(configOf(origin.port), 'ulimit -n 128;')
    const open = async (): Promise<Socket> => {
      const socket = connect(gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      await once(socket, 'connect')
      return socket
    }
    const all: Socket[] = []
    const kept: Socket[] = []
    for (let count = 0; count < 200; count += 1) {
      const socket = await open()
      all.push(socket)
      if (await ask(socket)) kept.push(socket)
    }
    assert.ok(kept.length >= 32 && kept.length < 128, String(kept.length))
    for (const socket of kept) assert.equal(await ask(socket), true)
    assert.equal(gateway.isAlive(), true)
    assert.match(gateway.said(), /too many client connections|could not be accepted/)
    for (const socket of kept) socket.destroy()
    let served = false
    for (let tries = 0; tries < 100 && !served; tries += 1) {
      const socket = await open()
      served = await ask(socket)
      socket.destroy()
    }
    assert.equal(served, true)
    for (const socket of all) socket.destroy()
  },
)
