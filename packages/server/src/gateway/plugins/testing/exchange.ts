import { randomUUID } from 'node:crypto'
import { Readable, type Transform } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Route, Service } from '../../config/model.ts'
import { HeaderList } from '../../proxy/header-list.ts'
import type {
  ConsumerIndex,
  GatewayAnswer,
  PluginExchange,
  PluginRequest,
  PluginResponse,
} from '../plugin.ts'

/** What a hook did to one request, for tables of cases over handlers. */
export type TestExchange = PluginExchange & {
  /** Null as long as nobody answered. */
  answer: GatewayAnswer | null
  /** What will be sent to the service. */
  sentBody: Buffer | null
  bodyLimit: { bytes: number; answer: GatewayAnswer } | null
}

export type AskedExchange = Partial<
  Pick<
    PluginExchange,
    'consumer' | 'credential' | 'groups' | 'clientIp' | 'captures' | 'tls' | 'client' | 'requestId'
  >
> &
  Partial<
    Pick<
      PluginRequest,
      'method' | 'scheme' | 'host' | 'path' | 'query' | 'version' | 'framing' | 'platformCookie'
    >
  > & {
    /** Flat. */
    headers?: readonly string[]
    /** A body of unknown length when `chunked`. */
    body?: string | Buffer
    chunked?: boolean
    service?: { id: string; name?: string; host?: string } | null
    route?: { id: string; name?: string } | null
  }

const nobody: ConsumerIndex = {
  find: () => undefined,
  byCustomId: () => undefined,
  credential: () => undefined,
  groupsOf: () => [],
}

/** An exchange that lives in memory; what it answers is kept, not sent. */
export const testExchange = (asked: AskedExchange = {}): TestExchange => {
  const body = Buffer.from(asked.body ?? '')
  const headers = new HeaderList([...(asked.headers ?? [])])
  const exchange: TestExchange = {
    requestId: asked.requestId ?? randomUUID(),
    request: undefined as unknown as PluginRequest, // set below: it refers to the exchange
    client: asked.client ?? {
      address: '192.0.2.1',
      port: 50_000,
      localAddress: '192.0.2.9',
      localPort: 8000,
    },
    clientIp: asked.clientIp ?? asked.client?.address ?? '192.0.2.1',
    tls: asked.tls ?? null,
    route: (asked.route === undefined ? { id: 'route-1' } : asked.route) as Route | null,
    service: (asked.service === undefined ? { id: 'service-1' } : asked.service) as Service | null,
    captures: asked.captures ?? {},
    consumers: nobody,
    consumer: asked.consumer ?? null,
    credential: asked.credential ?? null,
    groups: asked.groups ?? [],
    authenticate: () => {},
    respond: (answer) => void (exchange.answer = answer),
    refuse: (status, message, more = []) => {
      exchange.answer = {
        status,
        headers: ['Content-Type', 'application/json; charset=utf-8', ...more],
        body: JSON.stringify({ message, request_id: exchange.requestId }),
      }
    },
    get answered() {
      return exchange.answer !== null
    },
    answerHeaders: new HeaderList(),
    subrequest: () => Promise.reject(new Error('there is no service behind a test exchange')),
    notes: new Map(),
    answer: null,
    sentBody: body.length === 0 ? null : body,
    bodyLimit: null,
  }
  return Object.assign(exchange, { request: requestOf(asked, headers, body, exchange) })
}

const requestOf = (
  asked: AskedExchange,
  headers: HeaderList,
  body: Buffer,
  exchange: TestExchange,
): PluginRequest => {
  const path = asked.path ?? '/'
  const query = asked.query ?? ''
  const cookies = (headers.get('cookie') ?? '').split('; ').map((pair) => pair.split('='))
  return {
    method: asked.method ?? 'GET',
    scheme: asked.scheme ?? 'http',
    version: asked.version ?? '1.1',
    host: asked.host ?? 'example.test',
    path,
    query,
    target: path + query,
    proxyAuthorization: headers.get('proxy-authorization') ?? null,
    headers,
    upstreamPath: path,
    upstreamQuery: query,
    upstreamHost: 'service.test',
    expectsContinue: headers.get('expect') === '100-continue',
    framing: asked.framing ?? (asked.chunked === true ? 'chunks' : 'length'),
    bodyLength: asked.chunked === true ? null : body.length,
    readBody: (limit) => Promise.resolve(body.length > limit ? null : (exchange.sentBody ?? body)),
    setBody: (next) => void (exchange.sentBody = next),
    limitBody: (bytes, answer) => void (exchange.bodyLimit = { bytes, answer }),
    cookies: new Map(cookies.map(([name = '', value = '']) => [name, value])),
    platformCookie: asked.platformCookie ?? null,
  }
}

/** The body of an answer that is not a stream; empty when there is none. */
export const textOf = (answer: GatewayAnswer | null): string => {
  const body = answer?.body ?? ''
  if (typeof body === 'string') return body
  return Buffer.isBuffer(body) ? body.toString('utf8') : ''
}

/** An answer of a service, and what became of it. */
export type TestResponse = PluginResponse & {
  replaced: GatewayAnswer | null
  /** The body as the client gets it. */
  body(): Promise<Buffer>
}

export const testResponse = (
  given: {
    status?: number
    headers?: readonly string[]
    body?: string | Buffer
    source?: 'service' | 'gateway'
  } = {},
): TestResponse => {
  let body: Promise<Buffer> = Promise.resolve(Buffer.from(given.body ?? ''))
  const response: TestResponse = {
    status: given.status ?? 200,
    reason: 'OK',
    source: given.source ?? 'service',
    error: null,
    headers: new HeaderList([...(given.headers ?? [])]),
    replace: (answer) => void (response.replaced = answer),
    changeBody: (limit, change) => {
      body = body.then((bytes) => (bytes.length > limit ? bytes : change(bytes)))
      response.headers.remove('content-length')
    },
    pipeBody: (through: Transform) => {
      body = body.then((bytes) => buffer(Readable.from([bytes]).pipe(through)))
      response.headers.remove('content-length')
    },
    watchBody: () => {},
    replaced: null,
    body: () => body,
  }
  return response
}
