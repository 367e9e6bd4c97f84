import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import { bind, type SharePort } from '../proxy/front/bind.ts'
import { frontBounds } from '../proxy/front/bounds.ts'
import { clientAddressOf, clientTlsOf } from '../proxy/front/client-address.ts'
import { clientsForDescriptors } from '../proxy/front/descriptors.ts'
import { createPeeks } from '../proxy/front/peeks.ts'
import { createTlsFront } from '../proxy/front/tls-front.ts'
import type { RoutePlan } from '../proxy/document-plan.ts'
import type { ProxyReceiver } from '../proxy/proxy-protocol/receiver.ts'
import type { RouteEntry } from '../proxy/router/route-match.ts'
import { tlsSeenBy } from '../tls/client-trust.ts'
import { readClientHello } from '../tls/client-hello.ts'
import type { HandshakeOptions } from '../tls/tls-options.ts'
import { Relay, type RelayEnd, type RelayHost } from './relay.ts'
import { balanceAskOf, streamAsk } from './stream-ask.ts'
import type { StreamTable } from './stream-table.ts'

type StreamDoorDeps = {
  clock: Clock
  table: () => StreamTable | null
  warn: (facts: object, message: string) => void
  /** Other workers of this process bind the same ports. */
  sharePort?: SharePort | undefined
  /** How many workers this process has its descriptors for; 1 unless told. */
  workers?: number
  receiver?: ProxyReceiver | undefined
}

/**
 * Ports for connections that are no HTTP: a client is led by its address, the port it came to, or
 * the name it asks for in its ClientHello, as in Kong's stream mode.
 */
export const createStreamDoor = (deps: StreamDoorDeps) => {
  const { clock, table, warn, sharePort: share, workers, receiver } = deps
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  const relays = new Set<Relay>()
  const peeks = createPeeks(clock, frontBounds)
  let closing = false
  let onIdle: (() => void) | undefined
  let hasTls = false
  let warnedMs = -Infinity
  const most = Math.min(frontBounds.clientConnections, clientsForDescriptors(workers))

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
    return table()?.router.find(streamAsk(sni, client))
  }

  const relay = (socket: Socket, early: Buffer | null, plan: RoutePlan): void => {
    const address = clientAddressOf(socket)
    const ask = balanceAskOf(address.address, clock.monotonicMs())
    const parts = { client: socket, address, early, target: plan.target, ask }
    const watch = watchOf(plan, socket, clock)
    if (watch?.isLetIn === false) {
      watch.onEnd({ ...unserved, status: 403 })
      return void socket.destroy()
    }
    const made = new Relay(host, watch === null ? parts : { ...parts, onEnd: watch.onEnd })
    relays.add(made)
    made.begin()
  }

  const tls = createTlsFront({ bounds: frontBounds, clock }, {}, (socket: TLSSocket) => {
    const { servername } = socket as { servername?: unknown }
    const found = find(socket, typeof servername === 'string' ? servername.toLowerCase() : null)
    if (found === undefined) return void socket.destroy()
    relay(socket, null, found.entry.value)
  })

  /** Somebody speaks TLS, and has named this. */
  const takeTls = (socket: Socket, bytes: Buffer, sni: string | null): void => {
    const found = find(socket, sni)
    if (found === undefined) return void socket.destroy()
    const { protocols, value } = found.entry
    if (!protocols.includes('tls')) return relay(socket, bytes, value)
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
    relay(socket, bytes, found.entry.value)
  }

  const lead = (socket: Socket): void => {
    if (table()?.peeks !== true || isForThisPort(find(socket, null)?.entry)) {
      return takePlain(socket, null)
    }
    peeks.peek(socket, readClientHello, (first, bytes) => {
      if (first.kind === 'hello') takeTls(socket, bytes, first.sni)
      else if (first.kind === 'plain') takePlain(socket, bytes)
      else socket.destroy()
    })
  }

  const accept = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    if (receiver?.expectsFrom(socket) !== true) return lead(socket)
    // A service may be the first to speak: nobody can wait for what a connection begins with.
    receiver.receive(socket, false, () => lead(socket))
  }

  return {
    /** Binds one more port; rejects when it is taken. */
    async open(host: string, port: number): Promise<{ host: string; port: number }> {
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
      server.on('connection', (socket) => {
        if (sockets.size < most) return accept(socket)
        socket.destroy()
        const nowMs = clock.monotonicMs()
        if (nowMs - warnedMs < 1_000) return
        warnedMs = nowMs
        warn({ connections: most }, 'too many client connections')
      })
      const address = await bind(server, { host, port, share })
      server.on('error', (error) => warn({ detail: error.message }, 'a connection is lost'))
      servers.push(server)
      return address
    },
    /** How handshakes of `tls` routes go from now on. */
    useTls(options: HandshakeOptions): void {
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
      peeks.cutAll()
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

const unserved = { bytesReceived: 0, bytesSent: 0, target: null }

/** What plugins say to a connection, and whom to tell its end; null without any. */
const watchOf = (
  { connections, route, service, document }: RoutePlan,
  socket: Socket,
  clock: Clock,
): { isLetIn: boolean; onEnd: (end: RelayEnd) => void } | null => {
  if (connections === null) return null
  const startedAt = clock.now()
  const startedMs = clock.monotonicMs()
  const tls = tlsSeenBy(clientTlsOf(socket), document.config.ca_certificates)
  const connection = { client: clientAddressOf(socket), tls, route, service }
  return {
    isLetIn: connections.begin(connection),
    onEnd: (end) => {
      const durationMs = clock.monotonicMs() - startedMs
      connections.ended(connection, { ...end, startedAt, durationMs })
    },
  }
}

/** Of tcp alone, and by this port: what the client says first does not matter. */
const isForThisPort = (entry: RouteEntry<RoutePlan> | undefined): boolean =>
  entry !== undefined &&
  entry.protocols.every((one) => one === 'tcp') &&
  (entry.destinations ?? []).some(({ port }) => port !== null)
