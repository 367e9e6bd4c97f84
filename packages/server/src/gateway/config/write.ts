import type { PluginTable } from '../plugins/index.ts'
import { onlyOwner } from './build.ts'
import { credentialKinds, type EntityKind, entityShapes } from './entities.ts'
import { contentId, type IdParent, keyedId } from './ids.ts'
import type { EntityId, GatewayConfig } from './model.ts'
import { selectForKong } from './write/for-kong.ts'
import { emitYaml } from './write/emit-yaml.ts'
import { createSecretWriter, type SecretMode, type SecretWriter } from './write/write-secrets.ts'
import { withoutDefaults } from './write/without-defaults.ts'

export type WriteOptions = {
  /**
   * `keep`: reading it gives the same configuration; what a vault gave is its reference.
   * `mask`: secrets are `***`, to be looked at. `reference`: every secret is a reference to a
   * variable that whoever reads the file has to set, so that the file can be shared.
   */
  secrets: SecretMode
  /** Leaves out what Kong's open-source gateway has no words for, and says so in a comment. */
  forKong: boolean
  /** With them, plugins are written without their defaults. */
  plugins?: PluginTable
}

/** A file, and what is not in it because of `forKong`. */
export type Written = { text: string; leftOut: readonly string[] }

/** A configuration as a declarative file in YAML, nested as people write it, without defaults. */
export const writeGatewayConfig = (config: GatewayConfig, options: WriteOptions): Written => {
  const { config: written, leftOut } = options.forKong
    ? selectForKong(config)
    : { config, leftOut: [] }
  const writing = prepareWriting(written, options)
  const file = withoutEmpty({
    _format_version: '3.0',
    ...(options.secrets === 'keep' && keepsHashes(written) ? { _transform: false } : {}),
    services: written.services.map((service) => writeService(service, writing)),
    routes: writing.ownedBy('routes', null).map((route) => writeRoute(route, null, writing)),
    upstreams: written.upstreams.map((upstream) => ({
      ...writeEntity('upstreams', upstream, null, writing),
      ...writeChildren('targets', upstream.id, 'upstream', writing),
    })),
    consumers: written.consumers.map((consumer) => ({
      ...writeEntity('consumers', consumer, null, writing),
      ...writeChildren('acls', consumer.id, 'consumer', writing),
      ...Object.assign(
        {},
        ...credentialKinds.map((kind) => writeChildren(kind, consumer.id, 'consumer', writing)),
      ),
      ...writeChildren('plugins', consumer.id, 'consumer', writing),
    })),
    plugins: writing
      .ownedBy('plugins', null)
      .map((plugin) => writeEntity('plugins', plugin, null, writing)),
    certificates: written.certificates.map((certificate) => ({
      ...writeEntity('certificates', certificate, null, writing),
      ...writeChildren('snis', certificate.id, 'certificate', writing),
    })),
    ca_certificates: written.ca_certificates.map((one) =>
      writeEntity('ca_certificates', one, null, writing),
    ),
    vaults: written.vaults.map((vault) => writeEntity('vaults', vault, null, writing)),
  })
  return { text: commentOf(leftOut) + emitYaml(file), leftOut }
}

type Entity = Readonly<Record<string, unknown>> & { id: EntityId }

type Writing = {
  ownedBy(kind: EntityKind, owner: EntityId | null): readonly Entity[]
  /** What to call an entity in a reference. */
  nameOf(kind: EntityKind, id: EntityId): string
  secrets: SecretWriter
  options: WriteOptions
}

