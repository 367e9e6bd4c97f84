import { PluginRun } from './chain/plugin-run.ts'
import type { ClientExchange } from './client-exchange.ts'
import { destinationOf } from './destination.ts'
import type { ExchangeParts } from './exchange-parts.ts'
import type { Launcher } from './launcher.ts'
import { limits } from './limits.ts'
import { dressOwn, errorAnswer } from './own-answer.ts'
import { RequestAsk } from './request-ask.ts'
import { readRequestHead, type RequestHead } from './request-head.ts'
import { clientBehind } from './trusted-proxies.ts'
import type { Table } from './table.ts'
import { straight, type Way, type WayRefusal } from './way.ts'
import { upstreamHead } from './upstream-head.ts'

/** A way in: the public listener or an edge port. */
export type Door = {
  /** Also WebSocket handshakes: those whose `takeSocket` is not null. */
  handle: (client: ClientExchange) => void
  /** Answers from now on end their connections. */
  beginClose: () => void
}

export type DoorDeps = {
  /** Null is the public door, the only one that routes. */
  edgePort: number | null
  table: () => Table
  launcher: Launcher
  newId: () => string
  newKongId: () => string
  isTrusted: (address: string) => boolean
  beginClose: () => void
}

/** Answered by the gateway itself: a frozen process still accepts connections, but not this. */
export const healthPath = '/.well-known/keelson'

/** Finds the way of each request, and sends it there. */
export const createDoor = (deps: DoorDeps): Door => {
  const { edgePort, table, launcher, newId, newKongId, isTrusted, beginClose } = deps
  const { host } = launcher
  const internal = edgePort !== null

  const findWay = (client: ClientExchange, trusted: boolean): Way | undefined =>
    edgePort === null
      ? table().find(client, trusted ? forwardedScheme(client) : client.scheme)
      : table().findEdge(edgePort, client)

  const refuse = (client: ClientExchange, refusal: Refusal): void => {
    const { code, detail, kong, startedMs } = refusal
    const { unrouted } = table()
    const requestId = kong ? newKongId() : newId()
    const answer = errorAnswer(code, detail, client, { kong, requestId, path: client.target })
    if (refusal.status !== undefined) answer.status = refusal.status
    if (refusal.headers !== undefined) answer.headers.push(...refusal.headers)
    // Nobody reads the body of a refused request, or trusts what follows a malformed one.
    const distrusted = code !== 'gateway_no_route' || !client.bodyComplete
    if (host.isClosing() || distrusted) client.closeAfter()
    if (unrouted.chain !== null && !internal) {
      const way = straight(unrouted, client)
      const fields: string[] = []
      const head = readRequestHead(client.headers.raw, { trusted: false, kong }, fields)
      const parts = { launcher, client, way, chain: unrouted.chain, head, fields }
      const ask = new RequestAsk(client, host.nowMs, way)
      return new PluginRun({ ...parts, requestId, ask, startedMs }).beginWith(answer, code)
    }
    unrouted.series.record(answer.status, 0, 0, false)
    client.listener = deaf
    if (kong) dressOwn(answer.headers, requestId, host.nowMs() - startedMs)
    client.sendWhole(answer.status, '', answer.headers, answer.body)
    if (!client.bodyComplete) client.dropBody()
  }

  const launch = (
    client: ClientExchange,
    way: Way,
    head: RequestHead,
    parts: Pick<ExchangeParts, 'ask' | 'startedMs'> & { requestId: string },
  ): void => {
    const { target } = way
    const upgrade = client.takeSocket !== null
    const ready = upstreamHead(client, head, {
      requestId: parts.requestId,
      method: client.method,
      target: way.upstreamPath + way.query,
      strippedPrefix: way.strippedPrefix,
      kong: target.kong,
      upgrade,
    })
    const { ask, startedMs } = parts
    if (upgrade) {
      const tunnel = { client, target, head: ready, ask, startedMs }
      return launcher.tunnel({ ...tunnel, watch: null, decorate: null })
    }
    const { answerHeaders } = way
    launcher.exchange({ client, target, head: ready, ask, startedMs, watch: null, answerHeaders })
  }

  const handle = (client: ClientExchange): void => {
    const startedMs = host.nowMs()
    const { challenges } = table()
    if (challenges !== null && !internal) {
      const proof = proofOf(client.target, challenges)
      if (proof !== undefined) return answerProof(client, proof)
    }
    if (client.headers.raw.length > 2 * limits.requestHeaders) {
      const detail = `There are more than ${limits.requestHeaders} headers.`
      const { kong } = table().unrouted
      return refuse(client, { code: 'gateway_headers_too_large', detail, kong, startedMs })
    }
    if (!internal && client.target === healthPath) return answerAlive(client)
    // The answer would show what the gateway tells services only (RFC 9110 9.3.8); nginx refuses it, too.
    if (client.method === 'TRACE') {
      const refusal = { detail: 'TRACE is not answered.', kong: table().unrouted.kong, startedMs }
      return refuse(client, { code: 'gateway_not_traced', ...refusal })
    }
    const { address } = client.client
    const trusted = internal || isTrusted(address)
    const way = findWay(client, trusted)
    if (way === undefined || (client.takeSocket !== null && host.isClosing())) {
      const detail = `No route leads to ${pathOf(client.target).slice(0, 200)}.`
      const kong = table().unrouted.kong && !internal
      return refuse(client, { code: 'gateway_no_route', detail, kong, startedMs })
    }
    const { kong, chain } = way.target
    if (way.refusal !== null) return refuse(client, { ...way.refusal, kong, startedMs })
    const fields: string[] | null = chain === null ? null : []
    const head = readRequestHead(client.headers.raw, { trusted, kong }, fields)
    if (head.fault !== null) {
      const refusal = { detail: `${head.fault}.`, kong, startedMs }
      return refuse(client, { code: 'gateway_bad_request', ...refusal })
    }
    const requestId = kong ? newKongId() : (head.requestId ?? newId())
    const ask = new RequestAsk(client, host.nowMs, way)
    if (trusted && head.forwardedFor !== null) {
      ask.clientIp = clientBehind(head.forwardedFor, address, isTrusted)
    }
    if (chain === null || fields === null) {
      const to = destinationOf(way, ask, null)
      return launch(client, to, head, { requestId, ask, startedMs })
    }
    const parts = { launcher, client, way, chain, head, fields, requestId, ask, startedMs }
    new PluginRun(parts).begin()
  }

  return { handle, beginClose }
}

