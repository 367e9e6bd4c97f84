import { Type, type Static, type TObject } from 'typebox'
import type { RouteProtocol } from '../../config/model.ts'

/**
 * What authors of plugins import as `@keelson/server/gateway-plugin`. The same hooks as those of the
 * house, in a process of their own: what they see is a copy, and what they change travels back.
 */
export { Type }

export type OwnPlugin<S extends TObject = TObject> = {
  /** The name of its folder. */
  name: string
  /** Higher first, among all plugins. */
  priority: number
  /** One sentence, for lists. */
  summary: string
  /** Of `config`; every field with a default may be left out. */
  schema: S
  /** What it can be tied to beside everything at once; all three when left out. */
  scopes?: readonly ('service' | 'route' | 'consumer')[]
  /** All of HTTP when left out. */
  protocols?: readonly RouteProtocol[]
  /** How much of a request's body `access` sees: 0, the default, to 1 MiB. */
  bodyBytes?: number
  /** Called once for each configured plugin, and again after a restart of its process. */
  create(config: Static<S>, host: OwnHost): OwnHooks
}

export type OwnHooks = {
  /** Before the request goes to the service; may change it, or answer. */
  access?(exchange: OwnExchange): void | Promise<void>
  /** Before the head of an answer goes to the client; not for WebSockets. */
  response?(exchange: OwnSeen, response: OwnResponse): void | Promise<void>
  /** After the end of the exchange; left out when the plugin cannot keep up. */
  log?(exchange: OwnSeen, record: OwnRecord): void | Promise<void>
}

export type OwnHost = {
  /** Id of the configured plugin. */
  id: string
  log: Record<'info' | 'warn' | 'error', (message: string, facts?: object) => void>
}

/** What all hooks see of one request. */
export type OwnSeen = {
  readonly requestId: string
  readonly request: OwnRequest
  readonly clientIp: string
  readonly route: { id: string; name: string | null } | null
  readonly service: { id: string; name: string | null } | null
  /** Captures of the path regex by name and by number ('1'). */
  readonly captures: Readonly<Record<string, string>>
  readonly consumer: { id: string; username: string | null; customId: string | null } | null
  readonly groups: readonly string[]
  /** For later hooks of the same plugin; at most 16 KiB, of what structured clone knows. */
  notes: unknown
}

export type OwnExchange = OwnSeen & {
  readonly request: OwnRequest & {
    /** Changes go to the service. */
    readonly headers: OwnFields
    /** The whole body; null without `bodyBytes`, or when it is larger. */
    readonly body: Buffer | null
  }
  /** Go with whatever answer there will be. */
  readonly answerHeaders: OwnFields
  /** Answers; the service is not asked. */
  respond(answer: OwnAnswer): void
  /** Answers with `{"message": …, "request_id": …}`. */
  refuse(status: number, message: string, headers?: OwnAnswer['headers']): void
  /**
   * Says who asks, and tells the service. A consumer is named by id or user name; one that does not
   * exist counts as a failure of the plugin. Null: known to you, and no consumer.
   */
  authenticate(who: { consumer: string | null; groups?: readonly string[] }): void
}

export type OwnRequest = {
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  /** With `?`, or empty. */
  readonly query: string
  readonly headers: Pick<OwnFields, 'get' | 'all' | 'has' | 'entries'>
}

/** An answer before its head has left. */
export type OwnResponse = {
  status: number
  /** `service`: it came from there; `gateway`: a plugin's, or an error of ours. */
  readonly source: 'service' | 'gateway'
  readonly headers: OwnFields
  /** Drops this answer and sends another one. */
  replace(answer: OwnAnswer): void
}

export type OwnAnswer = {
  status: number
  headers?: Readonly<Record<string, string | readonly string[]>>
  /** At most 1 MiB. */
  body?: string | Uint8Array
}

/** Header fields; names without regard to case. */
export type OwnFields = {
  /** The first value. */
  get(name: string): string | undefined
  all(name: string): string[]
  has(name: string): boolean
  entries(): [name: string, value: string][]
  /** Replaces every field of this name by one. */
  set(name: string, value: string): void
  add(name: string, value: string): void
  remove(name: string): void
}

/** What happened. Times in milliseconds. */
export type OwnRecord = {
  startedAt: Date
  /** Of the answer; 499 when the client left before there was one. */
  status: number
  source: 'service' | 'gateway'
  error: string | null
  requestBytes: number
  responseBytes: number
  durationMs: number
  /** Null when the service was not asked. */
  upstreamMs: number | null
  aborted: boolean
}

/** Keeps the type of the configuration from the schema to the hooks. */
export const definePlugin = <S extends TObject>(plugin: OwnPlugin<S>): OwnPlugin<S> => plugin
