import type { Clock } from '../../../kernel/clock.ts'
import type { ClientExchange, ClientListener } from '../client-exchange.ts'
import type { FrontBounds } from './bounds.ts'

/** What the fronts of one listener share. */
export type FrontHost = {
  /** Takes every request that is well formed. */
  door(exchange: ClientExchange): void
  bounds: FrontBounds
  clock: Clock
  newId: () => string
  /** A request (or what should have been one) was answered by the front itself. */
  onRefused(status: number): void
  /** Answers from now on end their connections. */
  isClosing(): boolean
}

/** Listens until the engine does. */
export const nobody: ClientListener = {
  onBody: () => {},
  onBodyEnd: () => {},
  onDrain: () => {},
  onClose: () => {},
}
