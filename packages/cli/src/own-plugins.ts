import { resolve } from 'node:path'
import type { PluginTable } from '@keelson/server/gateway'
import { fullLogTo } from './commands/gateway/gateway-log.ts'
import type { Context } from './context.ts'
import { usageError } from './failure.ts'
import { readPlatformFile } from './platform-file.ts'

export const pluginFolderVariable = 'KEELSON_GATEWAY_PLUGINS'

/** Absolute, as the variable says; undefined when it is not set. */
export const pluginFolderOf = ({ cwd, env }: Pick<Context, 'cwd' | 'env'>): string | undefined => {
  const { [pluginFolderVariable]: folder = '' } = env
  return folder === '' ? undefined : resolve(cwd, folder)
}

/** Of the platform that a stack is for: as its variable says, or as it was started. */
export const platformPluginFolder = async (
  context: Pick<Context, 'cwd' | 'env' | 'dataFolder'>,
): Promise<string | undefined> =>
  pluginFolderOf(context) ?? (await readPlatformFile(context.dataFolder))?.gatewayPlugins

/**
 * The plugins of the gateway together with those of a folder, each of which runs in a process of its
 * own until this is disposed. Throws CommandError when there is no such folder.
 */
export const openPlugins = async (
  { cwd, output }: Pick<Context, 'cwd' | 'output'>,
  folder: string | undefined,
): Promise<AsyncDisposable & { table: PluginTable }> => {
  const { openOwnPlugins, plugins, withHouse } = await import('@keelson/server/gateway')
  if (folder === undefined) return { table: plugins, [Symbol.asyncDispose]: async () => {} }
  try {
    const log = fullLogTo(output)
    const own = withHouse(await openOwnPlugins({ folder: resolve(cwd, folder), log }))
    return { table: own.table, [Symbol.asyncDispose]: () => own.close() }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(
      `The plugins of ${folder} cannot be read: ${reason}`,
      'name a folder that has one folder for each plugin',
    )
  }
}
