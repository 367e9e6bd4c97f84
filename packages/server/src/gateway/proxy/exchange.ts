import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Endpoint } from './balancer.ts'
import type { Loss, Tenant, UpstreamConnection } from './connection.ts'
import type { Flight } from './flights.ts'
import { limits } from './limits.ts'
import { answerProblem, statusOfProblem, type GatewayProblemCode } from './problem.ts'
import { isIdempotent, isReplayable, setsSession, type RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-parser.ts'
import type { Target } from './target.ts'
import { RequestUpload } from './upload.ts'

/** What exchanges share. */
export type ExchangeHost = {
  nowMs(): number
  /** True while the listener closes: answers then end their connections. */
  isClosing(): boolean
  onBegin(exchange: Exchange): void
  onFinish(exchange: Exchange): void
  warn(facts: object, message: string): void
}

/**
 * One request on its way to an instance and the answer on its way back, with the retries between.
 * Holds nothing that a snapshot swap could take away: it finishes on the target it began with.
 */
export class Exchange implements Tenant {
  private readonly host: ExchangeHost
  private readonly request: IncomingMessage
  private readonly response: ServerResponse
  private readonly target: Target
  private readonly requestHead: RequestHead
  private readonly requestId: string
  private readonly method: string
  /** Start line and headers, ready to be sent to any endpoint. */
  private readonly head: string
  private readonly startedMs: number
  private upload: RequestUpload | null = null
  private endpoint: Endpoint | undefined = undefined
  private flight: Flight | null = null
  private readonly tried: Endpoint[] = []
  private connection: UpstreamConnection | null = null
  private answer: ResponseHead | null = null
  /** Body bytes that wait for the head; valid until the connection's read is used up. */
  private firstBytes: Buffer | null = null
  private flushed = false
  private paused = false
  private draining = false
  private done = false
  private resets = 0
  private bytesOut = 0
  private silenceLimitMs: number = limits.bodyIdleMs
  private countedAtHead = false

  constructor(parts: {
    host: ExchangeHost
    request: IncomingMessage
    response: ServerResponse
    target: Target
    requestHead: RequestHead
    requestId: string
    method: string
    head: string
  }) {
    this.host = parts.host
    this.request = parts.request
    this.response = parts.response
    this.target = parts.target
    this.requestHead = parts.requestHead
    this.requestId = parts.requestId
    this.method = parts.method
    this.head = parts.head
    this.startedMs = parts.host.nowMs()
  }

  begin(): void {
    this.target.series.inFlight += 1
    this.host.onBegin(this)
    this.response.on('close', () => this.onClientClose())
    const { contentLength, chunked } = this.requestHead
    if (!chunked && (contentLength === null || contentLength === '0')) return this.tryNext('any')
    const collect = contentLength !== null && isReplayable(contentLength)
    this.upload = new RequestUpload(this.request, {
      chunked,
      collect,
      nowMs: () => this.host.nowMs(),
      onCollected: () => this.tryNext('any'),
    })
    if (!collect) this.tryNext('any')
  }

  /** Ends the exchange from outside: the gateway stops. */
  cut(): void {
    if (this.done) return
    this.finish(this.answer?.status ?? 503, true)
    this.connection?.abandon()
    this.response.destroy()
  }

  /** Looked at by the sweep as long as no connection has a deadline for us. */
  expireUpload(nowMs: number): void {
    if (this.connection === null && this.upload !== null && this.upload.isStalled(nowMs)) {
      this.fail('gateway_request_timeout', 'The request body did not arrive in time.')
    }
  }

  private get repeatable(): boolean {
    return isIdempotent(this.method) && (this.upload === null || this.upload.isReplayable)
  }

  private tryNext(freshness: 'any' | 'new'): void {
    const { balancer } = this.target
    const endpoint = balancer.pick(this.host.nowMs(), this.tried)
    if (endpoint === undefined) {
      return this.fail(
        'gateway_no_upstream',
        balancer.size === 0
          ? `${this.target.service} has no instance.`
          : `No instance of ${this.target.service} accepts connections.`,
      )
    }
    this.tried.push(endpoint)
    this.fly(endpoint.flight)
    this.send(endpoint, freshness)
  }

  private send(endpoint: Endpoint, freshness: 'any' | 'new'): void {
    this.endpoint = endpoint
    const wanted = freshness === 'new' || this.repeatable ? freshness : 'fresh'
    if (endpoint.origin.request(this, wanted)) return
    this.fail('gateway_overloaded', `Too many requests wait for ${this.target.service}.`)
  }

  onReady(connection: UpstreamConnection): void {
    if (this.done) return connection.abandon()
    this.connection = connection
    const deadlineMs = this.host.nowMs() + this.target.timeoutMs
    connection.sendHead(this.head, this.upload?.collected ?? null, this.method, deadlineMs)
    this.upload?.start(connection, this.target.timeoutMs)
  }

  onWritable(): void {
    this.upload?.resume()
  }

  /** 1xx: told on, except to HTTP/1.0 clients; 100 was answered by node already. */
  onInformational(head: ResponseHead): void {
    if (this.done || this.request.httpVersionMinor === 0) return
    if (head.status === 102) this.response.writeProcessing()
    if (head.status !== 103) return
    const hints: Record<string, string[]> = {}
    for (let at = 0; at + 1 < head.headers.length; at += 2) {
      const name = (head.headers[at] ?? '').toLowerCase()
      hints[name] = [...(hints[name] ?? []), head.headers[at + 1] ?? '']
    }
    const links = hints['link']
    if (links === undefined) return
    try {
      this.response.writeEarlyHints({ ...hints, link: links })
    } catch {
      // Node accepts a narrower Link than servers send; a hint may get lost.
    }
  }

  onHead(head: ResponseHead): void {
    this.answer = head
    const { headers } = head
    const kept = this.ownHeaders(headers) ? withoutOwn(headers) : headers
    kept.push('x-request-id', this.requestId, 'x-keelson-instance', this.endpoint?.instance ?? '')
    if (this.host.isClosing()) kept.push('connection', 'close')
    head.headers = kept
    if (head.status === 204) dropLength(head)
    if (this.upload !== null && !this.upload.sent) this.connection?.spoil()
  }

  /** Whether the upstream sent something that is ours to say; also notes event streams. */
  private ownHeaders(headers: readonly string[]): boolean {
    let own = false
    for (let at = 0; at < headers.length; at += 2) {
      const name = headers[at] ?? ''
      switch (name.length) {
        case 10:
          own ||= name.toLowerCase() === 'set-cookie' && setsSession(headers[at + 1] ?? '')
          break
        case 12: {
          const lower = name.toLowerCase()
          own ||= lower === 'x-request-id'
          if (lower !== 'content-type') break
          // Silence is normal in an event stream; TCP keep-alive finds the dead ones.
          if (headers[at + 1]?.startsWith('text/event-stream')) this.silenceLimitMs = Infinity
          break
        }
        case 18:
          own ||= name.toLowerCase() === 'x-keelson-instance'
          break
        default:
      }
    }
    return own
  }

  onBody(bytes: Buffer): void {
    if (this.done) return
    this.bytesOut += bytes.length
    if (!this.flushed && this.firstBytes === null) {
      this.firstBytes = bytes
      return
    }
    if (!this.flushed) this.flush()
    this.pass(bytes)
  }

  onPartial(): void {
    if (this.done || this.answer === null) return
    if (!this.flushed) this.flush()
    if (this.connection !== null && !this.paused) {
      this.connection.deadlineMs = this.host.nowMs() + this.silenceLimitMs
    }
  }

  private flush(): void {
    const { answer, firstBytes } = this
    if (answer === null) return
    this.flushed = true
    this.response.writeHead(answer.status, answer.reason, answer.headers)
    if (firstBytes === null) this.response.flushHeaders()
    else this.pass(firstBytes)
    this.firstBytes = null
    if (this.silenceLimitMs === Infinity) this.count(answer.status, false)
  }

  /** Copies: the bytes are in the shared read buffer. */
  private pass(bytes: Buffer): void {
    if (this.response.write(Buffer.from(bytes)) || this.paused) return
    this.paused = true
    this.connection?.pause()
    if (this.connection !== null) {
      this.connection.deadlineMs = this.host.nowMs() + limits.bodyIdleMs
    }
    if (this.draining) return
    this.draining = true
    this.response.on('drain', () => this.onDrain())
  }

  private onDrain(): void {
    if (!this.paused || this.done) return
    this.paused = false
    if (this.connection === null) return
    this.connection.deadlineMs = this.host.nowMs() + this.silenceLimitMs
    this.connection.resume()
  }

  onEnd(trailers: string[] | null): void {
    if (this.done) return
    const { answer, response } = this
    if (answer === null) return
    this.connection = null
    if (this.upload !== null) this.upload.leave()
    this.finish(answer.status, answer.status >= 500)
    if (!this.flushed && trailers === null) return this.writeAtOnce(answer)
    if (!this.flushed) this.flush()
    if (trailers !== null) response.addTrailers(pairsOf(trailers))
    response.end()
  }

  /** Head and body in one write: a third more requests per second than in two. */
  private writeAtOnce(answer: ResponseHead): void {
    const { response, firstBytes } = this
    const length = firstBytes === null ? 0 : firstBytes.length
    if (answer.contentLength === null && mayHaveBody(this.method, answer.status)) {
      answer.headers.push('content-length', String(length))
    }
    response.writeHead(answer.status, answer.reason, answer.headers)
    if (firstBytes === null) response.end()
    else if (length > limits.singleWriteBytes) response.end(Buffer.from(firstBytes))
    // Latin-1 keeps every byte, and lets node join body and head in one string.
    else response.end(firstBytes.toString('latin1', 0, length), 'latin1')
    this.firstBytes = null
  }

  onLoss(loss: Loss): void {
    this.connection = null
    if (this.done) return
    if (!loss.sent) this.target.series.connectFailures += 1
    if (this.answer !== null) return this.breakOff(loss)
    if (!loss.sent) return this.retryElsewhere()
    if (loss.reason === 'timeout') {
      const seconds = this.target.timeoutMs / 1000
      return this.fail(
        'gateway_upstream_timeout',
        `${this.target.service} did not answer within ${seconds} s.`,
      )
    }
    if (loss.reason === 'reset' && !loss.answered && this.repeatable && this.resets === 0) {
      return this.retryReset(loss)
    }
    this.warnOf(loss)
    this.fail('gateway_upstream_failed', `${this.target.service} broke off its answer.`)
  }

  /** No connection was made, so nothing was sent: safe for every method. */
  private retryElsewhere(): void {
    const more = this.target.balancer.hasUntried(this.tried)
    if (!more || this.tried.length > limits.connectRetries) {
      return this.fail(
        'gateway_no_upstream',
        `No instance of ${this.target.service} accepts connections.`,
      )
    }
    this.target.series.retries += 1
    this.tryNext('any')
  }

  /**
   * Reset before any answer: once more, elsewhere. A connection that was idle may have been closed
   * in that very moment, which says nothing against its instance: a new connection to it is better
   * than one to an instance that drains or is not well.
   */
  private retryReset(loss: Loss): void {
    const { balancer, series, service } = this.target
    const raced = loss.reused && !balancer.hasGood(this.host.nowMs(), this.tried)
    const again = raced ? this.endpoint : undefined
    if (again === undefined && !balancer.hasUntried(this.tried)) {
      return this.fail('gateway_upstream_failed', `${service} broke off its answer.`)
    }
    this.resets += 1
    series.retries += 1
    if (again === undefined) this.tryNext('new')
    else this.send(again, 'new')
  }

  /** Part of the answer is out: only a broken connection tells the client that it is not whole. */
  private breakOff(loss: Loss): void {
    this.warnOf(loss)
    if (!this.flushed) {
      return this.fail('gateway_upstream_failed', `${this.target.service} broke off its answer.`)
    }
    this.finish(this.answer?.status ?? 502, true)
    this.upload?.leave()
    this.response.destroy()
  }

  onDeadline(nowMs: number): boolean {
    if (this.upload !== null && this.upload.isStalled(nowMs)) {
      this.connection?.abandon()
      this.connection = null
      this.fail('gateway_request_timeout', 'The request body did not arrive in time.')
      return true
    }
    if (this.upload !== null && this.answer === null && this.connection !== null) {
      const deadlineMs = this.upload.lastMovedMs + this.target.timeoutMs
      if (deadlineMs > nowMs) {
        this.connection.deadlineMs = deadlineMs
        return true
      }
    }
    return false
  }

  private onClientClose(): void {
    if (this.done) return
    if (!this.countedAtHead) this.target.series.aborted += 1
    this.finish(0, false)
    this.upload?.leave()
    if (this.connection === null) this.endpoint?.origin.forget(this)
    else this.connection.abandon()
    this.connection = null
  }

  private fail(code: GatewayProblemCode, detail: string): void {
    if (this.done) return
    const { response } = this
    this.finish(statusOfProblem(code), statusOfProblem(code) >= 500)
    this.upload?.leave()
    this.answer = null
    if (response.headersSent) return void response.destroy()
    answerProblem(response, code, detail, {
      method: this.method,
      path: this.request.url ?? '',
      accept: this.request.headers.accept ?? '',
      requestId: this.requestId,
      close: this.host.isClosing() || (this.upload !== null && !this.request.complete),
    })
  }

  /** Is under way to this instance from now on, and to no other. */
  private fly(flight: Flight | null): void {
    this.flight?.end()
    this.flight = flight
    flight?.begin()
  }

  private finish(status: number, error: boolean): void {
    this.done = true
    this.fly(null)
    const { series } = this.target
    series.inFlight -= 1
    if (status > 0) this.count(status, error)
    else series.bytesOut += this.bytesOut
    this.host.onFinish(this)
  }

  private count(status: number, error: boolean): void {
    const { series } = this.target
    if (this.countedAtHead) {
      series.bytesOut += this.bytesOut
      if (error) series.errors += 1
      return
    }
    this.countedAtHead = !this.done
    const bytes = this.done ? this.bytesOut : 0
    series.record(status, this.host.nowMs() - this.startedMs, bytes, error)
  }

  private warnOf({ reason, detail }: Loss): void {
    if (!this.target.mayWarn(this.host.nowMs())) return
    const { service } = this.target
    const { requestId } = this
    const instance = this.endpoint?.instance
    const facts = { service, instance, requestId, reason, detail }
    this.host.warn(facts, 'instance broke off its answer')
  }
}

const mayHaveBody = (method: string, status: number): boolean =>
  method !== 'HEAD' && status !== 204 && status !== 304

const dropLength = (head: ResponseHead): void => {
  if (head.contentLength === null) return
  head.headers = head.headers.flatMap((name, at, all) =>
    at % 2 === 1 || name.toLowerCase() === 'content-length' ? [] : [name, all[at + 1] ?? ''],
  )
}

const withoutOwn = (headers: readonly string[]): string[] => {
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at] ?? ''
    const value = headers[at + 1] ?? ''
    const lower = name.toLowerCase()
    if (lower === 'x-request-id' || lower === 'x-keelson-instance') continue
    if (lower === 'set-cookie' && setsSession(value)) continue
    kept.push(name, value)
  }
  return kept
}

const pairsOf = (flat: readonly string[]): [string, string][] => {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] ?? '', flat[at + 1] ?? ''])
  return pairs
}
