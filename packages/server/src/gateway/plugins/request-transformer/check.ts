import { isFieldName, splitEntry } from '../field-changes/changes.ts'
import { framing } from '../field-changes/header-fields.ts'
import type { PluginFault } from '../plugin.ts'
import type { RequestTransformerConfig } from './schema.ts'
import { compileTemplate, TemplateError } from './template.ts'

const operations = ['remove', 'rename', 'replace', 'add', 'append'] as const
type Operation = (typeof operations)[number]

/** What Kong's schema checks, and what this gateway cannot or will not do. */
export const faultsOf = (config: RequestTransformerConfig): PluginFault[] => [
  ...operations.flatMap((operation) => [
    ...faultsIn(config, operation, 'headers', headerFault),
    ...faultsIn(config, operation, 'querystring', fieldFault),
    ...faultsIn(config, operation, 'body', fieldFault),
  ]),
  ...templateFaults(config.replace.uri ?? '', ['replace', 'uri']),
]

const faultsIn = (
  config: RequestTransformerConfig,
  operation: Operation,
  where: 'headers' | 'querystring' | 'body',
  faultOf: (operation: Operation, name: string, value: string, entry: string) => string | null,
): PluginFault[] =>
  config[operation][where].flatMap((entry, at) => {
    const path = [operation, where, at]
    const { name, value } = splitEntry(entry)
    const message = faultOf(operation, name, value, entry)
    if (message !== null) return [{ path, message }]
    return operation === 'remove' ? [] : templateFaults(value, path)
  })

const headerFault = (
  operation: Operation,
  name: string,
  value: string,
  entry: string,
): string | null => {
  if (!isFieldName(name)) return `'${name}' is not a valid header`
  if (operation === 'remove') return null
  if (!entry.includes(':')) return `'${entry}' has no ':' between name and value`
  if (operation === 'rename' && !isFieldName(value)) return `'${value}' is not a valid header`
  const written = operation === 'rename' ? value : name
  return framing.has(written.toLowerCase())
    ? `'${written}' frames the message and is set by the gateway alone`
    : null
}

const fieldFault = (operation: Operation, name: string, value: string): string | null => {
  if (operation === 'remove' || (name !== '' && value !== '')) return null
  return `key '${name}' has no value`
}

const templateFaults = (source: string, path: PluginFault['path']): PluginFault[] => {
  try {
    compileTemplate(source)
    return []
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    return [{ path, message: error.message }]
  }
}
