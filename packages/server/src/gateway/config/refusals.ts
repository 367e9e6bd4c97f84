import type { EntityKind } from './entities.ts'
import { isRecord } from './schema/shape.ts'

/**
 * What files may ask for and this gateway has not: by the name of the feature, with what does the
 * same here, if something does.
 */
export type Refusal = { feature: string; message: string; hint?: string }

const enterprise = (feature: string, hint?: string): Refusal => ({
  feature,
  message: `${feature[0]?.toUpperCase()}${feature.slice(1)} are a feature of Kong Enterprise.`,
  ...(hint === undefined ? {} : { hint }),
})
const unsupported = (feature: string, hint?: string): Refusal => ({
  feature,
  message: `${feature[0]?.toUpperCase()}${feature.slice(1)} are not supported by Keelson.`,
  ...(hint === undefined ? {} : { hint }),
})

const groups = enterprise('consumer groups', 'Tie the plugin to each consumer, or use acl groups.')
const partials = enterprise('partials', 'Write the fields into each plugin, or use a YAML anchor.')
const roles = enterprise('RBAC roles', "Keelson's own roles say who may change what.")
const portal = enterprise('developer portals')
const wasm = unsupported('WebAssembly filters', 'Write a plugin in TypeScript instead.')
const keys = unsupported('keys and key sets', 'The oidc plugin takes its keys from a JWKS address.')
const oauth2 = unsupported('OAuth 2.0 credentials', 'The oidc plugin takes tokens of any provider.')
const expressions = unsupported(
  'expression routes',
  'Write hosts, paths, methods and headers instead.',
)

export const refusedTopLevel: Readonly<Record<string, Refusal>> = {
  consumer_groups: groups,
  consumer_group_plugins: groups,
  consumer_group_consumers: groups,
  rbac_roles: roles,
  rbac_users: roles,
  rbac_role_endpoints: roles,
  admins: enterprise('administrators', "Keelson's own users and roles say who may change what."),
  keyring: enterprise('keyrings'),
  licenses: enterprise('licences'),
  event_hooks: enterprise('event hooks'),
  developers: portal,
  applications: portal,
  files: portal,
  document_objects: portal,
  partials,
  plugins_partials: partials,
  custom_entities: enterprise('custom entities of plugins (degraphql_routes and the like)'),
  custom_plugins: enterprise('custom plugins in files', 'Put a TypeScript plugin into a folder.'),
  cloned_plugins: enterprise('cloned plugins', 'Put a TypeScript plugin into a folder.'),
  ai_models: enterprise('AI models'),
  workspaces: enterprise('workspaces', 'A stack of its own does the same.'),
  filter_chains: wasm,
  keys,
  key_sets: keys,
  oauth2_credentials: oauth2,
  mtls_auth_credentials: enterprise('mtls-auth credentials', 'The mtls-auth plugin maps names.'),
  graphql_ratelimiting_advanced_cost_decoration: enterprise('GraphQL rate limits'),
  degraphql_routes: enterprise('DeGraphQL routes'),
  parameters: unsupported('cluster parameters'),
  clustering_data_planes: unsupported('data planes of a Kong cluster'),
}

export const refusedFields: Readonly<Partial<Record<EntityKind, Record<string, Refusal>>>> = {
  services: {
    tls_sans: enterprise('expected names in certificates of services (tls_sans)'),
    filter_chains: wasm,
  },
  routes: { expression: expressions, priority: expressions, filter_chains: wasm },
  upstreams: {
    sticky_sessions_cookie: enterprise(
      'sticky sessions',
      'Use x-keelson: { sticky: { cookie: … } }.',
    ),
    sticky_sessions_cookie_path: enterprise(
      'sticky sessions',
      'Use x-keelson: { sticky: { cookie: … } }.',
    ),
  },
  targets: {
    failover: enterprise('failover targets', 'Use x-keelson: { failover: … } of the service.'),
  },
  consumers: {
    groups,
    oauth2_credentials: oauth2,
    mtls_auth_credentials: enterprise('mtls-auth credentials', 'The mtls-auth plugin maps names.'),
    type: enterprise('typed consumers'),
  },
  keyauth_credentials: {
    ttl: unsupported(
      'keys that expire (ttl)',
      'Take the key out of the file when its time is over.',
    ),
  },
  plugins: {
    consumer_group: groups,
    partials,
    ordering: enterprise('plugin orders of your own (ordering)'),
    condition: enterprise('conditions of plugins'),
    model: enterprise('AI models'),
    run_on: unsupported('meshes (run_on, which Kong dropped in 2.0)'),
  },
}

const webSocketProtocols = enterprise(
  'WebSocket protocols of services',
  'Use http or https: WebSockets pass through them.',
)
const udp = unsupported('UDP services and routes')

const paidVaultFields = ['ttl', 'neg_ttl', 'resurrect_ttl', 'base64_decode']

