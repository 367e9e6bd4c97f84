import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { GatewayPluginKind } from '@keelson/contract'
import { systemClock, type Clock } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { ProxyLog } from '../../proxy/chain/instances.ts'
import { plugins as housePlugins, type PluginTable } from '../index.ts'
import type { PluginDefinition } from '../plugin.ts'
import { definitionOf, lenient, unloadableDefinition } from './definition.ts'
import { limits } from './limits.ts'
import { supervise, type Supervisor } from './supervisor.ts'

export type OwnPlugins = {
  /** Those of the folder alone; of one that cannot be loaded, one that refuses to be configured. */
  table: PluginTable
  /** For what was accepted before: they take any configuration, which is judged again where it runs. */
  keptTable: PluginTable
  /** As they are now. */
  kinds(): GatewayPluginKind[]
  /** Ends their processes. */
  close(): Promise<void>
}

type Opened = {
  folder: string
  definition: PluginDefinition
  problem: () => string | null
  supervisor: Supervisor | null
}

/**
 * Plugins of a team's own: each folder below with an `index.ts`, `index.js` or `index.mjs` is one, and
 * runs in a process of its own. One that cannot be loaded is told of, and stops nobody. Throws what
 * `readdir` throws, and RangeError when there are too many.
 */
export const openOwnPlugins = async ({
  folder,
  log,
  clock = systemClock,
}: {
  folder: string
  log: ProxyLog
  clock?: Clock
}): Promise<OwnPlugins> => {
  const found = await findPlugins(folder)
  if (found.length > limits.plugins) {
    throw new RangeError(`${found.length} plugins in ${folder}; at most ${limits.plugins}`)
  }
  const opened: Opened[] = []
  for (let at = 0; at < found.length; at += limits.loading) {
    const some = found.slice(at, at + limits.loading)
    opened.push(...(await Promise.all(some.map((one) => open({ ...one, log, clock })))))
  }
  const definitions = opened.map(({ definition }) => definition)
  return {
    table: tableOf(definitions),
    keptTable: tableOf(definitions.map(lenient)),
    kinds: () => opened.map(kindOf),
    close: async () => {
      await Promise.all(opened.map(async ({ supervisor }) => supervisor?.close()))
    },
  }
}

const tableOf = (definitions: readonly PluginDefinition[]): PluginTable =>
  new Map(definitions.map((definition) => [definition.name, definition]))

type Found = { name: string; folder: string; file: string | null }

const entries = ['index.ts', 'index.js', 'index.mjs']

const findPlugins = async (folder: string): Promise<Found[]> => {
  const names = (await readdir(folder)).filter((name) => !/^[._]|^node_modules$/.test(name))
  const found = await Promise.all(
    names.toSorted().map(async (name): Promise<Found[]> => {
      const own = join(folder, name)
      if (!(await stat(own)).isDirectory()) return []
      const inside = await readdir(own)
      const entry = entries.find((one) => inside.includes(one))
      return [{ name, folder: own, file: entry === undefined ? null : join(own, entry) }]
    }),
  )
  return found.flat()
}

const open = async (one: Found & { log: ProxyLog; clock: Clock }): Promise<Opened> => {
  const { name, folder, log } = one
  let supervisor: Supervisor | null = null
  try {
    if (housePlugins.has(name)) throw new TypeError('a plugin of the gateway has this name')
    if (one.file === null) throw new TypeError(`it has none of ${entries.join(', ')}`)
    const supervised = await supervise({ ...one, file: one.file })
    supervisor = supervised
    return {
      ...{ folder, supervisor },
      definition: definitionOf(supervisor),
      problem: () => supervised.problem(),
    }
  } catch (error) {
    await supervisor?.close()
    const problem = messageOf(error)
    log.error({ plugin: name, folder, reason: problem }, 'plugin cannot be loaded')
    const definition = unloadableDefinition(name, problem)
    return { folder, definition, problem: () => problem, supervisor: null }
  }
}

const kindOf = ({ folder, definition, problem }: Opened): GatewayPluginKind => {
  const { name, priority, summary, schema, scopes } = definition
  return { name, priority, summary, schema, scopes: [...scopes], folder, problem: problem() }
}
