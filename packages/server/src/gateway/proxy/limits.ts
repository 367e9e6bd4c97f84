/** Every bound of the proxy in one place, with what happens at it. */
export const limits = {
  /** Head of a request; past it node answers 431. */
  requestHeadBytes: 32 * 1024,
  /** Headers of a request; past it 431. Node counts bytes of names and values only. */
  requestHeaders: 256,
  /** Time a client has to send a request head; past it 408. */
  requestHeadTimeoutMs: 15_000,
  /** Idle client connections are kept this long: longer than the 60 s of usual front balancers. */
  clientIdleMs: 65_000,
  /** Client connections per listener; more are closed at once. */
  clientConnections: 16_384,
  /** A declared body up to this size is collected first: it can be replayed, and needs one write. */
  replayBodyBytes: 64 * 1024,
  /** What is still read of a request body after its answer is complete; then the client is cut. */
  lingerBytes: 1024 * 1024,

  /** Connections to one endpoint; further requests wait in line. */
  upstreamConnections: 512,
  /** Requests in line for one endpoint; one more is answered 503. */
  upstreamWaiting: 1024,
  connectTimeoutMs: 5_000,
  /** Below the 5 s after which node and uvicorn close idle connections themselves. */
  upstreamIdleMs: 4_000,
  /**
   * A request that may not be repeated takes an idle connection only when it is this fresh: if
   * the server closes it at the same moment, nobody may send the request again (RFC 9110 9.2.2).
   */
  unrepeatableIdleMs: 1_000,
  /** Silence inside a response body (event streams excepted), or of a client that does not read. */
  bodyIdleMs: 300_000,
  /** Silence of both ends of a WebSocket; who means to be silent longer sends pings. */
  tunnelIdleMs: 3_600_000,
  responseHeadBytes: 64 * 1024,
  responseTrailerBytes: 16 * 1024,
  chunkLineBytes: 4 * 1024,
  /** 1xx responses before the final one; more is a broken upstream. */
  informationalResponses: 16,
  /** Bodies up to this size leave in one write with their head. */
  singleWriteBytes: 16 * 1024,

  /** Further endpoints tried when connections are refused: nothing was sent, so it is safe. */
  connectRetries: 3,
  ejectFirstMs: 250,
  ejectMostMs: 30_000,

  /** Consumers whose own plugins are kept ready, per chain; of the others they are worked out anew. */
  consumerChains: 10_000,
  /** Longest that a snapshot waits for the first look-up of new names. */
  firstLookMs: 2_000,

  /** How often deadlines are looked at: timeouts are late by at most this. */
  sweepMs: 100,
  /** How often edge ports that were taken are tried again. */
  edgeRetryMs: 5_000,
  /** Series kept after their route or edge is gone, so that a last difference can be read. */
  retiredSeries: 1024,
} as const
