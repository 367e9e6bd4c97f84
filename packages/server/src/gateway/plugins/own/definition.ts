import { Type, type TObject, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { checkPluginConfig } from '../../config/plugin-config.ts'
import { isRecord } from '../../config/schema/shape.ts'
import type { PluginDefinition } from '../plugin.ts'
import { createOwnInstance, type OwnPolicy } from './instance.ts'
import { limits } from './limits.ts'
import type { Supervisor } from './supervisor.ts'

const policyFields = {
  timeout_ms: Type.Integer({
    default: limits.callMs,
    minimum: 1,
    maximum: 60_000,
    description: 'How long a hook may take, in milliseconds.',
  }),
  on_failure: Type.Enum(['refuse', 'continue'], {
    default: 'refuse',
    description: 'What becomes of a request when the plugin fails, is late, or is not there.',
  }),
}

/** The plugin as the gateway runs it. Throws TypeError when its schema cannot be used. */
export const definitionOf = (supervisor: Supervisor): PluginDefinition => {
  const { name, priority, summary, scopes, protocols, schema } = supervisor.loaded
  const known = { name, schema: withPolicy(schemaOf(schema)) }
  return {
    ...{ ...known, priority, summary, scopes, protocols },
    create: (given, host) => {
      // Whoever accepted it may have known another schema, or none.
      const { config, faults } = checkPluginConfig(known, given)
      if (faults[0] !== undefined) throw new TypeError(sentenceOf(faults[0]))
      const { timeout_ms, on_failure, ...own } = config as OwnPolicy & Record<string, unknown>
      return createOwnInstance(supervisor, own, { timeout_ms, on_failure }, host)
    },
  }
}

const sentenceOf = ({ path, message }: { path: readonly (string | number)[]; message: string }) =>
  [...path, message].join(' ')

/** In the place of a plugin that cannot be loaded: whoever configures it is told why. */
export const unloadableDefinition = (name: string, problem: string): PluginDefinition => ({
  name,
  priority: 0,
  summary: 'It cannot be loaded.',
  scopes: ['service', 'route', 'consumer'],
  protocols: ['http', 'https', 'grpc', 'grpcs', 'ws', 'wss'],
  schema: Type.Object({}, { additionalProperties: true }),
  check: () => [{ path: [], message: `The plugin ${name} does not run: ${problem}` }],
  create: (config) => {
    if (isRecord(config) && config['on_failure'] === 'continue') return {}
    throw new Error(problem)
  },
})

/** Takes any configuration: what was accepted before is judged again where it runs. */
export const lenient = (definition: PluginDefinition): PluginDefinition => ({
  ...definition,
  schema: Type.Object({}, { additionalProperties: true }),
  check: () => [],
})

type Properties = Readonly<Record<string, TSchema>>

/** A schema that was JSON meanwhile. Throws TypeError when it cannot be used. */
export const schemaOf = (text: string): Readonly<Record<string, unknown>> => {
  const schema: unknown = JSON.parse(text)
  if (!isRecord(schema) || schema['type'] !== 'object' || !isRecord(schema['properties'])) {
    throw new TypeError('its schema is no Type.Object')
  }
  return revive(schema)
}

/** The mark of fields that may be missing, which does not outlive JSON: else defaults fill them in. */
const revive = <S extends Readonly<Record<string, unknown>>>(schema: S): S => {
  const { properties } = schema
  if (!isRecord(properties)) return schema
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  for (const [name, property] of Object.entries(properties)) {
    if (!isRecord(property)) continue
    revive(property)
    if (!required.includes(name)) Object.defineProperty(property, '~optional', { value: true })
  }
  return schema
}

const withPolicy = (schema: Readonly<Record<string, unknown>>): TObject => {
  const own = schema['properties'] as Properties
  for (const name of Object.keys(policyFields)) {
    if (Object.hasOwn(own, name))
      throw new TypeError(`its schema has a field ${name} of the gateway`)
  }
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const whole = {
    additionalProperties: false,
    ...schema,
    properties: { ...own, ...policyFields },
    required: [...required, ...Object.keys(policyFields)],
  } as unknown as TObject
  Compile(whole)
  return whole
}
