import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  routeTuning,
  serviceTuning,
  targetTuning,
  upstreamTuning,
} from '../packages/server/src/gateway/config/schema/tuning.ts'
import { plugins } from '../packages/server/src/gateway/plugins/index.ts'
import type { PluginDefinition } from '../packages/server/src/gateway/plugins/plugin.ts'
import { code, page, table } from './markdown.ts'
import { typeOf, type Schema } from './schema-text.ts'
import { tuningMeanings } from './tuning-meanings.ts'

const pluginFolder = 'packages/server/src/gateway/plugins'

/** What may be configured in the gateway beside Kong's entities, by path. */
export const gatewayPages = (): Map<string, string> =>
  new Map([
    ['docs/reference/gateway-plugins.md', pluginsPage()],
    ['docs/reference/gateway-tuning.md', tuningPage()],
  ])

type Field = { path: string; schema: Schema; isRequired: boolean }

/** Every field with a value of its own; a dot leads into a mapping. */
const fieldsOf = ({ properties = {}, required = [] }: Schema, above = ''): Field[] =>
  Object.entries(properties).flatMap(([name, schema]) => {
    const path = above + name
    if (schema.properties !== undefined) return fieldsOf(schema, `${path}.`)
    return [{ path, schema, isRequired: required.includes(name) }]
  })

const defaultOf = ({ schema, isRequired }: Field): string => {
  if (schema.default !== undefined) return code(JSON.stringify(schema.default))
  return isRequired ? 'required' : ''
}

/** The highest time a timer takes: no bound that anybody would ask about. */
const timerMaxMs = 2 ** 31 - 2

const rangeOf = ({ minimum, maximum, exclusiveMinimum, pattern }: Schema): string => {
  const bounds = [
    ...(minimum === undefined ? [] : [`from ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(maximum === undefined || maximum === timerMaxMs ? [] : [`to ${maximum}`]),
    ...(pattern === undefined ? [] : [`like ${code(pattern)}`]),
  ]
  return bounds.length === 0 ? '' : `(${bounds.join(' ')})`
}

const asSchema = (schema: unknown): Schema => JSON.parse(JSON.stringify(schema)) as Schema

const pluginsPage = (): string => {
  const sorted = [...plugins.values()].toSorted((a, b) => b.priority - a.priority)
  return page(
    'Gateway plugins',
    `${sorted.length} plugins, in the order in which they run. Those that Kong has, have its fields, ` +
      'defaults and answers; where they differ, their own page says so. A field that is not in a ' +
      'table is refused with its place in the file. How plugins are used is in ' +
      '[gateway.md](../gateway.md).',
    table(
      ['plugin', 'priority', 'what it does'],
      sorted.map(({ name, priority, summary }) => [
        `[${name}](#${name})`,
        String(priority),
        summary,
      ]),
    ),
    ...sorted.map(pluginText),
  )
}

const pluginText = ({ name, priority, summary, scopes, protocols, schema }: PluginDefinition) => {
  const tied = scopes.length === 0 ? 'everything only' : `${scopes.join(', ')} or everything`
  const fields = fieldsOf(asSchema(schema))
  const rows = fields.map((field) => [
    code(field.path),
    typeOf(field.schema),
    defaultOf(field),
    [field.schema.description, rangeOf(field.schema)].filter(Boolean).join(' '),
  ])
  const hasPage = existsSync(join(import.meta.dirname, '..', pluginFolder, name, 'README.md'))
  return [
    `## ${name}`,
    summary,
    `Priority ${priority}; tied to ${tied}; for ${protocols.join(', ')}.`,
    rows.length === 0 ? 'It has no fields.' : table(['field', 'type', 'default', 'meaning'], rows),
    ...(hasPage ? [`More: [its page](../../${pluginFolder}/${name}/README.md).`] : []),
  ].join('\n\n')
}

const tuningPage = (): string =>
  page(
    'x-keelson in Kong files',
    "What Kong's format has no words for stands below `x-keelson` of an entity. Each part is off " +
      'until it is named, and its fields then have these defaults. Times in `_ms` are milliseconds. ' +
      'Kong refuses fields that it does not know: `keelson gateway export --for-kong` leaves these out.',
    ...Object.entries({
      service: serviceTuning,
      upstream: upstreamTuning,
      target: targetTuning,
      route: routeTuning,
    }).map(
      ([entity, schema]) =>
        `## Of ${article(entity)} ${entity}\n\n${tuningTable(entity, asSchema(schema))}`,
    ),
  )

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? 'an' : 'a')

const tuningTable = (entity: string, schema: Schema): string =>
  table(
    ['field', 'type', 'default', 'meaning'],
    fieldsOf(schema).map((field) => [
      code(field.path),
      typeOf(field.schema),
      defaultOf(field),
      [meaningOf(`${entity}.${field.path}`), rangeOf(field.schema)].filter(Boolean).join(' '),
    ]),
  )

const meaningOf = (path: string): string => {
  const meaning = tuningMeanings[path]
  if (meaning === undefined) throw new Error(`tuning-meanings.ts does not tell what ${path} means`)
  return `${meaning}.`
}
