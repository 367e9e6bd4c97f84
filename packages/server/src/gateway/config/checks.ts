/**
 * What the schemas of entities cannot say.
 * Source: the `entity_checks` of kong/db/schema/entities/*.lua and routes_subschemas.lua.
 */
import { addressRangeProblem } from '../../kernel/address-range.ts'
import type { EntityKind } from './entities.ts'
import type { AddProblem } from './faults.ts'
import { checkCaCertificate, checkCertificate, checkJwtSecret } from './certificates.ts'
import type { Route, Service, Target, Upstream, Vault } from './model.ts'
import {
  hostNameProblem,
  hostProblem,
  hostWithPortProblem,
  type Judgement,
  routeHostProblem,
  serverNameProblem,
} from './schema/hosts.ts'
import {
  checkRouteTuning,
  checkServiceTuning,
  checkUpstreamTuning,
  cookieNameProblem,
  headerNameProblem,
} from './tuning-checks.ts'
import { pathProblem, regexProblem, routePathProblem } from './schema/paths.ts'

const nameProblem: Judgement = (name) =>
  /^[\w.\-~\u0080-\uffff]+$/.test(name)
    ? null
    : 'has characters other than letters, digits and . - _ ~'
const tagProblem: Judgement = (tag) =>
  /^[ !-+\-.0-~\u0080-\uffff]+$/.test(tag) ? null : 'has a comma, a slash or a control character'

/** Judges a text, or each of a list; null is nothing to judge. */
const judge = (
  value: string | null | readonly string[],
  field: string,
  judgement: Judgement,
  add: AddProblem,
): void => {
  const texts = typeof value === 'string' ? [value] : (value ?? [])
  for (const [index, text] of texts.entries()) {
    const problem = judgement(text)
    if (problem === null) continue
    const path = typeof value === 'string' ? [field] : [field, index]
    add(path, `${field} ${JSON.stringify(text.slice(0, 200))} ${problem}.`)
  }
}

const checkHeaders = (
  headers: Readonly<Record<string, readonly string[]>>,
  field: readonly string[],
  add: AddProblem,
): void => {
  for (const name of Object.keys(headers)) {
    const problem = headerNameProblem(name)
    if (problem !== null)
      add([...field, name], `The header name ${JSON.stringify(name)} ${problem}.`)
  }
}

const inTuning =
  (add: AddProblem): AddProblem =>
  (path, message) =>
    add(['x-keelson', ...path], message)

const checkService = (service: Service, add: AddProblem): void => {
  judge(service.name, 'name', nameProblem, add)
  judge(service.host, 'host', hostProblem, add)
  judge(service.path, 'path', pathProblem, add)
  checkServiceTuning(service, inTuning(add))
  const { protocol } = service
  if (service.path !== null && ['tcp', 'tls', 'grpc', 'grpcs'].includes(protocol)) {
    add(['path'], `A service of protocol ${protocol} has no path.`)
  }
  if (protocol === 'https' || protocol === 'tls') return
  for (const field of ['client_certificate', 'tls_verify', 'tls_verify_depth'] as const) {
    if (service[field] !== null) add([field], `${field} is of services of protocol https or tls.`)
  }
  if (service.ca_certificates.length > 0) {
    add(['ca_certificates'], 'ca_certificates is of services of protocol https or tls.')
  }
}

const protocolFamilies = [
  ['http', 'https'],
  ['tcp', 'tls'],
  ['tls_passthrough'],
  ['grpc', 'grpcs'],
  ['ws', 'wss'],
] as const

type Matching = 'methods' | 'hosts' | 'paths' | 'headers' | 'snis' | 'sources' | 'destinations'

/** By family: what a route must have one of, and what it cannot have. */
const matchingOf: Readonly<
  Record<string, { one: readonly Matching[]; none: readonly Matching[] }>
