import type { Clock } from '../../kernel/clock.ts'
import type { ExchangeHost, ExchangeParts, RunUnderWay } from './exchange-parts.ts'
import type { TunnelParts } from './tunnel.ts'

/** Sends requests on their way, and knows which ones are on it. */
export type Launcher = {
  host: ExchangeHost
  clock: Clock
  exchange(parts: ExchangeParts): void
  tunnel(parts: TunnelParts): void
  onBegin(run: RunUnderWay): void
  onFinish(run: RunUnderWay): void
}
