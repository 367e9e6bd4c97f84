import type { Socket } from 'node:net'
import type { Clock } from '../../../kernel/clock.ts'
import { frontBounds } from '../front/bounds.ts'
import { noteClient, withoutMapping } from '../front/client-address.ts'
import { createPeeks } from '../front/peeks.ts'
import { trustOf } from '../trusted-proxies.ts'
import { readProxyHeader } from './header.ts'

type ReceiverDeps = {
  /** Addresses and CIDR ranges of those who begin with a header; nobody else is listened to. */
  peers: readonly string[]
  clock: Clock
  warn: (facts: object, message: string) => void
}

const warnPauseMs = 1_000

/**
 * The PROXY protocol on its way in. Which connections have a header is decided by who makes them,
 * and never by what they begin with: else anybody could say who they are.
 */
export const createProxyReceiver = ({ peers, clock, warn }: ReceiverDeps) => {
  const isPeer = trustOf(peers)
  const peeks = createPeeks(clock, frontBounds)
  const counts = { taken: 0, own: 0, refused: 0 }
  let warnedMs = -Infinity

  const refuse = (socket: Socket, reason: string): void => {
    counts.refused += 1
    const peer = peerOf(socket)
    socket.destroy()
    if (clock.monotonicMs() - warnedMs < warnPauseMs) return
    warnedMs = clock.monotonicMs()
    warn({ peer, reason }, 'no header of the PROXY protocol that can be read')
  }

  return {
    expectsFrom: (socket: Socket): boolean => peers.length > 0 && isPeer(peerOf(socket)),

    /**
     * Takes the header off a connection and notes whom it names; `done` gets the socket paused,
     * with what follows. `ownToo`: a connection of this machine may do without, since health
     * checks and services of the platform come from there as well.
     */
    receive(socket: Socket, ownToo: boolean, done: () => void): void {
      peeks.peek(socket, readProxyHeader, (header, bytes) => {
        if (header.kind === 'malformed') return refuse(socket, header.reason)
        if (header.kind === 'absent') {
          if (!ownToo || !isLoopback(peerOf(socket))) return refuse(socket, 'there is none')
          counts.own += 1
          socket.unshift(bytes)
          return done()
        }
        counts.taken += 1
        if (header.client !== null) noteClient(socket, header.client)
        const rest = bytes.subarray(header.length)
        if (rest.length > 0) socket.unshift(rest)
        done()
      })
    },

    /** Prometheus text format; empty when nobody is expected. */
    metrics: (): string => (peers.length === 0 ? '' : exposition(counts)),
  }
}

export type ProxyReceiver = ReturnType<typeof createProxyReceiver>

const peerOf = ({ remoteAddress = '' }: Socket): string => withoutMapping(remoteAddress)

const isLoopback = trustOf(['127.0.0.0/8', '::1'])

const metric = 'keelson_gateway_proxy_protocol_connections_total'

const exposition = (counts: Readonly<Record<string, number>>): string =>
  [
    `# HELP ${metric} Connections of peers that speak the PROXY protocol: with a header, without one from this machine, refused.`,
    `# TYPE ${metric} counter`,
    ...Object.entries(counts).map(([outcome, count]) => `${metric}{outcome="${outcome}"} ${count}`),
    '',
  ].join('\n')
