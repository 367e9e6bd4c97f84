import { code } from './markdown.ts'

/** JSON Schemas as people read them. */

/** As much of JSON Schema as ours use. */
export type Schema = {
  $ref?: string
  type?: string
  enum?: readonly unknown[]
  const?: unknown
  pattern?: string
  description?: string
  default?: unknown
  minimum?: number
  exclusiveMinimum?: number
  maximum?: number
  maxLength?: number
  items?: Schema
  anyOf?: readonly Schema[]
  properties?: Record<string, Schema>
  patternProperties?: Record<string, Schema>
  required?: readonly string[]
}

/** A type in words. */
export const typeOf = (schema: Schema): string => {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? ''
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' or ')
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`
  const [value] = Object.values(schema.patternProperties ?? {})
  if (value !== undefined) return `map to ${typeOf(value)}`
  if (schema.properties === undefined) return schema.type ?? 'anything'
  return `{ ${fieldsOf(schema).join('; ')} }`
}

const fieldsOf = ({ properties = {}, required = [] }: Schema): string[] =>
  Object.entries(properties).map(
    ([name, schema]) => `${name}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  )

/** What else a schema says of a value. */
export const boundsOf = (schema: Schema): string =>
  [
    schema.description,
    schema.pattern === undefined ? undefined : code(schema.pattern),
    schema.minimum === undefined ? undefined : `from ${schema.minimum}`,
    schema.maximum === undefined ? undefined : `to ${schema.maximum}`,
    schema.maxLength === undefined ? undefined : `at most ${schema.maxLength} characters`,
    schema.default === undefined ? undefined : `${JSON.stringify(schema.default)} unless given`,
  ]
    .filter((part) => part !== undefined)
    .join(', ')
