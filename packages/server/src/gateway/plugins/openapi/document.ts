import { readFileSync, statSync } from 'node:fs'
import { parse } from 'yaml'

/** Parsed JSON or YAML that nobody has looked at yet. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
export type JsonObject = { [name: string]: Json }

/** Where the document is for references of schemas that are compiled by themselves. */
export const documentUri = 'https://openapi.invalid/document'

const fileLimit = 16 * 1024 * 1024
const deepestReference = 64

/** What is wrong with a document, as a sentence. */
export class OpenApiError extends Error {
  override readonly name = 'OpenApiError'
}

export type OpenApiDocument = {
  readonly root: JsonObject
  /** What a reference means; everything else is itself. Throws OpenApiError. */
  resolve(value: Json | undefined): JsonObject | undefined
}

/** A document given in the configuration, or by the path of a file. Throws OpenApiError. */
export const openDocument = (given: {
  openapi?: Readonly<Record<string, unknown>> | undefined
  openapi_file?: string | undefined
}): OpenApiDocument => {
  const parsed = given.openapi_file === undefined ? given.openapi : readDocument(given.openapi_file)
  const root = structuredClone(parsed) as Json
  if (!isObject(root)) throw new OpenApiError('the document is no object')
  const version = /^3\.([01])\./.exec(textOf(root['openapi']))?.[1]
  if (version === undefined) {
    throw new OpenApiError(`'${textOf(root['openapi'])}' is neither OpenAPI 3.0 nor 3.1`)
  }
  if (!isObject(root['paths'])) throw new OpenApiError('the document has no paths')
  prepare(root, version === '0', new Set())
  return { root, resolve: (value) => resolve(root, value) }
}

const readDocument = (path: string): unknown => {
  try {
    if (statSync(path).size > fileLimit) throw new OpenApiError(`${path} is larger than 16 MiB`)
    return parse(readFileSync(path, 'utf8')) as unknown
  } catch (error) {
    throw new OpenApiError(error instanceof Error ? error.message : String(error))
  }
}

/** Makes references absolute and what only OpenAPI 3.0 says into JSON Schema. */
const prepare = (value: Json, isOld: boolean, seen: Set<object>): void => {
  if (typeof value !== 'object' || value === null || seen.has(value)) return
  seen.add(value)
  if (!Array.isArray(value)) {
    const { $ref: reference } = value
    if (typeof reference === 'string' && reference.startsWith('#')) {
      value['$ref'] = documentUri + reference
    }
    if (isOld) modernize(value)
  }
  for (const part of Object.values(value)) prepare(part, isOld, seen)
}

const bounds = [
  ['exclusiveMinimum', 'minimum'],
  ['exclusiveMaximum', 'maximum'],
] as const

const modernize = (schema: JsonObject): void => {
  if (schema['nullable'] === true && typeof schema['type'] === 'string') {
    schema['type'] = [schema['type'], 'null']
    if (Array.isArray(schema['enum'])) schema['enum'] = [...schema['enum'], null]
  }
  for (const [exclusive, bound] of bounds) {
    if (typeof schema[exclusive] !== 'boolean') continue
    const limit = schema[bound]
    if (schema[exclusive] && limit !== undefined) {
      schema[exclusive] = limit
      delete schema[bound]
    } else delete schema[exclusive]
  }
}

const resolve = (root: JsonObject, given: Json | undefined): JsonObject | undefined => {
  let value = given
  for (let depth = 0; isObject(value) && typeof value['$ref'] === 'string'; depth += 1) {
    const reference = value['$ref']
    if (depth === deepestReference) throw new OpenApiError(`${reference} leads to itself`)
    if (!reference.startsWith(`${documentUri}#`)) {
      throw new OpenApiError(`${reference} is outside of the document`)
    }
    value = at(root, reference.slice(documentUri.length + 1))
    if (value === undefined) throw new OpenApiError(`${reference} is not in the document`)
  }
  return isObject(value) ? value : undefined
}

/** By JSON pointer (RFC 6901), as a URI fragment. */
const at = (root: Json, pointer: string): Json | undefined =>
  decodeURIComponent(pointer)
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<Json | undefined>((value, step) => {
      if (Array.isArray(value)) return value[Number(step)]
      return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
    }, root)

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const textOf = (value: Json | undefined): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''
