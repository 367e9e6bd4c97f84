import { type EntityKind, entityKinds, entityShapes } from './entities.ts'
import { type ConfigPath, type Findings, formatPath } from './faults.ts'
import type { FileHeader } from './header.ts'
import { contentId, type IdParent, keyedId } from './ids.ts'
import type { EntityId } from './model.ts'
import { referenceOf } from './reference.ts'
import { refusedFields, refuseValue } from './refusals.ts'
import { isRecord } from './schema/shape.ts'
import { migratePath } from './schema/paths.ts'

/** One entity as the file says it, on its own. */
export type WrittenEntity = {
  kind: EntityKind
  id: EntityId
  /** Without what stands inside of it, and without notes. */
  value: Record<string, unknown>
  path: ConfigPath
  /** `route 'orders' (services[3].routes[0])` */
  label: string
  parent: { entity: WrittenEntity; as: string } | null
  /** Something of it is refused: what else there is to say about it means nothing. */
  isRefused: boolean
}

/** More than this is no file of a small team, and no machine's either. */
export const entitiesMax = 200_000

const uuid = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
/** Written by tools; they say nothing here. */
const ignoredFields: ReadonlySet<string> = new Set([
  '_comment',
  '_ignore',
  'created_at',
  'updated_at',
])

/** All entities of a file, the outer ones before those inside of them; none when there are too many. */
export const flattenEntities = (
  root: Readonly<Record<string, unknown>>,
  header: FileHeader,
  findings: Findings,
): readonly WrittenEntity[] => {
  const entities: WrittenEntity[] = []
  const flattening: Flattening = {
    header,
    findings,
    entities,
    isFull: false,
    contentIds: new Map<EntityId, number>(),
  }
  for (const kind of entityKinds) flattenList(root[kind], kind, [kind], null, flattening)
  return flattening.isFull ? [] : entities
}

type Flattening = {
  header: FileHeader
  findings: Findings
  entities: WrittenEntity[]
  isFull: boolean
  /** Ids made of contents, with how often each was made. */
  contentIds: Map<EntityId, number>
}

const flattenList = (
  list: unknown,
  kind: EntityKind,
  path: ConfigPath,
  parent: WrittenEntity['parent'],
  flattening: Flattening,
): void => {
  if (list === undefined || list === null) return
  const { findings, entities } = flattening
  const entity = parent?.entity.label ?? ''
  if (!Array.isArray(list)) {
    findings.add({ path, entity, message: `${path.at(-1)} must be a list.` })
    return
  }
  for (const [index, item] of list.entries()) {
    if (flattening.isFull) return
    if (entities.length === entitiesMax) {
      flattening.isFull = true
      const message = `The file has more than ${entitiesMax.toLocaleString('en')} entities.`
      findings.add({ path: [...path, index], entity: '', message })
      return
    }
    flattenOne(item, kind, [...path, index], parent, flattening)
  }
}

const flattenOne = (
  item: unknown,
  kind: EntityKind,
  path: ConfigPath,
  parent: WrittenEntity['parent'],
  flattening: Flattening,
): void => {
  const { header, findings, entities } = flattening
  const shape = entityShapes[kind]
  // Names of certificates may be written as plain texts.
  const given = kind === 'snis' && typeof item === 'string' ? { name: item } : item
  if (!isRecord(given)) {
    const message = `A ${shape.singular} must be a map of fields.`
    findings.add({ path, entity: parent?.entity.label ?? '', message })
    return
  }
  const label = labelOf(kind, given, path)
  const refused = refuseFields(given, kind, path, label, findings)
  const value = ownFields(given, kind, refused, header)
  if (header.version !== '3.0' && kind === 'routes') migratePaths(value)
  if (parent !== null) nameParent(value, parent, path, label, findings)
  const idParent = parent === null ? null : { id: parent.entity.id, as: parent.as }
  const written = given['id']
  const id = typeof written === 'string' ? written : newId(kind, value, idParent, flattening)
  if (typeof written === 'string' && !uuid.test(written)) {
    findings.add({ path: [...path, 'id'], entity: label, message: 'id is not a UUID.' })
  }
  const entity = { kind, id, value, path, label, parent, isRefused: refused.size > 0 }
  entities.push(entity)
  for (const [field, child] of Object.entries(shape.children)) {
    const within = { entity, as: child.as }
    flattenList(given[field], child.kind, [...path, field], within, flattening)
  }
}

