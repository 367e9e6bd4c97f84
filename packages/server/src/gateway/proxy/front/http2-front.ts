import {
  createServer,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'

import type { ClientAddress, ClientTls } from '../client-exchange.ts'
import { problemAnswer, statusOfProblem } from '../problem.ts'
import { clientAddressOf, clientTlsOf } from './client-address.ts'
import type { FrontBounds } from './bounds.ts'
import type { FrontHost } from './host.ts'
import { Http2Exchange } from './http2-exchange.ts'
import { readHttp2Request } from './http2-request.ts'
import { isRefusal } from './node-request.ts'
import type { Refusal } from './refusal.ts'
import { Unread } from './unread.ts'

/** What a client who knows that we speak HTTP/2 begins with (RFC 9113 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\n')

export const isHttp2Preface = (bytes: Buffer): boolean =>
  bytes.length >= preface.length && bytes.subarray(0, preface.length).equals(preface)

/** Streams of one connection at a time; one more is refused, and may be sent again. */
const streamsPerSession = 128

/**
 * HTTP/2 by `node:http2`, over TLS with ALPN or by prior knowledge. Node bounds resets
 * (CVE-2023-44487: 1,000 at once, 33 a second), settings and pings by itself.
 */
export const createHttp2Front = (front: FrontHost) => {
  const { bounds } = front
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer({
    maxHeaderListPairs: bounds.requestHeaders + 4,
    maxSendHeaderBlockLength: 256 * 1024,
    // In MB. Node counts what is unread, too, and fails further requests (10 MB) instead of letting them wait.
    maxSessionMemory: Math.ceil(bounds.unreadBytes / 1_000_000) + 32,
    settings: {
      maxConcurrentStreams: streamsPerSession,
      maxHeaderListSize: bounds.requestHeadBytes,
      enablePush: false,
    },
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    endWhenIdle(session, bounds.clientIdleMs)
  })
  // What a session has against its peer ends the session; the listener goes on.
  server.on('sessionError', () => {})
  server.on('stream', (stream, _headers, _flags, raw) => take(front, stream, raw))

  return {
    /** `rest`: what was read already. The session takes it from the socket before it reads on. */
    accept(socket: Socket, rest: Buffer): void {
      if (rest.length > 0) socket.unshift(rest)
      // A client that has ended its side has left; node's own servers for HTTP/2 say so, too.
      socket.allowHalfOpen = false
      server.emit('connection', socket)
    },
    /** Tells every client to go away; streams that are open go on. */
    closeIdle(): void {
      for (const session of sessions) session.close()
    },
  }
}

/** Who has streams open may be silent for as long as the engine lets them. */
const endWhenIdle = (session: ServerHttp2Session, idleMs: number): void => {
  let open = 0
  session.on('stream', (stream) => {
    open += 1
    stream.once('close', () => (open -= 1))
  })
  session.setTimeout(idleMs, () => {
    if (open === 0) session.destroy()
  })
}

type Peer = { client: ClientAddress; tls: ClientTls | null; unread: Unread }

/** Both ends and the handshake, once for a session. */
const peers = new WeakMap<Http2Session, Peer>()

const peerOf = (session: Http2Session, { unreadBytes }: FrontBounds): Peer => {
  const known = peers.get(session)
  if (known !== undefined) return known
  const client = clientAddressOf(session.socket)
  const peer = { client, tls: tlsOf(session), unread: new Unread(unreadBytes) }
  peers.set(session, peer)
  return peer
}

const tlsOf = (session: Http2Session): ClientTls | null =>
  session.encrypted === true ? clientTlsOf(session.socket) : null

const take = (front: FrontHost, stream: ServerHttp2Stream, raw: readonly string[]): void => {
  // Also of one whose session was given up in the same read: nobody else would hear its error.
  stream.on('error', () => {})
  const { session } = stream
  if (session === undefined) return
  const read = readHttp2Request(raw, stream.endAfterHeaders, front.bounds)
  if (isRefusal(read)) return refuse(front, stream, read)
  const peer = peerOf(session, front.bounds)
  peer.unread.begin(() => {
    if (!stream.destroyed) front.door(new Http2Exchange({ front, stream, read, ...peer }))
  })
}

const refuse = (front: FrontHost, stream: ServerHttp2Stream, { code, detail }: Refusal): void => {
  const status = statusOfProblem(code)
  front.onRefused(status)
  const { headers, body } = problemAnswer(code, detail, {
    path: '',
    accept: '',
    requestId: front.newId(),
  })
  const fields: Record<string, string> = {}
  for (let at = 0; at + 1 < headers.length; at += 2)
    fields[headers[at] ?? ''] = headers[at + 1] ?? ''
  stream.respond({ ...fields, ':status': status })
  stream.end(body ?? undefined)
  stream.resume()
}
