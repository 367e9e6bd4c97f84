import type { ExchangeRecord, GatewayAnswer } from '../../plugins/plugin.ts'
import { scanAnswer } from '../answer-head.ts'
import type { Endpoint } from '../balance/endpoint.ts'
import type { ClientListener } from '../client-exchange.ts'
import { destinationOf } from '../destination.ts'
import type { ExchangeParts, ExchangeWatch } from '../exchange-parts.ts'
import type { OwnErrorCode } from '../kong-answer.ts'
import { dressOwn, dressProxied, errorAnswer } from '../own-answer.ts'
import type { ResponseHead } from '../response-parser.ts'
import { AnswerPath, type AnswerOwner } from './answer-path.ts'
import { ChainClient } from './chain-client.ts'
import { ChainResponse } from './chain-response.ts'
import type { Bound } from './instances.ts'
import { PluginHooks } from './plugin-hooks.ts'
import type { RunParts } from './plugin-view.ts'
import { Attempts, RunRecord } from './record.ts'

/**
 * One request among its plugins: `access` hooks by priority, then the service or an answer of
 * ours, `response` hooks, and `log` when all is over. Waits only where a hook does.
 */
export class PluginRun extends PluginHooks implements ClientListener, AnswerOwner, ExchangeWatch {
  place = -1
  private readonly answer: AnswerPath
  private readonly attempts = new Attempts()
  private inner: ChainClient | null = null

  constructor(parts: RunParts) {
    super(parts)
    this.answer = new AnswerPath(parts.client, this)
  }

  begin(): void {
    this.enter()
    this.access(0)
  }

  /** An error before any plugin could run: they see the answer all the same, as in Kong. */
  beginWith(answer: GatewayAnswer, error: OwnErrorCode): void {
    this.enter()
    this.passAll()
    this.error = error
    this.respond(answer)
  }

  /** The gateway stops. */
  cut(): void {
    this.onClose()
    this.outer.abort()
  }

  private enter(): void {
    this.chain.enter()
    this.launcher.onBegin(this)
    this.outer.listener = this
  }

  get answered(): boolean {
    return this.own !== null
  }

  respond(answer: GatewayAnswer): void {
    this.own ??= answer
    if (!this.inAccess) this.sendOwn()
  }

  // The way in.

  protected override onPassed(): void {
    this.inAccess = false
    if (this.closed) return this.finish()
    if (this.own !== null) return this.sendOwn()
    this.proceed()
  }

  private proceed(): void {
    const { plan } = this.way
    const { target, upstreamPath } = destinationOf(this.way, this.ask, this.consumer)
    // A path that a plugin chose stays, whichever service it is for.
    if (this.request.upstreamPath === this.way.upstreamPath) {
      this.request.upstreamPath = upstreamPath
    }
    if (plan !== null && plan.service === null) return this.fail('gateway_no_service')
    const { method, headers } = this.request
    const upgrade = this.outer.takeSocket !== null
    const bodyLength = this.body.changed ? this.body.length : undefined
    const head = this.upstreamHead(method, headers.raw, bodyLength, upgrade)
    this.inner = new ChainClient(method, this.outer, this.body, this.answer)
    const { ask, startedMs } = this
    const parts = { client: this.inner, target, head, ask, startedMs, watch: this }
    if (upgrade) this.openTunnel(parts)
    else this.launcher.exchange(parts)
  }

  private openTunnel(parts: ExchangeParts): void {
    this.launcher.tunnel({ ...parts, watch: this, decorate: (answer) => this.decorate(answer) })
  }

  /** An error of ours, before the service is asked. */
  private fail(code: OwnErrorCode): void {
    this.error = code
    const { kong } = this.way.target
    const asked = { kong, requestId: this.requestId, path: this.outer.target }
    this.respond(errorAnswer(code, 'The route has no service.', this.outer, asked))
  }

  private sendOwn(): void {
    if (this.own === null || this.answer.begun) return
    this.answer.expectOwn(this.error)
    this.answer.sendOwn(this.own)
    this.body.drop()
  }

  /** The body is larger than a plugin allows: the service gets no more of it. */
  overflow(answer: GatewayAnswer): void {
    this.body.drop()
    this.own ??= answer
    if (this.inAccess) return
    if (this.answer.begun) return
    this.inner?.listener.onClose()
    this.outer.closeAfter()
    this.sendOwn()
  }

  // The way back.

  dress(response: ChainResponse): void {
    const { kong } = this.way.target
    const { raw } = response.headers
    for (const text of this.answerHeaders.raw) raw.push(text)
    const now = this.launcher.host.nowMs()
    const proxied = response.source === 'service'
    if (!kong) {
      response.headers.set('x-request-id', this.requestId)
      if (proxied) response.headers.set('x-keelson-instance', this.attempts.instance)
    } else if (proxied) {
      dressProxied(raw, this.requestId, this.attempts.times(this.startedMs, now), scanAnswer(raw))
    } else dressOwn(raw, this.requestId, now - this.startedMs)
  }

  /** Headers of the answer that makes a WebSocket. */
  private decorate(head: ResponseHead): void | Promise<void> {
    const response = new ChainResponse(head.status, head.reason, head.headers, 'service', null)
    const finish = (): void => {
      this.dress(response)
      head.headers = response.headers.raw
      this.answer.status = head.status
      this.answer.response = response
    }
    const waiting = this.responseFrom(0, response)
    return waiting === undefined ? finish() : waiting.then(finish)
  }

  failed(by: Bound | null, error: unknown): void {
    by?.failed('response', error, this.requestId)
  }

  resumeSource(): void {
    this.inner?.listener.onDrain()
  }

  onFinished(complete: boolean): void {
    if (!complete) this.closed = true
    this.finish()
  }

  onAttempt(endpoint: Endpoint, nowMs: number): void {
    this.attempts.begin(endpoint, nowMs)
  }

  onOutcome(outcome: number | string, nowMs: number): void {
    this.attempts.end(outcome, nowMs)
  }

  onFailure(code: OwnErrorCode): void {
    this.error = code
    this.answer.expectOwn(code)
  }

  onTunnelEnd(bytesOut: number): void {
    this.answer.bytesOut = bytesOut
    this.finish()
  }

  // What the client does.

  onBody(bytes: Buffer): void {
    this.body.onBytes(bytes)
  }

  onBodyEnd(trailers: readonly string[] | null): void {
    this.body.onEnd(trailers)
  }

  onDrain(): void {
    this.answer.onDrain()
  }

  onClose(): void {
    if (this.closed) return
    this.closed = true
    this.body.onClose()
    this.inner?.listener.onClose()
    this.answer.onClose()
  }

  private ended = false

  private finish(): void {
    if (this.ended) return
    this.ended = true
    if (this.inner === null) this.count()
    this.chain.leave()
    this.launcher.onFinish(this)
    this.runLog()
  }

  /** What never went to a service is counted here. */
  private count(): void {
    const { series } = this.way.target
    const { status, bytesOut } = this.answer
    if (!this.answer.begun) {
      series.aborted += 1
      return
    }
    const durationMs = this.launcher.host.nowMs() - this.startedMs
    series.record(status, durationMs, bytesOut, status >= 500)
  }

  protected override record(): ExchangeRecord {
    return new RunRecord({
      client: this.outer,
      answer: this.answer,
      attempts: this.attempts,
      clock: this.launcher.clock,
      startedMs: this.startedMs,
      endedMs: this.launcher.host.nowMs(),
      bodyBytes: this.body.bytes,
      error: this.error,
      aborted: this.closed,
    })
  }
}
