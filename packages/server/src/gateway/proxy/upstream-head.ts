import type { Endpoint } from './balance/endpoint.ts'
import type { ClientExchange } from './client-exchange.ts'
import { linesOf } from './header-list.ts'
import { via } from './kong-answer.ts'
import type { RequestHead } from './request-head.ts'
import type { HostRule } from './target.ts'

/** A request as an instance gets it; Host is between `line` and `rest`, and may differ by target. */
export type UpstreamHead = {
  requestId: string
  /** `GET /path HTTP/1.1`, CRLF and `Host: `. */
  line: string
  /** As the client said it. */
  clientHost: string
  /** Said by a plugin, and then the same for every target; else null. */
  chosenHost: string | null
  /** From the CRLF after Host to the empty line. */
  rest: string
  acceptsTrailers: boolean
}

/** What the path became on its way, for the forwarding fields. */
export type Forwarding = {
  requestId: string
  method: string
  /** Path and query that are asked for. */
  target: string
  strippedPrefix: string
  kong: boolean
  /** `Connection: Upgrade` and the like. */
  upgrade: boolean
  /** Replaces the one of the client; set when a plugin changed the body. */
  bodyLength?: number | null | undefined
  /** Said by a plugin. */
  host?: string | null
  /** End-to-end fields of plugins, flat; else those in `head.lines` go. */
  fields?: readonly string[]
}

export const upstreamHead = (
  client: ClientExchange,
  head: RequestHead,
  way: Forwarding,
): UpstreamHead => {
  const lines = way.fields === undefined ? head.lines : linesOf(way.fields)
  const rest =
    `\r\n${lines}${framing(client, head, way)}${forwarded(client, head, way)}` +
    `${head.acceptsTrailers ? 'Connection: te\r\nTE: trailers\r\n' : ''}\r\n`
  return {
    requestId: way.requestId,
    line: `${way.method} ${way.target} HTTP/1.1\r\nHost: `,
    clientHost: client.host,
    chosenHost: way.host ?? null,
    rest,
    acceptsTrailers: head.acceptsTrailers,
  }
}

/** Host for this endpoint. */
export const hostFor = (head: UpstreamHead, endpoint: Endpoint, rule: HostRule): string => {
  if (head.chosenHost !== null) return head.chosenHost
  if (rule.kind === 'preserve') return head.clientHost
  return rule.kind === 'fixed' ? rule.host : endpoint.authority
}

const framing = (client: ClientExchange, head: RequestHead, way: Forwarding): string => {
  if (way.upgrade) return 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  const changed = way.bodyLength !== undefined
  const length = changed ? way.bodyLength : client.bodyLength
  if (length === null) return 'Transfer-Encoding: chunked\r\n'
  if (length === 0 && !head.declaresLength && !changed) return ''
  return `Content-Length: ${length}\r\n`
}

const forwarded = (client: ClientExchange, head: RequestHead, way: Forwarding): string => {
  const { address, localPort } = client.client
  const chain = head.forwardedFor === null ? address : `${head.forwardedFor}, ${address}`
  const prefix = way.strippedPrefix === '' ? '' : `X-Forwarded-Prefix: ${way.strippedPrefix}\r\n`
  const common =
    `X-Forwarded-For: ${chain}\r\n` +
    `X-Forwarded-Proto: ${head.forwardedProto ?? client.scheme}\r\n`
  if (!way.kong) {
    return (
      `${common}X-Forwarded-Host: ${head.forwardedHost ?? client.host}\r\n` +
      `X-Forwarded-Port: ${head.forwardedPort ?? localPort}\r\n` +
      `X-Request-Id: ${way.requestId}\r\n${prefix}`
    )
  }
  const mark = client.target.indexOf('?')
  const path = mark === -1 ? client.target : client.target.slice(0, mark)
  const before = head.via === null ? '' : `${head.via}, `
  return (
    `${common}X-Forwarded-Host: ${head.forwardedHost ?? nameOf(client.host)}\r\n` +
    `X-Forwarded-Port: ${head.forwardedPort ?? portOf(client.host) ?? localPort}\r\n` +
    `X-Forwarded-Path: ${path}\r\n${prefix}X-Real-IP: ${address}\r\n` +
    `Via: ${before}${client.version === '2' ? viaTwo : via}\r\n` +
    `X-Kong-Request-Id: ${way.requestId}\r\n`
  )
}

const viaTwo = via.replace('1.1', '2')

/** As nginx's $host: without port and in lower case. */
const nameOf = (host: string): string => {
  const colon = portColon(host)
  return (colon === -1 ? host : host.slice(0, colon)).toLowerCase()
}

const portOf = (host: string): string | null => {
  const colon = portColon(host)
  return colon === -1 ? null : host.slice(colon + 1)
}

const portColon = (host: string): number => {
  const colon = host.lastIndexOf(':')
  return colon === -1 || host.endsWith(']') ? -1 : colon
}
