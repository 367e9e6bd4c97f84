import { documentUri, openDocument } from '../openapi/document.ts'
import { isObject, OpenApiError, type Json, type JsonObject } from '../openapi/document.ts'
import { nameOfParameter, operationsOf, type Operation } from '../openapi/operations.ts'
import type { OpenApiDocument } from '../openapi/document.ts'
import { createCompiler, type SchemaCompiler, type Validate } from './compile-schema.ts'
import type { RequestValidationConfig } from './schema.ts'

/** What one kind of request must look like. */
export type Rules = {
  /** By place, each over an object of texts. */
  parameters: { in: 'path' | 'query' | 'header'; lists: ListParameters; validate: Validate }[]
  /** Null: whatever there is goes on. */
  body: BodyRules | null
}

/** Parameters that are lists, and what separates their parts; null: they come several times. */
export type ListParameters = ReadonlyMap<string, string | null>

export type BodyRules = {
  isRequired: boolean
  /** By media type in lower case, `*` for any part; null: goes on unread. */
  types: ReadonlyMap<string, { kind: 'json' | 'form'; validate: Validate } | null>
}

/** With the parameters that the path has; null: nothing is said about such requests. */
export type FoundRules =
  | { rules: Rules; path: Readonly<Record<string, string>> }
  | { refused: 404 | 405; allowed: readonly string[] }
  | null
export type FindRules = (method: string, path: string) => FoundRules

/** Throws what is wrong with schemas or document. */
export const rulesOf = (config: RequestValidationConfig): FindRules => {
  if (config.openapi === undefined && config.openapi_file === undefined) {
    const own = { rules: ownRules(config), path: {} }
    return () => own
  }
  const document = openDocument(config)
  const operations = operationsOf(document, config.base_path)
  const compile = documentCompiler(document)
  const rules = new Map(operations.all.map((operation) => [operation, compile(operation)]))
  return (method, path) => {
    const found = operations.find(method, path)
    if (found !== undefined && 'operation' in found) {
      const own = rules.get(found.operation)
      return own === undefined ? null : { rules: own, path: found.parameters }
    }
    if (config.unknown_operations === 'pass') return null
    return { refused: found === undefined ? 404 : 405, allowed: found?.allowed ?? [] }
  }
}

const ownRules = (config: RequestValidationConfig): Rules => {
  const texts = createCompiler(config.draft, true)
  const parameters = (['query', 'header'] as const).flatMap((where) => {
    const schema = config[`${where}_schema`]
    if (schema === undefined) return []
    const properties = isObject(schema['properties']) ? Object.entries(schema['properties']) : []
    const lists = properties.filter(([, property]) => isList(property)).map(([name]) => name)
    const byName = new Map(lists.map((name) => [name, where === 'query' ? null : ',']))
    return [{ in: where, lists: byName, validate: texts.compile(schema, where) }]
  })
  if (config.body_schema === undefined) return { parameters, body: null }
  const validate = createCompiler(config.draft, false).compile(config.body_schema, 'body')
  const types = new Map([
    ['application/json', { kind: 'json' as const, validate }],
    ['application/*+json', { kind: 'json' as const, validate }],
  ])
  return { parameters, body: { isRequired: true, types } }
}

const isList = (schema: unknown): boolean =>
  isObject(schema) && [schema['type']].flat().includes('array')

const documentCompiler = (document: OpenApiDocument) => {
  const texts = createCompiler('2020-12', true)
  const values = createCompiler('2020-12', false)
  for (const compiler of [texts, values]) compiler.addDocument(documentUri, document.root)
  return (operation: Operation): Rules => ({
    parameters: (['path', 'query', 'header'] as const).flatMap((where) => {
      const own = operation.parameters.filter((parameter) => parameter['in'] === where)
      return own.length === 0 ? [] : [compileParameters(document, texts, where, own)]
    }),
    body: compileBody(document, { texts, values }, operation),
  })
}

/** OpenAPI says to leave these to other parts of the document. */
const ignoredHeaders: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])

const compileParameters = (
  document: OpenApiDocument,
  compiler: SchemaCompiler,
  where: 'path' | 'query' | 'header',
  parameters: readonly JsonObject[],
): Rules['parameters'][number] => {
  const lists = new Map<string, string | null>()
  const properties: [string, Json][] = []
  const required: string[] = []
  for (const parameter of parameters) {
    const { name: written } = nameOfParameter(parameter)
    const name = where === 'header' ? written.toLowerCase() : written
    if (where === 'header' && ignoredHeaders.has(name)) continue
    const schema = parameter['schema'] ?? {}
    const resolved = document.resolve(schema) ?? {}
    if ([resolved['type']].flat().includes('object')) {
      throw new OpenApiError(
        `parameter ${written} of ${where} is an object, which is not supported`,
      )
    }
    if (isList(resolved)) lists.set(name, separatorOf(parameter, where))
    if (parameter['required'] === true) required.push(name)
    properties.push([name, schema])
  }
  const schema = { type: 'object', properties: Object.fromEntries(properties), required }
  return { in: where, lists, validate: compiler.compile(schema, where) }
}

const separators: Readonly<Record<string, string>> = { spaceDelimited: ' ', pipeDelimited: '|' }

const separatorOf = (parameter: JsonObject, where: string): string | null => {
  if (where !== 'query') return ','
  const style = typeof parameter['style'] === 'string' ? parameter['style'] : 'form'
  if (style === 'form') return parameter['explode'] === false ? ',' : null
  return separators[style] ?? null
}

const compileBody = (
  document: OpenApiDocument,
  compilers: { texts: SchemaCompiler; values: SchemaCompiler },
  { operation }: Operation,
): BodyRules | null => {
  const body = document.resolve(operation['requestBody'])
  if (body === undefined) return null
  const content = document.resolve(body['content']) ?? {}
  const types = Object.entries(content).map(([written, media]) => {
    const type = (written.split(';')[0] ?? '').trim().toLowerCase()
    const given = document.resolve(media)?.['schema']
    const kind = kindOf(type)
    if (kind === null || !isObject(given)) return [type, null] as const
    const compiler = kind === 'json' ? compilers.values : compilers.texts
    return [type, { kind, validate: compiler.compile(given, 'body') }] as const
  })
  return { isRequired: body['required'] === true, types: new Map(types) }
}

const kindOf = (type: string): 'json' | 'form' | null => {
  if (type === 'application/json' || type.endsWith('+json')) return 'json'
  return type === 'application/x-www-form-urlencoded' ? 'form' : null
}
