import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { echoes, openTunnel } from './tunnels.ts'

/** The clients of the soak. Each says how many requests it has had answered, or given up on purpose. */

export type Ports = { port: number; tlsPort: number }
type Client = (ports: Ports, first: number) => Promise<number>

/** Of one visit of a steady client. */
export const requestsPerVisit = 500
const depth = 16
const end = '"stock":7}'

/** Keep-alive and pipelined; every request is of another caller and for another path. */
const steady =
  (secure: boolean, path: string): Client =>
  async (ports, first) => {
    const socket = secure
      ? connectTls({ port: ports.tlsPort, host: '127.0.0.1', rejectUnauthorized: false })
      : connect({ port: ports.port, host: '127.0.0.1', noDelay: true })
    socket.setEncoding('latin1')
    let [sent, answered, rest] = [0, 0, '']
    const batch = (): void => {
      let text = ''
      for (let at = 0; at < depth; at += 1, sent += 1) text += requestFor(path, first + sent)
      socket.write(text)
    }
    socket.on('data', (piece: string) => {
      const parts = (rest + piece).split(end)
      rest = (parts.pop() ?? '').slice(1 - end.length)
      answered += parts.length
      if (answered < sent) return
      if (sent < requestsPerVisit) batch()
      else socket.end()
    })
    batch()
    await once(socket, 'close')
    return answered
  }

const requestFor = (path: string, number: number): string => {
  const fields = `Host: bench\r\napikey: secret\r\nx-who: ${number % 5000}\r\n`
  return number % 20 === 0
    ? `POST ${path}/p${number} HTTP/1.1\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`
    : `GET ${path}/p${number % 5000} HTTP/1.1\r\n${fields}\r\n`
}
const body = 'x'.repeat(2000)

/** Takes what comes; the answer may be an error, or break off. */
const unlucky: Client = async ({ port }, first) => {
  const ways = ['error', 'breaks', 'fine']
  const way = ways[first % ways.length] ?? 'fine'
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  socket.write(`GET /faulty/${way} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n`)
  socket.resume()
  await once(socket, 'close')
  return 1
}

/**
 * Leaves while it waits, or in the middle of its own body; then asks once more and stays, since who
 * waits for nothing would fill the queue of connections and nobody else would be served.
 */
const impatient: Client = async (ports, first) => {
  const { port } = ports
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => {})
  await once(socket, 'connect')
  const head =
    first % 2 === 0
      ? `GET /faulty/never HTTP/1.1\r\nHost: bench\r\n\r\n`
      : `POST /faulty/never HTTP/1.1\r\nHost: bench\r\nContent-Length: 100000\r\n\r\n${body}`
  await new Promise((resolve) => socket.write(head, resolve))
  await new Promise((resolve) => setImmediate(resolve))
  socket.destroy()
  return 1 + (await unlucky(ports, first))
}

const tunnelled: Client = async ({ port }) => {
  const socket: Socket = await openTunnel(port, '/tunnels')
  socket.on('error', () => {})
  if (!(await echoes(socket))) throw new Error('a tunnel is gone')
  socket.end()
  socket.resume()
  await once(socket, 'close')
  return 1
}

/** Who comes, over and over: by far the most requests are of steady ones. */
export const clients: readonly Client[] = [
  ...Array.from({ length: 6 }, () => [
    ...[steady(false, '/api'), steady(false, '/cached')],
    ...[steady(true, '/api'), steady(true, '/cached')],
  ]).flat(),
  ...[unlucky, impatient, tunnelled],
]
