import type { Readable, Transform } from 'node:stream'
import type { Static, TObject } from 'typebox'
import type { Clock } from '../../kernel/clock.ts'
import type {
  Consumer,
  Credential,
  CredentialKind,
  PluginEntity,
  Route,
  RouteProtocol,
  Service,
} from '../config/model.ts'
import type { UpstreamState } from '../proxy/balance/upstream-state.ts'
import type { ClientAddress, ClientTls } from '../proxy/client-exchange.ts'
import type { HeaderList } from '../proxy/header-list.ts'
import type { WorkerPart } from '../proxy/worker-part.ts'

/**
 * A plugin: one folder with `schema.ts` (what may be configured, as a TypeBox object with a
 * default and a description on every field), `handler.ts` (what it does), its tests, and
 * `README.md` (its page).
 *
 * The same hooks in the same order as Kong: by `priority`, higher first, in every phase. When an
 * `access` hook answers, the rest of the `access` hooks are left out; `response` and `log` run
 * for every answer, whoever made it. Of several configurations of one plugin that fit a request
 * the most specific one runs, and only that.
 */
export type PluginDefinition<S extends TObject = TObject> = {
  name: string
  /** Kong's number where Kong has the plugin. */
  priority: number
  /** One sentence, for lists. */
  summary: string
  schema: S
  /** What it can be tied to beside everything at once. */
  scopes: readonly ('service' | 'route' | 'consumer')[]
  protocols: readonly RouteProtocol[]
  /** What the schema cannot say; each with the path inside `config` ([] is config itself). */
  check?(config: Static<S>): readonly PluginFault[]
  /** Called once for each configured plugin; the instance outlives snapshots that do not change it. */
  create(config: Static<S>, host: PluginHost): PluginInstance
}

export type PluginFault = { path: readonly (string | number)[]; message: string }

/** A hook that has nothing to wait for returns nothing: the request then goes on at once. */
type Done = void | Promise<void>

export type PluginInstance = {
  /** Before the request goes to the service; may change it, or answer. */
  access?(exchange: PluginExchange): Done
  /**
   * The answer as it came, before any `response` hook has changed it: for caches, which keep what
   * the service said, and not what was made of it for one client. What replaces it here goes
   * through all `response` hooks like any answer.
   */
  received?(exchange: PluginExchange, response: PluginResponse): void
  /** Before the head of an answer goes to the client, also of the gateway's own answers. */
  response?(exchange: PluginExchange, response: PluginResponse): Done
  /** After the last byte, or when the client has left. Exactly once for every exchange. */
  log?(exchange: PluginExchange, record: ExchangeRecord): void
  /** A connection of a route of `tcp` or `tls` before it goes to the service; false cuts it. */
  connect?(connection: StreamConnection): boolean
  /** It is over. Exactly once for every connection, also for those that were cut. */
  disconnected?(connection: StreamConnection, record: StreamRecord): void
  /** Prometheus lines of its own. */
  metrics?(): string
  close?(): Done
}

/** What a plugin gets of the world; all that it does outside of its hooks goes through here. */
export type PluginHost = {
  clock: Clock
  newId: () => string
  log: { info: LogLine; warn: LogLine; error: LogLine }
  entity: PluginEntity
  /** Counters that all workers of this host share: exact (counters.ts). */
  counters: SharedCounters
  /**
   * At least 32 random bytes that all workers share and that outlive a restart, for cookies of
   * plugins without a secret of their own. Absent: every process makes its own.
   */
  secret?: Buffer
  /**
   * Where a host and port of the configuration are now: an instance of that name in the stack of the
   * document, else as they are. Asked for every connection, because instances move.
   */
  locate?: (host: string, port: number) => { host: string; port: number }
  /** Origin of the platform, to ask who somebody is; absent without one. */
  platform?: string
  /** Of the document; absent for one that belongs to no stack. */
  stack?: string
  /** What the gateway says of itself beside the requests, for metrics; absent where nobody knows. */
  node?: NodeFacts
  /** The workers that serve in this process, of which this is one; absent when it is alone. */
  workers?: Pick<WorkerPart, 'count' | 'fellows'>
}

export type NodeFacts = {
  id: string
  version: string
  /** Of clients: since the start, open now, requests under way, requests since the start. */
  connections: () => { accepted: number; active: number; inFlight: number; requests: number }
  upstreams: () => readonly UpstreamState[]
  /** Whether a new configuration could be read now; absent where there is nothing to reach. */
  storeReachable?: () => boolean
}

type LogLine = (facts: object, message: string) => void

