import type { GatewayPluginKind } from '@keelson/contract'
import type { Clock } from '../../../kernel/clock.ts'
import { messageOf } from '../../../kernel/errors.ts'
import type { ProxyLog } from '../../proxy/chain/instances.ts'
import { plugins as housePlugins, type PluginTable } from '../index.ts'
import { openOwnPlugins, type OwnPlugins } from './open.ts'

type PlatformOptions = { folder: string | undefined; log: ProxyLog; clock: Clock }

/**
 * The plugins that a platform has: those of the house, and those of its folder. A folder that cannot
 * be read is told of, and stops nobody: what is configured with its plugins is refused.
 */
export const openPlatformPlugins = async (options: PlatformOptions): Promise<OwnPlugins> => {
  const { folder, log, clock } = options
  if (folder === undefined) return houseAlone
  try {
    return withHouse(await openOwnPlugins({ folder, log, clock }))
  } catch (error) {
    log.error({ folder, reason: messageOf(error) }, 'plugins of the folder cannot be read')
    return houseAlone
  }
}

/** What is known of them once their processes have ended: enough to read configurations. */
export const describePlatformPlugins = async (
  options: PlatformOptions,
): Promise<Pick<OwnPlugins, 'table' | 'keptTable'> & { kinds: readonly GatewayPluginKind[] }> => {
  const own = await openPlatformPlugins(options)
  const kinds = own.kinds()
  await own.close()
  return { table: own.table, keptTable: own.keptTable, kinds }
}

/** With the plugins of the house in the tables; of two with one name the house's is meant. */
export const withHouse = (own: OwnPlugins): OwnPlugins => {
  const { table, keptTable } = own
  return { ...own, table: besideHouse(table), keptTable: besideHouse(keptTable) }
}

const besideHouse = (own: PluginTable): PluginTable => new Map([...own, ...housePlugins])

const houseAlone: OwnPlugins = {
  ...{ table: housePlugins, keptTable: housePlugins },
  kinds: () => [],
  close: async () => {},
}
