import { randomUUID } from 'node:crypto'
import type { Static, TObject } from 'typebox'
import { systemClock, type Clock } from '../../../kernel/clock.ts'
import type { PluginEntity } from '../../config/model.ts'
import { checkPluginConfig } from '../../config/plugin-config.ts'
import { createSharedCounters, emptyTable } from '../../counters/index.ts'
import type {
  PluginDefinition,
  PluginFault,
  PluginHost,
  PluginInstance,
  SharedCounters,
} from '../plugin.ts'

const silent = { info: () => {}, warn: () => {}, error: () => {} }

/** A host of its own for each plugin under test: counters that start at nothing, a log nobody reads. */
export const testHost = (
  given: { clock?: Clock; counters?: SharedCounters; entity?: Partial<PluginEntity> } = {},
): PluginHost => {
  const clock = given.clock ?? systemClock
  return {
    clock,
    newId: randomUUID,
    log: silent,
    counters: given.counters ?? createSharedCounters(emptyTable(1024), clock),
    entity: {
      id: randomUUID(),
      tags: [],
      name: 'under-test',
      instance_name: null,
      service: null,
      route: null,
      consumer: null,
      config: {},
      enabled: true,
      protocols: ['http', 'https'],
      ...given.entity,
    },
  }
}

/** The configuration as a plugin gets it, defaults filled in. Throws what is wrong with it. */
export const configOf = <S extends TObject>(
  plugin: Pick<PluginDefinition<S>, 'name' | 'schema'>,
  given: object = {},
): Static<S> => {
  const { name, schema } = plugin
  const { config, faults } = checkPluginConfig({ name, schema }, structuredClone(given))
  const [first] = faults
  if (first === undefined) return config as Static<S>
  throw new Error(`${name}: ${first.path.join('.')}: ${first.message}`)
}

export const faultsOf = <S extends TObject>(
  plugin: PluginDefinition<S>,
  given: object,
): readonly PluginFault[] => plugin.check?.(configOf(plugin, given)) ?? []

export const instanceOf = <S extends TObject>(
  plugin: PluginDefinition<S>,
  given: object = {},
  host: PluginHost = testHost(),
): PluginInstance => plugin.create(configOf(plugin, given), host)
