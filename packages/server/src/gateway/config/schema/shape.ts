import { closest, distance } from 'fastest-levenshtein'
import type { TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'
import type { ConfigPath } from '../faults.ts'
import { explainErrors } from './sentences.ts'
import type { ShapeFault } from './shape-fault.ts'

export type { ShapeFault } from './shape-fault.ts'

type Report = (fault: ShapeFault) => void

/** The parts of JSON Schema that matter for filling in. */
type Node = {
  type?: string
  properties?: Readonly<Record<string, Node>>
  patternProperties?: Readonly<Record<string, Node>>
  additionalProperties?: unknown
  required?: readonly string[]
  items?: Node
  anyOf?: readonly Node[]
  default?: unknown
  '~optional'?: boolean
}

/**
 * A value as the schema wants it: defaults filled in, on every level; null, where null is no value
 * of the field, is the field left out, as in files that tools write. Reports what does not fit.
 */
export const shapeValue = (schema: TSchema, value: unknown, report: Report): unknown => {
  const shaped = fill(schema, value, [], report)
  const validator = validatorOf(schema)
  if (!validator.Check(shaped)) {
    for (const fault of explainErrors(validator.Errors(shaped), shaped)) report(fault)
  }
  return shaped
}

const validators = new WeakMap<TSchema, Validator>()

const validatorOf = (schema: TSchema): Validator => {
  const known = validators.get(schema)
  if (known !== undefined) return known
  const compiled = Compile(schema) as Validator
  validators.set(schema, compiled)
  return compiled
}

const fill = (schema: Node, value: unknown, path: ConfigPath, report: Report): unknown => {
  if (schema.anyOf !== undefined) return fillUnion(schema.anyOf, value, path, report)
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined || !isDeep(items)) return value
    return value.map((item: unknown, index) => fill(items, item, [...path, index], report))
  }
  if (!isRecord(value) || schema.type !== 'object') return value
  return schema.properties === undefined
    ? fillRecord(schema, value, path, report)
    : fillObject(schema, value, path, report)
}

/** With null beside one other schema, that one; of several, none is the one to fill in. */
const fillUnion = (
  branches: readonly Node[],
  value: unknown,
  path: ConfigPath,
  report: Report,
): unknown => {
  const [only, second] = branches.filter((branch) => branch.type !== 'null')
  return only === undefined || second !== undefined ? value : fill(only, value, path, report)
}

const isDeep = (schema: Node): boolean =>
  schema.type === 'object' || schema.type === 'array' || schema.anyOf !== undefined

const fillRecord = (
  schema: Node,
  value: Readonly<Record<string, unknown>>,
  path: ConfigPath,
  report: Report,
): unknown => {
  const [member] = Object.values(schema.patternProperties ?? {})
  if (member === undefined || !isDeep(member)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fill(member, item, [...path, key], report)]),
  )
}

const fillObject = (
  schema: Node,
  value: Readonly<Record<string, unknown>>,
  path: ConfigPath,
  report: Report,
): unknown => {
  const properties = schema.properties ?? {}
  const filled: Record<string, unknown> = {}
  for (const key in properties) {
    const property = properties[key]
    if (property === undefined) continue
    const given = Object.hasOwn(value, key) ? value[key] : undefined
    const isAbsent = given === undefined || (given === null && !allowsNull(property))
    const present = isAbsent ? defaultOf(property) : given
    if (present !== undefined) filled[key] = descend(property, present, path, key, report)
  }
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue
    if (isOpen(schema) && key !== '__proto__') filled[key] = value[key]
    else report(unknownField(key, Object.keys(properties), path))
  }
  return filled
}

/** Scalars, which are most, need no path of their own. */
const descend = (
  property: Node,
  value: unknown,
  path: ConfigPath,
  key: string,
  report: Report,
): unknown =>
  typeof value === 'object' && value !== null
    ? fill(property, value, [...path, key], report)
    : value

/** Extra fields are mistakes, unless the schema names a rule for them. */
const isOpen = (schema: Node): boolean =>
  schema.additionalProperties !== undefined && schema.additionalProperties !== false

const defaultOf = (schema: Node): unknown => {
  if (schema.default !== undefined) return schema.default
  // A required record whose fields all have defaults need not be written.
  return schema.type === 'object' && schema['~optional'] !== true && schema.properties !== undefined
    ? {}
    : undefined
}

/** What a field is when nobody says anything; undefined when it is nothing. */
export const defaultValue = (schema: TSchema): unknown => {
  const written = defaultOf(schema)
  return written === undefined ? undefined : fill(schema, written, [], () => {})
}

const allowsNull = (schema: Node): boolean =>
  schema.type === 'null' || schema.anyOf?.some((branch) => branch.type === 'null') === true

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** How far a slip of the fingers goes. */
const slipMax = 3

/** The name that somebody probably meant; undefined when nothing is near. */
export const suggestName = (wrong: string, known: readonly string[]): string | undefined => {
  if (known.length === 0 || wrong.length > 100) return undefined
  const nearest = closest(wrong, [...known])
  return distance(wrong, nearest) <= Math.min(slipMax, wrong.length / 2) ? nearest : undefined
}

/** A field that nothing knows, with the one that was probably meant. */
export const unknownField = (
  key: string,
  known: readonly string[],
  path: ConfigPath,
): ShapeFault => {
  const nearest = suggestName(key, known)
  const hint = nearest === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${nearest}?`
  return { path: [...path, key], message: `There is no field ${key}.`, hint, atKey: true }
}
