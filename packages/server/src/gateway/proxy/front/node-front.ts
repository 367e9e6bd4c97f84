import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { rawProblem, statusOfProblem, problemAnswer } from '../problem.ts'
import { clientAddressOf, clientTlsOf } from './client-address.ts'
import type { FrontHost } from './host.ts'
import { NodeExchange } from './node-exchange.ts'
import { isRefusal, readNodeRequest } from './node-request.ts'
import { createNodeTurns } from './node-turns.ts'
import { refusalOf, type Refusal } from './refusal.ts'
import { isWebSocketHandshake, UpgradeExchange } from './upgrade-exchange.ts'

/**
 * HTTP/1 by `node:http`, for all that the own front leaves alone: chunked bodies, HTTP/1.0,
 * WebSocket handshakes, `Expect`, absolute targets, and whatever is to be refused.
 */
export const createNodeFront = (front: FrontHost) => {
  const { bounds } = front
  const turns = createNodeTurns((request, response) => take(front, request, response))
  const server = createServer(
    {
      maxHeaderSize: bounds.requestHeadBytes,
      headersTimeout: bounds.requestHeadTimeoutMs,
      connectionsCheckingInterval: Math.min(2_000, bounds.sweepMs),
      // A request may take as long as its body flows; the engine watches for stalls.
      requestTimeout: 0,
      keepAliveTimeout: bounds.clientIdleMs,
      noDelay: true,
      optimizeEmptyRequests: true,
      // Refused here, with a problem.
      requireHostHeader: false,
      shouldUpgradeCallback: isWebSocketHandshake,
    },
    (request, response) => turns.take(request, response),
  )
  // Left to the exchange: node would say 100 before anybody has looked at the request.
  server.on('checkContinue', (request, response) => turns.take(request, response))
  // The size of the head is the bound; past a count node would drop headers silently.
  server.maxHeadersCount = 0
  server.on('upgrade', (request, socket, early) => takeHandshake(front, request, socket, early))
  const lingering = new WeakMap<Duplex, number>()
  server.on('clientError', (error: ParserError, socket) => {
    const refusal = refusalOf(error.code ?? '', bounds)
    if (error.code === 'ECONNRESET') return void socket.destroy()
    const read = lingering.get(socket)
    // The parser calls again for all that still comes: it is read away, so that the answer is seen.
    if (read !== undefined) {
      const bytes = read + (error.rawPacket?.length ?? Infinity)
      lingering.set(socket, bytes)
      return bytes > bounds.lingerBytes ? void socket.destroy() : undefined
    }
    turns.refuseRest(socket, () => {
      lingering.set(socket, 0)
      refuseSocket(front, refusal, socket)
    })
  })
  // It never listens itself, and watches over slow heads only from the moment it does.
  server.emit('listening')

  return {
    /** `rest`: what was read of the next request, and nobody has used. */
    accept(socket: Socket, rest: Buffer): void {
      // Paused, the bytes keep their order whatever the socket was doing.
      socket.pause()
      if (rest.length > 0) socket.unshift(rest)
      server.emit('connection', socket)
      socket.resume()
    },
    closeIdle: (): void => server.closeIdleConnections(),
    /** Ends its watch; sockets belong to the listener. */
    stop: (): void => stop(server),
  }
}

const stop = (server: Server): void => {
  // It never listened, and says so; what counts is that its timer stops.
  server.close(() => {})
}

const take = (front: FrontHost, request: IncomingMessage, response: ServerResponse): void => {
  const read = readNodeRequest(request, front.bounds)
  if (isRefusal(read)) return refuse(front, read, request, response)
  const client = clientAddressOf(request.socket)
  const tls = clientTlsOf(request.socket)
  const exchange = new NodeExchange({ front, request, response, read, client, tls })
  // Node loses bytes behind an Upgrade that nobody takes: what follows could be read as a request.
  if (request.headers.upgrade !== undefined) exchange.closeAfter()
  front.door(exchange)
}

const takeHandshake = (
  front: FrontHost,
  request: IncomingMessage,
  socket: Duplex,
  early: Buffer,
): void => {
  const read = readNodeRequest(request, front.bounds)
  if (isRefusal(read)) {
    socket.on('error', () => socket.destroy())
    front.onRefused(statusOfProblem(read.code))
    socket.end(rawProblem(read.code, read.detail, front.newId()))
    return
  }
  // Node's types say Duplex for the sake of mocks.
  const client = clientAddressOf(socket as Socket)
  const tls = clientTlsOf(socket as Socket)
  front.door(new UpgradeExchange({ socket, early, read, client, tls }))
}

/** Nobody trusts what follows a malformed request: the connection ends. */
const refuse = (
  front: FrontHost,
  { code, detail }: Refusal,
  request: IncomingMessage,
  response: ServerResponse,
): void => {
  front.onRefused(statusOfProblem(code))
  const { status, headers, body } = problemAnswer(code, detail, {
    path: request.url ?? '',
    accept: request.headers.accept ?? '',
    requestId: front.newId(),
  })
  const length = String(body === null ? 0 : body.length)
  response.writeHead(status, [...headers, 'Content-Length', length, 'Connection', 'close'])
  response.end(request.method === 'HEAD' ? undefined : body)
}

type ParserError = NodeJS.ErrnoException & { rawPacket?: Buffer }

/** Answers a request that node's parser refused, then ends the connection. */
const refuseSocket = (front: FrontHost, { code, detail }: Refusal, socket: Duplex): void => {
  if (!socket.writable) return void socket.destroy()
  // In the middle of an answer another one would be read as part of it.
  if (isAnswering(socket)) return void socket.destroy()
  front.onRefused(statusOfProblem(code))
  socket.end(rawProblem(code, detail, front.newId()))
  const timer = front.clock.setTimer(() => socket.destroy(), front.bounds.lingerMs)
  socket.once('close', () => timer.cancel())
}

const isAnswering = (
  socket: Duplex & { _httpMessage?: { headersSent: boolean } | null },
): boolean => socket._httpMessage?.headersSent === true
