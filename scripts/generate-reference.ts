/**
 * Writes docs/reference, docs/rules and the diagram in ARCHITECTURE.md from what they describe.
 *
 *   node scripts/generate-reference.ts            writes them
 *   node scripts/generate-reference.ts --check    fails when one of them is out of date
 */
import { globSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { api, errorTable, eventSchemas, type Endpoint } from '../packages/contract/src/index.ts'
import { createProgram } from '../packages/cli/src/program.ts'
import { keelsonReference, type KeyReference } from '../packages/compose/src/keelson-reference.ts'
import { readTree, type Flag } from '../packages/cli/src/completion/tree.ts'
import { createGraph } from '../packages/server/src/graph.ts'
import type { Context } from '../packages/server/src/kernel/context.ts'
import { environmentVariables } from '../packages/server/src/kernel/env.ts'
import { targets } from '../packages/server/src/kernel/lifecycle.ts'
import { openApiDocument } from '../packages/server/src/kernel/openapi.ts'
import { asvsPage } from './asvs.ts'
import { gatewayPages } from './gateway-pages.ts'
import { code, page, table } from './markdown.ts'
import { rulePages } from './rule-pages.ts'
import { boundsOf, typeOf, type Schema } from './schema-text.ts'

const root = resolve(import.meta.dirname, '..')
const placesMax = 3

/** Files that name a code, by code: where it is thrown or made. */
const readUses = async (): Promise<Map<string, string[]>> => {
  const uses = new Map<string, string[]>()
  const files = globSync('packages/{server,cli}/src/**/*.ts', { cwd: root }).sort()
  for (const file of files.filter((name) => !/\.test\.|\/testing\//.test(name))) {
    const text = await readFile(join(root, file), 'utf8')
    for (const name of Object.keys(errorTable)) {
      if (text.includes(`'${name}'`)) uses.set(name, [...(uses.get(name) ?? []), file])
    }
  }
  return uses
}

const errorsPage = async (): Promise<string> => {
  const uses = await readUses()
  const entries = Object.entries(errorTable).map(([name, { status, title, hint }]) => {
    const files = (uses.get(name) ?? []).slice(0, placesMax).map(code)
    const places = files.length === 0 ? [] : [`Made in ${files.join(', ')}.`]
    return [`## ${name}`, `**${status}** ${title}.`, `Try: ${hint}`, ...places].join('\n\n')
  })
  return page(
    'Errors',
    'Every refusal and failure carries one of these codes. Over HTTP it is an RFC 9457 problem ' +
      'with `code` and `hint`; the command line prints its message and what to try.',
    ...entries,
  )
}

const environmentPage = (): string =>
  page(
    'Environment variables',
    'An unknown variable that begins with `KEELSON_` is refused, and so is a value that cannot ' +
      'be used: a typing error shall not be a default.',
    table(
      ['variable', 'meaning'],
      Object.entries(environmentVariables).map(([name, meaning]) => [code(name), meaning]),
    ),
  )

type Content = Record<string, { schema: Schema }>
type Operation = {
  operationId: string
  summary: string
  'x-permission'?: string
  parameters?: { name: string; in: string; required: boolean; schema: Schema }[]
  requestBody?: { content: Content }
  responses: Record<string, { content?: Content }>
}

const bodyOf = (content: Content | undefined): string => {
  const [type, media] = Object.entries(content ?? {})[0] ?? []
  if (type === undefined || media === undefined) return 'nothing'
  return type === 'application/json' ? code(typeOf(media.schema)) : code(type)
}

const operationText = (path: string, method: string, operation: Operation): string => {
  const { parameters = [], requestBody, responses } = operation
  const [status = '', answer] = Object.entries(responses)[0] ?? []
  const facts = [
    `Permission ${code(operation['x-permission'] ?? 'public')}.`,
    ...(requestBody === undefined ? [] : [`Takes ${bodyOf(requestBody.content)}.`]),
    `Answers ${status} with ${bodyOf(answer?.content)}.`,
  ]
  const rows = parameters.map(({ name, in: place, required, schema }) => [
    code(name),
    place,
    typeOf(schema),
    required ? 'yes' : 'no',
    boundsOf(schema),
  ])
  return [
    `## ${operation.operationId}`,
    `${code(`${method.toUpperCase()} ${path}`)}: ${operation.summary}.`,
    facts.join(' '),
    ...(rows.length === 0 ? [] : [table(['parameter', 'in', 'type', 'required', ''], rows)]),
  ].join('\n\n')
}

const apiPage = (): string => {
  const document = openApiDocument('0') as unknown as {
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, Schema> }
  }
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationText(path, method, operation)),
  )
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) => {
    const { properties, required = [] } = schema
    if (properties === undefined) return `### ${name}\n\n${code(typeOf(schema))}`
    const rows = Object.entries(properties).map(([field, one]) => [
      code(field),
      typeOf(one),
      required.includes(field) ? 'yes' : 'no',
      boundsOf(one),
    ])
    return `### ${name}\n\n${table(['field', 'type', 'required', ''], rows)}`
  })
  return page(
    'HTTP API',
    `${Object.keys(api satisfies Record<string, Endpoint>).length} endpoints, four streams of ` +
      'text, and five routes of OAuth. The running platform describes itself at ' +
      '`/api/v1/openapi.json` (OpenAPI 3.1). ' +
      'Errors are RFC 9457 problems with a code of [errors.md](errors.md).',
    ...operations,
    '## Schemas',
    ...schemas,
  )
}