const prepareWriting = (config: GatewayConfig, options: WriteOptions): Writing => {
  const owned = new Map<string, Entity[]>()
  const own = (kind: EntityKind, owner: EntityId | null, entity: Entity) => {
    const list = owned.get(`${kind} ${owner ?? ''}`)
    if (list === undefined) owned.set(`${kind} ${owner ?? ''}`, [entity])
    else list.push(entity)
  }
  for (const route of config.routes) own('routes', route.service, route)
  for (const target of config.targets) own('targets', target.upstream, target)
  for (const credential of config.credentials) own(credential.kind, credential.consumer, credential)
  for (const acl of config.acls) own('acls', acl.consumer, acl)
  for (const sni of config.snis) own('snis', sni.certificate, sni)
  for (const plugin of config.plugins) own('plugins', onlyOwner(plugin), plugin)
  const names = new Map<EntityId, string | null>([
    ...config.services.map(({ id, name }) => [id, name] as const),
    ...config.routes.map(({ id, name }) => [id, name] as const),
    ...config.consumers.map(({ id, username }) => [id, username] as const),
  ])
  return {
    ownedBy: (kind, owner) => owned.get(`${kind} ${owner ?? ''}`) ?? [],
    nameOf: (_kind, id) => names.get(id) ?? id,
    secrets: createSecretWriter(config.references ?? [], options.secrets),
    options,
  }
}

const writeService = (service: Entity, writing: Writing): Record<string, unknown> => ({
  ...writeEntity('services', service, null, writing),
  ...withoutEmpty({
    routes: writing
      .ownedBy('routes', service.id)
      .map((route) => writeRoute(route, { id: service.id, as: 'service' }, writing)),
  }),
  ...writeChildren('plugins', service.id, 'service', writing),
})

const writeRoute = (
  route: Entity,
  parent: IdParent,
  writing: Writing,
): Record<string, unknown> => ({
  ...writeEntity('routes', route, parent, writing),
  ...writeChildren('plugins', route.id, 'route', writing),
})

const writeChildren = (
  kind: EntityKind,
  owner: EntityId,
  as: string,
  writing: Writing,
): Record<string, unknown> => {
  const children = writing.ownedBy(kind, owner)
  const parent = { id: owner, as }
  return withoutEmpty({
    [kind]: children.map((child) => writeEntity(kind, child, parent, writing)),
  })
}

const writeEntity = (
  kind: EntityKind,
  entity: Entity,
  parent: IdParent,
  writing: Writing,
): Record<string, unknown> => {
  const { schema, foreign } = entityShapes[kind]
  const { id, kind: _kind, ...fields } = writing.secrets.write(kind, entity)
  const { tags, ...written } = withoutDefaults(schema, fields)
  if (kind === 'ca_certificates') delete written['cert_digest']
  if (kind === 'routes' && isGrpc(written['protocols'])) writeStripPath(written, entity)
  if (kind === 'plugins') writePluginConfig(written, writing.options.plugins)
  for (const [field, target] of Object.entries(foreign)) {
    const reference = written[field]
    if (field === parent?.as) delete written[field]
    else if (typeof reference === 'string') written[field] = writing.nameOf(target, reference)
  }
  if (tags !== undefined) written['tags'] = tags
  const derived = keyedId(kind, written, parent) ?? contentId(kind, written, parent, 0)
  return derived === id ? written : { id, ...written }
}

const isGrpc = (protocols: unknown): boolean =>
  Array.isArray(protocols) && (protocols[0] === 'grpc' || protocols[0] === 'grpcs')

/** Of gRPC, false is the default (shorthands.ts). */
const writeStripPath = (written: Record<string, unknown>, entity: Entity): void => {
  delete written['strip_path']
  if (entity['strip_path'] === true) written['strip_path'] = true
}

const writePluginConfig = (
  written: Record<string, unknown>,
  plugins: PluginTable | undefined,
): void => {
  const definition = plugins?.get(String(written['name']))
  const config = written['config'] as Readonly<Record<string, unknown>> | undefined
  if (definition === undefined || config === undefined) return
  const kept = withoutDefaults(definition.schema, config)
  if (Object.keys(kept).length === 0) delete written['config']
  else written['config'] = kept
}

const keepsHashes = (config: GatewayConfig): boolean => {
  const referred = new Set((config.references ?? []).map(({ entity }) => entity))
  return config.credentials.some(
    ({ kind, id }) => kind === 'basicauth_credentials' && !referred.has(id),
  )
}

const withoutEmpty = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
  )

const commentOf = (leftOut: readonly string[]): string =>
  leftOut.length === 0
    ? ''
    : [
        '# Left out, since Kong has no words for it:',
        ...leftOut.map((line) => `# - ${line}`),
        '',
      ].join('\n')
