import type { TSchema } from 'typebox'
import { isSameValue } from '../same-value.ts'
import { defaultValue, isRecord } from '../schema/shape.ts'

type ObjectSchema = { type?: string; properties?: Readonly<Record<string, TSchema>> }

/** A value with only that which reading by the schema would not fill in. */
export const withoutDefaults = (
  schema: TSchema,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> => {
  const { properties = {} } = schema as ObjectSchema
  const kept: Record<string, unknown> = {}
  // The schema's order is the one people write in; what it does not name comes last.
  const names = new Set([...Object.keys(properties), ...Object.keys(value)])
  for (const name of names) {
    const field = value[name]
    const property = properties[name]
    if (field === undefined) continue
    if (property === undefined) kept[name] = field
    else if (!isSameValue(field, cachedDefault(property))) {
      kept[name] = pruned(property, field)
    }
  }
  return kept
}

const pruned = (schema: TSchema, value: unknown): unknown => {
  const inner = recordOf(schema)
  if (isRecord(value) && inner !== undefined) return withoutDefaults(inner, value)
  const { items } = schema as { items?: TSchema }
  const item = items === undefined ? undefined : recordOf(items)
  if (!Array.isArray(value) || item === undefined) return value
  return value.map((one: unknown) => (isRecord(one) ? withoutDefaults(item, one) : one))
}

/** The schema of a map with fields, also where null is allowed beside it. */
const recordOf = (schema: TSchema): TSchema | undefined => {
  const { properties } = schema as ObjectSchema
  if (properties !== undefined) return schema
  const { anyOf } = schema as { anyOf?: readonly (TSchema & ObjectSchema)[] }
  const branches = anyOf?.filter(({ type }) => type !== 'null') ?? []
  const [only, second] = branches
  return second === undefined && only?.properties !== undefined ? only : undefined
}

const defaults = new WeakMap<TSchema, { value: unknown }>()

const cachedDefault = (schema: TSchema): unknown => {
  const known = defaults.get(schema)
  if (known !== undefined) return known.value
  const value = defaultValue(schema)
  defaults.set(schema, { value })
  return value
}