type Refusal = WayRefusal & { kong: boolean; startedMs: number }
type Challenges = NonNullable<Table['challenges']>

const answerAlive = (client: ClientExchange): void => {
  client.listener = deaf
  client.sendWhole(204, '', [], null)
  if (!client.bodyComplete) client.dropBody()
}

const challengePath = '/.well-known/acme-challenge/'

/** What an ACME server is to find at this path (RFC 8555 8.3), before any route. */
const proofOf = (target: string, challenges: Challenges): string | undefined => {
  if (!target.startsWith(challengePath)) return undefined
  const token = target.slice(challengePath.length)
  return Object.hasOwn(challenges, token) ? challenges[token] : undefined
}

const answerProof = (client: ClientExchange, proof: string): void => {
  client.listener = deaf
  const headers = ['Content-Type', 'application/octet-stream']
  client.sendWhole(200, '', headers, Buffer.from(proof))
  if (!client.bodyComplete) client.dropBody()
}

/** Of an answer that is complete with its first write. */
const deaf = { onBody: () => {}, onBodyEnd: () => {}, onDrain: () => {}, onClose: () => {} }

/** As the client spoke to the balancer in front of us. */
const forwardedScheme = ({ headers, scheme }: ClientExchange): ClientExchange['scheme'] =>
  headers.get('x-forwarded-proto') === 'https' ? 'https' : scheme

const pathOf = (target: string): string => {
  const mark = target.indexOf('?')
  return mark === -1 ? target : target.slice(0, mark)
}
