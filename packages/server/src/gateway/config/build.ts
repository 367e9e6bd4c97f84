import { certificateDigest } from './certificates.ts'
import { credentialKinds, type EntityKind } from './entities.ts'
import type { WrittenEntity } from './flatten.ts'
import type { EntityId, GatewayConfig, PluginEntity, SecretReference } from './model.ts'
import { parseHost } from './schema/hosts.ts'

/** The configuration of entities without a fault, in the order in which it is written again. */
export const buildConfig = (
  entities: readonly WrittenEntity[],
  references: readonly SecretReference[],
): GatewayConfig => {
  const all = <T>(kind: EntityKind): T[] =>
    entities.filter((entity) => entity.kind === kind).map((entity) => toModel(entity) as T)
  const credentials = credentialKinds.flatMap((kind) =>
    all<GatewayConfig['credentials'][number]>(kind),
  )
  return inWritingOrder({
    ...{ services: all('services'), routes: all('routes'), upstreams: all('upstreams') },
    ...{ targets: all('targets'), consumers: all('consumers'), credentials, acls: all('acls') },
    ...{ plugins: all('plugins'), certificates: all('certificates'), snis: all('snis') },
    ...{ ca_certificates: all('ca_certificates'), vaults: all('vaults') },
    ...(references.length === 0 ? {} : { references }),
  })
}

const toModel = ({ kind, id, value }: WrittenEntity): object => {
  const entity = { ...value, id, tags: value['tags'] ?? [] }
  if (kind === 'routes') return { ...entity, headers: lowerCaseNames(value['headers'] as Headers) }
  if (kind === 'targets') return { ...entity, target: withPort(String(value['target'])) }
  if (kind === 'ca_certificates') {
    return { ...entity, cert_digest: certificateDigest(String(value['cert'])) }
  }
  return credentialKinds.some((one) => one === kind) ? { kind, ...entity } : entity
}

type Headers = Readonly<Record<string, readonly string[]>>

const lowerCaseNames = (headers: Headers): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, values]) => [name.toLowerCase(), values]))

/** Kong's port of a target that names none. */
const usualPort = 8000

const withPort = (target: string): string => {
  const parsed = parseHost(target)
  if ('problem' in parsed) return target
  const host = parsed.type === 'ipv6' ? `[${parsed.host}]` : parsed.host
  return `${host}:${parsed.port ?? usualPort}`
}

/**
 * The order of a nested file: what belongs to something follows its order, and comes before what
 * belongs to nothing. So a configuration is the same after it was written and read again.
 */
const inWritingOrder = (config: GatewayConfig): GatewayConfig => {
  const after = <T>(
    items: readonly T[],
    owners: readonly { id: EntityId }[],
    of: (item: T) => EntityId | null,
  ) => {
    const places = new Map(owners.map(({ id }, place) => [id, place]))
    const placeOf = (item: T): number => places.get(of(item) ?? '') ?? owners.length
    return items.toSorted((a, b) => placeOf(a) - placeOf(b))
  }
  const services = config.services
  const routes = after(config.routes, services, ({ service }) => service)
  const places = [...services, ...routes, ...config.consumers]
  return {
    ...config,
    routes,
    targets: after(config.targets, config.upstreams, ({ upstream }) => upstream),
    credentials: after(config.credentials, config.consumers, ({ consumer }) => consumer),
    acls: after(config.acls, config.consumers, ({ consumer }) => consumer),
    plugins: after(config.plugins, places, onlyOwner),
    snis: after(config.snis, config.certificates, ({ certificate }) => certificate),
  }
}

/** What a plugin is written inside of; null at the top level, where it belongs to none or to several. */
export const onlyOwner = (plugin: PluginEntity): EntityId | null => {
  const [only, second] = [plugin.service, plugin.route, plugin.consumer].filter((id) => id !== null)
  return only === undefined || second !== undefined ? null : only
}
