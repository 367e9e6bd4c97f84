import {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type OutgoingHttpHeaders,
} from 'node:http2'

import { http2Fields } from './http2-fields.ts'
import type { Loss, Tenant, UpstreamConnection } from './connection.ts'
import type { ResponseHead } from './response-parser.ts'
import type { Placed } from './under-way.ts'

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants

/** One request on an HTTP/2 connection; to its tenant it looks like a connection of its own. */
export class Http2Request implements UpstreamConnection, Placed {
  readonly http2 = true
  place = -1
  deadlineMs = Infinity
  private readonly session: ClientHttp2Session
  private readonly onDone: () => void
  private tenant: Tenant | null
  private stream: ClientHttp2Stream | null = null
  private answered = false
  private trailers: string[] | null = null

  constructor(session: ClientHttp2Session, tenant: Tenant, onDone: () => void) {
    this.session = session
    this.tenant = tenant
    this.onDone = onDone
  }

  sendHead(head: string, body: Buffer | null, method: string, deadlineMs: number): void {
    this.deadlineMs = deadlineMs
    const { headers, hasBody } = headersOf(head, method)
    const streams = hasBody && body === null
    try {
      this.stream = this.session.request(headers, { endStream: !hasBody, waitForTrailers: streams })
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error)
      // The tenant is still in its call: it must not be left in the middle of it.
      setImmediate(() => this.lose({ reason: 'malformed', detail }))
      return
    }
    this.listen(this.stream)
    if (body !== null) this.stream.end(body)
  }

  /** Copied: the caller uses the buffer again, and a stream may keep it until the window opens. */
  write(bytes: Buffer): boolean {
    return this.stream?.write(Buffer.from(bytes)) ?? true
  }

  writeChunk(bytes: Buffer): boolean {
    return this.write(bytes)
  }

  endBody(_chunked: boolean, trailers: readonly string[] | null): void {
    const { stream } = this
    stream?.once('wantTrailers', () => stream.sendTrailers(http2Fields(trailers ?? [], false)))
    stream?.end()
  }

  /** Nothing follows a request on its stream. */
  spoil(): void {}

  pause(): void {
    this.stream?.pause()
  }

  resume(): void {
    this.stream?.resume()
  }

  abandon(): void {
    this.finish(NGHTTP2_CANCEL)
  }

  /** Called by the sweep once the deadline has passed. */
  expire(nowMs: number): void {
    if (this.tenant === null || this.tenant.onDeadline(nowMs)) return
    this.deadlineMs = Infinity
    this.lose({ reason: 'timeout', detail: '' })
  }

  /** `reused`: the whole connection went, and had carried others before; see Loss. */
  lose({ reason, detail }: Pick<Loss, 'reason' | 'detail'>, reused = false): void {
    const { tenant, answered, stream } = this
    if (tenant === null) return
    // Refused: the other side has not looked at the request (RFC 9113 8.7).
    const sent = stream === null || stream.rstCode !== NGHTTP2_REFUSED_STREAM
    this.finish(NGHTTP2_CANCEL)
    tenant.onLoss({ sent, answered, reused, reason, detail })
  }

  private listen(stream: ClientHttp2Stream): void {
    stream.on('headers', (headers, _flags, raw) => {
      this.tenant?.onInformational(headOf(Number(headers[':status']), raw))
    })
    stream.on('response', (headers, _flags, raw) => {
      this.answered = true
      this.tenant?.onHead(headOf(Number(headers[':status']), raw))
    })
    stream.on('data', (bytes: Buffer) => {
      this.tenant?.onBody(bytes)
      this.tenant?.onPartial()
    })
    stream.on('trailers', (_headers, _flags, raw) => (this.trailers = fieldsOf(raw)))
    stream.on('end', () => this.onEnd())
    stream.on('drain', () => this.tenant?.onWritable())
    stream.on('error', (error) => this.lose({ reason: 'reset', detail: error.message }))
    stream.on('close', () => {
      this.lose({ reason: 'reset', detail: `stream closed with code ${stream.rstCode}` })
    })
  }

  private onEnd(): void {
    const { tenant, stream } = this
    // A stream that is reset ends as well, before it says that it is closed.
    if (tenant === null || !this.answered || stream === null || stream.rstCode !== NGHTTP2_NO_ERROR)
      return
    // The other side may answer before it has the whole request; it gets no more of it.
    this.finish(stream.writableFinished ? null : NGHTTP2_NO_ERROR)
    tenant.onEnd(this.trailers)
  }

  /** The tenant is out of it from here on. */
  private finish(resetCode: number | null): void {
    if (this.tenant === null) return
    this.tenant = null
    if (resetCode !== null) this.stream?.close(resetCode)
    this.onDone()
  }
}

/** The head of HTTP/1.1 in the fields of HTTP/2 (RFC 9113 8.2 and 8.3). */
const headersOf = (
  head: string,
  method: string,
): { headers: OutgoingHttpHeaders; hasBody: boolean } => {
  const lines = head.split('\r\n')
  const headers: Record<string, string | string[]> = {
    ':method': method,
    ':path': lines[0]?.split(' ')[1] ?? '/',
  }
  let hasBody = false
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(':')
    if (colon === -1) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'host') headers[':authority'] = value
    else if (name === 'transfer-encoding') hasBody = true
    else if (!hopByHop.has(name)) {
      if (name === 'content-length') hasBody = value !== '0'
      const before = headers[name]
      headers[name] = before === undefined ? value : [before, value].flat()
    }
  }
  return { headers, hasBody }
}

const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'upgrade',
])

const headOf = (status: number, raw: readonly string[]): ResponseHead => {
  const headers = fieldsOf(raw)
  const lengthAt = headers.indexOf('content-length')
  return {
    status,
    reason: '',
    headers,
    contentLength: lengthAt === -1 ? null : Number(headers[lengthAt + 1]),
    chunked: false,
    keepAlive: true,
    idleTimeoutMs: null,
    upgrade: null,
  }
}

/** Flat, without pseudo fields. */
const fieldsOf = (raw: readonly string[]): string[] => {
  const fields: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    if (!name.startsWith(':')) fields.push(name, raw[at + 1] ?? '')
  }
  return fields
}
