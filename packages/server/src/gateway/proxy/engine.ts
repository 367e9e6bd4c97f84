import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import type { Clock } from '../../kernel/clock.ts'
import { Exchange, type ExchangeHost } from './exchange.ts'
import { limits } from './limits.ts'
import { answerProblem, rawProblem, statusOfProblem, type GatewayProblemCode } from './problem.ts'
import { readRequestHead, type RequestHead } from './request-head.ts'
import { resolveDots, stripPrefix } from './routes.ts'
import type { Table } from './table.ts'
import type { Target } from './target.ts'
import { Tunnel, type TunnelHost } from './tunnel.ts'

export type EngineDeps = {
  table: Table
  nowMs: () => number
  newId: () => string
  warn: (facts: object, message: string) => void
}

/** A way in: the public listener or an edge port. */
export type Door = {
  handle(request: IncomingMessage, response: ServerResponse): void
  handleUpgrade(request: IncomingMessage, client: Duplex, early: Buffer): void
  /** Answers from now on end their connections. */
  beginClose(): void
}

/** A request as far as it is understood before an instance is chosen. */
type Asked = { head: RequestHead; path: string; query: string; requestId: string }

/** Takes requests from listeners to targets; knows what is under way. */
export const createEngine = ({ table: firstTable, nowMs, newId, warn }: EngineDeps) => {
  let table = firstTable
  let closing = false
  const exchanges = new Set<Exchange>()
  const tunnels = new Set<Tunnel>()
  let onIdle: (() => void) | undefined

  const checkIdle = () => {
    if (onIdle !== undefined && exchanges.size === 0 && tunnels.size === 0) onIdle()
  }
  const tunnelHost: TunnelHost = {
    nowMs,
    warn,
    onFinish: (tunnel) => {
      tunnels.delete(tunnel)
      checkIdle()
    },
  }

  /** `edgePort` null is the public door, the only one that routes by host and path. */
  const findTarget = (asked: Asked, edgePort: number | null): Target | undefined => {
    if (edgePort !== null) return table.edges.get(edgePort)
    if (isPlatform(asked.path)) return table.platform
    return table.routes.find(asked.head.host, asked.path)?.target
  }

  const createDoor = (edgePort: number | null): Door => {
    let doorClosing = false
    const trusted = edgePort !== null
    const host: ExchangeHost = {
      nowMs,
      warn,
      isClosing: () => closing || doorClosing,
      onBegin: (exchange) => exchanges.add(exchange),
      onFinish: (exchange) => {
        exchanges.delete(exchange)
        checkIdle()
      },
    }
    const refuse = (
      { request, response, asked }: Refused,
      code: GatewayProblemCode,
      detail: string,
    ): void => {
      table.unrouted.record(statusOfProblem(code), 0, 0, false)
      answerProblem(response, code, detail, {
        method: request.method ?? 'GET',
        path: asked.path,
        accept: request.headers.accept ?? '',
        requestId: asked.requestId,
        // Nobody reads the body of a refused request, or trusts what follows a malformed one.
        close:
          host.isClosing() ||
          code !== 'gateway_no_route' ||
          asked.head.chunked ||
          asked.head.contentLength !== null,
      })
    }

    return {
      beginClose: () => {
        doorClosing = true
      },

      handle: (request, response) => {
        const asked = readAsked(request, trusted, newId)
        const { fault } = asked.head
        const refused = { request, response, asked }
        if (request.rawHeaders.length > 2 * limits.requestHeaders) {
          const detail = `There are more than ${limits.requestHeaders} headers.`
          return refuse(refused, 'gateway_headers_too_large', detail)
        }
        if (fault !== null) return refuse(refused, 'gateway_bad_request', `${fault}.`)
        if (!trusted && asked.path === healthPath) return answerAlive(request, response)
        const target = findTarget(asked, edgePort)
        if (target === undefined) {
          return refuse(refused, 'gateway_no_route', noRouteDetail(asked))
        }
        const method = request.method ?? 'GET'
        new Exchange({
          host,
          request,
          response,
          target,
          requestHead: asked.head,
          requestId: asked.requestId,
          method,
          head: upstreamHead(method, asked, target, request.socket, framingOf(asked.head)),
        }).begin()
      },

      handleUpgrade: (request, client, early) => {
        const asked = readAsked(request, trusted, newId)
        const { requestId } = asked
        const { fault } = asked.head
        const target = fault === null ? findTarget(asked, edgePort) : undefined
        if (target === undefined || host.isClosing()) {
          client.on('error', () => client.destroy())
          const code = fault === null ? 'gateway_no_route' : 'gateway_bad_request'
          client.end(rawProblem(code, fault ?? noRouteDetail(asked), requestId))
          return
        }
        const head = upstreamHead('GET', asked, target, client as Socket, upgradeLines)
        const tunnel = new Tunnel({ host: tunnelHost, client, early, target, requestId, head })
        tunnels.add(tunnel)
        tunnel.begin()
      },
    }
  }

  return {
    createDoor,

    /** From now on, requests go by this table. */
    use: (next: Table) => {
      table = next
    },

    sweep(): void {
      const now = nowMs()
      for (const exchange of exchanges) exchange.expireUpload(now)
      for (const tunnel of tunnels) tunnel.expire(now)
    },

    beginClose(): void {
      closing = true
    },

    /** Resolves when nothing is under way, or after the grace. */
    drained: (graceMs: number, clock: Clock) =>
      new Promise<void>((resolve) => {
        const timer = clock.setTimer(resolve, graceMs)
        onIdle = () => {
          timer.cancel()
          // The last answer is on its way out: let it go before connections are cut.
          setImmediate(resolve)
        }
        checkIdle()
      }),

    cutAll(): void {
      for (const exchange of exchanges) exchange.cut()
      for (const tunnel of tunnels) tunnel.cut()
    },
  }
}