const newId = (
  kind: EntityKind,
  value: Readonly<Record<string, unknown>>,
  parent: IdParent,
  { contentIds }: Flattening,
): EntityId => {
  const keyed = keyedId(kind, value, parent)
  if (keyed !== null) return keyed
  const first = contentId(kind, value, parent, 0)
  const copies = contentIds.get(first) ?? 0
  contentIds.set(first, copies + 1)
  return copies === 0 ? first : contentId(kind, value, parent, copies)
}

const labelOf = (
  kind: EntityKind,
  value: Readonly<Record<string, unknown>>,
  path: ConfigPath,
): string => {
  const { singular, nameField } = entityShapes[kind]
  const name = nameField === null ? undefined : value[nameField]
  const place = formatPath(path)
  return typeof name === 'string' && !name.includes('vault://')
    ? `${singular} '${name.slice(0, 100)}' (${place})`
    : `${singular} (${place})`
}

/** Reports the fields that name a feature we have not, and says which they are. */
const refuseFields = (
  given: Readonly<Record<string, unknown>>,
  kind: EntityKind,
  path: ConfigPath,
  label: string,
  findings: Findings,
): ReadonlySet<string> => {
  const refused = new Set<string>()
  for (const [field, refusal] of Object.entries(refusedFields[kind] ?? {})) {
    if ((given[field] ?? null) === null) continue
    refused.add(field)
    findings.add({ path: [...path, field], entity: label, ...refusal, atKey: true })
  }
  const refusal = refuseValue(kind, given)
  if (refusal === undefined) return refused
  findings.add({ path: [...path, refusal.field], entity: label, ...refusal.refusal })
  return refused.add(refusal.field)
}

/** The fields of the entity itself, with decK's defaults and tags. */
const ownFields = (
  given: Readonly<Record<string, unknown>>,
  kind: EntityKind,
  refused: ReadonlySet<string>,
  header: FileHeader,
): Record<string, unknown> => {
  const { children, singular } = entityShapes[kind]
  const nulls = refusedFields[kind] ?? {}
  const value: Record<string, unknown> = { ...header.defaults[singular] }
  for (const [key, field] of Object.entries(given)) {
    const isNote = ignoredFields.has(key) || key === '__proto__'
    if (isNote || refused.has(key) || Object.hasOwn(children, key)) continue
    if (!Object.hasOwn(nulls, key)) value[key] = field
  }
  const { tags } = value
  if (
    header.selectTags.length > 0 &&
    (tags === undefined || tags === null || Array.isArray(tags))
  ) {
    const own = (tags ?? []) as unknown[]
    value['tags'] = [...own, ...header.selectTags.filter((tag) => !own.includes(tag))]
  }
  return value
}

const migratePaths = (value: Record<string, unknown>): void => {
  const paths = value['paths']
  if (!Array.isArray(paths)) return
  value['paths'] = paths.map((path: unknown) =>
    typeof path === 'string' && path.startsWith('/') ? migratePath(path) : path,
  )
}

/** What an entity stands in is what it belongs to; it may say so once more, but nothing else. */
const nameParent = (
  value: Record<string, unknown>,
  { entity: parent, as }: { entity: WrittenEntity; as: string },
  path: ConfigPath,
  label: string,
  findings: Findings,
): void => {
  const said = referenceOf(value[as])
  delete value[as]
  if (said === undefined) return
  const { nameField } = entityShapes[parent.kind]
  const names = [parent.id, nameField === null ? undefined : parent.value[nameField]]
  if (names.includes(said)) return
  const message = `It names the ${as} ${said}, but stands inside of another one.`
  findings.add({ path: [...path, as], entity: label, message, hint: 'Move it to the top level.' })
}
