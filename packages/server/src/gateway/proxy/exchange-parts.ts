import type { Clock } from '../../kernel/clock.ts'
import type { BalanceAsk } from './balance/balancing.ts'
import type { Endpoint } from './balance/endpoint.ts'
import type { ClientExchange } from './client-exchange.ts'
import type { OwnErrorCode } from './kong-answer.ts'
import type { Target } from './target.ts'
import type { Placed } from './under-way.ts'
import type { UpstreamHead } from './upstream-head.ts'

/** A request among its plugins, as whoever watches over all of them knows it. */
export type RunUnderWay = Placed & {
  /** Ends it from outside: the gateway stops. */
  cut(): void
}

/** An exchange, likewise. */
export type UnderWay = RunUnderWay & {
  /** Called by the sweep. */
  expire(nowMs: number): void
}

/** What exchanges share. */
export type ExchangeHost = {
  clock: Clock
  nowMs: () => number
  /** True while the listener closes: answers then end their connections. */
  isClosing(): boolean
  onBegin(exchange: UnderWay): void
  onFinish(exchange: UnderWay): void
  /** Sends a copy of the request to the service's mirror, if that is its turn. */
  mirror(parts: ExchangeParts, body: Buffer | null): void
  warn(facts: object, message: string): void
}

/** Who follows an exchange from the side: the chain of plugins around it. */
export type ExchangeWatch = {
  onAttempt(endpoint: Endpoint, nowMs: number): void
  /** What came of the attempt: a status, or why none came. */
  onOutcome(outcome: number | string, nowMs: number): void
  /** The answer that comes next is ours. */
  onFailure(code: OwnErrorCode): void
  /** The WebSocket that came of the handshake has ended. */
  onTunnelEnd(bytesOut: number): void
}

export type ExchangeParts = {
  client: ClientExchange
  target: Target
  head: UpstreamHead
  ask: BalanceAsk
  /** When the first byte of the request was seen; monotonic. */
  startedMs: number
  /** Null: nobody dresses the answers afterwards, so it is done here. */
  watch: ExchangeWatch | null
  /** Flat; of the route's version. */
  answerHeaders?: readonly string[] | null
}