/** Answered by the gateway itself: a frozen process still accepts connections, but not this. */
export const healthPath = '/.well-known/keelson'

const answerAlive = (request: IncomingMessage, response: ServerResponse): void => {
  request.resume()
  response.writeHead(204)
  response.end()
}

type Refused = { request: IncomingMessage; response: ServerResponse; asked: Asked }

const isPlatform = (path: string): boolean =>
  path.startsWith('/api') && (path.length === 4 || path.charCodeAt(4) === 0x2f)

const noRouteDetail = ({ path }: Asked): string => `No route leads to ${path.slice(0, 200)}.`

/** Reads head and target of a request; a target of another form than a path is a fault. */
const readAsked = (request: IncomingMessage, trusted: boolean, newId: () => string): Asked => {
  const head = readRequestHead(request.rawHeaders, trusted)
  let url = request.url ?? '/'
  if (url.charCodeAt(0) !== 0x2f) {
    const absolute = /^http:\/\/([^/?#]+)(.*)$/i.exec(url)
    // Absolute form (RFC 9112 3.2.2): its authority takes the place of Host.
    if (absolute !== null) head.host = absolute[1] ?? head.host
    if (absolute === null || head.host.includes('@')) head.fault ??= 'request target is not a path'
    const rest = absolute?.[2] ?? ''
    url = rest.startsWith('/') ? rest : `/${rest}`
  }
  if (head.host === '' && request.httpVersionMinor > 0) head.fault ??= 'no Host header'
  const mark = url.indexOf('?')
  const path = resolveDots(mark === -1 ? url : url.slice(0, mark))
  const query = mark === -1 ? '' : url.slice(mark)
  return { head, path, query, requestId: head.requestId ?? newId() }
}

const framingOf = (head: RequestHead): string => {
  if (head.chunked) return 'Transfer-Encoding: chunked\r\n'
  return head.contentLength === null ? '' : `Content-Length: ${head.contentLength}\r\n`
}

const upgradeLines = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'

/** The request as an instance gets it, up to and with the empty line. */
const upstreamHead = (
  method: string,
  { head, path, query, requestId }: Asked,
  target: Target,
  client: Socket,
  framing: string,
): string => {
  const remote = client.remoteAddress ?? ''
  const address = remote.startsWith('::ffff:') ? remote.slice(7) : remote
  const chain = head.forwardedFor === null ? address : `${head.forwardedFor}, ${address}`
  const stripped = target.stripLength === 0 ? path : stripPrefix(path, target.stripLength)
  let text =
    `${method} ${stripped}${query} HTTP/1.1\r\nHost: ${head.host}\r\n` +
    `${head.lines}${framing}X-Forwarded-For: ${chain}\r\n` +
    `X-Forwarded-Proto: ${head.forwardedProto ?? 'http'}\r\n` +
    `X-Forwarded-Host: ${head.forwardedHost ?? head.host}\r\n` +
    `X-Forwarded-Port: ${head.forwardedPort ?? client.localPort ?? 0}\r\n` +
    `X-Request-Id: ${requestId}\r\n`
  if (target.stripLength > 0) text += `X-Forwarded-Prefix: ${target.prefix}\r\n`
  if (head.acceptsTrailers) text += 'Connection: te\r\nTE: trailers\r\n'
  return `${text}\r\n`
}
