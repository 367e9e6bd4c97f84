import { kindCounts, kindName } from '@keelson/contract/gateway-kinds'
import type { ReadGatewayConfig } from '@keelson/server/gateway'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { readKongFile } from '../../gateway-file.ts'
import { openPlugins, pluginFolderOf } from '../../own-plugins.ts'

export type CheckOptions = { plugins?: string }

/** Every mistake of a Kong file with its line, and what works. Needs no platform. */
export const check = async (
  context: Context,
  { plugins }: CheckOptions,
  [path = '']: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  await using own = await openPlugins(context, plugins ?? pluginFolderOf(context))
  const { describeGatewayConfig, readGatewayConfig } = await import('@keelson/server/gateway')
  const { config, notes } = await readKongFile(context, path, own.table, (...asked) => {
    const read = readGatewayConfig(...asked)
    if (read.faults.length > 0 && !shared.json) output.message(summaryOf(path, read))
    return read
  })
  const described = describeGatewayConfig(config)
  if (shared.json) output.data(JSON.stringify({ ...described, notes }, null, 2))
  else {
    output.data(`${path} works: ${kindCounts(described.entities) || 'it holds nothing'}`)
    for (const [name, uses] of usesOf(described.plugins)) {
      output.data(`  ${name}: ${uses.join(', ')}`)
    }
    for (const note of notes) output.message(note)
  }
  return exitCodes.ok
}

const namedMost = 5

/** `kong.yml does not work. Well are 2 of 3 services, 4 of 4 routes. Not looked at: workspaces.` */
const summaryOf = (path: string, { checked, faults }: ReadGatewayConfig): string => {
  if (checked === null) {
    return faults.length === 1
      ? `${path} does not work; nothing else of it was looked at.`
      : `${path} does not work; these mistakes hide what else there is.`
  }
  const well = Object.entries(checked.kinds).map(
    ([kind, { well, all }]) => `${well} of ${all} ${kindName(kind, all)}`,
  )
  const { unseen } = checked
  const more = unseen.length - namedMost
  const named = [...unseen.slice(0, namedMost), ...(more > 0 ? [`${more} more`] : [])]
  return [
    `${path} does not work.`,
    ...(well.length === 0 ? [] : [`Without a mistake of their own: ${well.join(', ')}.`]),
    ...(named.length === 0 ? [] : [`Not looked at any further: ${named.join(', ')}.`]),
  ].join(' ')
}

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
