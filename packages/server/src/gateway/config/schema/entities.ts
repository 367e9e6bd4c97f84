/**
 * What each entity may say, with Kong's defaults and ranges.
 * Source: kong/db/schema/entities/*.lua, kong/plugins/*\/daos.lua.
 */
import { Type, type TSchema } from 'typebox'
import { algorithms, hashInputs, jwtAlgorithms } from '../model.ts'
import { routeTuning, serviceTuning, targetTuning, upstreamTuning } from './tuning.ts'

const nullable = <S extends TSchema>(schema: S) =>
  Type.Union([schema, Type.Null()], { default: null })
const oneOf = (values: readonly (string | number)[], fallback?: string | number) =>
  Type.Enum([...values], fallback === undefined ? {} : { default: fallback })
const integer = (minimum: number, maximum: number, fallback?: number) =>
  Type.Integer({ minimum, maximum, ...(fallback === undefined ? {} : { default: fallback }) })
const text = Type.String({ minLength: 1 })
const texts = Type.Array(text, { default: [], uniqueItems: true })
const headers = Type.Record(Type.String(), Type.Array(Type.String()), { default: {} })

const common = {
  id: Type.Optional(Type.String()),
  tags: Type.Array(text, { default: [], uniqueItems: true }),
}

const timeoutMax = 2 ** 31 - 2
const timeout = integer(1, timeoutMax, 60_000)

const serviceProtocols = [
  'http',
  'https',
  'tcp',
  'tls',
  'grpc',
  'grpcs',
  'tls_passthrough',
] as const
const routeProtocols = [...serviceProtocols, 'ws', 'wss'] as const
const protocols = (fallback: readonly string[]) =>
  Type.Array(oneOf(routeProtocols), { default: fallback, minItems: 1, uniqueItems: true })

export const service = Type.Object({
  ...common,
  name: nullable(text),
  protocol: oneOf(serviceProtocols, 'http'),
  host: text,
  port: integer(0, 65_535, 80),
  path: nullable(text),
  retries: integer(0, 32_767, 5),
  connect_timeout: timeout,
  write_timeout: timeout,
  read_timeout: timeout,
  enabled: Type.Boolean({ default: true }),
  client_certificate: nullable(text),
  ca_certificates: texts,
  tls_verify: nullable(Type.Boolean()),
  tls_verify_depth: nullable(integer(0, 64)),
  'x-keelson': serviceTuning,
})

const routeAddresses = Type.Array(
  Type.Object({ ip: nullable(text), port: nullable(integer(0, 65_535)) }),
  { default: [] },
)

export const route = Type.Object({
  ...common,
  name: nullable(text),
  service: nullable(text),
  protocols: protocols(['http', 'https']),
  methods: texts,
  hosts: Type.Array(text, { default: [] }),
  paths: Type.Array(text, { default: [] }),
  headers,
  snis: texts,
  sources: routeAddresses,
  destinations: routeAddresses,
  strip_path: Type.Boolean({ default: true }),
  preserve_host: Type.Boolean({ default: false }),
  regex_priority: Type.Integer({ default: 0 }),
  path_handling: oneOf(['v0', 'v1'], 'v0'),
  https_redirect_status_code: oneOf([426, 301, 302, 307, 308], 426),
  request_buffering: Type.Boolean({ default: true }),
  response_buffering: Type.Boolean({ default: true }),
  'x-keelson': routeTuning,
})

const seconds = (fallback: number) =>
  Type.Number({ minimum: 0, maximum: 65_535, default: fallback })
const count = integer(0, 255, 0)
const statuses = (fallback: readonly number[]) =>
  Type.Array(integer(100, 999), { default: fallback })
const checkType = oneOf(['tcp', 'http', 'https', 'grpc', 'grpcs'], 'http')
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at)
const failures = { tcp_failures: count, timeouts: count, http_failures: count }

const healthchecks = Type.Object(
  {
    threshold: Type.Number({ minimum: 0, maximum: 100, default: 0 }),
    active: Type.Object(
      {
        type: checkType,
        timeout: seconds(1),
        concurrency: integer(1, 2 ** 31, 10),
        http_path: Type.String({ default: '/' }),
        https_sni: nullable(text),
        https_verify_certificate: Type.Boolean({ default: true }),
        headers,
        healthy: Type.Object(
          { interval: seconds(0), http_statuses: statuses([200, 302]), successes: count },
          { default: {} },
        ),
        unhealthy: Type.Object(
          {
            interval: seconds(0),
            http_statuses: statuses([429, 404, ...range(500, 505)]),
            ...failures,
          },
          { default: {} },
        ),
      },
      { default: {} },
    ),
    passive: Type.Object(
      {
        type: checkType,
        healthy: Type.Object(
          {
            http_statuses: statuses([...range(200, 208), 226, ...range(300, 308)]),
            successes: count,
          },
          { default: {} },
        ),
        unhealthy: Type.Object(
          { http_statuses: statuses([429, 500, 503]), ...failures },
          { default: {} },
        ),
      },
      { default: {} },
    ),
  },
  { default: {} },
)

export const upstream = Type.Object({
  ...common,
  name: text,
  algorithm: oneOf(algorithms, 'round-robin'),
  hash_on: oneOf(hashInputs, 'none'),
  hash_fallback: oneOf(hashInputs, 'none'),
  hash_on_header: nullable(text),
  hash_fallback_header: nullable(text),
  hash_on_cookie: nullable(text),
  hash_on_cookie_path: Type.String({ default: '/' }),
  hash_on_query_arg: nullable(text),
  hash_fallback_query_arg: nullable(text),
  hash_on_uri_capture: nullable(text),
  hash_fallback_uri_capture: nullable(text),
  slots: integer(10, 65_536, 10_000),
  host_header: nullable(text),
  client_certificate: nullable(text),
  use_srv_name: Type.Boolean({ default: false }),
  healthchecks,
  'x-keelson': upstreamTuning,
})

export const target = Type.Object({
  ...common,
  upstream: text,
  target: text,
  weight: integer(0, 65_535, 100),
  'x-keelson': targetTuning,
})

export const consumer = Type.Object({
  ...common,
  username: nullable(text),
  custom_id: nullable(text),
})

const credential = { ...common, consumer: text }

export const keyauthCredential = Type.Object({ ...credential, key: text })
export const basicauthCredential = Type.Object({ ...credential, username: text, password: text })
export const hmacauthCredential = Type.Object({ ...credential, username: text, secret: text })
export const jwtSecret = Type.Object({
  ...credential,
  key: text,
  algorithm: oneOf(jwtAlgorithms, 'HS256'),
  secret: nullable(text),
  rsa_public_key: nullable(text),
})
export const acl = Type.Object({ ...credential, group: text })

const httpProtocols = ['grpc', 'grpcs', 'http', 'https'] as const

export const plugin = Type.Object({
  ...common,
  name: text,
  instance_name: nullable(text),
  service: nullable(text),
  route: nullable(text),
  consumer: nullable(text),
  config: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
  enabled: Type.Boolean({ default: true }),
  protocols: protocols(httpProtocols),
})

export const certificate = Type.Object({
  ...common,
  cert: text,
  key: text,
  cert_alt: nullable(text),
  key_alt: nullable(text),
})

export const sni = Type.Object({ ...common, name: text, certificate: text })

export const caCertificate = Type.Object({ ...common, cert: text, cert_digest: nullable(text) })

export const vault = Type.Object({
  ...common,
  prefix: text,
  name: oneOf(['env']),
  description: nullable(Type.String()),
  config: Type.Object({ prefix: nullable(text) }, { default: {} }),
})
