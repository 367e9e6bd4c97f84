import type { GatewayAnswer, PluginRequest } from '../../plugins/plugin.ts'
import type { ClientExchange } from '../client-exchange.ts'
import { HeaderList } from '../header-list.ts'
import { expectsContinue, platformCookieIn, type RequestHead } from '../request-head.ts'
import type { Way } from '../way.ts'
import type { RequestBody } from './request-body.ts'

type RequestParts = { client: ClientExchange; way: Way; head: RequestHead; fields: string[] }

/** The request as the plugins see and change it. */
export class ChainRequest implements PluginRequest {
  method: string
  readonly headers: HeaderList
  upstreamPath: string
  upstreamQuery: string
  /** Null: what the route says. */
  chosenHost: string | null = null
  private readonly client: ClientExchange
  private readonly way: Way
  private readonly head: RequestHead
  private readonly body: RequestBody
  private parsedCookies: ReadonlyMap<string, string> | null = null

  constructor({ client, way, head, fields }: RequestParts, body: RequestBody) {
    this.client = client
    this.way = way
    this.head = head
    this.body = body
    this.method = client.method
    this.headers = new HeaderList(fields)
    this.upstreamPath = way.upstreamPath
    this.upstreamQuery = way.query
  }

  get scheme(): 'http' | 'https' {
    return this.client.scheme
  }

  get version(): '1.0' | '1.1' | '2' {
    return this.client.version
  }

  get host(): string {
    return this.client.host
  }

  get path(): string {
    return this.way.path
  }

  get query(): string {
    return this.way.query
  }

  get target(): string {
    return this.client.target
  }

  get expectsContinue(): boolean {
    return expectsContinue(this.client)
  }

  get proxyAuthorization(): string | null {
    return this.client.headers.get('proxy-authorization') ?? null
  }

  get platformCookie(): string | null {
    return platformCookieIn(this.client.headers.get('cookie') ?? '', this.client.scheme)
  }

  get upstreamHost(): string {
    if (this.chosenHost !== null) return this.chosenHost
    const { hostRule } = this.way.target
    if (hostRule.kind === 'fixed') return hostRule.host
    return hostRule.kind === 'preserve' ? this.client.host : ''
  }

  set upstreamHost(host: string) {
    this.chosenHost = host
  }

  get framing(): PluginRequest['framing'] {
    if (this.head.declaresLength) return 'length'
    return this.head.chunked ? 'chunks' : 'nothing'
  }

  get bodyLength(): number | null {
    return this.body.length
  }

  readBody(limitBytes: number): Promise<Buffer | null> {
    return this.body.read(limitBytes)
  }

  setBody(body: Buffer | null): void {
    this.body.replace(body)
  }

  limitBody(limitBytes: number, answer: GatewayAnswer): void {
    this.body.limit(limitBytes, answer)
  }

  get cookies(): ReadonlyMap<string, string> {
    this.parsedCookies ??= parseCookies(this.headers.all('cookie'))
    return this.parsedCookies
  }
}

/** Of several cookies of one name the first counts: the one with the longest path (RFC 6265 5.4). */
const parseCookies = (fields: readonly string[]): ReadonlyMap<string, string> => {
  const cookies = new Map<string, string>()
  for (const pair of fields.join(';').split(';')) {
    const equals = pair.indexOf('=')
    if (equals === -1) continue
    const name = pair.slice(0, equals).trim()
    if (!cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim())
  }
  return cookies
}
