import { plugins as house, type PluginTable } from '../../plugins/index.ts'
import { schemaOf } from '../../plugins/own/index.ts'
import type { PluginDefinition } from '../../plugins/plugin.ts'

/** A plugin of a team's own, as far as reading a configuration needs it. */
export type CarriedPlugin = Pick<
  PluginDefinition,
  'name' | 'priority' | 'summary' | 'scopes' | 'protocols'
> & {
  /** JSON. */
  schema: string
  /** Why nobody may configure it; null when one may. */
  refusal: string | null
}

/** Those of a table that another thread has not got by itself. */
export const carryPlugins = (table: PluginTable): CarriedPlugin[] =>
  [...table.values()]
    .filter((definition) => house.get(definition.name) !== definition)
    .map((definition) => {
      const { name, priority, summary, scopes, protocols, schema } = definition
      return {
        ...{ name, priority, summary, scopes, protocols },
        schema: JSON.stringify(schema),
        // Only one that cannot be loaded has anything to check.
        refusal: definition.check?.({})[0]?.message ?? null,
      }
    })

/** A table that reads as the one they were taken from; nothing can be run with it. */
export const tableOfCarried = (carried: readonly CarriedPlugin[]): PluginTable =>
  new Map([...house, ...carried.map((one) => [one.name, definitionOf(one)] as const)])

const definitionOf = ({ schema, refusal, ...rest }: CarriedPlugin): PluginDefinition => ({
  ...rest,
  // It was one before it was JSON.
  schema: schemaOf(schema) as unknown as PluginDefinition['schema'],
  ...(refusal === null ? {} : { check: () => [{ path: [], message: refusal }] }),
  create: () => {
    throw new Error('this plugin runs in another thread')
  },
})
