/**
 * Writes packages/sdk/src/generated/api.ts from the OpenAPI document.
 *
 *   node scripts/generate-sdk.ts            writes it
 *   node scripts/generate-sdk.ts --check    fails when it is out of date
 */
import { execFile } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { api, type Endpoint } from '../packages/contract/src/index.ts'
import { openApiDocument } from '../packages/server/src/kernel/openapi.ts'
import type { Schema } from './schema-text.ts'

const root = resolve(import.meta.dirname, '..')
const file = join(root, 'packages/sdk/src/generated/api.ts')

type Parameter = { name: string; in: 'path' | 'query'; required: boolean; schema: Schema }
type Operation = {
  operationId: string
  summary: string
  'x-permission': string
  parameters: Parameter[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}

/** As TypeScript writes it. */
const typeOf = (schema: Schema): string => {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1) ?? 'unknown'
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ')
  if (schema.type === 'array') return `(${typeOf(schema.items ?? {})})[]`
  const [value] = Object.values(schema.patternProperties ?? {})
  if (value !== undefined) return `Record<string, ${typeOf(value)}>`
  if (schema.type === 'object') return objectOf(schema)
  return (
    { string: 'string', integer: 'number', number: 'number', boolean: 'boolean', null: 'null' }[
      schema.type ?? ''
    ] ?? 'unknown'
  )
}

const objectOf = ({ properties = {}, required = [] }: Schema): string => {
  const fields = Object.entries(properties).map(
    ([name, schema]) =>
      `${comment(schema.description)}${nameOf(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  )
  return fields.length === 0 ? 'object' : `{\n${fields.join('\n')}\n}`
}

const nameOf = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name))
const comment = (text: string | undefined): string =>
  text === undefined ? '' : `/** ${text.replaceAll('*/', '* /')} */\n`

const parametersOf = (operation: Operation, place: 'path' | 'query'): string[] => {
  const given = operation.parameters.filter((parameter) => parameter.in === place)
  if (given.length === 0) return []
  const fields = given.map(
    ({ name, required, schema }) => `${nameOf(name)}${required ? '' : '?'}: ${typeOf(schema)}`,
  )
  return [`${place === 'path' ? 'params' : 'query'}: { ${fields.join('; ')} }`]
}

const operationOf = (operation: Operation): string => {
  const body = operation.requestBody?.content['application/json']
  const answer = operation.responses['200']?.content?.['application/json']
  const parts = [
    ...parametersOf(operation, 'path'),
    ...parametersOf(operation, 'query'),
    ...(body === undefined ? [] : [`body: ${typeOf(body.schema)}`]),
    `answer: ${answer === undefined ? 'void' : typeOf(answer.schema)}`,
  ]
  const summary = `${operation.summary} (${operation['x-permission']})`
  return `${comment(summary)}${operation.operationId}: {\n${parts.join('\n')}\n}`
}

const generate = (): string => {
  const document = openApiDocument('0') as unknown as {
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, Schema> }
  }
  const byName = new Map(
    Object.values(document.paths)
      .flatMap((path) => Object.values(path))
      .map((operation) => [operation.operationId, operation]),
  )
  const endpoints = Object.entries<Endpoint>(api)
  const operations = endpoints.flatMap(([name]) => byName.get(name) ?? [])
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `${comment(schema.description)}export type ${name} = ${typeOf(schema)}`,
  )
  const paths = endpoints.map(([name, { method, path }]) => `${name}: ['${method}', '${path}'],`)
  return `// Made by scripts/generate-sdk.ts from the OpenAPI document.

${schemas.join('\n\n')}

/** What each operation takes and answers. */
export type Operations = {
${operations.map(operationOf).join('\n')}
}

/** Method and path of each operation. */
export const operations = {
${paths.join('\n')}
} as const satisfies Record<keyof Operations, readonly [string, string]>
`
}

const format = async (text: string, at: string): Promise<string> => {
  await writeFile(at, text)
  await promisify(execFile)(join(root, 'node_modules/.bin/oxfmt'), [at])
  return readFile(at, 'utf8')
}

if (process.argv.includes('--check')) {
  const draft = file.replace(/\.ts$/, `.draft-${process.pid}.ts`)
  try {
    const wanted = await format(generate(), draft)
    if (wanted !== (await readFile(file, 'utf8'))) {
      console.error(
        'packages/sdk/src/generated/api.ts is out of date: node scripts/generate-sdk.ts',
      )
      process.exitCode = 1
    }
  } finally {
    await rm(draft, { force: true })
  }
} else {
  await format(generate(), file)
}