> = {
  http: { one: ['methods', 'hosts', 'headers', 'paths'], none: ['sources', 'destinations'] },
  ws: { one: ['hosts', 'headers', 'paths'], none: ['methods', 'sources', 'destinations'] },
  grpc: { one: ['hosts', 'headers', 'paths'], none: ['methods', 'sources', 'destinations'] },
  tcp: { one: ['sources', 'destinations', 'snis'], none: ['methods', 'hosts', 'paths', 'headers'] },
  tls_passthrough: { one: ['snis'], none: ['methods', 'hosts', 'paths', 'headers'] },
}

const checkRoute = (route: Route, add: AddProblem): void => {
  judge(route.name, 'name', nameProblem, add)
  judge(route.hosts, 'hosts', routeHostProblem, add)
  judge(route.paths, 'paths', routePathProblem, add)
  judge(route.snis, 'snis', serverNameProblem, add)
  judge(route.methods, 'methods', methodProblem, add)
  checkRouteHeaders(route, add)
  for (const field of ['sources', 'destinations'] as const) {
    for (const [index, { ip, port }] of route[field].entries()) {
      if (ip === null && port === null) add([field, index], 'It needs an ip or a port.')
      const problem = ip === null ? null : addressRangeProblem(ip)
      if (problem !== null) add([field, index, 'ip'], `ip ${JSON.stringify(ip)} ${problem}.`)
    }
  }
  checkMatching(route, add)
  checkRouteTuning(route['x-keelson'], inTuning(add))
}

const methodProblem: Judgement = (method) =>
  /^[A-Z]+$/.test(method) ? null : 'has characters other than capital letters'

const checkRouteHeaders = (route: Route, add: AddProblem): void => {
  checkHeaders(route.headers, ['headers'], add)
  for (const [name, values] of Object.entries(route.headers)) {
    if (name.toLowerCase() === 'host') {
      add(['headers', name], 'A route names its hosts in hosts, not as a header.')
    }
    const [only, second] = values
    if (only?.startsWith('~*') !== true || second !== undefined) continue
    const problem = regexProblem(only.slice(2))
    if (problem !== null) add(['headers', name, 0], `The value of ${name} ${problem}.`)
  }
}

const isSet = (route: Route, field: Matching): boolean => Object.keys(route[field]).length > 0

const checkMatching = (route: Route, add: AddProblem): void => {
  const [first = 'http'] = route.protocols
  const family = protocolFamilies.find((names) => names.some((name) => name === first))
  const stranger = route.protocols.find((name) => !family?.some((own) => own === name))
  if (stranger !== undefined) {
    add(
      ['protocols'],
      `A route cannot be of ${first} and of ${stranger}.`,
      'Make two routes of it.',
    )
  }
  const matching = matchingOf[family?.[0] ?? 'http']
  if (matching === undefined) return
  const isTls = route.protocols.some((name) => /s$|^tls/.test(name) && name !== 'ws')
  const one =
    isTls && !matching.one.includes('snis') ? [...matching.one, 'snis' as const] : matching.one
  if (!one.some((field) => isSet(route, field))) {
    add([], `A route of ${first} needs at least one of ${one.join(', ')}.`)
  }
  for (const field of matching.none) {
    if (isSet(route, field)) add([field], `A route of ${first} has no ${field}.`)
  }
  if (!isTls && route.snis.length > 0) add(['snis'], 'snis are of routes with TLS.')
  if (first.startsWith('grpc') && route.strip_path) {
    add(['strip_path'], 'A route of grpc cannot strip its path.')
  }
}

/** What a hash needs to know where its input is. */
const hashFields = [
  { input: 'header', on: 'hash_on_header', fallback: 'hash_fallback_header' },
  { input: 'cookie', on: 'hash_on_cookie', fallback: 'hash_on_cookie' },
  { input: 'query_arg', on: 'hash_on_query_arg', fallback: 'hash_fallback_query_arg' },
  { input: 'uri_capture', on: 'hash_on_uri_capture', fallback: 'hash_fallback_uri_capture' },
] as const