const eventsPage = (): string =>
  page(
    'Events',
    'What happened, in the past tense. A change and its event commit together; subscribers get ' +
      'every event at least once, in order for each subject.',
    ...Object.entries(eventSchemas).map(([type, schema]) => {
      const { properties = {}, required = [] } = JSON.parse(JSON.stringify(schema)) as Schema
      const rows = Object.entries(properties).map(([name, field]) => [
        code(name),
        typeOf(field),
        required.includes(name) ? 'yes' : 'no',
      ])
      return `## ${type}\n\n${table(['field', 'type', 'required'], rows)}`
    }),
  )

const keyRows = (keys: readonly KeyReference[]): string =>
  table(
    ['key', 'type', 'default', 'meaning', 'example'],
    keys.map(({ key, type, meaning, default: unless, example }) => [
      code(key),
      type,
      unless,
      `${meaning}.`,
      code(`${key.split('.').at(-1)}: ${example}`),
    ]),
  )

const xKeelsonPage = (): string => {
  const { service, project } = keelsonReference()
  return page(
    'x-keelson',
    'What the Compose Specification has no word for, written below `x-keelson` in a compose file. ' +
      'Docker Compose passes over it, so the file stays one for both. A key that is not in these ' +
      'tables is refused with file and line; a dot stands for a mapping (`probe.http.path`).',
    '## Of a service',
    keyRows(service),
    '## Of the file',
    keyRows(project),
  )
}

const flagText = ({ names, value }: Flag): string => {
  if (value === 'none') return names.map(code).join(', ')
  const word = typeof value === 'string' ? value : value.join(' or ')
  return `${names.map(code).join(', ')} ${word === 'free' ? 'value' : word}`
}

const cliPage = (): string => {
  const [program, ...commands] = readTree(createProgram(() => undefined))
  const shared = new Set(program?.flags.map(({ description }) => description))
  const flagRows = (flags: readonly Flag[]): string =>
    table(
      ['option', 'meaning'],
      flags.map((flag) => [flagText(flag), flag.description]),
    )
  const sections = commands.map(({ path, description, flags, arguments: args }) => {
    const own = flags.filter((flag) => !shared.has(flag.description))
    const usage = ['keelson', ...path, ...args.map((one) => one.usage)].join(' ')
    const meanings = args.map((one) => [code(one.usage), one.description])
    return [
      `## keelson ${path.join(' ')}`,
      `${description[0]?.toUpperCase()}${description.slice(1)}.`,
      ...(args.length === 0 ? [] : [code(usage)]),
      ...(meanings.some(([, meaning]) => meaning !== '')
        ? [table(['argument', 'meaning'], meanings)]
        : []),
      ...(own.length === 0 ? [] : [flagRows(own)]),
    ].join('\n\n')
  })
  return page(
    'Command line',
    program?.description ?? '',
    '## Options of every command',
    flagRows(program?.flags ?? []),
    ...sections,
  )
}

const diagram = (): string => {
  // Nothing is made, so nothing of the context is looked at.
  const graph = Object.entries(createGraph({} as Context))
  const parts = targets.map((target) => {
    const own = graph.filter(
      ([
        ,
        {
          targets: [first],
        },
      ]) => first === target,
    )
    const floors = [...new Set(own.map(([, { floor }]) => floor))].sort((a, b) => a - b)
    const boxes = floors.flatMap((floor) => [
      `    subgraph ${target}${floor} [floor ${floor}]`,
      ...own.filter(([, entry]) => entry.floor === floor).map(([name]) => `      ${name}`),
      '    end',
    ])
    return [`  subgraph ${target}`, ...boxes, '  end'].join('\n')
  })
  const arrows = graph.flatMap(([name, { needs }]) => needs.map((need) => `  ${name} --> ${need}`))
  const shared = graph
    .filter(([, entry]) => entry.targets.length > 1)
    .map(([name, entry]) => `${code(name)} is part of ${entry.targets.join(' and ')}`)
  return [
    '```mermaid',
    'flowchart BT',
    ...parts,
    ...arrows,
    '```',
    '',
    `An arrow points to what a module needs. ${shared.join('; ')}.`,
  ].join('\n')
}

const withDiagram = async (): Promise<string> => {
  const text = await readFile(join(root, 'ARCHITECTURE.md'), 'utf8')
  const [start, end] = ['<!-- graph:start -->', '<!-- graph:end -->']
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`ARCHITECTURE.md has no ${start} … ${end}`)
  return `${text.slice(0, from + start.length)}\n\n${diagram()}\n\n${text.slice(to)}`
}

const generate = async (): Promise<Map<string, string>> =>
  new Map([
    ['docs/reference/errors.md', await errorsPage()],
    ['docs/reference/environment.md', environmentPage()],
    ['docs/reference/api.md', apiPage()],
    ['docs/reference/events.md', eventsPage()],
    ['docs/reference/cli.md', cliPage()],
    ['docs/reference/x-keelson.md', xKeelsonPage()],
    ['docs/reference/asvs.md', asvsPage()],
    ...gatewayPages(),
    ...rulePages(),
    ['ARCHITECTURE.md', await withDiagram()],
  ])

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const pages = await generate()

/** In these folders everything is generated: what no longer is goes. */
const leftOver = globSync('docs/{reference,rules}/**/*.md', { cwd: root }).filter(
  (file) => !pages.has(file),
)

const complain = (file: string): void => {
  console.error(`${file} is out of date; run: node scripts/generate-reference.ts`)
  process.exitCode = 1
}

for (const file of leftOver) {
  if (values.check) complain(file)
  else await rm(join(root, file))
}
for (const [file, text] of pages) {
  const full = join(root, file)
  const present = await readFile(full, 'utf8').catch(() => '')
  if (present === text) continue
  if (values.check) {
    complain(file)
    continue
  }
  await mkdir(dirname(full), { recursive: true })
  await writeFile(full, text)
  console.log(`wrote ${file}`)
}
