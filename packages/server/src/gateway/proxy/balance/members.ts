import { isIP } from 'node:net'

import type { Target } from '../../config/model.ts'
import type { OriginTls } from '../dial.ts'
import type { ProxyProtocol } from '../proxy-protocol/write.ts'
import { defaults } from './defaults.ts'
import type { NameState } from './names/names.ts'
import type { UpstreamSpec } from './upstream-spec.ts'

/** One address that requests of an upstream can go to. */
export type Member = {
  /** The same as long as it is the same target at the same address. */
  id: string
  instance: string
  host: string
  port: number
  weight: number
  healthy: boolean
  /** The platform looks after it; otherwise only checks of the upstream do, if there are any. */
  supervised: boolean
  draining: boolean
  zone: string | null
  authority: string
  tls: OriginTls | null
  http2: boolean
  proxyProtocol: ProxyProtocol | null
  /** False: DNS has not said anything yet, and the system looks the name up when it connects. */
  resolved: boolean
  /** What is wrong with its name; null when nothing is. */
  nameFailure: string | null
}

type FindName = (name: string) => NameState | undefined

/** A target of a file: `host:port`, as far as it can be read. */
type Place = { host: string; port: number; weight: number; zone: string | null }

/** Names that have to be looked up. */
export const namesOf = (spec: UpstreamSpec): string[] =>
  placesOf(spec).flatMap(({ host }) => (isIP(host) === 0 ? [host] : []))

/** All addresses of an upstream as the registry, the file and DNS say at the moment. */
export const membersOf = (spec: UpstreamSpec, findName: FindName): Member[] => {
  const members = allMembersOf(spec, findName)
  // Named twice, in the file or by DNS: the last one counts, as in Kong.
  return [...new Map(members.map((member) => [member.id, member])).values()]
}

const allMembersOf = (spec: UpstreamSpec, findName: FindName): Member[] => [
  ...spec.endpoints.map((endpoint): Member => {
    const { instance, host, port, healthy, draining, weight = defaults.weight, zone } = endpoint
    const name = spec.service.host ?? host
    return {
      id: `${instance}|${host}|${port}`,
      instance,
      host,
      port,
      weight,
      healthy,
      supervised: true,
      draining,
      zone: zone ?? null,
      authority: endpoint.authority ?? authorityOf(spec, name, port),
      tls: tlsOf(spec, name),
      http2: speaksHttp2(spec),
      proxyProtocol: spec.service.proxyProtocol ?? null,
      resolved: true,
      nameFailure: null,
    }
  }),
  ...placesOf(spec).flatMap((place) => membersAt(spec, place, findName)),
]

const placesOf = ({ upstream, targets, endpoints, service }: UpstreamSpec): Place[] => {
  if (upstream !== null) return targets.map(placeOf)
  if (endpoints.length > 0 || service.host === null) return []
  return [{ host: service.host, port: service.port, weight: defaults.weight, zone: null }]
}

const placeOf = ({ target, weight, 'x-keelson': tuning }: Target): Place => {
  const zone = tuning.zone ?? null
  const colon = target.lastIndexOf(':')
  const named = colon > target.lastIndexOf(']') && isIP(target) !== 6
  const port = named ? Number(target.slice(colon + 1)) : defaults.targetPort
  const host = (named ? target.slice(0, colon) : target).replace(/^\[|\]$/g, '')
  return { host, port, weight, zone }
}

const membersAt = (spec: UpstreamSpec, place: Place, findName: FindName): Member[] => {
  const { host, port, weight, zone } = place
  const common = {
    instance: hostAndPort(host, port),
    healthy: true,
    supervised: false,
    draining: false,
    zone,
    tls: tlsOf(spec, host),
    http2: speaksHttp2(spec),
    proxyProtocol: spec.service.proxyProtocol ?? null,
  }
  const at = (address: string, atPort: number, more: Partial<Member>): Member => ({
    ...common,
    id: `${hostAndPort(host, port)}|${address}|${atPort}`,
    host: address,
    port: atPort,
    weight,
    authority: authorityOf(spec, host, atPort),
    resolved: true,
    nameFailure: null,
    ...more,
  })
  if (isIP(host) !== 0) return [at(host, port, {})]
  const known = findName(host)
  const nameFailure = known?.failure ?? null
  if (known === undefined || known.addresses.length === 0) {
    return [at(host, port, { resolved: false, nameFailure })]
  }
  const useSrvName = spec.upstream?.use_srv_name === true
  return known.addresses.map(({ address, port: ownPort, weight: ownWeight, name }) => {
    const atPort = ownPort ?? port
    const named = useSrvName && name !== null ? name : host
    return at(address, atPort, {
      // A target that is switched off stays off, whatever its records say.
      weight: weight === 0 ? 0 : (ownWeight ?? weight),
      authority: authorityOf(spec, named, atPort),
      tls: tlsOf(spec, named),
      nameFailure,
    })
  })
}

/** As in Kong, the port is left out when it is the one of the scheme. */
const authorityOf = ({ upstream, service }: UpstreamSpec, name: string, port: number): string => {
  const host = upstream?.host_header ?? (isIP(name) === 6 ? `[${name}]` : name)
  const secure = service.protocol === 'https' || service.protocol === 'grpcs'
  return port === (secure ? 443 : 80) ? host : `${host}:${port}`
}

/** The name to ask for in TLS: what the service says, `host_header`, or the target's own. */
const tlsOf = ({ service, upstream }: UpstreamSpec, name: string): OriginTls | null =>
  service.tls === null
    ? null
    : { ...service.tls, serverName: service.tls.serverName ?? upstream?.host_header ?? name }

const speaksHttp2 = ({ service }: UpstreamSpec): boolean =>
  service.httpVersion === '2' || service.protocol === 'grpc' || service.protocol === 'grpcs'

const hostAndPort = (host: string, port: number): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`

export const isSameMember = (a: Member, b: Member | undefined): boolean =>
  a === b ||
  (b !== undefined &&
    a.id === b.id &&
    a.weight === b.weight &&
    a.healthy === b.healthy &&
    a.draining === b.draining &&
    a.zone === b.zone &&
    a.authority === b.authority &&
    a.http2 === b.http2 &&
    a.proxyProtocol === b.proxyProtocol &&
    a.resolved === b.resolved &&
    a.nameFailure === b.nameFailure &&
    (a.tls === b.tls || JSON.stringify(a.tls) === JSON.stringify(b.tls)))
