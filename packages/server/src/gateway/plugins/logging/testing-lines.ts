import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createServer as createSecureServer } from 'node:tls'
import { createTestAuthority } from '../../proxy/balance/testing-tls.ts'
import { until } from '../../proxy/testing.ts'

/** A server that keeps what it is sent over TCP. */
export const startLineServer = async ({ port = 0, secure = false } = {}) => {
  const sockets = new Set<Socket>()
  let text = ''
  const listen = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('data', (bytes: Buffer) => void (text += bytes.toString('utf8')))
    socket.on('error', () => {})
  }
  const server = secure
    ? createSecureServer(createTestAuthority().leaf('127.0.0.1'), listen)
    : createServer(listen)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    text: () => text,
    until: (done: (text: string) => boolean) => until(() => done(text), 'lines'),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A socket that keeps the datagrams it is sent. */
export const startDatagramServer = async () => {
  const datagrams: string[] = []
  const socket = createSocket('udp4')
  socket.on('message', (bytes) => datagrams.push(bytes.toString('utf8')))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    datagrams,
    until: (count: number) => until(() => datagrams.length >= count, 'datagrams'),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => socket.close(() => resolve()))
    },
  }
}

export const idsOf = (lines: readonly string[]): string[] =>
  lines.map((line) => (JSON.parse(line) as { request: { id: string } }).request.id)