/** Values, rather than fields, that ask for what we have not. */
export const refuseValue = (
  kind: EntityKind,
  { protocol, protocols, name, config }: Readonly<Record<string, unknown>>,
): { field: string; refusal: Refusal } | undefined => {
  if (kind === 'services') {
    if (protocol === 'ws' || protocol === 'wss')
      return { field: 'protocol', refusal: webSocketProtocols }
    return protocol === 'udp' ? { field: 'protocol', refusal: udp } : undefined
  }
  if (kind === 'routes') {
    const isUdp = Array.isArray(protocols) && protocols.includes('udp')
    return isUdp ? { field: 'protocols', refusal: udp } : undefined
  }
  if (kind !== 'vaults') return undefined
  if (typeof name === 'string' && name !== 'env') {
    const message = `The vault ${name.slice(0, 100)} is one of Kong Enterprise.`
    return { field: 'name', refusal: { feature: `vault ${name}`, message, hint: 'Use env.' } }
  }
  const isPaid =
    isRecord(config) && paidVaultFields.some((field) => (config[field] ?? null) !== null)
  return isPaid ? { field: 'config', refusal: enterprise('caches of vaults (ttl)') } : undefined
}

/** What does the work of a plugin here: other plugins, the first one there is, or in words. */
type Instead = readonly string[] | string

/** Plugins of Kong Enterprise and Konnect. */
const enterprisePlugins: Readonly<Record<string, Instead>> = {
  'openid-connect': ['oidc'],
  'rate-limiting-advanced': ['rate-limit', 'rate-limiting'],
  'proxy-cache-advanced': ['http-cache', 'proxy-cache'],
  canary: 'Use x-keelson: { split: { canary: … } } of the service.',
  'route-by-header': 'Use routes with headers, or x-keelson: { split: … } of the service.',
  'request-validator': ['request-validation'],
  'oas-validation': ['request-validation'],
  mocking: ['mock'],
  'jwt-signer': ['oidc'],
  'key-auth-enc': ['key-auth'],
  'header-cert-auth': ['mtls-auth'],
  'ldap-auth-advanced': ['oidc'],
  'oauth2-introspection': ['oidc'],
  'exit-transformer': ['response-transformer'],
  'request-transformer-advanced': ['request-transformer'],
  'response-transformer-advanced': ['response-transformer'],
  'statsd-advanced': ['statsd'],
  'upstream-timeout': 'Use x-keelson: { timeout_ms: … } of the route.',
  'service-protection': ['in-flight-limit'],
  ...Object.fromEntries(
    [
      ...['application-registration', 'forward-proxy', 'graphql-proxy-cache-advanced', 'degraphql'],
      ...['graphql-rate-limiting-advanced', 'kafka-log', 'kafka-upstream', 'kafka-consume', 'opa'],
      ...[
        'saml',
        'vault-auth',
        'tls-handshake-modifier',
        'tls-metadata-headers',
        'jq',
        'mtls-auth',
      ],
      ...['websocket-size-limit', 'websocket-validator', 'xml-threat-protection', 'ace', 'datakit'],
      ...['injection-protection', 'json-threat-protection', 'request-callout', 'upstream-oauth'],
      ...['solace-upstream', 'confluent', 'confluent-consume', 'metering-and-billing'],
      ...['konnect-application-auth', 'app-dynamics'],
    ].map((name) => [name, []]),
  ),
}

/** Plugins of Kong's open-source gateway (kong/constants.lua). */
export const kongPlugins: ReadonlySet<string> = new Set([
  ...['jwt', 'acl', 'correlation-id', 'cors', 'oauth2', 'tcp-log', 'udp-log', 'file-log'],
  ...['http-log', 'key-auth', 'hmac-auth', 'basic-auth', 'ip-restriction', 'request-transformer'],
  ...['response-transformer', 'request-size-limiting', 'rate-limiting', 'response-ratelimiting'],
  ...['syslog', 'loggly', 'datadog', 'ldap-auth', 'statsd', 'bot-detection', 'aws-lambda'],
  ...['request-termination', 'prometheus', 'proxy-cache', 'session', 'acme', 'grpc-gateway'],
  ...['grpc-web', 'pre-function', 'post-function', 'azure-functions', 'zipkin', 'opentelemetry'],
  ...['ai-proxy', 'ai-prompt-decorator', 'ai-prompt-template', 'ai-prompt-guard'],
  ...['ai-request-transformer', 'ai-response-transformer', 'standard-webhooks', 'redirect'],
])

const insteadOf: Readonly<Record<string, Instead>> = {
  'ldap-auth': ['oidc'],
  oauth2: ['oidc'],
  'pre-function': 'Write a plugin in TypeScript.',
  'post-function': 'Write a plugin in TypeScript.',
  'aws-lambda': 'Name the address of the function as a service.',
  'azure-functions': 'Name the address of the function as a service.',
  loggly: ['http-log', 'syslog'],
  datadog: ['statsd', 'prometheus'],
}

/** Why a plugin that is not here is refused; undefined when nobody knows the name. */
export const refusePlugin = (
  name: string,
  plugins: { has(name: string): boolean },
): Refusal | undefined => {
  const isKongs = kongPlugins.has(name)
  const isEnterprise = Object.hasOwn(enterprisePlugins, name) || /^ai-|-advanced$/.test(name)
  if (!isKongs && !isEnterprise) return undefined
  const known = isKongs ? insteadOf : enterprisePlugins
  const instead = Object.hasOwn(known, name) ? (known[name] ?? []) : []
  const plugin = typeof instead === 'string' ? undefined : instead.find((one) => plugins.has(one))
  const hint = typeof instead === 'string' ? instead : plugin && `Use ${plugin}.`
  return {
    feature: `plugin ${name}`,
    message: isKongs
      ? `The plugin ${name} is not supported by Keelson.`
      : `The plugin ${name} is one of Kong Enterprise.`,
    ...(hint === undefined ? {} : { hint }),
  }
}