/** Fixed-size cells in shared memory; each operation is atomic over all workers of the host. */
export type SharedCounters = {
  /**
   * Adds `amount` to the counter if the sum stays within `limit`; says the value afterwards (or
   * the one that was in the way). A counter that does not exist, or has expired, is 0.
   * `expiresAtMs` is wall-clock time.
   */
  addUpTo(
    key: string,
    amount: number,
    limit: number,
    expiresAtMs: number,
  ): { added: boolean; value: number }
  get(key: string): number
  /**
   * Counts `key` in several windows at once, as one step: adds `amount` to each, or to none when
   * one of them would pass its limit. Fills in `windows.values`: the values afterwards, or those
   * that were in the way.
   */
  addToWindows(key: string, amount: number, nowMs: number, windows: CounterWindows): boolean
  /** Compare and swap of a number, for GCRA and the like; false when it was changed meanwhile. */
  replace(key: string, expected: number, next: number, expiresAtMs: number): boolean
  /**
   * Takes one of `limit` places, until `release`; false when all are taken. Those of a worker that
   * dies are free again.
   */
  hold(key: string, limit: number): boolean
  release(key: string): void
}

/** Windows of one key, each told from its fellows by its end; kept and filled in anew by the caller. */
export type CounterWindows = {
  limits: Float64Array
  /** Wall-clock time; the counter of a window is gone after it. */
  endsMs: Float64Array
  values: Float64Array
}

/** One request as plugins see it: what came, what will be sent, who it is, what was answered. */
export type PluginExchange = {
  readonly requestId: string
  readonly request: PluginRequest
  readonly client: ClientAddress
  /** The caller's address behind trusted proxies (X-Forwarded-For), else the peer's. */
  readonly clientIp: string
  readonly tls: ClientTls | null
  readonly route: Route | null
  readonly service: Service | null
  /** Captures of the path regex by name and by number ('1'). */
  readonly captures: Readonly<Record<string, string>>
  readonly consumers: ConsumerIndex

  readonly consumer: Consumer | null
  /** What the caller proved itself with. */
  readonly credential: { id: string; name: string | null } | null
  /** Groups of the consumer, and those an authentication brought along. */
  readonly groups: readonly string[]
  /**
   * Says who asks, and tells the service: X-Consumer-ID, -Username, -Custom-ID,
   * X-Credential-Identifier, X-Anonymous-Consumer; forged ones of the client are gone, and its
   * X-Consumer-Groups and X-Authenticated-Groups. Plugins of the consumer apply from here on. `consumer` null: authenticated without a consumer (OIDC).
   */
  authenticate(who: {
    consumer: Consumer | null
    credential: { id: string; name: string | null } | null
    anonymous?: boolean
    groups?: readonly string[]
  }): void

  /** Answers; the service is not asked. */
  respond(answer: GatewayAnswer): void
  /** Answers in Kong's form, `{"message": …, "request_id": …}`, negotiated by Accept. */
  refuse(status: number, message: string, headers?: readonly string[]): void
  readonly answered: boolean

  /** Goes with whatever answer there will be, after those of the service. Flat. */
  readonly answerHeaders: HeaderList

  /**
   * Sends the request as it is now (with these changes) to the service, past all plugins, and
   * gives its answer: for revalidation and the like. Rejects when no answer comes. The answer's
   * body must be read or destroyed.
   */
  subrequest(changes: {
    method?: string
    headers?: HeaderList
    body?: Buffer | null
    signal?: AbortSignal
  }): Promise<SubrequestAnswer>

  /** Notes that plugins keep for their later hooks, by a symbol of their own. */
  readonly notes: Map<symbol, unknown>
}

export type SubrequestAnswer = {
  status: number
  reason: string
  headers: HeaderList
  body: Readable
}

