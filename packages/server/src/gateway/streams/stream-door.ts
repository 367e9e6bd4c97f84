import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket, TlsOptions } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import { frontBounds } from '../proxy/front/bounds.ts'
import { clientAddressOf } from '../proxy/front/client-address.ts'
import { clientsForDescriptors } from '../proxy/front/descriptors.ts'
import { createTlsFront } from '../proxy/front/tls-front.ts'
import { HeaderList } from '../proxy/header-list.ts'
import type { RoutePlan } from '../proxy/document-plan.ts'
import type { RouteAsk, RouteEntry } from '../proxy/router/route-match.ts'
import { peek, type Peeked } from './peek.ts'
import { Relay, type RelayHost } from './relay.ts'
import type { StreamTable } from './stream-table.ts'

type StreamDoorDeps = {
  clock: Clock
  table: () => StreamTable | null
  warn: (facts: object, message: string) => void
}

/**
 * Ports for connections that are no HTTP: a client is led by its address, the port it came to, or
 * the name it asks for in its ClientHello, as in Kong's stream mode.
 */
export const createStreamDoor = ({ clock, table, warn }: StreamDoorDeps) => {
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  const relays = new Set<Relay>()
  /** Oldest first. */
  const peeking = new Set<Peeked>()
  let closing = false
  let onIdle: (() => void) | undefined
  let hasTls = false
  let warnedMs = -Infinity
  const most = Math.min(frontBounds.clientConnections, clientsForDescriptors())

  const host: RelayHost = {
    nowMs: () => clock.monotonicMs(),
    warn,
    onFinish: (relay) => {
      relays.delete(relay)
      if (relays.size === 0) onIdle?.()
    },
  }

  const find = (socket: Socket, sni: string | null) => {
    const client = clientAddressOf(socket)
    return table()?.router.find(askOf(sni, client))
  }

  const relay = (socket: Socket, early: Buffer | null, target: RoutePlan['target']): void => {
    const clientIp = clientAddressOf(socket).address
    const ask = { ...balanceAsk, clientIp, nowMs: clock.monotonicMs() }
    const made = new Relay(host, { client: socket, early, target, ask })
    relays.add(made)
    made.begin()
  }

  const tls = createTlsFront(frontBounds, {}, (socket: TLSSocket) => {
    const { servername } = socket as { servername?: unknown }
    const found = find(socket, typeof servername === 'string' ? servername.toLowerCase() : null)
    if (found === undefined) return void socket.destroy()
    relay(socket, null, found.entry.value.target)
  })

  /** Somebody speaks TLS, and has named this. */
  const takeTls = (socket: Socket, bytes: Buffer, sni: string | null): void => {
    const found = find(socket, sni)
    if (found === undefined) return void socket.destroy()
    const { protocols, value } = found.entry
    if (!protocols.includes('tls')) return relay(socket, bytes, value.target)
    if (!hasTls) {
      warn({ sni }, 'a route of protocol tls needs a port for TLS, whose certificates it shows')
      return void socket.destroy()
    }
    socket.unshift(bytes)
    tls.accept(socket)
  }

  const takePlain = (socket: Socket, bytes: Buffer | null): void => {
    const found = find(socket, null)
    if (found === undefined || !found.entry.protocols.includes('tcp')) return void socket.destroy()
    relay(socket, bytes, found.entry.value.target)
  }

  const accept = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    if (table()?.peeks !== true || isForThisPort(find(socket, null)?.entry)) {
      return takePlain(socket, null)
    }
    if (peeking.size >= frontBounds.handshakes) cutOldest()
    const peeked = peek(socket, clock, frontBounds.handshakeMs, (first, bytes) => {
      peeking.delete(peeked)
      if (first.kind === 'hello') takeTls(socket, bytes, first.sni)
      else if (first.kind === 'plain') takePlain(socket, bytes)
      else socket.destroy()
    })
    peeking.add(peeked)
    socket.once('close', () => peeking.delete(peeked))
  }

  const cutOldest = (): void => {
    const [oldest] = peeking
    if (oldest === undefined) return
    peeking.delete(oldest)
    oldest.cut()
  }

  return {
    /** Binds one more port; rejects when it is taken. */
    async open(address: string, port: number): Promise<{ host: string; port: number }> {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
      server.on('connection', (socket) => {
        if (sockets.size < most) return accept(socket)
        socket.destroy()
        const nowMs = clock.monotonicMs()
        if (nowMs - warnedMs < 1_000) return
        warnedMs = nowMs
        warn({ connections: most }, 'too many client connections')
      })
      await listen(server, address, port)
      server.on('error', (error) => warn({ detail: error.message }, 'a connection is lost'))
      servers.push(server)
      const bound = server.address() as { address: string; port: number }
      return { host: bound.address, port: bound.port }
    },
    /** How handshakes of `tls` routes go from now on. */
    useTls(options: TlsOptions): void {
      hasTls = true
      // What is spoken inside is not for us to choose.
      tls.use({ ...options, ALPNProtocols: [] })
    },
    sweep(): void {
      const nowMs = clock.monotonicMs()
      for (const one of relays) one.expire(nowMs)
    },
    stopAccepting(): void {
      if (closing) return
      closing = true
      for (const server of servers) server.close()
      for (const one of peeking) one.cut()
    },
    /** Resolves when no connection is under way, or after the grace. */
    drained: (graceMs: number): Promise<void> =>
      new Promise((resolve) => {
        if (relays.size === 0) return resolve()
        const timer = clock.setTimer(resolve, graceMs)
        onIdle = () => {
          timer.cancel()
          resolve()
        }
      }),
    cutAll(): void {
      for (const one of relays) one.cut()
      for (const socket of sockets) socket.destroy()
    },
  }
}

export type StreamDoor = ReturnType<typeof createStreamDoor>

/** Of tcp alone, and by this port: what the client says first does not matter. */
const isForThisPort = (entry: RouteEntry<RoutePlan> | undefined): boolean =>
  entry !== undefined &&
  entry.protocols.every((one) => one === 'tcp') &&
  (entry.destinations ?? []).some(({ port }) => port !== null)

const noHeaders = new HeaderList([])

const askOf = (sni: string | null, client: RouteAsk['client'] & object): RouteAsk => ({
  // As https, since plain http is not held to names.
  ...{ method: '', scheme: 'https', host: '', path: '/', headers: noHeaders, sni, client },
})

const nothing = (): undefined => undefined
const balanceAsk = {
  ...{ consumer: null, path: '/' },
  ...{ header: nothing, cookie: nothing, queryArg: nothing, capture: nothing },
}

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
