/**
 * The configuration of the gateway in Kong's own entities and words (declarative format 3.0), flat
 * and complete: every default is filled in, every reference is an id. Fields keep Kong's names,
 * so that a file, this model and an exported file read the same. What Kong cannot say is under
 * `x-keelson` of an entity (tuning.ts).
 *
 * Source: kong/db/schema/entities/*.lua and kong/db/schema/others/declarative_config.lua.
 */
import type { RouteTuning, ServiceTuning, TargetTuning, UpstreamTuning } from './tuning.ts'

/** A UUID; where the file gives none, version 5 of kind and name, so that it is always the same. */
export type EntityId = string

export type Entity = { id: EntityId; tags: readonly string[] }

export type ServiceProtocol =
  | 'http'
  | 'https'
  | 'tcp'
  | 'tls'
  | 'grpc'
  | 'grpcs'
  | 'tls_passthrough'
export type RouteProtocol = ServiceProtocol | 'ws' | 'wss'

export type Service = Entity & {
  name: string | null
  protocol: ServiceProtocol
  /** Name of an upstream, of a service of the stack, or a host name or address. */
  host: string
  port: number
  path: string | null
  retries: number
  /** Milliseconds. */
  connect_timeout: number
  write_timeout: number
  read_timeout: number
  enabled: boolean
  client_certificate: EntityId | null
  ca_certificates: readonly EntityId[]
  tls_verify: boolean | null
  tls_verify_depth: number | null
  'x-keelson': ServiceTuning
}

export type Route = Entity & {
  name: string | null
  /** Null: the route has no service and is answered by its plugins alone. */
  service: EntityId | null
  protocols: readonly RouteProtocol[]
  methods: readonly string[]
  hosts: readonly string[]
  paths: readonly string[]
  /** Lower-case name → values; a single value that starts with `~*` is a regex. */
  headers: Readonly<Record<string, readonly string[]>>
  snis: readonly string[]
  sources: readonly RouteAddress[]
  destinations: readonly RouteAddress[]
  strip_path: boolean
  preserve_host: boolean
  regex_priority: number
  path_handling: 'v0' | 'v1'
  https_redirect_status_code: 426 | 301 | 302 | 307 | 308
  request_buffering: boolean
  response_buffering: boolean
  'x-keelson': RouteTuning
}

/** A CIDR range or address, a port, or both; of TCP and TLS routes. */
export type RouteAddress = { ip: string | null; port: number | null }

export const algorithms = [
  'round-robin',
  'consistent-hashing',
  'least-connections',
  'latency',
] as const
export type Algorithm = (typeof algorithms)[number]

export const hashInputs = [
  'none',
  'consumer',
  'ip',
  'header',
  'cookie',
  'path',
  'query_arg',
  'uri_capture',
] as const
export type HashInput = (typeof hashInputs)[number]

export type Upstream = Entity & {
  name: string
  algorithm: Algorithm
  hash_on: HashInput
  hash_fallback: HashInput
  hash_on_header: string | null
  hash_fallback_header: string | null
  hash_on_cookie: string | null
  hash_on_cookie_path: string
  hash_on_query_arg: string | null
  hash_fallback_query_arg: string | null
  hash_on_uri_capture: string | null
  hash_fallback_uri_capture: string | null
  slots: number
  host_header: string | null
  client_certificate: EntityId | null
  use_srv_name: boolean
  healthchecks: {
    /** Percent of weight that must be available; below it the upstream is unhealthy. */
    threshold: number
    active: ActiveChecks
    passive: PassiveChecks
  }
  'x-keelson': UpstreamTuning
}

export type CheckType = 'tcp' | 'http' | 'https' | 'grpc' | 'grpcs'

