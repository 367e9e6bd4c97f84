import type { IncomingMessage, ServerResponse } from 'node:http'

import { limits } from '../limits.ts'
import { isFieldName, mayHaveBody, safeValue } from './answer-lines.ts'
import { StreamExchange, type StreamParts } from './stream-exchange.ts'

/** A request that `node:http` has parsed, and the answer that it frames. */
export class NodeExchange extends StreamExchange {
  readonly version: '1.0' | '1.1'
  private readonly request: IncomingMessage
  private readonly response: ServerResponse

  constructor(parts: StreamParts & { request: IncomingMessage; response: ServerResponse }) {
    const { request, response } = parts
    super(parts, request)
    this.request = request
    this.response = response
    this.version = request.httpVersionMinor === 0 ? '1.0' : '1.1'
    response.on('close', this.onClose)
    response.on('drain', this.onDrain)
  }

  get bodyComplete(): boolean {
    return this.ended || this.request.complete
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
    else if (length > limits.singleWriteBytes) this.response.end(body)
    // Latin-1 keeps every byte, and lets node join body and head in one string.
    else this.response.end(body.toString('latin1', 0, length), 'latin1')
    this.finish(this.response)
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
    this.finish(this.response)
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

  /** An answer that comes without it ends the connection: node knows that nobody was told. */
  protected sendContinue(): void {
    this.response.writeContinue()
  }

  protected trailersIn(): readonly string[] {
    return this.request.rawTrailers
  }

  protected cutAnswer(): void {
    this.response.destroy()
  }

  protected cutBody(): void {
    this.request.destroy()
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
