import type {
  Consumer,
  Credential,
  GatewayConfig,
  PluginEntity,
  Route,
  Service,
  Target,
  Upstream,
} from '../config/model.ts'

/** Entities with all of Kong's defaults, each with its name as id: configurations made by hand. */

export const aConfig = (parts: Partial<GatewayConfig> = {}): GatewayConfig => ({
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
  ...parts,
})

export const aService = (name: string, parts: Partial<Service> = {}): Service => ({
  id: name,
  tags: [],
  name,
  protocol: 'http',
  host: '127.0.0.1',
  port: 80,
  path: null,
  retries: 5,
  connect_timeout: 60_000,
  write_timeout: 60_000,
  read_timeout: 60_000,
  enabled: true,
  client_certificate: null,
  ca_certificates: [],
  tls_verify: null,
  tls_verify_depth: null,
  'x-keelson': {},
  ...parts,
})

export const aRoute = (
  name: string,
  service: string | null,
  parts: Partial<Route> = {},
): Route => ({
  id: name,
  tags: [],
  name,
  service,
  protocols: ['http', 'https'],
  methods: [],
  hosts: [],
  paths: ['/'],
  headers: {},
  snis: [],
  sources: [],
  destinations: [],
  strip_path: true,
  preserve_host: false,
  regex_priority: 0,
  path_handling: 'v0',
  https_redirect_status_code: 426,
  request_buffering: true,
  response_buffering: true,
  'x-keelson': {},
  ...parts,
})

export const anUpstream = (name: string, parts: Partial<Upstream> = {}): Upstream => ({
  id: name,
  tags: [],
  name,
  algorithm: 'round-robin',
  hash_on: 'none',
  hash_fallback: 'none',
  hash_on_header: null,
  hash_fallback_header: null,
  hash_on_cookie: null,
  hash_on_cookie_path: '/',
  hash_on_query_arg: null,
  hash_fallback_query_arg: null,
  hash_on_uri_capture: null,
  hash_fallback_uri_capture: null,
  slots: 10_000,
  host_header: null,
  client_certificate: null,
  use_srv_name: false,
  healthchecks: {
    threshold: 0,
    active: {
      type: 'http',
      timeout: 1,
      concurrency: 10,
      http_path: '/',
      https_sni: null,
      https_verify_certificate: true,
      headers: {},
      healthy: { interval: 0, http_statuses: [200, 302], successes: 0 },
      unhealthy: {
        interval: 0,
        http_statuses: [429, 404, 500, 501, 502, 503, 504, 505],
        tcp_failures: 0,
        timeouts: 0,
        http_failures: 0,
      },
    },
    passive: {
      type: 'http',
      healthy: { http_statuses: [200, 201, 202, 203, 204, 205, 206, 207, 208, 226], successes: 0 },
      unhealthy: {
        http_statuses: [429, 500, 503],
        tcp_failures: 0,
        timeouts: 0,
        http_failures: 0,
      },
    },
  },
  'x-keelson': {},
  ...parts,
})

export const aTarget = (upstream: string, target: string, weight = 100): Target => ({
  id: `${upstream}-${target}`,
  tags: [],
  upstream,
  target,
  weight,
  'x-keelson': {},
})

export const aConsumer = (username: string, parts: Partial<Consumer> = {}): Consumer => ({
  id: username,
  tags: [],
  username,
  custom_id: null,
  ...parts,
})

export const aKey = (consumer: string, key: string): Credential => ({
  kind: 'keyauth_credentials',
  id: `key-of-${consumer}`,
  tags: [],
  consumer,
  key,
})

/** `config` as it is: nobody fills in the defaults of the schema. */
export const aPlugin = (
  name: string,
  config: PluginEntity['config'] = {},
  parts: Partial<PluginEntity> = {},
): PluginEntity => ({
  id: [name, parts.route, parts.service, parts.consumer].filter(Boolean).join('-'),
  tags: [],
  name,
  instance_name: null,
  service: null,
  route: null,
  consumer: null,
  config,
  enabled: true,
  protocols: ['grpc', 'grpcs', 'http', 'https'],
  ...parts,
})
