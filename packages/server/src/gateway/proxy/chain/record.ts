import type { Clock } from '../../../kernel/clock.ts'
import type { ExchangeRecord } from '../../plugins/plugin.ts'
import type { Endpoint } from '../balance/endpoint.ts'
import type { ClientExchange } from '../client-exchange.ts'
import { HeaderList } from '../header-list.ts'
import type { AnswerPath } from './answer-path.ts'

type Try = {
  instance: string
  host: string
  port: number
  startedMs: number
  outcome: number | string
  durationMs: number
}

/** Which instances one exchange went to, and what came of it. */
export class Attempts {
  private last: Try | null = null
  private earlier: Try[] | null = null
  /** When the attempt began that was answered; monotonic, as below. */
  private sentMs: number | null = null
  private answeredMs: number | null = null

  get instance(): string {
    return this.last === null ? '' : this.last.instance
  }

  get all(): readonly Try[] {
    return this.last === null ? [] : [...(this.earlier ?? []), this.last]
  }

  begin({ instance, origin: { host, port } }: Endpoint, nowMs: number): void {
    this.sentMs = nowMs
    this.answeredMs = null
    if (this.last !== null) (this.earlier ??= []).push(this.last)
    this.last = { instance, host, port, startedMs: nowMs, outcome: '', durationMs: 0 }
  }

  end(outcome: number | string, nowMs: number): void {
    const { last } = this
    if (last === null) return
    last.outcome = outcome
    last.durationMs = nowMs - last.startedMs
    if (typeof outcome === 'number') this.answeredMs = nowMs
  }

  /** Waiting for the service, from sending to the head of its answer; null when it did not give one. */
  get upstreamMs(): number | null {
    return this.sentMs === null || this.answeredMs === null ? null : this.answeredMs - this.sentMs
  }

  times(startedMs: number, nowMs: number): { upstreamMs: number; proxyMs: number } {
    return { upstreamMs: this.upstreamMs ?? 0, proxyMs: (this.sentMs ?? nowMs) - startedMs }
  }

  /** From the start of the exchange to the head of its answer. */
  headMs(startedMs: number, endedMs: number): number {
    return (this.answeredMs ?? endedMs) - startedMs
  }
}

type Facts = {
  client: ClientExchange
  answer: AnswerPath
  attempts: Attempts
  clock: Clock
  startedMs: number
  endedMs: number
  bodyBytes: number
  error: string | null
  aborted: boolean
}

/** Works out only what is asked for: metrics want three numbers, access logs want it all. */
export class RunRecord implements ExchangeRecord {
  private readonly facts: Facts
  private started: Date | null = null

  constructor(facts: Facts) {
    this.facts = facts
  }

  get startedAt(): Date {
    const { clock, startedMs } = this.facts
    this.started ??= new Date(clock.now().getTime() - (clock.monotonicMs() - startedMs))
    return this.started
  }

  get status(): number {
    const { begun, status } = this.facts.answer
    // nginx's word for a client that left.
    return begun || status > 0 ? status : 499
  }

  get source(): 'service' | 'gateway' {
    return this.facts.answer.response?.source ?? 'gateway'
  }

  get error(): string | null {
    return this.facts.error
  }

  get requestBytes(): number {
    return requestHeadBytes(this.facts.client) + this.facts.bodyBytes
  }

  get responseBytes(): number {
    const { response, bytesOut } = this.facts.answer
    return bytesOut + (response === null ? 0 : 17 + fieldBytes(response.headers))
  }

  get durationMs(): number {
    return this.facts.endedMs - this.facts.startedMs
  }

  get upstreamMs(): number | null {
    return this.facts.attempts.upstreamMs
  }

  get gatewayMs(): number {
    const { attempts, startedMs, endedMs } = this.facts
    return Math.max(0, attempts.headMs(startedMs, endedMs) - (attempts.upstreamMs ?? 0))
  }

  get responseHeaders(): HeaderList {
    return this.facts.answer.response?.headers ?? new HeaderList()
  }

  get tries(): ExchangeRecord['tries'] {
    const { attempts, startedMs } = this.facts
    return attempts.all.map((one) => ({ ...one, startedMs: one.startedMs - startedMs }))
  }

  get aborted(): boolean {
    return this.facts.aborted
  }
}

/** `GET /path HTTP/1.1`, CRLF, Host, the fields, and the empty line. */
const requestHeadBytes = (client: ClientExchange): number =>
  client.method.length + client.target.length + client.host.length + 20 + fieldBytes(client.headers)

const fieldBytes = ({ raw }: HeaderList): number => {
  let bytes = 2
  for (const text of raw) bytes += text.length + 2
  return bytes
}
