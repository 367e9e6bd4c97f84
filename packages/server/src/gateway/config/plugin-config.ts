import type { TSchema } from 'typebox'
import type { PluginDefinition } from '../plugins/plugin.ts'
import type { ConfigPath } from './faults.ts'
import { separateEnterpriseFields } from './plugin-enterprise.ts'
import { modernizeConfig } from './plugin-renames.ts'
import { isRecord, type ShapeFault, shapeValue } from './schema/shape.ts'

/**
 * A plugin's configuration by its schema, defaults filled in. It is usable only without faults,
 * whose paths lead into the configuration as it was given.
 */
export const checkPluginConfig = (
  definition: Pick<PluginDefinition, 'name' | 'schema' | 'check'>,
  config: unknown,
): { config: Readonly<Record<string, unknown>>; faults: readonly ShapeFault[] } => {
  const faults: ShapeFault[] = []
  const given = config ?? {}
  if (!isRecord(given)) {
    return { config: {}, faults: [{ path: [], message: 'config must be a map.' }] }
  }
  const { config: free, used } = separateEnterpriseFields(
    definition.name,
    modernizeConfig(definition.name, given),
    (path) => hasField(definition.schema, path),
  )
  for (const path of used) faults.push(paidField(definition.name, path))
  const shaped = shapeValue(definition.schema, free, (fault) => faults.push(fault))
  if (faults.length > 0 || !isRecord(shaped)) return { config: {}, faults }
  const found = definition.check?.(shaped) ?? []
  return {
    config: shaped,
    faults: found.map(({ path, message }) => ({ path, message: asSentence(message) })),
  }
}

const paidField = (plugin: string, path: ConfigPath): ShapeFault => ({
  path,
  message: `${path.join('.')} of ${plugin} is a field of Kong Enterprise.`,
  feature: `fields of Kong Enterprise in ${plugin}`,
  atKey: true,
})

/** Whether a schema names a field, since then it is one of ours. */
const hasField = (schema: TSchema, [step, ...below]: ConfigPath): boolean => {
  if (step === undefined) return true
  const { properties } = schema as { properties?: Readonly<Record<string, TSchema>> }
  const property = properties?.[step]
  return property !== undefined && hasField(property, below)
}

const asSentence = (message: string): string => (/[.!?]$/.test(message) ? message : `${message}.`)
