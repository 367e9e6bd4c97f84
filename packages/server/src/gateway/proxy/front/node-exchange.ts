import type { IncomingMessage, ServerResponse } from 'node:http'

import type {
  ClientAddress,
  ClientExchange,
  ClientListener,
  ClientTls,
} from '../client-exchange.ts'
import { HeaderList } from '../header-list.ts'
import { limits } from '../limits.ts'
import { isFieldName, mayHaveBody, safeValue } from './answer-lines.ts'
import { nobody, type FrontHost } from './host.ts'
import type { NodeRequest } from './node-request.ts'

/** A request that `node:http` has parsed, and the answer that it frames. */
export class NodeExchange implements ClientExchange {
  readonly method: string
  readonly target: string
  readonly host: string
  readonly scheme: 'http' | 'https'
  readonly version: '1.0' | '1.1'
  readonly headers: HeaderList
  readonly bodyLength: number | null
  readonly client: ClientAddress
  readonly tls: ClientTls | null
  readonly takeSocket = null
  listener: ClientListener = nobody
  headSent = false
  private readonly front: FrontHost
  private readonly request: IncomingMessage
  private readonly response: ServerResponse
  private over = false
  private dropped = false
  private droppedBytes = 0
  private closing = false

  constructor(parts: {
    front: FrontHost
    request: IncomingMessage
    response: ServerResponse
    read: NodeRequest
    client: ClientAddress
    tls: ClientTls | null
  }) {
    const { request, response, read } = parts
    this.front = parts.front
    this.request = request
    this.response = response
    this.method = request.method ?? 'GET'
    this.version = request.httpVersionMinor === 0 ? '1.0' : '1.1'
    this.target = read.target
    this.host = read.host
    this.headers = new HeaderList(read.headers)
    this.bodyLength = read.bodyLength
    this.client = parts.client
    this.tls = parts.tls
    this.scheme = parts.tls === null ? 'http' : 'https'
    response.on('close', this.onClose)
    response.on('drain', this.onDrain)
  }

  get bodyComplete(): boolean {
    return this.bodyLength === 0 || this.request.complete
  }

  startBody(): void {
    if (this.dropped) return
    const { request } = this
    request.on('data', this.onData)
    request.on('end', () => {
      if (!this.dropped) this.listener.onBodyEnd()
    })
    // Without a listener an aborted upload would be an uncaught error; the answer's close tells.
    request.on('error', () => {})
  }

  pauseBody(): void {
    if (!this.dropped) this.request.pause()
  }

  resumeBody(): void {
    this.request.resume()
  }

  dropBody(): void {
    if (this.dropped) return
    this.dropped = true
    if (this.bodyLength === 0) return
    this.request.off('data', this.onData)
    this.request.on('data', this.onDropped)
    this.request.on('error', () => {})
    this.request.resume()
  }

  sendInformational(status: number, headers: readonly string[]): void {
    if (this.over || this.headSent || this.version === '1.0') return
    if (status === 102) this.response.writeProcessing()
    if (status !== 103) return
    const hints: Record<string, string[]> = {}
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = (headers[at] ?? '').toLowerCase()
      hints[name] = [...(hints[name] ?? []), headers[at + 1] ?? '']
    }
    const links = hints['link']
    if (links === undefined) return
    try {
      this.response.writeEarlyHints({ ...hints, link: links })
    } catch {
      // Node accepts a narrower Link than servers send; a hint may get lost.
    }
  }

  sendWhole(status: number, reason: string, headers: readonly string[], body: Buffer | null): void {
    if (this.over || this.headSent) return
    const withBody = mayHaveBody(this.method, status)
    const fields = this.fieldsOf(headers, withBody)
    const length = body === null ? 0 : body.length
    if (withBody) fields.push('Content-Length', String(length))
    this.writeHead(status, reason, fields)
    if (body === null || length === 0 || !withBody) this.response.end()
    else if (length > limits.singleWriteBytes) this.response.end(Buffer.from(body))
    // Latin-1 keeps every byte, and lets node join body and head in one string.
    else this.response.end(body.toString('latin1', 0, length), 'latin1')
    this.finish()
  }

  sendHead(status: number, reason: string, headers: readonly string[]): void {
    if (this.over || this.headSent) return
    this.writeHead(status, reason, this.fieldsOf(headers, false))
    // The first bytes of the body often follow at once: they leave together.
    process.nextTick(flush, this.response)
  }

  sendBody(bytes: Buffer): boolean {
    if (this.over || bytes.length === 0) return true
    return this.response.write(Buffer.from(bytes))
  }

  end(trailers: readonly string[] | null): void {
    if (this.over) return
    if (trailers !== null) this.response.addTrailers(pairsOf(trailers))
    this.response.end()
    this.finish()
  }

  closeAfter(): void {
    this.closing = true
  }

  abort(): void {
    if (this.over) return
    this.over = true
    this.response.destroy()
  }

  /** End-to-end fields; without Content-Length when it is set from the body. */
  private fieldsOf(headers: readonly string[], lengthIsOurs: boolean): string[] {
    const fields: string[] = []
    for (let at = 0; at + 1 < headers.length; at += 2) {
      const name = headers[at] ?? ''
      const lower = name.toLowerCase()
      if (!isFieldName(name) || lower === 'transfer-encoding' || lower === 'keep-alive') continue
      if (lengthIsOurs && lower === 'content-length') continue
      const value = safeValue(headers[at + 1] ?? '')
      if (lower === 'connection') this.closing ||= /\bclose\b/i.test(value)
      else fields.push(name, value)
      // RFC 9110 7.8: who sends Upgrade names it in Connection.
      if (lower === 'upgrade')
        fields.push('Connection', this.closing ? 'Upgrade, close' : 'Upgrade')
    }
    return fields
  }

  private writeHead(status: number, reason: string, fields: string[]): void {
    this.headSent = true
    if (this.closing || this.front.isClosing()) this.response.shouldKeepAlive = false
    // Node has a default for an undefined reason only.
    if (reason === '') this.response.writeHead(status, fields)
    else this.response.writeHead(status, safeValue(reason), fields)
  }

  private finish(): void {
    this.over = true
    if (!this.request.complete) this.dropBody()
  }

  private readonly onData = (bytes: Buffer): void => {
    this.listener.onBody(bytes)
  }

  private readonly onDropped = (bytes: Buffer): void => {
    this.droppedBytes += bytes.length
    if (this.droppedBytes > this.front.bounds.lingerBytes) this.request.destroy()
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

const flush = (response: ServerResponse): void => {
  if (!response.writableEnded) response.flushHeaders()
}

const pairsOf = (flat: readonly string[]): [string, string][] => {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const name = flat[at] ?? ''
    if (isFieldName(name)) pairs.push([name, safeValue(flat[at + 1] ?? '')])
  }
  return pairs
}
