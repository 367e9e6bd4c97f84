import type { Static, TSchema } from 'typebox'
import { auditEndpoints } from './audit.ts'
import type { TimelineEntry } from './events.ts'
import { gapEndpoints } from './gap-endpoints.ts'
import type { GapSummary } from './gaps.ts'
import { gatewayEndpoints } from './gateway-endpoints.ts'
import { accessEndpoints } from './identity/access.ts'
import { clientEndpoints } from './identity/clients.ts'
import { factorEndpoints } from './identity/factors.ts'
import { keyEndpoints } from './identity/keys.ts'
import { peopleEndpoints } from './identity/people.ts'
import { providerEndpoints } from './identity/providers.ts'
import { tokenEndpoints } from './identity/tokens.ts'
import { serviceEndpoints, type Traffic } from './service-endpoints.ts'
import type { LogPage, ServiceSummary } from './service.ts'
import { stackEndpoints } from './stack-endpoints.ts'
import type { ActionProgress } from './stack-state.ts'
import { systemEndpoints } from './system-endpoints.ts'

/**
 * Every route of the platform, once: the server registers it, OpenAPI describes it, and the typed
 * client of CLI and web calls it.
 */
export const api = {
  ...peopleEndpoints,
  ...factorEndpoints,
  ...keyEndpoints,
  ...tokenEndpoints,
  ...clientEndpoints,
  ...providerEndpoints,
  ...accessEndpoints,
  ...auditEndpoints,
  ...serviceEndpoints,
  ...stackEndpoints,
  ...gapEndpoints,
  ...gatewayEndpoints,
  ...systemEndpoints,
} as const

export type Api = typeof api
export type EndpointName = keyof Api

/**
 * Topics of `GET /api/v1/live?topics=a,b` (server-sent events). Durable topics carry an `id:` and
 * are replayed after a reconnect with Last-Event-ID; `reset` tells the client to read everything
 * again, because its last id is older than what is kept. The others begin with what is true now.
 */
export type LiveMessages = {
  /** All services once after connecting, then each that changed: the whole new summary. */
  services: ServiceSummary
  /** Something happened. Durable. */
  timeline: TimelineEntry
  /** A stack was applied or removed. Durable. */
  stacks: { stack: string; removed: boolean }
  /** Actions of plans that are being applied, as they get on. Not replayed. */
  actions: ActionProgress
  /** Once a second while there is any. Not replayed. */
  traffic: Traffic[]
  /** The numbers of each stack's gap audit, and again when its report is another or being made. */
  gaps: GapSummary & { isAuditing: boolean }
  /** Topic `logs:<stack>/<service>`; not replayed: continue with `after` of the log route. */
  logs: Static<typeof LogPage>['items']
  /** Sent once, after everything that is true now. */
  hello: { version: string; position: string }
  reset: { reason: string }
  /** A topic cannot be had (any more); the others go on. */
  refused: { topic: string; code: string; message: string }
}

export type CallOutput<N extends EndpointName> = Api[N]['response'] extends TSchema
  ? Static<Api[N]['response']>
  : void
