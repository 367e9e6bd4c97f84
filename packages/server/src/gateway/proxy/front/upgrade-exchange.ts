import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import type {
  ClientAddress,
  ClientExchange,
  ClientListener,
  ClientTls,
} from '../client-exchange.ts'
import { HeaderList } from '../header-list.ts'
import { mayHaveBody, readAnswerFields, statusLine } from './answer-lines.ts'
import { nobody } from './host.ts'
import type { NodeRequest } from './node-request.ts'

/**
 * A WebSocket handshake: the socket itself is for the engine to take. Until it does, an answer
 * can be sent as to any request, after which the connection ends.
 */
export class UpgradeExchange implements ClientExchange {
  readonly method = 'GET'
  readonly target: string
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly version = '1.1'
  readonly headers: HeaderList
  readonly bodyLength = 0
  readonly bodyComplete = true
  readonly client: ClientAddress
  readonly tls: ClientTls | null
  listener: ClientListener = nobody
  headSent = false
  private readonly socket: Duplex
  private readonly early: Buffer
  private over = false
  private withBody = false

  constructor(parts: {
    socket: Duplex
    early: Buffer
    read: NodeRequest
    client: ClientAddress
    tls: ClientTls | null
  }) {
    this.socket = parts.socket
    this.early = parts.early
    this.target = parts.read.target
    this.host = parts.read.host
    this.headers = new HeaderList(parts.read.headers)
    this.client = parts.client
    this.tls = parts.tls
    this.scheme = parts.tls === null ? 'http' : 'https'
    this.socket.on('error', this.onError)
    this.socket.on('close', this.onClose)
    this.socket.on('drain', this.onDrain)
  }

  readonly takeSocket = (): { socket: Duplex; early: Buffer } => {
    this.over = true
    this.socket.off('error', this.onError)
    this.socket.off('close', this.onClose)
    this.socket.off('drain', this.onDrain)
    return { socket: this.socket, early: this.early }
  }

  startBody(): void {}
  pauseBody(): void {}
  resumeBody(): void {}
  dropBody(): void {}
  closeAfter(): void {}

  sendInformational(): void {}

  sendWhole(status: number, reason: string, headers: readonly string[], body: Buffer | null): void {
    if (this.over || this.headSent) return
    const length = body === null ? 0 : body.length
    this.writeHead(status, reason, headers, length)
    if (body !== null) this.sendBody(body)
    this.end()
  }

  sendHead(status: number, reason: string, headers: readonly string[]): void {
    if (this.over || this.headSent) return
    this.writeHead(status, reason, headers, null)
  }

  sendBody(bytes: Buffer): boolean {
    if (this.over || !this.withBody || bytes.length === 0) return true
    return this.socket.write(Buffer.from(bytes))
  }

  end(): void {
    if (this.over) return
    this.over = true
    this.socket.end()
    // What the client still sends is of no use: read away, so that its end is seen.
    this.socket.resume()
  }

  abort(): void {
    this.over = true
    this.socket.destroy()
  }

  /** Ends with the connection, when no length says where (RFC 9112 6.3). */
  private writeHead(
    status: number,
    reason: string,
    headers: readonly string[],
    length: number | null,
  ): void {
    this.headSent = true
    this.withBody = mayHaveBody('GET', status)
    const fields = readAnswerFields(headers)
    const declared = length === null ? fields.contentLength : String(length)
    const framing = declared === null || status === 204 ? '' : `Content-Length: ${declared}\r\n`
    const connection = fields.upgrade ? 'Upgrade, close' : 'close'
    const head = `${statusLine(status, reason)}${fields.lines}${framing}`
    const date = fields.hasDate ? '' : `Date: ${new Date().toUTCString()}\r\n`
    this.socket.write(`${head}${date}Connection: ${connection}\r\n\r\n`, 'latin1')
  }

  private readonly onError = (): void => {
    this.socket.destroy()
  }

  private readonly onDrain = (): void => {
    if (!this.over) this.listener.onDrain()
  }

  private readonly onClose = (): void => {
    if (this.over) return
    this.over = true
    this.listener.onClose()
  }
}

/** Other upgrades (h2c) would carry requests past the gateway's eyes. */
export const isWebSocketHandshake = ({ method, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  headers.upgrade?.toLowerCase() === 'websocket' &&
  headers['content-length'] === undefined &&
  headers['transfer-encoding'] === undefined
