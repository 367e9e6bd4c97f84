import type { ClientExchange } from './client-exchange.ts'
import type { RoutePlan } from './document-plan.ts'
import { resolveDots } from './dot-segments.ts'
import type { OwnErrorCode } from './kong-answer.ts'
import { protocolFault } from './router/index.ts'
import type { ProtocolFault } from './router/protocol-fault.ts'
import type { RouteMatch } from './router/route-match.ts'
import type { Target } from './target.ts'

/** Where one request goes. */
export type Way = {
  target: Target
  /** What plugins and balancers see of the route; null for edges and the platform. */
  plan: RoutePlan | null
  /** Normalised, without query; the query has its `?`, or is empty. */
  path: string
  query: string
  upstreamPath: string
  strippedPrefix: string
  /** How much of the path the route took; 0 when it has no paths. */
  matchedLength: number
  captures: RouteMatch<RoutePlan>['captures']
  /** Flat; of the version of the API. */
  answerHeaders: readonly string[] | null
  /** Why the route does not take it after all. */
  refusal: WayRefusal | null
}

export type WayRefusal = {
  code: OwnErrorCode
  detail: string
  /** Another status than that of the code, as of redirects. */
  status?: number
  headers?: readonly string[]
}

/** The way of a request that this route takes. */
export const wayOf = (
  client: ClientExchange,
  match: RouteMatch<RoutePlan>,
  path: string,
  query: string,
  httpsPort: () => number | null,
): Way => {
  const plan = match.entry.value
  return {
    target: plan.target,
    plan,
    path,
    query,
    upstreamPath: match.upstreamPath,
    strippedPrefix: match.strippedPrefix,
    matchedLength: match.matchedPath.length,
    captures: match.captures,
    answerHeaders: match.version?.answerHeaders ?? null,
    refusal: refusalOf(client, match, httpsPort),
  }
}

const refusalOf = (
  client: ClientExchange,
  match: RouteMatch<RoutePlan>,
  httpsPort: () => number | null,
): WayRefusal | null => {
  const { entry, version } = match
  const { service, target } = entry.value
  if (match.needsHttps) return httpsRefusal(client, entry.value, httpsPort)
  if (version !== null && version.refused) {
    const known = version.known.join(', ')
    const asked = version.asked === null ? 'no version' : `version ${version.asked}`
    const detail = `The request names ${asked} of ${version.api}; there are ${known}.`
    return { code: 'gateway_unknown_version', detail, headers: version.answerHeaders }
  }
  const contentType = client.headers.get('content-type') ?? ''
  const { version: http, scheme } = client
  const fault = protocolFault(entry, { version: http, scheme, contentType })
  if (fault !== null) return grpcRefusals[fault]
  return service === null && target.chain === null ? noService : null
}

const noService: WayRefusal = {
  code: 'gateway_no_service',
  detail: 'The route has no service.',
}

const grpcRefusals: Readonly<Record<ProtocolFault, WayRefusal>> = {
  http2: { code: 'gateway_needs_http2', detail: 'gRPC needs HTTP/2.' },
  grpc: { code: 'gateway_not_grpc', detail: 'The route takes gRPC only.' },
  grpcs: { code: 'gateway_needs_grpcs', detail: 'The route takes gRPC over TLS only.' },
}

const httpsRefusal = (
  client: ClientExchange,
  { route }: RoutePlan,
  httpsPort: () => number | null,
): WayRefusal => {
  const detail = 'The route takes HTTPS only.'
  const status = route.https_redirect_status_code
  if (status === 426) return { code: 'gateway_needs_https', detail }
  const location = `https://${httpsAuthority(client, httpsPort())}${client.target}`
  return { code: 'gateway_needs_https', detail, status, headers: ['Location', location] }
}

/**
 * 443 unless the client has asked our own port: then our own one for TLS. Behind a balancer or a
 * mapped port nobody here knows the other.
 */
const httpsAuthority = ({ host, client }: ClientExchange, port: number | null): string => {
  const name = host.replace(/:\d+$/, '')
  const isDirect = host.endsWith(`:${client.localPort}`)
  return isDirect && port !== null && port !== 443 ? `${name}:${port}` : name
}

/** A way that changes nothing but dot segments. */
export const straight = (target: Target, client: ClientExchange): Way => {
  const mark = client.target.indexOf('?')
  const path = resolveDots(mark === -1 ? client.target : client.target.slice(0, mark))
  return {
    target,
    plan: null,
    path,
    query: mark === -1 ? '' : client.target.slice(mark),
    upstreamPath: path,
    strippedPrefix: '',
    matchedLength: 0,
    captures: null,
    answerHeaders: null,
    refusal: null,
  }
}
