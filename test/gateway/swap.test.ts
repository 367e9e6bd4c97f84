import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { serveInProcess } from './serve-process.ts'

/** Of RFC 6455 1.3: what a server adds to the key of a handshake. */
const handshakeGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Short text frames go back as they came, without their mask (RFC 6455 5.2). */
const echoFrames = (socket: Duplex): void => {
  socket.on('data', (bytes: Buffer) => {
    const length = (bytes[1] ?? 0) & 0x7f
    const text = bytes.subarray(6, 6 + length).map((byte, at) => byte ^ (bytes[2 + (at % 4)] ?? 0))
    socket.write(Buffer.concat([Buffer.from([0x81, length]), text]))
  })
}

/** An HTTP and WebSocket origin. */
const startOrigin = async () => {
  const server = createServer((_request, response) => response.end('ok'))
  const tunnels = new Set<Duplex>()
  server.on('upgrade', (request, socket) => {
    tunnels.add(socket)
    socket.on('error', () => {})
    const key = request.headers['sec-websocket-key'] ?? ''
    const accept = createHash('sha1').update(`${key}${handshakeGuid}`).digest('base64')
    const fields = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\n\r\n`)
    echoFrames(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of tunnels) socket.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(), { once: true })
    socket.addEventListener('error', () => reject(new Error('no handshake')), { once: true })
  })

const echoed = (socket: WebSocket, text: string): Promise<unknown> =>
  new Promise((resolve) => {
    socket.addEventListener('message', ({ data }) => resolve(data), { once: true })
    socket.send(text)
  })

const routeCount = 10_000

/** Ten thousand routes, of which each edition names its own; `/live` is in all. */
const edition = (port: number, number: number, last: object = {}): string =>
  JSON.stringify(
    {
      _format_version: '3.0',
      services: [
        {
          name: 'app',
          url: `http://127.0.0.1:${port}`,
          routes: [
            { name: 'live', paths: ['/live'] },
            ...Array.from({ length: routeCount - 2 }, (_, at) => ({
              name: `r${at}`,
              paths: [`/r${at}/e${number}`],
            })),
            { name: 'last', paths: ['/last'], ...last },
          ],
        },
      ],
    },
    null,
    1,
  )

test(
  '10,000 routes are swapped under load: no request fails, no WebSocket drops, and a wrong one of them changes nothing',
  { timeout: 90_000 },
  async (t) => {
    await using origin = await startOrigin()
    await using gateway = await serveInProcess(edition(origin.port, 0))
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    const get = async (path: string): Promise<number> => {
      const request = httpRequest({ host: '127.0.0.1', port: gateway.port, path, agent })
      request.end()
      const [response] = (await once(request, 'response')) as [IncomingMessage]
      response.resume()
      await once(response, 'end')
      return response.statusCode ?? 0
    }
    const sockets = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${gateway.port}/live`)
        await opened(socket)
        return socket
      }),
    )
    let dropped = 0
    for (const socket of sockets) socket.addEventListener('close', () => (dropped += 1))
    let stop = false
    let answered = 0
    let longestMs = 0
    const failures: string[] = []
    const load = Array.from({ length: 8 }, async () => {
      while (!stop) {
        const sentMs = performance.now()
        const status = await get('/live').catch(String)
        longestMs = Math.max(longestMs, performance.now() - sentMs)
        if (status === 200) answered += 1
        else failures.push(String(status))
      }
    })

    for (let number = 1; number <= 4; number += 1) {
      await gateway.reload(edition(origin.port, number))
      await gateway.says(/is read again: 10000 routes/)
      assert.equal(await get(`/r77/e${number}`), 200)
      assert.equal(await get(`/r77/e${number - 1}`), 404)
    }
    // One of ten thousand is wrong: told with its place, and nothing of the file is applied.
    await gateway.reload(edition(origin.port, 9, { methods: ['get it'] }))
    await gateway.says(/stays as it was/)
    assert.match(gateway.said(), /kong\.yml:\d{5,}:\d+.*methods/s)
    assert.equal(await get('/r77/e4'), 200)
    assert.equal(await get('/r77/e9'), 404)

    for (const socket of sockets) {
      assert.equal(await echoed(socket, 'still there'), 'still there')
    }
    stop = true
    await Promise.all(load)
    agent.destroy()
    assert.equal(dropped, 0)
    for (const socket of sockets) socket.close()
    assert.deepEqual(failures, [])
    assert.ok(answered > 100, String(answered))
    t.diagnostic(
      `${answered} requests over five reloads, ${sockets.length} WebSockets, longest ${longestMs.toFixed(0)} ms`,
    )
  },
)
