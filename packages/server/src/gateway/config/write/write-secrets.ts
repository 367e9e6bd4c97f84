import { entityShapes, type EntityKind } from '../entities.ts'
import type { EntityId, SecretReference } from '../model.ts'
import { isRecord } from '../schema/shape.ts'
import { masked, replaceSecrets } from '../secrets.ts'
import { isVaultReference } from '../vault.ts'

export type SecretMode = 'keep' | 'mask' | 'reference'

type Entity = Readonly<Record<string, unknown>> & { id: EntityId }

/** Gives an entity as it may be written: references of vaults back in place, secrets by the mode. */
export type SecretWriter = { write(kind: EntityKind, entity: Entity): Entity }

export const createSecretWriter = (
  references: readonly SecretReference[],
  mode: SecretMode,
): SecretWriter => {
  const byEntity = Map.groupBy(references, ({ entity }) => entity)
  return {
    write(kind, entity) {
      const own = byEntity.get(entity.id) ?? []
      const referred = own.reduce(
        (value, { path, reference }) => replaceAt(value, path, reference) as Entity,
        entity,
      )
      return mode === 'keep' ? keepHashes(kind, referred) : hideSecrets(kind, referred, mode)
    },
  }
}

const replaceAt = (value: unknown, path: readonly (string | number)[], by: string): unknown => {
  const [step, ...below] = path
  if (step === undefined) return by
  if (Array.isArray(value)) {
    return value.map((item: unknown, at) => (at === step ? replaceAt(item, below, by) : item))
  }
  return isRecord(value) ? { ...value, [step]: replaceAt(value[step], below, by) } : value
}

/** Kong's own hashes are written as Kong writes them. */
const keepHashes = (kind: EntityKind, entity: Entity): Entity => {
  const { password } = entity
  return kind === 'basicauth_credentials' && typeof password === 'string'
    ? { ...entity, password: password.replace(/^sha1:/, '') }
    : entity
}

const hideSecrets = (kind: EntityKind, entity: Entity, mode: SecretMode): Entity => {
  const hide = (secret: string, path: readonly (string | number)[]): string => {
    if (isVaultReference(secret)) return secret
    return mode === 'mask' ? masked : referenceFor(kind, entity.id, path)
  }
  const hidden: Record<string, unknown> = { ...entity }
  for (const field of entityShapes[kind].secrets) {
    const secret = entity[field]
    if (typeof secret === 'string') hidden[field] = hide(secret, [field])
  }
  if (kind === 'plugins') hidden['config'] = replaceSecrets(entity['config'], hide, ['config'])
  return hidden as Entity
}

/** `{vault://env/keyauth-credentials-1f0c…-key}` is KEYAUTH_CREDENTIALS_1F0C…_KEY. */
const referenceFor = (
  kind: EntityKind,
  id: EntityId,
  path: readonly (string | number)[],
): string => {
  const name = [kind, id.slice(0, 8), ...path].join('-').toLowerCase()
  return `{vault://env/${name.replaceAll(/[^a-z\d]+/g, '-')}}`
}
