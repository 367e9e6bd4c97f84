import type { Consumer, Route, Service } from '../../config/model.ts'
import type {
  ConsumerIndex,
  GatewayAnswer,
  PluginExchange,
  SubrequestAnswer,
} from '../../plugins/plugin.ts'
import type { ClientAddress, ClientExchange, ClientTls } from '../client-exchange.ts'
import type { Launcher } from '../launcher.ts'
import type { ExchangeWatch } from '../exchange-parts.ts'
import { HeaderList } from '../header-list.ts'
import { kongError } from '../kong-answer.ts'
import type { RequestAsk } from '../request-ask.ts'
import { dashed, type RequestHead } from '../request-head.ts'
import { tlsSeenBy } from '../../tls/client-trust.ts'
import type { Way } from '../way.ts'
import { upstreamHead, type UpstreamHead } from '../upstream-head.ts'
import type { Chain, Slots } from './chain.ts'
import { ChainRequest } from './chain-request.ts'
import { InternalClient } from './internal-client.ts'
import { RequestBody } from './request-body.ts'

export type RunParts = {
  launcher: Launcher
  client: ClientExchange
  way: Way
  chain: Chain
  head: RequestHead
  /** End-to-end fields of the request; given away. */
  fields: string[]
  requestId: string
  ask: RequestAsk
  startedMs: number
}

/** What a request and its fate look like from within a plugin. */
export abstract class PluginView implements PluginExchange {
  readonly requestId: string
  readonly request: ChainRequest
  readonly answerHeaders = new HeaderList()
  consumer: Consumer | null = null
  credential: { id: string; name: string | null } | null = null
  protected readonly launcher: Launcher
  protected readonly outer: ClientExchange
  protected readonly way: Way
  protected readonly chain: Chain
  protected readonly head: RequestHead
  protected readonly ask: RequestAsk
  protected readonly startedMs: number
  protected readonly body: RequestBody
  /** What applies to this caller, as far as it is known. */
  protected slots: Slots
  private broughtGroups: readonly string[] | null = null
  private noted: Map<symbol, unknown> | null = null
  private named: Readonly<Record<string, string>> | null = null

  constructor(parts: RunParts) {
    this.launcher = parts.launcher
    this.outer = parts.client
    this.way = parts.way
    this.chain = parts.chain
    this.head = parts.head
    this.requestId = parts.requestId
    this.ask = parts.ask
    this.startedMs = parts.startedMs
    this.slots = parts.chain.base
    this.body = new RequestBody(parts.client, this)
    this.request = new ChainRequest(parts, this.body)
    const { answerHeaders } = parts.way
    if (answerHeaders !== null) this.answerHeaders.raw.push(...answerHeaders)
  }

  abstract readonly answered: boolean
  abstract respond(answer: GatewayAnswer): void
  /** The body is larger than a plugin allows. */
  abstract overflow(answer: GatewayAnswer): void
  /** The consumer is known: these apply from here on. */
  protected abstract onSlots(slots: Slots): void

  get client(): ClientAddress {
    return this.outer.client
  }

  get clientIp(): string {
    return this.ask.clientIp
  }

  get tls(): ClientTls | null {
    const { plan } = this.way
    return plan === null
      ? this.outer.tls
      : tlsSeenBy(this.outer.tls, plan.document.config.ca_certificates)
  }

  get route(): Route | null {
    return this.way.plan?.route ?? null
  }

  get service(): Service | null {
    return this.way.plan?.service ?? null
  }

  get consumers(): ConsumerIndex {
    return this.chain.consumers
  }

  get groups(): readonly string[] {
    const { consumer, broughtGroups } = this
    const own = consumer === null ? none : this.chain.consumers.groupsOf(consumer)
    return broughtGroups === null ? own : [...own, ...broughtGroups]
  }

  get notes(): Map<symbol, unknown> {
    this.noted ??= new Map()
    return this.noted
  }