export type ActiveChecks = {
  type: CheckType
  /** Seconds. */
  timeout: number
  concurrency: number
  http_path: string
  https_sni: string | null
  https_verify_certificate: boolean
  headers: Readonly<Record<string, readonly string[]>>
  /** `interval` in seconds; an interval or a threshold of 0 switches that check off. */
  healthy: { interval: number; http_statuses: readonly number[]; successes: number }
  unhealthy: {
    interval: number
    http_statuses: readonly number[]
    tcp_failures: number
    timeouts: number
    http_failures: number
  }
}

export type PassiveChecks = {
  type: CheckType
  healthy: { http_statuses: readonly number[]; successes: number }
  unhealthy: {
    http_statuses: readonly number[]
    tcp_failures: number
    timeouts: number
    http_failures: number
  }
}

export type Target = Entity & {
  upstream: EntityId
  /** `host:port`; a host without port gets 8000, as in Kong. */
  target: string
  weight: number
  'x-keelson': TargetTuning
}

export type Consumer = Entity & { username: string | null; custom_id: string | null }

/** Credentials of a consumer, by the plugin that reads them. */
export type Credential = Entity & { consumer: EntityId } & (
    | { kind: 'keyauth_credentials'; key: string }
    | {
        kind: 'basicauth_credentials'
        username: string
        /**
         * Never plain: `sha256:<hex>` of `<consumer id>:<password>`, or `sha1:<hex>` of
         * `<password><consumer id>` as Kong stores it (`_transform: false`).
         */
        password: string
      }
    | { kind: 'hmacauth_credentials'; username: string; secret: string }
    | {
        kind: 'jwt_secrets'
        key: string
        algorithm: JwtAlgorithm
        secret: string | null
        rsa_public_key: string | null
      }
  )

export type CredentialKind = Credential['kind']

export const jwtAlgorithms = [
  ...(['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'] as const),
  ...(['PS256', 'PS384', 'PS512', 'EdDSA'] as const),
] as const
export type JwtAlgorithm = (typeof jwtAlgorithms)[number]

/** A consumer's membership of a group that the `acl` plugin asks for. */
export type AclGroup = Entity & { consumer: EntityId; group: string }

export type PluginEntity = Entity & {
  name: string
  instance_name: string | null
  service: EntityId | null
  route: EntityId | null
  consumer: EntityId | null
  /** By the schema of the plugin, defaults filled in. */
  config: Readonly<Record<string, unknown>>
  enabled: boolean
  protocols: readonly RouteProtocol[]
}

export type Certificate = Entity & {
  /** PEM, the chain included. */
  cert: string
  key: string
  cert_alt: string | null
  key_alt: string | null
}

export type Sni = Entity & { name: string; certificate: EntityId }

export type CaCertificate = Entity & { cert: string; cert_digest: string }

/** `env`: values are `{vault://<prefix>/<name>}`, read from the process environment. */
export type Vault = Entity & {
  prefix: string
  name: 'env'
  description: string | null
  config: { prefix: string | null }
}

/** A value that came from a vault: what the file says in its place. */
export type SecretReference = {
  entity: EntityId
  /** Inside of the entity: `['config', 'redis', 'password']`. */
  path: readonly (string | number)[]
  /** `{vault://env/redis-password}` */
  reference: string
}

export type GatewayConfig = {
  services: readonly Service[]
  routes: readonly Route[]
  upstreams: readonly Upstream[]
  targets: readonly Target[]
  consumers: readonly Consumer[]
  credentials: readonly Credential[]
  acls: readonly AclGroup[]
  plugins: readonly PluginEntity[]
  certificates: readonly Certificate[]
  snis: readonly Sni[]
  ca_certificates: readonly CaCertificate[]
  vaults: readonly Vault[]
  /** Secrets that files must not show, because a vault gave them. */
  references?: readonly SecretReference[]
}

export const emptyGatewayConfig: GatewayConfig = {
  services: [],
  routes: [],
  upstreams: [],
  targets: [],
  consumers: [],
  credentials: [],
  acls: [],
  plugins: [],
  certificates: [],
  snis: [],
  ca_certificates: [],
  vaults: [],
}
