import { createHash } from 'node:crypto'
import { type EntityKind, entityShapes } from './entities.ts'
import type { EntityId } from './model.ts'
import { referenceOf } from './reference.ts'

/** Kong's namespace of declarative entities (kong/db/schema/others/declarative_config.lua). */
const kongNamespace = 'fd02801f-0957-4a15-a55a-c8d9606f30b5'
/** Of what Kong gives a random id at each load. */
const keelsonNamespace = 'c86ee1a3-9ac6-4f1a-9a3f-7c1d0c5d9a8e'

/** RFC 9562 5.5 */
export const uuidV5 = (namespace: string, name: string): EntityId => {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const namespaces = new Map<string, string>()

const idOf = (kind: EntityKind, name: string): EntityId => {
  let namespace = namespaces.get(kind)
  if (namespace === undefined) namespaces.set(kind, (namespace = uuidV5(kongNamespace, kind)))
  return uuidV5(namespace, name)
}

/** The entity an entity stands in: its id, and the field of the inner one that names it. */
export type IdParent = { id: EntityId; as: string } | null

/**
 * The id of an entity the file gives none: the one Kong's declarative loader makes, so that what
 * refers to it by id from outside holds when a file moves between the two. Null is what Kong gives
 * a new one at every load (a route without a name).
 */
export const keyedId = (
  kind: EntityKind,
  value: Readonly<Record<string, unknown>>,
  parent: IdParent,
): EntityId | null => {
  const { idFrom } = entityShapes[kind]
  if (idFrom === null) return null
  if ('endpointKey' in idFrom) {
    const key = value[idFrom.endpointKey]
    return typeof key === 'string' ? idOf(kind, key) : null
  }
  const key = cacheKeyOf(kind, idFrom.cacheKey, value, parent)
  return key === null ? null : idOf(kind, key)
}

/** An id made of what an entity says; `copy` tells it from others that say the same. */
export const contentId = (
  kind: EntityKind,
  value: Readonly<Record<string, unknown>>,
  parent: IdParent,
  copy: number,
): EntityId => {
  const own = Object.keys(value).sort()
  const content = JSON.stringify(own.map((key) => [key, value[key]]))
  return uuidV5(keelsonNamespace, `${kind}:${parent?.id ?? ''}:${content}:${copy}`)
}

/** Only these may be left out of a key; the rest makes it. */
const optionalInKey: ReadonlySet<string> = new Set(['route', 'service', 'consumer'])

const cacheKeyOf = (
  kind: EntityKind,
  fields: readonly string[],
  value: Readonly<Record<string, unknown>>,
  parent: IdParent,
): string | null => {
  const parts: string[] = [kind, '*']
  for (const field of fields) {
    const given = referenceOf(value[field])
    if (given !== undefined) parts.push(given)
    else if (field === parent?.as) parts.push(parent.id)
    else if (kind === 'plugins' && optionalInKey.has(field)) parts.push('')
    else return null
  }
  return parts.join(':')
}
