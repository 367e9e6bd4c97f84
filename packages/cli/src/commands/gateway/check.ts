import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { readKongFile } from '../../gateway-file.ts'
import { openPlugins, pluginFolderOf } from '../../own-plugins.ts'
import { count } from '../../text.ts'

export type CheckOptions = { plugins?: string }

/** Every mistake of a Kong file with its line, or what it holds. Needs no platform. */
export const check = async (
  context: Context,
  { plugins }: CheckOptions,
  [path = '']: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  await using own = await openPlugins(context, plugins ?? pluginFolderOf(context))
  const { config, notes } = await readKongFile(context, path, own.table)
  const { describeGatewayConfig } = await import('@keelson/server/gateway')
  const described = describeGatewayConfig(config)
  if (shared.json) output.data(JSON.stringify({ ...described, notes }, null, 2))
  else {
    const held = Object.entries(described.entities).map(([kind, many]) =>
      count(many, kind.replaceAll('_', ' ').replace(/s$/, '')),
    )
    output.data(`${path} works: ${held.length === 0 ? 'it holds nothing' : held.join(', ')}`)
    for (const [name, uses] of usesOf(described.plugins)) {
      output.data(`  ${name}: ${uses.join(', ')}`)
    }
    for (const note of notes) output.message(note)
  }
  return exitCodes.ok
}

const namedMost = 5

type Plugins = readonly { name: string; enabled: boolean; scope: readonly string[] }[]

/** By plugin, what it is tied to; beyond five only how many more. */
const usesOf = (plugins: Plugins): [name: string, uses: string[]][] =>
  [...Map.groupBy(plugins, ({ name }) => name)].map(([name, all]) => {
    const uses = all.map(
      ({ enabled, scope }) =>
        `${scope.length === 0 ? 'everything' : scope.join(' and ')}${enabled ? '' : ' (off)'}`,
    )
    const more = uses.length - namedMost
    return [name, more > 0 ? [...uses.slice(0, namedMost), `${more} more`] : uses]
  })
