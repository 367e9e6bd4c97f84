import { type EntityKind, entityKinds } from './entities.ts'
import { entitiesOf, namingOf } from './listing.ts'
import type { EntityId, GatewayConfig } from './model.ts'
import { isSameValue } from './same-value.ts'
import { isRecord } from './schema/shape.ts'
import { createSecretWriter, type SecretWriter } from './write/write-secrets.ts'

export type ConfigChange = {
  kind: EntityKind
  id: EntityId
  /** What people call it by. */
  name: string
  change: 'created' | 'updated' | 'deleted'
  /** Of an update: what differs, by its path (`healthchecks.active.timeout`); secrets are `***`. */
  fields: readonly FieldChange[]
}

export type FieldChange = { field: string; before: unknown; after: unknown }

/** What happens when `after` takes the place of `before`: by kind, deletions last. */
export const diffGatewayConfigs = (
  before: GatewayConfig,
  after: GatewayConfig,
): readonly ConfigChange[] => {
  const show = {
    before: { ...createSecretWriter(before.references ?? [], 'mask'), nameOf: namingOf(before) },
    after: { ...createSecretWriter(after.references ?? [], 'mask'), nameOf: namingOf(after) },
  }
  return entityKinds.flatMap((kind) =>
    diffKind(kind, entitiesOf(before, kind), entitiesOf(after, kind), show),
  )
}

type Entity = Readonly<Record<string, unknown>> & { id: EntityId }

/** Gives entities, and their names, as people may see them. */
type Shown = SecretWriter & { nameOf: ReturnType<typeof namingOf> }
type Show = { before: Shown; after: Shown }

const diffKind = (
  kind: EntityKind,
  before: readonly Entity[],
  after: readonly Entity[],
  show: Show,
): readonly ConfigChange[] => {
  const left = new Map(before.map((entity) => [entity.id, entity]))
  const changes: ConfigChange[] = []
  for (const entity of after) {
    const { id } = entity
    const old = left.get(id)
    left.delete(id)
    const fields = old === undefined ? [] : diffEntity(kind, old, entity, show)
    if (old !== undefined && fields.length === 0) continue
    const change = old === undefined ? 'created' : 'updated'
    changes.push({ kind, id, name: show.after.nameOf(kind, entity), change, fields })
  }
  for (const [id, entity] of left) {
    const name = show.before.nameOf(kind, entity)
    changes.push({ kind, id, name, change: 'deleted', fields: [] })
  }
  return changes
}

const diffEntity = (
  kind: EntityKind,
  before: Entity,
  after: Entity,
  show: Show,
): readonly FieldChange[] => {
  if (before === after || isSameValue(before, after)) return []
  const changes: FieldChange[] = []
  const shown = { before: show.before.write(kind, before), after: show.after.write(kind, after) }
  diffMembers('', { before, after }, shown, changes)
  return changes
}

type Pair<T> = { before: T; after: T }
type Members = Readonly<Record<string, unknown>>

/** Maps are compared by their members, all else as a whole; `shown` is the same without secrets. */
const diffMembers = (
  prefix: string,
  real: Pair<Members>,
  shown: Pair<Members>,
  changes: FieldChange[],
): void => {
  for (const name of new Set([...Object.keys(real.before), ...Object.keys(real.after)])) {
    const values = { before: real.before[name], after: real.after[name] }
    if (values.before === values.after || isSameValue(values.before, values.after)) continue
    const [before, after] = [shown.before[name], shown.after[name]]
    const field = prefix + name
    const [isMap, isShownMap] = [areRecords(values), areRecords({ before, after })]
    if (isMap && isShownMap) {
      diffMembers(`${field}.`, values as Pair<Members>, { before, after } as Pair<Members>, changes)
    } else changes.push({ field, before: before ?? null, after: after ?? null })
  }
}

const areRecords = ({ before, after }: Pair<unknown>): boolean =>
  isRecord(before) && isRecord(after)
