import { shownTarget } from '../logging/index.ts'
import type { ExchangeRecord, PluginExchange } from '../plugin.ts'
import { findTrace, type Found, type Propagation } from './propagation.ts'

/** The address as the client wrote it, without its credentials. */
export const shownUrl = ({ request }: PluginExchange): string =>
  `${request.scheme}://${request.host}${shownTarget(request.target)}`

/** When it began, in milliseconds of the wall clock. */
export const startMsOf = ({ startedAt }: ExchangeRecord): number => startedAt.getTime()

/** An answer that is the fault of the gateway or the service, or none at all. */
export const isFailure = ({ status, aborted }: ExchangeRecord): boolean => status >= 500 || aborted

/**
 * What a plugin makes of the trace of a request, once: in the access hook, or later where another
 * plugin answered before.
 */
export const rememberTrace = <T>(
  propagation: Propagation,
  begin: (exchange: PluginExchange, found: Found) => T,
): ((exchange: PluginExchange) => T) => {
  const note = Symbol('trace')
  return (exchange) => {
    const known = exchange.notes.get(note) as T | undefined
    if (known !== undefined) return known
    const trace = begin(exchange, findTrace(exchange, propagation))
    exchange.notes.set(note, trace)
    return trace
  }
}
