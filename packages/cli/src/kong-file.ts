import { access } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { GatewayFileSpec } from '@keelson/contract'
import type { Project } from '@keelson/compose'
import type { Context } from './context.ts'
import { usageError } from './failure.ts'
import { readKongFile } from './gateway-file.ts'
import { openPlugins } from './own-plugins.ts'

const usualNames = ['kong.yml', 'kong.yaml']

/** The Kong file of a stack: the one it names, else the one beside its (first) compose file. */
export const findKongFile = async ({ files, xKeelson }: Project): Promise<string | undefined> => {
  const [first] = files
  if (first === undefined) return undefined
  const folder = dirname(first)
  if (xKeelson.kong !== undefined) return resolve(folder, xKeelson.kong)
  const found: string[] = []
  for (const name of usualNames) {
    const path = join(folder, name)
    if (await exists(path)) found.push(path)
  }
  if (found.length > 1) {
    throw usageError(
      `There are ${usualNames.join(' and ')} in ${folder}`,
      'keep one of them, or name one with x-keelson.kong in the compose file',
    )
  }
  return found[0]
}

/**
 * The file as the platform takes it; what it reads of the environment comes from the shell, then from
 * the `.env` of the compose file. Throws CommandError with every mistake and its place.
 */
export const kongFileSpec = async (
  context: Pick<Context, 'cwd' | 'env' | 'output'>,
  path: string,
  { environment: env }: Pick<Project, 'environment'>,
  pluginFolder: string | undefined,
): Promise<GatewayFileSpec> => {
  await using own = await openPlugins(context, pluginFolder)
  const { cwd } = context
  const { text, environment } = await readKongFile({ cwd, env }, path, own.table)
  return { file: path, text, environment: { ...environment } }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
