import {
  isObject,
  textOf,
  type Json,
  type JsonObject,
  type OpenApiDocument,
} from '../openapi/document.ts'

/** Schemas may contain themselves; deeper than this an example stops. */
const deepest = 8

/** A value that a schema describes: what it shows itself, else the simplest of its type. */
export const exampleOf = (document: OpenApiDocument, given: Json | undefined, depth = 0): Json => {
  const schema = document.resolve(given)
  if (schema === undefined || depth > deepest) return null
  const shown = shownBy(schema)
  if (shown !== undefined) return shown
  const all = schema['allOf']
  if (Array.isArray(all)) {
    const parts = all.map((part) => exampleOf(document, part, depth + 1))
    return Object.assign({}, ...parts.filter(isObject)) as JsonObject
  }
  const either = [schema['oneOf'], schema['anyOf']].find(Array.isArray)
  if (either !== undefined) return exampleOf(document, either[0], depth + 1)
  return simplest(document, schema, depth)
}

const shownBy = (schema: JsonObject): Json | undefined => {
  const lists = [schema['examples'], schema['enum']].filter(Array.isArray)
  const values = [schema['example'], schema['const'], schema['default'], lists[0]?.[0]]
  return values.find((value) => value !== undefined)
}

const simplest = (document: OpenApiDocument, schema: JsonObject, depth: number): Json => {
  const [type] = [schema['type']].flat()
  if (type === 'array') return [exampleOf(document, schema['items'], depth + 1)]
  if (type === 'object' || isObject(schema['properties'])) {
    const properties = Object.entries(document.resolve(schema['properties']) ?? {})
    return Object.fromEntries(
      properties.map(([name, property]) => [name, exampleOf(document, property, depth + 1)]),
    )
  }
  if (type === 'integer' || type === 'number') {
    return typeof schema['minimum'] === 'number' ? schema['minimum'] : 0
  }
  if (type === 'boolean') return true
  return type === 'string' ? (formats[textOf(schema['format'])] ?? 'text') : null
}

const formats: Readonly<Record<string, string>> = {
  date: '2026-01-01',
  'date-time': '2026-01-01T00:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '00000000-0000-4000-8000-000000000000',
}
