import type { Timer } from '../../kernel/clock.ts'
import { Admission } from './admission.ts'
import { AnswerOut } from './answer-out.ts'
import type { ClientExchange } from './client-exchange.ts'
import type { Loss, UpstreamConnection } from './connection.ts'
import type { ExchangeHost, ExchangeParts, ExchangeWatch, UnderWay } from './exchange-parts.ts'
import type { Hedging } from './hedging.ts'
import { Journey } from './journey.ts'
import type { OwnErrorCode } from './kong-answer.ts'
import { dressOwn, errorAnswer } from './own-answer.ts'
import type { Target } from './target.ts'
import type { RequestUpload } from './upload.ts'
import type { UpstreamHead } from './upstream-head.ts'

/**
 * How an exchange ends, whatever ends it: with its answer, with one of ours, or without; and what
 * is counted then.
 */
export abstract class ExchangeEnd implements UnderWay {
  place = -1
  protected readonly host: ExchangeHost
  protected readonly parts: ExchangeParts
  protected readonly client: ClientExchange
  protected readonly target: Target
  protected readonly head: UpstreamHead
  protected readonly watch: ExchangeWatch | null
  protected readonly journey: Journey
  protected readonly out: AnswerOut
  protected upload: RequestUpload | null = null
  protected connection: UpstreamConnection | null = null
  protected paused = false
  protected done = false
  /** Null without a bulkhead. */
  protected readonly admission: Admission | null
  protected sentMs = 0
  protected countedAtHead = false
  /** The pause before the next attempt. */
  protected timer: Timer | null = null
  protected hedging: Hedging | null = null

  constructor(host: ExchangeHost, parts: ExchangeParts) {
    const { client, target, head, watch } = parts
    this.host = host
    this.parts = parts
    this.client = client
    this.target = target
    this.head = head
    this.watch = watch
    this.admission = Admission.to(target.policies)
    this.journey = new Journey(target, parts.ask, host.nowMs)
    const ownHeaders = watch === null ? (parts.answerHeaders ?? noHeaders) : null
    this.out = new AnswerOut(client, target, head.requestId, ownHeaders)
  }

  /** What is under way to an instance is given up. */
  protected abstract leaveUpstream(): void

  /** Ends the exchange from outside: the gateway stops. */
  cut(): void {
    if (this.done) return
    this.finish(this.out.head?.status ?? 503, true)
    this.leaveUpstream()
    this.client.abort()
  }

  /** Looked at by the sweep: what no deadline of a connection finds. */
  expire(nowMs: number): void {
    if (this.connection === null && this.upload !== null && this.upload.isStalled(nowMs)) {
      return this.fail('gateway_request_timeout', 'The request body did not arrive in time.')
    }
    const { totalMs } = this.target.timeouts
    if (nowMs - this.parts.startedMs < totalMs) return
    this.leaveUpstream()
    if (this.out.flushed) return this.breakOffClient()
    const detail = `${this.target.service} did not answer within ${totalMs / 1000} s.`
    this.fail('gateway_upstream_timeout', detail)
  }

  protected breakOffClient(): void {
    this.finish(this.out.head?.status ?? 502, true)
    this.upload?.leave()
    this.client.abort()
  }

  protected fail(code: OwnErrorCode, detail: string): void {
    if (this.done) return
    const { client, upload, target, head } = this
    const asked = { kong: target.kong, requestId: head.requestId, path: client.target }
    const { status, headers, body } = errorAnswer(code, detail, client, asked)
    this.finish(status, status >= 500)
    if (client.headSent) return client.abort()
    this.watch?.onFailure(code)
    if (target.kong && this.watch === null) {
      dressOwn(headers, head.requestId, this.host.nowMs() - this.parts.startedMs)
    }
    if (this.host.isClosing() || (upload !== null && !client.bodyComplete)) client.closeAfter()
    client.sendWhole(status, '', headers, body)
    if (upload !== null) upload.leave()
    else if (!client.bodyComplete) client.dropBody()
  }

  protected finish(status: number, error: boolean): void {
    const nowMs = this.host.nowMs()
    this.done = true
    this.journey.land(nowMs)
    this.timer?.cancel()
    this.hedging?.drop()
    const { series } = this.target
    this.admission?.end()
    series.inFlight -= 1
    if (status > 0) this.count(status, error, nowMs)
    else series.bytesOut += this.out.bytes
    this.host.onFinish(this)
  }

  protected count(status: number, error: boolean, nowMs: number): void {
    const { series } = this.target
    if (this.countedAtHead) {
      series.bytesOut += this.out.bytes
      if (error) series.errors += 1
      return
    }
    this.countedAtHead = !this.done
    const bytes = this.done ? this.out.bytes : 0
    series.record(status, nowMs - this.parts.startedMs, bytes, error)
  }

  protected warnOf({ reason, detail }: Loss): void {
    if (!this.target.mayWarn(this.host.nowMs())) return
    const { service } = this.journey.destination
    const { requestId } = this.head
    const instance = this.journey.endpoint?.instance
    const facts = { service, instance, requestId, reason, detail }
    this.host.warn(facts, 'instance broke off its answer')
  }
}

const noHeaders: readonly string[] = []