  get captures(): Readonly<Record<string, string>> {
    this.named ??= namesOf(this.way.captures)
    return this.named
  }

  authenticate(who: Parameters<PluginExchange['authenticate']>[0]): void {
    const { consumer, credential, anonymous = false } = who
    this.consumer = consumer
    this.credential = credential
    this.broughtGroups = who.groups ?? null
    this.ask.consumer = consumer?.id ?? null
    const { headers } = this.request
    removeIdentity(headers.raw)
    if (consumer !== null) {
      headers.add('X-Consumer-ID', consumer.id)
      if (consumer.custom_id !== null) headers.add('X-Consumer-Custom-ID', consumer.custom_id)
      if (consumer.username !== null) headers.add('X-Consumer-Username', consumer.username)
      this.onSlots(this.chain.for(consumer))
    }
    if (credential !== null)
      headers.add('X-Credential-Identifier', credential.name ?? credential.id)
    if (anonymous) headers.add('X-Anonymous-Consumer', 'true')
  }

  refuse(status: number, message: string, headers: readonly string[] = []): void {
    const { requestId } = this
    const answer = kongError(status, message, { headers: this.outer.headers, requestId }, headers)
    this.respond(answer)
  }

  subrequest(changes: Parameters<PluginExchange['subrequest']>[0]): Promise<SubrequestAnswer> {
    const { target } = this.way
    const method = changes.method ?? this.request.method
    const fields = changes.headers ?? this.request.headers
    const body = changes.body === undefined ? this.body.known : changes.body
    if (changes.signal?.aborted === true) {
      return Promise.reject(new Error('the subrequest was given up'))
    }
    const signal = changes.signal === undefined ? {} : { signal: changes.signal }
    const client = new InternalClient(this.outer, { method, headers: fields, body, ...signal })
    const head = this.upstreamHead(method, fields.raw, body?.length ?? 0, false)
    const watch: ExchangeWatch = {
      onAttempt: () => {},
      onOutcome: () => {},
      onFailure: (code) => client.fail(code),
      onTunnelEnd: () => {},
    }
    const startedMs = this.launcher.host.nowMs()
    this.launcher.exchange({ client, target, head, ask: this.ask, startedMs, watch })
    return client.answer
  }

  protected upstreamHead(
    method: string,
    fields: readonly string[],
    bodyLength: number | null | undefined,
    upgrade: boolean,
  ): UpstreamHead {
    const { kong } = this.way.target
    const { upstreamPath, upstreamQuery, chosenHost } = this.request
    return upstreamHead(this.outer, this.head, {
      requestId: this.requestId,
      method,
      target: upstreamPath + upstreamQuery,
      strippedPrefix: this.way.strippedPrefix,
      kong,
      upgrade,
      bodyLength,
      host: chosenHost,
      fields,
    })
  }
}

const none: readonly string[] = []

const identityFields: ReadonlySet<string> = new Set([
  'x-consumer-id',
  'x-consumer-custom-id',
  'x-consumer-username',
  'x-credential-identifier',
  'x-anonymous-consumer',
  'x-consumer-groups',
  'x-authenticated-groups',
])

const shortestIdentity = 'x-consumer-id'.length

/** In one pass that looks at few names; most requests have none of them. */
const removeIdentity = (raw: string[]): void => {
  for (let at = raw.length - 2; at >= 0; at -= 2) {
    const name = raw[at] ?? ''
    if (name.length < shortestIdentity || (name.charCodeAt(0) | 0x20) !== 0x78) continue
    if (identityFields.has(dashed(name.toLowerCase()))) raw.splice(at, 2)
  }
}

const namesOf = (captures: Way['captures']): Readonly<Record<string, string>> => {
  if (captures === null) return {}
  const numbered = captures.list.map((text, at) => [String(at + 1), text] as const)
  return { ...Object.fromEntries(numbered), ...captures.named }
}