const checkUpstream = (upstream: Upstream, add: AddProblem): void => {
  judge(upstream.name, 'name', hostNameProblem, add)
  judge(upstream.host_header, 'host_header', hostWithPortProblem, add)
  judge(upstream.hash_on_cookie_path, 'hash_on_cookie_path', pathProblem, add)
  judge(upstream.hash_on_header, 'hash_on_header', headerNameProblem, add)
  judge(upstream.hash_fallback_header, 'hash_fallback_header', headerNameProblem, add)
  judge(upstream.hash_on_cookie, 'hash_on_cookie', cookieNameProblem, add)
  const { active } = upstream.healthchecks
  const inActive: AddProblem = (path, message) => add(['healthchecks', 'active', ...path], message)
  judge(active.http_path, 'http_path', pathProblem, inActive)
  judge(active.https_sni, 'https_sni', hostNameProblem, inActive)
  checkHeaders(active.headers, ['headers'], inActive)
  checkHash(upstream, add)
  checkUpstreamTuning(upstream['x-keelson'], inTuning(add))
}

const checkHash = (upstream: Upstream, add: AddProblem): void => {
  const { hash_on: on, hash_fallback: fallback } = upstream
  for (const fields of hashFields) {
    const needed = [
      on === fields.input ? fields.on : null,
      fallback === fields.input ? fields.fallback : null,
    ]
    for (const field of new Set(needed)) {
      if (field !== null && upstream[field] === null) {
        add([], `${field} is missing, which hashing by ${fields.input} needs.`)
      }
    }
    const value = upstream[fields.on]
    if (fields.on !== fields.fallback && value !== null && value === upstream[fields.fallback]) {
      add([fields.fallback], `${fields.on} and ${fields.fallback} must differ.`)
    }
  }
  if (fallback === 'none') return
  if (on === 'none' || on === 'cookie') {
    add(['hash_fallback'], `With hash_on ${on}, hash_fallback must be none.`)
  } else if (fallback === on && ['consumer', 'ip', 'path'].includes(on)) {
    add(['hash_fallback'], `hash_fallback cannot be ${on} as well.`)
  }
}

const checkTarget = (target: Target, add: AddProblem): void =>
  judge(target.target, 'target', hostWithPortProblem, add)

const checkVault = (vault: Vault, add: AddProblem): void => {
  if (!/^[a-z][a-z\d-]*[a-z\d]$/.test(vault.prefix)) {
    add(['prefix'], 'prefix has other characters than small letters, digits and -.')
  } else if (vault.prefix === 'env') add(['prefix'], 'The prefix env is taken.')
  const { prefix } = vault.config
  if (prefix !== null && !/^[A-Za-z_-][\w-]*$/.test(prefix)) {
    add(['config', 'prefix'], 'config.prefix has other characters than letters, digits, - and _.')
  }
}

const checkConsumer = (consumer: Readonly<Record<string, unknown>>, add: AddProblem): void => {
  if (consumer['username'] === null && consumer['custom_id'] === null) {
    add([], 'A consumer needs a username or a custom_id.')
  }
}

/** Checks an entity whose fields have the right types. */
export const checkEntity = (
  kind: EntityKind,
  value: Readonly<Record<string, unknown>>,
  add: AddProblem,
): void => {
  judge(value['tags'] as readonly string[], 'tags', tagProblem, add)
  checksOf[kind]?.(value as never, add)
}

const checksOf: Readonly<Partial<Record<EntityKind, (value: never, add: AddProblem) => void>>> = {
  services: checkService,
  routes: checkRoute,
  upstreams: checkUpstream,
  targets: checkTarget,
  consumers: checkConsumer,
  jwt_secrets: checkJwtSecret,
  certificates: checkCertificate,
  snis: (value: { name: string }, add) => judge(value.name, 'name', serverNameProblem, add),
  ca_certificates: checkCaCertificate,
  vaults: checkVault,
  plugins: (value: { instance_name: string | null }, add) =>
    judge(value.instance_name, 'instance_name', nameProblem, add),
}