/** As it will be sent on; what a plugin changes here, the next one sees. */
export type PluginRequest = {
  method: string
  readonly scheme: 'http' | 'https'
  readonly version: '1.0' | '1.1' | '2'
  /** As it came, with port. */
  readonly host: string
  /** As it came, normalised; without query. */
  readonly path: string
  /** As it came, with `?`, or empty. */
  readonly query: string
  /** Path and query byte for byte as the client wrote them: what signatures are made over. */
  readonly target: string
  /** Proxy-Authorization as it came, which is no end-to-end field; null when there was none. */
  readonly proxyAuthorization: string | null
  /** `Expect: 100-continue`: the client sends its body only when it is told to, and is not yet. */
  readonly expectsContinue: boolean
  /** End-to-end fields; no Host, no framing, no hop-by-hop ones. Changes go to the service. */
  readonly headers: HeaderList
  /** What the service is asked for. */
  upstreamPath: string
  /** With `?`, or empty. */
  upstreamQuery: string
  upstreamHost: string
  /** How the client said where its body ends; `nothing`: it has none, or HTTP/2 tells. */
  readonly framing: 'length' | 'chunks' | 'nothing'
  /** Declared length; 0 without a body, null when unknown. */
  readonly bodyLength: number | null
  /** The whole body, or null when it is larger than the limit (it can still be sent on). */
  readBody(limitBytes: number): Promise<Buffer | null>
  /** Replaces the body; Content-Length follows. */
  setBody(body: Buffer | null): void
  /** Sees (and counts) the body as it flows; a larger one is cut off with this answer. */
  limitBody(limitBytes: number, answer: GatewayAnswer): void
  readonly cookies: ReadonlyMap<string, string>
  /** The session of the page as a Cookie field, which no service gets to see; null without one. */
  readonly platformCookie: string | null
}

/** An answer before its head has left. */
export type PluginResponse = {
  status: number
  reason: string
  /** `service`: it came from there; `gateway`: a plugin's, or an error of ours. */
  readonly source: 'service' | 'gateway'
  /** What went wrong, when the answer is an error of ours: `gateway_upstream_timeout` and so on. */
  readonly error: string | null
  readonly headers: HeaderList
  /** Drops this answer (its body is read away) and sends another one. */
  replace(answer: GatewayAnswer): void
  /**
   * Changes the whole body at once. A larger one passes unchanged, and `change` is never called.
   * Content-Length follows; ETag and Content-MD5 are the caller's business.
   */
  changeBody(limitBytes: number, change: (body: Buffer) => Buffer | Promise<Buffer>): void
  /** Sends the body through a stream; Content-Length goes. */
  pipeBody(through: Transform): void
  /** Sees the bytes as they come from the service, before any change. They are valid in the call only. */
  watchBody(watcher: BodyWatcher): void
}

export type BodyWatcher = {
  onBytes(bytes: Buffer): void
  onEnd(): void
  /** The answer broke off, or the client left before its end. */
  onAbort(): void
}

export type GatewayAnswer = {
  status: number
  /** Flat: name, value, name, value… */
  headers?: readonly string[]
  body?: string | Buffer | Readable | null
}

/** Consumers and credentials of the configuration this exchange began with. */
export type ConsumerIndex = {
  find(idOrUsername: string): Consumer | undefined
  byCustomId(customId: string): Consumer | undefined
  /** By what the credential is looked up with: key, or username of basic and hmac. */
  credential<K extends CredentialKind>(
    kind: K,
    lookup: string,
  ): { credential: Extract<Credential, { kind: K }>; consumer: Consumer } | undefined
  groupsOf(consumer: Consumer): readonly string[]
}

/** What happened, for loggers and metrics. Times in milliseconds. */
export type ExchangeRecord = {
  startedAt: Date
  /** Of the answer; 499 when the client left before there was one. */
  status: number
  source: 'service' | 'gateway'
  error: string | null
  /** Head and body. */
  requestBytes: number
  responseBytes: number
  /** From the first byte of the request to the last of the answer. */
  durationMs: number
  /** Waiting for the service: from sending to the head of its answer; null when it was not asked. */
  upstreamMs: number | null
  /** durationMs less upstreamMs and the time the body took. */
  gatewayMs: number
  responseHeaders: HeaderList
  tries: readonly {
    instance: string
    host: string
    port: number
    startedMs: number
    /** What came of it: a status, or why none came. */
    outcome: number | string
    durationMs: number
  }[]
  aborted: boolean
}

/** A connection that is no HTTP, as plugins see it. */
export type StreamConnection = {
  readonly client: ClientAddress
  readonly tls: ClientTls | null
  readonly route: Route
  readonly service: Service | null
}

/** What became of a connection. Times in milliseconds. */
export type StreamRecord = {
  startedAt: Date
  /** 200, 403 when a plugin cut it, 502 when no target took it or it broke off: nginx's words. */
  status: 200 | 403 | 502
  /** From the client, and to it. */
  bytesReceived: number
  bytesSent: number
  durationMs: number
  /** Null when none took it. */
  target: { instance: string; host: string; port: number } | null
}

/** Keeps the type of the configuration from the schema to the hooks. */
export const definePlugin = <S extends TObject>(
  definition: PluginDefinition<S>,
): PluginDefinition<S> => definition
