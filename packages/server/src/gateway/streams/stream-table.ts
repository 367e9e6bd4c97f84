import type { RoutePlan } from '../proxy/document-plan.ts'
import type { RouteEntry, Router } from '../proxy/router/route-match.ts'

/** Routes of connections; null when there are none. */
export type StreamTable = {
  router: Router<RoutePlan>
  /** Whether one of them has to know what a client says first. */
  peeks: boolean
}

export const streamTableOf = (
  entries: readonly RouteEntry<RoutePlan>[],
  router: Router<RoutePlan>,
): StreamTable | null =>
  entries.length === 0
    ? null
    : { router, peeks: entries.some(({ protocols }) => protocols.some((one) => one !== 'tcp')) }
