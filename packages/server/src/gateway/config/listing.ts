import { credentialKinds, type EntityKind, entityShapes } from './entities.ts'
import type { EntityId, GatewayConfig } from './model.ts'

type Entity = Readonly<Record<string, unknown>> & { id: EntityId }

/** The entities of one kind, credentials by theirs. */
export const entitiesOf = (config: GatewayConfig, kind: EntityKind): readonly Entity[] => {
  const credential = credentialKinds.find((one) => one === kind)
  if (credential !== undefined) return config.credentials.filter((one) => one.kind === credential)
  return config[kind as Exclude<EntityKind, (typeof credentialKinds)[number]>]
}

/** What people call an entity by; of a route without a name what it matches, else its id. */
export const nameOfEntity = (kind: EntityKind, entity: Entity): string => {
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
