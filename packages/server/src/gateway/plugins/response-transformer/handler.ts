import {
  applyChanges,
  isEmpty,
  isFieldName,
  splitEntry,
  type Changes,
} from '../field-changes/changes.ts'
import { framing, headerFields } from '../field-changes/header-fields.ts'
import { jsonFields } from '../field-changes/json-fields.ts'
import { definePlugin, type PluginFault } from '../plugin.ts'
import { schema, type ResponseTransformerConfig } from './schema.ts'

/** Larger bodies go on as they are. */
const bodyLimit = 8 * 1024 * 1024

/** Changes answers before clients see them: header fields, and fields of JSON objects. */
export const responseTransformer = definePlugin({
  name: 'response-transformer',
  priority: 800,
  summary: 'Removes, renames, replaces, adds and appends parts of an answer.',
  schema,
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs'],
  check: (config) => faultsOf(config),
  create: (config) => {
    const headers = headerChangesOf(config)
    const json = jsonChangesOf(config)
    const changesJson = !isEmpty(json)
    return {
      response: (_exchange, response) => {
        applyChanges(headers, headerFields(response.headers), null)
        const isReadable = !response.headers.has('content-encoding')
        if (!changesJson || !isReadable || !isJson(response.headers.get('content-type'))) return
        response.changeBody(bodyLimit, (body) => {
          if (body.length === 0) return body
          const fields = jsonFields(body.toString('utf8'))
          if (fields === null) return body
          applyChanges(json, fields, null)
          return Buffer.from(fields.toString())
        })
      },
    }
  },
})

/** Several may be joined by commas; parameters do not matter. */
const isJson = (contentType: string | undefined): boolean =>
  contentType
    ?.split(',')
    .some((type) => type.split(';')[0]?.trim().toLowerCase() === 'application/json') === true

const operations = ['replace', 'add', 'append'] as const

const headerChangesOf = (config: ResponseTransformerConfig): Changes<null, string> => {
  const values = (operation: (typeof operations)[number]) =>
    config[operation].headers
      .map(splitEntry)
      .flatMap(({ name, value }) => (value === '' ? [] : [{ name, value: () => value }]))
  return {
    remove: config.remove.headers.map((entry) => splitEntry(entry).name),
    rename: config.rename.headers
      .map(splitEntry)
      .map(({ name, value }) => ({ name, to: () => value })),
    replace: values('replace'),
    add: values('add'),
    append: values('append'),
  }
}

const jsonChangesOf = (config: ResponseTransformerConfig): Changes<null, unknown> => {
  const values = (operation: (typeof operations)[number]) =>
    config[operation].json.flatMap((entry, at) => {
      const { name, value: text } = splitEntry(entry)
      const value = typedValue(text, config[operation].json_types[at])
      return text === '' || value === undefined ? [] : [{ name, value: () => value }]
    })
  return {
    remove: config.remove.json.map((entry) => splitEntry(entry).name),
    rename: config.rename.json
      .map(splitEntry)
      .flatMap(({ name, value }) => (value === '' ? [] : [{ name, to: () => value }])),
    replace: values('replace'),
    add: values('add'),
    append: values('append'),
  }
}

/** Kong casts: all that is not `true` is false, and what is no number is not set at all. */
const typedValue = (
  text: string,
  type: 'boolean' | 'number' | 'string' | undefined,
): string | number | boolean | undefined => {
  if (type === 'boolean') return text === 'true'
  if (type !== 'number') return text
  const number = text.trim() === '' ? Number.NaN : Number(text)
  return Number.isFinite(number) ? number : undefined
}

const faultsOf = (config: ResponseTransformerConfig): PluginFault[] => {
  const renames = config.rename.headers.flatMap((entry, at) => {
    const { name, value } = splitEntry(entry)
    const wrong = [name, value].find((part) => !isFieldName(part))
    const path = ['rename', 'headers', at]
    return wrong === undefined
      ? faultOfName(value, path)
      : [{ path, message: `'${wrong}' is not a valid header` }]
  })
  const values = operations.flatMap((operation) =>
    config[operation].headers.flatMap((entry, at) => {
      const { name } = splitEntry(entry)
      const path = [operation, 'headers', at]
      return isFieldName(name)
        ? faultOfName(name, path)
        : [{ path, message: `'${name}' is not a valid header` }]
    }),
  )
  return [...renames, ...values]
}

const faultOfName = (name: string, path: PluginFault['path']): PluginFault[] =>
  framing.has(name.toLowerCase())
    ? [{ path, message: `'${name}' frames the message and is set by the gateway alone` }]
    : []
