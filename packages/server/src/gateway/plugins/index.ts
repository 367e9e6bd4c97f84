import { acl } from './acl/handler.ts'
import { acme } from './acme/handler.ts'
import { basicAuth } from './basic-auth/handler.ts'
import { botDetection } from './bot-detection/handler.ts'
import { compression } from './compression/handler.ts'
import { correlationId } from './correlation-id/handler.ts'
import { cors } from './cors/handler.ts'
import { faultInjection } from './fault-injection/handler.ts'
import { fileLog } from './file-log/handler.ts'
import { hmacAuth } from './hmac-auth/handler.ts'
import { hsts } from './hsts/handler.ts'
import { httpCache } from './http-cache/handler.ts'
import { httpLog } from './http-log/handler.ts'
import { inFlightLimit } from './in-flight-limit/handler.ts'
import { ipRestriction } from './ip-restriction/handler.ts'
import { jwt } from './jwt/handler.ts'
import { keelsonAuth } from './keelson-auth/handler.ts'
import { keyAuth } from './key-auth/handler.ts'
import { mock } from './mock/handler.ts'
import { mtlsAuth } from './mtls-auth/handler.ts'
import { oidc } from './oidc/handler.ts'
import { prometheus } from './prometheus/handler.ts'
import { proxyCache } from './proxy-cache/handler.ts'
import { rateLimit } from './rate-limit/handler.ts'
import { rateLimiting } from './rate-limiting/handler.ts'
import { redirect } from './redirect/handler.ts'
import { requestSizeLimiting } from './request-size-limiting/handler.ts'
import { requestTermination } from './request-termination/handler.ts'
import { requestTransformer } from './request-transformer/handler.ts'
import { requestValidation } from './request-validation/handler.ts'
import { responseRatelimiting } from './response-ratelimiting/handler.ts'
import { responseTransformer } from './response-transformer/handler.ts'
import { session } from './session/handler.ts'
import { staticFiles } from './static-files/handler.ts'
import { statsd } from './statsd/handler.ts'
import { syslog } from './syslog/handler.ts'
import { tcpLog } from './tcp-log/handler.ts'
import { transform } from './transform/handler.ts'
import { opentelemetry } from './opentelemetry/handler.ts'
import { udpLog } from './udp-log/handler.ts'
import type { PluginDefinition } from './plugin.ts'
import { zipkin } from './zipkin/handler.ts'

/** All plugins there are, by name; where they run is decided by their priority. */
export type PluginTable = ReadonlyMap<string, PluginDefinition>

const definitions: readonly PluginDefinition[] = [
  correlationId,
  zipkin,
  botDetection,
  cors,
  session,
  acme,
  mtlsAuth,
  jwt,
  keyAuth,
  keelsonAuth,
  basicAuth,
  oidc,
  hmacAuth,
  ipRestriction,
  requestSizeLimiting,
  acl,
  inFlightLimit,
  rateLimit,
  rateLimiting,
  responseRatelimiting,
  hsts,
  requestValidation,
  requestTransformer,
  responseTransformer,
  transform,
  redirect,
  proxyCache,
  httpCache,
  opentelemetry,
  prometheus,
  httpLog,
  statsd,
  fileLog,
  udpLog,
  tcpLog,
  faultInjection,
  staticFiles,
  syslog,
  mock,
  requestTermination,
  compression,
]

export const plugins: PluginTable = new Map(
  definitions.map((definition) => [definition.name, definition]),
)
