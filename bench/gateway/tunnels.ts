import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'

/** WebSockets as far as a gateway cares: an upgrade, and bytes that come back. */

const upgraded =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'

/** An origin that sends back what it hears; by path, its plain answers are what goes wrong. */
export const startEchoes = async () => {
  const server = createServer((request, response) => {
    if (request.url === '/never') return
    if (request.url === '/error') response.statusCode = 500
    if (request.url !== '/breaks') response.end('here')
    else response.writeHead(200, { 'Content-Length': 100 }).write('half', () => response.destroy())
  })
  const sockets = new Set<Socket>()
  server.on('upgrade', (_request, socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.write(upgraded)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: (): void => {
      for (const socket of sockets) socket.destroy()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** A tunnel through the gateway. */
export const openTunnel = async (port: number, path: string): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const fields = `Host: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n`
  socket.write(
    `GET ${path} HTTP/1.1\r\n${fields}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  )
  const [head] = (await once(socket, 'data')) as [Buffer]
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(head.toString('latin1'))
  return socket
}

/** Whether it is still there. */
export const echoes = async (socket: Socket): Promise<boolean> => {
  if (socket.destroyed) return false
  socket.write('still there')
  const [bytes] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as unknown[]
  return Buffer.isBuffer(bytes)
}
