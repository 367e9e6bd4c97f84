import { limits } from '../limits.ts'

/** What a front is held to. Tests make them small. */
export type FrontBounds = {
  /** Head of a request; past it 431. */
  requestHeadBytes: number
  /** Fields of a request; past it 431. */
  requestHeaders: number
  /** From the first byte of a head (or from the connection) to its end; past it 408. */
  requestHeadTimeoutMs: number
  /** Between an answer and the next request. */
  clientIdleMs: number
  /** Per listener; more are closed at once. */
  clientConnections: number
  /** What is read away of a body nobody wants; then the client is cut. */
  lingerBytes: number
  /** How long a client that was told the end may take to read it, before it is cut. */
  lingerMs: number
  /** How long a client may leave a finished answer unread. */
  bodyIdleMs: number
  /**
   * Of whole answers on one HTTP/2 connection that the client has not taken; past it further
   * requests wait for it.
   */
  unreadBytes: number
  /** TLS handshakes under way; one more, and the oldest of them is cut. */
  handshakes: number
  /** From the connection to the end of its handshake; then it is cut. */
  handshakeMs: number
  /** How often deadlines are looked at, and how late they are at most. */
  sweepMs: number
}

export const frontBounds: FrontBounds = {
  requestHeadBytes: limits.requestHeadBytes,
  requestHeaders: limits.requestHeaders,
  requestHeadTimeoutMs: limits.requestHeadTimeoutMs,
  clientIdleMs: limits.clientIdleMs,
  clientConnections: limits.clientConnections,
  lingerBytes: limits.lingerBytes,
  lingerMs: 5_000,
  bodyIdleMs: limits.bodyIdleMs,
  unreadBytes: 16 * 1024 * 1024,
  handshakes: 1_024,
  handshakeMs: 10_000,
  sweepMs: 1_000,
}
