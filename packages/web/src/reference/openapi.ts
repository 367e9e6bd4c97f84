/** As much of an OpenAPI 3.1 document as the reference draws; anything else is passed over. */

export type Schema = {
  $ref?: string
  type?: string | string[]
  format?: string
  description?: string
  enum?: unknown[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  maxItems?: number
  pattern?: string
  items?: Schema
  properties?: Record<string, Schema>
  additionalProperties?: Schema | boolean
  patternProperties?: Record<string, Schema>
  required?: string[]
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}

type Content = Record<string, { schema?: Schema }>
export type Parameter = {
  name: string
  in: string
  required?: boolean
  description?: string
  schema?: Schema
}
export type Operation = {
  operationId?: string
  summary?: string
  description?: string
  tags?: string[]
  'x-permission'?: string
  parameters?: Parameter[]
  requestBody?: { content?: Content }
  responses?: Record<string, { description?: string; content?: Content }>
}
export type OpenApi = {
  info?: { title?: string; version?: string; description?: string }
  paths?: Record<string, Record<string, Operation>>
  components?: { schemas?: Record<string, Schema> }
}

export type Entry = { method: string; path: string; operation: Operation }

const methods = ['get', 'post', 'put', 'patch', 'delete']

/** Operations by their first tag, in the order of the document. */
export const groupOperations = (document: OpenApi): [string, Entry[]][] => {
  const groups = new Map<string, Entry[]>()
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const method of methods) {
      const operation = operations[method]
      if (operation === undefined) continue
      const tag = operation.tags?.[0] ?? 'other'
      const group = groups.get(tag) ?? []
      group.push({ method: method.toUpperCase(), path, operation })
      groups.set(tag, group)
    }
  }
  return [...groups]
}

export const matchesEntry = ({ method, path, operation }: Entry, text: string): boolean =>
  `${method} ${path} ${operation.summary ?? ''} ${operation.operationId ?? ''}`
    .toLowerCase()
    .includes(text.toLowerCase())

export const nameOfRef = (ref: string): string => ref.slice(ref.lastIndexOf('/') + 1)

/** A schema in a few words: `string (date-time)`, `array of ServiceSummary`, `"a" | "b"`. */
export const typeOf = (schema: Schema | undefined): string => {
  if (schema === undefined) return 'anything'
  if (schema.$ref !== undefined) return nameOfRef(schema.$ref)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((each) => JSON.stringify(each)).join(' | ')
  const variants = schema.anyOf ?? schema.oneOf
  if (variants !== undefined) return [...new Set(variants.map(typeOf))].join(' | ')
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : schema.type
  if (type === 'array') return `array of ${typeOf(schema.items)}`
  if (type === 'object' && schema.properties === undefined)
    return `map of ${typeOf(valueOf(schema))}`
  return `${type ?? 'anything'}${schema.format === undefined ? '' : ` (${schema.format})`}`
}

const valueOf = (schema: Schema): Schema | undefined => {
  if (typeof schema.additionalProperties === 'object') return schema.additionalProperties
  return Object.values(schema.patternProperties ?? {})[0]
}

/** Bounds and default, as a short phrase; empty when there are none. */
export const limitsOf = (schema: Schema | undefined): string => {
  if (schema === undefined) return ''
  const parts: string[] = []
  if (schema.minimum !== undefined && schema.maximum !== undefined) {
    parts.push(`${schema.minimum} to ${schema.maximum}`)
  } else if (schema.minimum !== undefined) parts.push(`at least ${schema.minimum}`)
  else if (schema.maximum !== undefined) parts.push(`at most ${schema.maximum}`)
  if (schema.maxLength !== undefined) parts.push(`up to ${schema.maxLength} characters`)
  if (schema.maxItems !== undefined) parts.push(`up to ${schema.maxItems} items`)
  if (schema.pattern !== undefined) parts.push(`matches ${schema.pattern}`)
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`)
  return parts.join(', ')
}
