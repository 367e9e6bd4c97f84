import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import {
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from 'node:net'

import { systemClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import { composeDocument } from '../config/compose-document.ts'
import type { GatewayDocument, GatewayEndpoint, GatewaySnapshot } from '../snapshot.ts'
import { createProxy } from './index.ts'

/** Real origins, a real proxy and raw sockets: what the tests of the proxy share. */

export type Origin = AsyncDisposable & { port: number; server: Server; kill(): Promise<void> }

/** An HTTP origin on a free port, or on the given one. */
export const startOrigin = async (listener: RequestListener, port = 0): Promise<Origin> => {
  const server = createServer({ keepAliveTimeout: 60_000 }, listener)
  await listen(server, port)
  const kill = async () => {
    server.closeAllConnections()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  return { port: portOf(server), server, kill, [Symbol.asyncDispose]: kill }
}

/** An origin that speaks raw bytes; counts the connections it got. */
export const startRawOrigin = async (onConnection: (socket: Socket, count: number) => void) => {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    connections += 1
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    onConnection(socket, connections)
    // Reading, so that it notices when the gateway leaves.
    socket.resume()
  })
  await listen(server, 0)
  return {
    port: portOf(server),
    connections: () => connections,
    open: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const listen = async (server: TcpServer, port: number) => {
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
}

const portOf = (server: { address(): unknown }): number =>
  (server.address() as { port: number }).port

/** A port on which nothing listens. */
export const freePort = async (): Promise<number> => {
  const origin = await startOrigin(() => {})
  await origin.kill()
  return origin.port
}

export const endpoint = (
  instance: string,
  port: number,
  more: Partial<GatewayEndpoint> = {},
): GatewayEndpoint => ({
  instance,
  host: '127.0.0.1',
  port,
  ports: {},
  healthy: true,
  draining: false,
  ...more,
})

/** A way to a service of stack `shop`, as a compose file declares it. */
export type TestRoute = {
  service: string
  host?: string
  path: string
  stripPath: boolean
  /** Target port of the service when it has several. */
  port?: number
  timeoutMs: number
}

export const route = (service: string, path: string, more: Partial<TestRoute> = {}): TestRoute => ({
  service,
  path,
  stripPath: false,
  timeoutMs: 5000,
  ...more,
})

/** The documents that routes of compose files become: one for each stack. */
export const documentsOf = (routes: readonly TestRoute[]): GatewayDocument[] =>
  [...Map.groupBy(routes, ({ service }) => service.split('/')[0] ?? '')].map(([stack, own]) => {
    const byService = Map.groupBy(own, ({ service }) => service.slice(stack.length + 1))
    return composeDocument(
      stack,
      [...byService].map(([name, specs]) => ({ name, routes: specs })),
    )
  })

/** A snapshot with one service `shop/app` at `/`, on the given endpoints. */
export const snapshotOf = (
  endpoints: readonly GatewayEndpoint[],
  {
    routes = [route('shop/app', '/')],
    ...more
  }: Partial<GatewaySnapshot> & {
    routes?: readonly TestRoute[]
  } = {},
): GatewaySnapshot => ({
  revision: 1,
  services: { 'shop/app': { id: 'shop/app', endpoints } },
  documents: documentsOf(routes),
  edges: [],
  ...more,
})

export const startProxy = async (snapshot: GatewaySnapshot, platformPort = 1) => {
  const warnings: string[] = []
  const note = (_facts: object, message: string) => void warnings.push(message)
  const proxy = createProxy({
    log: { info: () => {}, warn: note, error: note },
    clock: systemClock,
    newId,
    publicHost: '127.0.0.1',
    publicPort: 0,
    platform: { host: '127.0.0.1', port: platformPort },
  })
  await proxy.start()
  await proxy.apply(snapshot)
  const { port } = proxy.address()
  return {
    proxy,
    port,
    url: `http://127.0.0.1:${port}`,
    warnings,
    [Symbol.asyncDispose]: () => proxy.close(0),
  }
}

/** Sends raw text and returns what comes back until the other side closes, as latin1. */
export const talk = (port: number, text: string | readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let answer = ''
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no end of the answer; so far: ${answer}`))
    }, 10_000)
    const settle = () => {
      clearTimeout(timer)
      resolve(answer)
    }
    socket.setEncoding('latin1')
    socket.on('data', (piece: string) => (answer += piece))
    socket.on('error', settle)
    socket.on('close', settle)
    for (const piece of typeof text === 'string' ? [text] : text) socket.write(piece, 'latin1')
  })

/** Polls until the condition holds; fails after ten seconds. */
export const until = async (condition: () => boolean, what: string): Promise<void> => {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
