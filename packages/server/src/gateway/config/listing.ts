import { credentialLabel } from './credential-label.ts'
import { credentialKinds, type EntityKind, entityShapes } from './entities.ts'
import type { Credential, EntityId, GatewayConfig } from './model.ts'

type Entity = Readonly<Record<string, unknown>> & { id: EntityId }

/** The entities of one kind, credentials by theirs. */
export const entitiesOf = (config: GatewayConfig, kind: EntityKind): readonly Entity[] => {
  const credential = credentialKinds.find((one) => one === kind)
  if (credential !== undefined) return config.credentials.filter((one) => one.kind === credential)
  return config[kind as Exclude<EntityKind, (typeof credentialKinds)[number]>]
}

/**
 * What people call an entity by: what is a consumer's by its name and what may be shown of it, a
 * target by its upstream and address, a route without a name by what it matches; else the id.
 */
export const namingOf = ({ consumers, upstreams }: GatewayConfig): NameOf => {
  const people = new Map(consumers.map((one) => [one.id, ownName('consumers', one)]))
  const pools = new Map(upstreams.map((one) => [one.id, one.name]))
  return (kind, entity) => {
    if (kind === 'targets') {
      const pool = pools.get(String(entity['upstream']))
      return `${ownName(kind, entity)}${pool === undefined ? '' : ` of ${pool}`}`
    }
    const label = labelOfOwned(kind, entity)
    if (label === null) return ownName(kind, entity)
    const owner = people.get(String(entity['consumer']))
    return owner === undefined || owner === label ? label : `${owner} ${label}`
  }
}

type NameOf = (kind: EntityKind, entity: Entity) => string

/** Of what belongs to a consumer and has no name; null of all else. */
const labelOfOwned = (kind: EntityKind, entity: Entity): string | null => {
  if (kind === 'acls') return String(entity['group'])
  const isCredential = credentialKinds.some((one) => one === kind)
  return isCredential ? credentialLabel(entity as unknown as Credential) : null
}

const ownName = (kind: EntityKind, entity: Entity): string => {
  const { nameField } = entityShapes[kind]
  const name = nameField === null ? null : entity[nameField]
  if (typeof name === 'string') return name
  if (kind === 'routes') {
    const { hosts, paths } = entity as unknown as { hosts: string[]; paths: string[] }
    const matched = `${hosts[0] ?? ''}${paths[0] ?? ''}`
    if (matched !== '') return matched
  }
  if (kind === 'consumers' && typeof entity['custom_id'] === 'string') return entity['custom_id']
  return entity.id
}
