import type { ServiceProtocol, Target, Upstream } from '../../config/model.ts'
import type { GatewayEndpoint } from '../../snapshot.ts'
import type { OriginTls } from '../dial.ts'
import type { ProxyProtocol } from '../proxy-protocol/write.ts'

/** What a snapshot says of one set of targets. */
export type UpstreamSpec = {
  /** The same from snapshot to snapshot: what is known of the targets is kept under it. */
  key: string
  /** Shown to people; the key when absent. */
  name?: string
  /** Null: a service without an upstream, balanced by the defaults. */
  upstream: Upstream | null
  /** Instances of the registry, host and port ready for use. */
  endpoints: readonly SpecEndpoint[]
  /** Targets of the upstream; their names are looked up in DNS. */
  targets: readonly Target[]
  service: UpstreamService
}

/**
 * Weight is 100 unless somebody says so. `authority`: what Host says where the target decides it;
 * the address when absent.
 */
export type SpecEndpoint = GatewayEndpoint & {
  weight?: number
  authority?: string
}

export type UpstreamService = {
  protocol: ServiceProtocol
  /**
   * Used as the only target when there are neither endpoints nor targets. Null: the instances of
   * the registry are meant and nothing else, even when there are none.
   */
  host: string | null
  port: number
  /** Null: without TLS. A `serverName` of null becomes the name of the target. */
  tls: OriginTls | null
  /** How HTTP is spoken to it; 1.1 when absent, and always 2 for gRPC. */
  httpVersion?: '1.1' | '2'
  /** How targets are told who the client is; not at all when absent. */
  proxyProtocol?: ProxyProtocol | null
}

/** Whether two snapshots say the same; targets and upstreams that did not change are the same objects. */
export const isSameSpec = (a: UpstreamSpec, b: UpstreamSpec): boolean =>
  a.upstream === b.upstream &&
  a.targets.length === b.targets.length &&
  a.targets.every((target, at) => target === b.targets[at]) &&
  a.endpoints.length === b.endpoints.length &&
  a.endpoints.every((endpoint, at) => isSameEndpoint(endpoint, b.endpoints[at])) &&
  isSameService(a.service, b.service)

const isSameEndpoint = (a: SpecEndpoint, b: SpecEndpoint | undefined): boolean =>
  a === b ||
  (b !== undefined &&
    a.instance === b.instance &&
    a.host === b.host &&
    a.port === b.port &&
    a.healthy === b.healthy &&
    a.draining === b.draining &&
    a.weight === b.weight &&
    a.authority === b.authority &&
    a.zone === b.zone)

const isSameService = (a: UpstreamService, b: UpstreamService): boolean =>
  a.protocol === b.protocol &&
  a.host === b.host &&
  a.port === b.port &&
  a.httpVersion === b.httpVersion &&
  a.proxyProtocol === b.proxyProtocol &&
  (a.tls === b.tls || JSON.stringify(a.tls) === JSON.stringify(b.tls))
