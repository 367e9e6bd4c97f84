import type { TSchema } from 'typebox'
import type { CredentialKind } from './model.ts'
import * as schema from './schema/entities.ts'

/** The lists of a file. */
export type EntityKind =
  | ('services' | 'routes' | 'upstreams' | 'targets' | 'consumers' | 'acls' | 'plugins')
  | ('certificates' | 'snis' | 'ca_certificates' | 'vaults')
  | CredentialKind

export const credentialKinds = [
  ...(['keyauth_credentials', 'basicauth_credentials'] as const),
  ...(['hmacauth_credentials', 'jwt_secrets'] as const),
] as const satisfies readonly CredentialKind[]

export type EntityShape = {
  singular: string
  schema: TSchema
  /** What people call one by. */
  nameField: string | null
  /** Fields whose values no two may share. */
  unique: readonly string[]
  /** Fields that no two may have all the same, when references are resolved. */
  uniqueTogether: readonly string[]
  /** What the id is made of where the file gives none (ids.ts). */
  idFrom: { cacheKey: readonly string[] } | { endpointKey: string } | null
  /** Lists that may stand inside of one: their kind, and the field of theirs that this fills. */
  children: Readonly<Record<string, { kind: EntityKind; as: string }>>
  /** Fields that name other entities. */
  foreign: Readonly<Record<string, EntityKind>>
  /** Fields that nobody is shown. */
  secrets: readonly string[]
  /** Fields that a vault may fill. */
  referenceable: readonly string[]
}

const nothing = {
  ...{ nameField: null, unique: [], uniqueTogether: [], idFrom: null },
  ...{ children: {}, foreign: {}, secrets: [], referenceable: [] },
}

const ofConsumer = { foreign: { consumer: 'consumers' } } as const
const credential = (kind: CredentialKind) => ({ kind, as: 'consumer' })

/** In the order in which they are read and written. */
export const entityShapes: Readonly<Record<EntityKind, EntityShape>> = {
  services: {
    ...nothing,
    singular: 'service',
    schema: schema.service,
    nameField: 'name',
    unique: ['name'],
    idFrom: { endpointKey: 'name' },
    children: {
      routes: { kind: 'routes', as: 'service' },
      plugins: { kind: 'plugins', as: 'service' },
    },
    foreign: { client_certificate: 'certificates' },
  },
  routes: {
    ...nothing,
    singular: 'route',
    schema: schema.route,
    nameField: 'name',
    unique: ['name'],
    idFrom: { endpointKey: 'name' },
    children: { plugins: { kind: 'plugins', as: 'route' } },
    foreign: { service: 'services' },
  },
  upstreams: {
    ...nothing,
    singular: 'upstream',
    schema: schema.upstream,
    nameField: 'name',
    unique: ['name'],
    idFrom: { endpointKey: 'name' },
    children: { targets: { kind: 'targets', as: 'upstream' } },
    foreign: { client_certificate: 'certificates' },
  },
  targets: {
    ...nothing,
    singular: 'target',
    schema: schema.target,
    nameField: 'target',
    uniqueTogether: ['upstream', 'target'],
    idFrom: { cacheKey: ['upstream', 'target'] },
    foreign: { upstream: 'upstreams' },
  },
  consumers: {
    ...nothing,
    singular: 'consumer',
    schema: schema.consumer,
    nameField: 'username',
    unique: ['username', 'custom_id'],
    idFrom: { endpointKey: 'username' },
    children: {
      plugins: { kind: 'plugins', as: 'consumer' },
      acls: { kind: 'acls', as: 'consumer' },
      ...Object.fromEntries(credentialKinds.map((kind) => [kind, credential(kind)])),
    },
  },
  keyauth_credentials: {
    ...{ ...nothing, ...ofConsumer },
    singular: 'key',
    schema: schema.keyauthCredential,
    unique: ['key'],
    idFrom: { cacheKey: ['key'] },
    secrets: ['key'],
    referenceable: ['key'],
  },
  basicauth_credentials: {
    ...{ ...nothing, ...ofConsumer },
    singular: 'basic-auth credential',
    schema: schema.basicauthCredential,
    nameField: 'username',
    unique: ['username'],
    idFrom: { cacheKey: ['username'] },
    secrets: ['password'],
    referenceable: ['password'],
  },
  hmacauth_credentials: {
    ...{ ...nothing, ...ofConsumer },
    singular: 'hmac-auth credential',
    schema: schema.hmacauthCredential,
    nameField: 'username',
    unique: ['username'],
    idFrom: { cacheKey: ['username'] },
    secrets: ['secret'],
    referenceable: ['secret'],
  },
  jwt_secrets: {
    ...{ ...nothing, ...ofConsumer },
    singular: 'jwt secret',
    schema: schema.jwtSecret,
    nameField: 'key',
    unique: ['key'],
    idFrom: { cacheKey: ['key'] },
    secrets: ['secret'],
    referenceable: ['key', 'secret', 'rsa_public_key'],
  },
  acls: {
    ...{ ...nothing, ...ofConsumer },
    singular: 'acl group',
    schema: schema.acl,
    nameField: 'group',
    uniqueTogether: ['consumer', 'group'],
    idFrom: { cacheKey: ['consumer', 'group'] },
  },
  plugins: {
    ...nothing,
    singular: 'plugin',
    schema: schema.plugin,
    nameField: 'name',
    unique: ['instance_name'],
    uniqueTogether: ['name', 'route', 'service', 'consumer'],
    idFrom: { cacheKey: ['name', 'route', 'service', 'consumer'] },
    foreign: { service: 'services', route: 'routes', consumer: 'consumers' },
    referenceable: ['config'],
  },
  certificates: {
    ...nothing,
    singular: 'certificate',
    schema: schema.certificate,
    children: {
      snis: { kind: 'snis', as: 'certificate' },
      services: { kind: 'services', as: 'client_certificate' },
      upstreams: { kind: 'upstreams', as: 'client_certificate' },
    },
    secrets: ['key', 'key_alt'],
    referenceable: ['cert', 'key', 'cert_alt', 'key_alt'],
  },
  snis: {
    ...nothing,
    singular: 'SNI',
    schema: schema.sni,
    nameField: 'name',
    unique: ['name'],
    idFrom: { endpointKey: 'name' },
    foreign: { certificate: 'certificates' },
  },
  ca_certificates: {
    ...nothing,
    singular: 'CA certificate',
    schema: schema.caCertificate,
    unique: ['cert_digest'],
    referenceable: ['cert'],
  },
  vaults: {
    ...nothing,
    singular: 'vault',
    schema: schema.vault,
    nameField: 'prefix',
    unique: ['prefix'],
    idFrom: { cacheKey: ['prefix'] },
  },
}

export const entityKinds = Object.keys(entityShapes) as readonly EntityKind[]
