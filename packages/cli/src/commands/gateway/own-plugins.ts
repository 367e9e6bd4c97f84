import { resolve } from 'node:path'
import type { PluginTable } from '@keelson/server/gateway'
import type { Context } from '../../context.ts'
import { usageError } from '../../failure.ts'
import { fullLogTo } from './gateway-log.ts'

/**
 * The plugins of the gateway together with those of a folder, each of which runs in a process of its
 * own until this is disposed. Throws CommandError when there is no such folder.
 */
export const openPlugins = async (
  { cwd, output }: Pick<Context, 'cwd' | 'output'>,
  folder: string | undefined,
): Promise<AsyncDisposable & { table: PluginTable }> => {
  const { openOwnPlugins, plugins } = await import('@keelson/server/gateway')
  if (folder === undefined) return { table: plugins, [Symbol.asyncDispose]: async () => {} }
  try {
    const own = await openOwnPlugins({ folder: resolve(cwd, folder), log: fullLogTo(output) })
    return { table: new Map([...plugins, ...own.table]), [Symbol.asyncDispose]: () => own.close() }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(
      `The plugins of ${folder} cannot be read: ${reason}`,
      'name a folder that has one folder for each plugin',
    )
  }
}
