import type { Duplex } from 'node:stream'
import type { HeaderList } from './header-list.ts'

/**
 * One request of a client and the way its answer takes back, whatever it came by: our own
 * HTTP/1.1 front, `node:http`, HTTP/2, or the gateway itself (subrequests). Fronts make them, the
 * engine uses them up. A front has refused everything malformed and every ambiguous framing
 * before the engine sees the request.
 */
export interface ClientExchange {
  readonly method: string
  /** Origin form, path and query as they came; always starts with `/`. */
  readonly target: string
  /** Host or `:authority` as it came; empty when an HTTP/1.0 client sent none. */
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly version: '1.0' | '1.1' | '2'
  /**
   * Fields as they came, without Host and pseudo fields; hop-by-hop ones and framing are still
   * there and go when the request is made ready for its way (request-head.ts).
   */
  readonly headers: HeaderList
  /** Declared length of the body; 0 when there is none, null when only its end will tell. */
  readonly bodyLength: number | null
  readonly client: ClientAddress
  readonly tls: ClientTls | null

  /** Set once, before anything is sent or read. */
  listener: ClientListener

  /** Bytes flow to the listener from here on. Called once, and only if there is a body. */
  startBody(): void
  pauseBody(): void
  resumeBody(): void
  /** Nobody wants the rest: it is read away up to a bound, then the client is cut. */
  dropBody(): void
  /** Whether the whole body has come in (true when there is none). */
  readonly bodyComplete: boolean

  /** 103 and 102; others and HTTP/1.0 clients get none. */
  sendInformational(status: number, headers: readonly string[]): void
  /**
   * The whole answer in one write. Headers are end-to-end fields without framing; Content-Length
   * is set from the body, except for HEAD and 304, where the one in `headers` stays.
   * A body up to `singleWriteBytes` may be reused by the caller after the call; a longer one is kept
   * as it is until the client has taken it, so that many who are slow to take it share it.
   */
  sendWhole(status: number, reason: string, headers: readonly string[], body: Buffer | null): void
  /** Framed by the Content-Length in `headers`, else by what the protocol has for it. */
  sendHead(status: number, reason: string, headers: readonly string[]): void
  /** The bytes are valid during the call only. False: wait for onDrain. */
  sendBody(bytes: Buffer): boolean
  /** `trailers` flat; null when there are none. */
  end(trailers: readonly string[] | null): void
  readonly headSent: boolean
  /** After this answer the connection ends (HTTP/2: it is told to go away). Before the head. */
  closeAfter(): void
  /** Cuts the connection, or resets the stream: an answer that cannot be completed. */
  abort(): void

  /**
   * WebSocket handshakes only, else null: hands over the socket with what came after the head;
   * the front is out of it from then on.
   */
  takeSocket: (() => { socket: Duplex; early: Buffer }) | null
}

export interface ClientListener {
  /** Valid during the call only. */
  onBody(bytes: Buffer): void
  /** `trailers` flat; null when there are none. */
  onBodyEnd(trailers: readonly string[] | null): void
  /** Writable again after `sendBody` said false. */
  onDrain(): void
  /** The client left before `end`, or the connection broke; nothing can be sent any more. */
  onClose(): void
}

export type ClientAddress = {
  /** The peer, or who the PROXY protocol says it is; IPv4 without `::ffff:`. */
  address: string
  port: number
  /** Where it came in. */
  localAddress: string
  localPort: number
}

export type ClientTls = {
  /** Lower case; null when the client sent none. */
  sni: string | null
  protocol: string
  cipher: string
  /** Verified by the listener against the CAs that are configured; null when none was sent. */
  certificate: ClientCertificate | null
}

export type ClientCertificate = {
  subject: string
  issuer: string
  serial: string
  /** SHA-256, lower-case hex. */
  fingerprint: string
  pem: string
  /** Whether one of `authorities` vouches for it. */
  trusted: boolean
  /** PEM: those of all documents when the handshake was made. */
  authorities: readonly string[]
}
