import {
  isIP,
  connect as connectPlain,
  Socket,
  type NetConnectOpts,
  type OnReadOpts,
} from 'node:net'
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls'

/** TLS towards a service. */
export type OriginTls = {
  /** The name asked for and checked; null: the host that is dialled. */
  serverName: string | null
  verify: boolean
  /** Most certificates between the service's own and the authority's; null or absent: any number. */
  verifyDepth?: number | null
  /** PEM; null: the authorities of the system. */
  ca: readonly string[] | null
  /** PEM, shown to a service that asks for it. */
  certificate: { cert: string; key: string } | null
}

export type DialOptions = {
  host: string
  port: number
  tls: OriginTls | null
  /** Of an earlier connection, to shorten the handshake. */
  session?: Buffer | undefined
  /** Protocols to offer over TLS, best first; HTTP/1.1 when absent. */
  alpn?: readonly string[]
  allowHalfOpen?: boolean
  onread?: OnReadOpts
  /** Before everything else, a TLS handshake too: a header of the PROXY protocol. */
  preface?: Buffer
}

/**
 * Opens a connection to a service, with or without TLS. `readyEvent` says when it can be written
 * to: not before the certificate of the other side has been checked.
 */
export const dial = (options: DialOptions): Socket | TLSSocket => {
  const { host, port, tls, allowHalfOpen = false, onread } = options
  const socketOptions = {
    host,
    port,
    allowHalfOpen,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    ...(onread === undefined ? {} : { onread }),
  }
  if (tls === null) return prefaced(connectPlain(socketOptions), options.preface)
  const name = tls.serverName ?? host
  const context = contextOf(tls)
  if (context instanceof Error) return brokenSocket(context)
  const below = options.preface === undefined ? {} : belowOf(socketOptions, options.preface)
  const socket = connectTls({
    ...socketOptions,
    ...below,
    // An address is no server name (RFC 6066 3); the certificate is checked against it all the same.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    secureContext: context,
    ...(options.session === undefined ? {} : { session: options.session }),
    rejectUnauthorized: tls.verify,
    checkServerIdentity: (checkedHost, certificate) =>
      checkServerIdentity(checkedHost, certificate) ??
      checkDepth(certificate as DetailedPeerCertificate, tls.verifyDepth ?? null),
    ALPNProtocols: [...(options.alpn ?? ['http/1.1'])],
  })
  if (below.socket !== undefined) join(socket, below.socket, onread)
  return socket
}

const prefaced = (socket: Socket, preface: Buffer | undefined): Socket => {
  if (preface !== undefined) socket.write(preface)
  return socket
}

/** The connection below TLS, when something goes before the handshake. */
const belowOf = (options: NetConnectOpts, preface: Buffer): { socket?: Socket } => {
  const { onread: _, ...plain } = options as NetConnectOpts & { onread?: OnReadOpts }
  return { socket: prefaced(connectPlain(plain), preface) }
}

/** What Node does for a TLS socket that makes its own connection, and not for this one. */
const join = (socket: TLSSocket, below: Socket, onread: OnReadOpts | undefined): void => {
  below.on('error', (error) => socket.destroy(error))
  if (onread === undefined) return
  const into = onread.buffer as Buffer
  socket.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length; at += into.length) {
      onread.callback(bytes.copy(into, 0, at, at + into.length), into)
    }
  })
}

/** Certificates and keys are read once, not for every connection. */
const contexts = new WeakMap<OriginTls, SecureContext | Error>()

const contextOf = (tls: OriginTls): SecureContext | Error => {
  const known = contexts.get(tls)
  if (known !== undefined) return known
  const context = makeContext(tls)
  contexts.set(tls, context)
  return context
}

const makeContext = ({ ca, certificate }: OriginTls): SecureContext | Error => {
  try {
    return createSecureContext({
      ...(ca === null ? {} : { ca: [...ca] }),
      ...certificate,
      minVersion: 'TLSv1.2',
    })
  } catch (error) {
    return new Error('certificate or key cannot be used', { cause: error })
  }
}

/** Fails as a connection does that is refused: nobody has to expect dialling to throw. */
const brokenSocket = (error: Error): Socket => {
  const socket = new Socket()
  setImmediate(() => socket.destroy(error))
  return socket
}

type Chained = { issuerCertificate?: Chained }

/** OpenSSL's verify depth, which Node has no option for. */
export const checkDepth = (certificate: Chained, most: number | null): Error | undefined => {
  if (most === null) return undefined
  let between = -1
  for (let one = certificate; ; between += 1) {
    const issuer = one.issuerCertificate
    // The authority at the end is its own issuer.
    if (issuer === undefined || issuer === one) break
    one = issuer
  }
  if (between <= most) return undefined
  return new Error(
    `${between} certificates between the service's and the authority's, at most ${most} may be`,
  )
}

export const readyEvent = (tls: OriginTls | null): 'connect' | 'secureConnect' =>
  tls === null ? 'connect' : 'secureConnect'
