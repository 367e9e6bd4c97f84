import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type {
  GatewayConfig,
  PluginTable,
  readGatewayConfig,
  ReadGatewayConfig,
} from '@keelson/server/gateway'
import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { CommandError, usageError } from './failure.ts'

export type KongFile = {
  text: string
  config: GatewayConfig
  notes: readonly string[]
  /** Values of the variables that the file refers to. */
  environment: Readonly<Record<string, string>>
}

type Read = (
  ...asked: Parameters<typeof readGatewayConfig>
) => ReadGatewayConfig | Promise<ReadGatewayConfig>

/**
 * Reads a Kong file, by the gateway's own plugins or those given. `readApart` reads it beside what is
 * served. Throws CommandError (exit code 2) with every mistake and its place.
 */
export const readKongFile = async (
  { cwd, env }: Pick<Context, 'cwd' | 'env'>,
  path: string,
  table?: PluginTable,
  readBy?: Read,
): Promise<KongFile> => {
  const text = await readText(resolve(cwd, path), path)
  const { plugins, readGatewayConfig } = await import('@keelson/server/gateway')
  const options = { environment: setOf(env), plugins: table ?? plugins }
  const read = await (readBy ?? readGatewayConfig)({ text, file: path }, options)
  refuseFaults(read)
  const { config, notes, variables } = read
  return {
    ...{ text, config, notes: notes.map(({ message }) => message) },
    environment: Object.fromEntries(
      variables.flatMap((name) => {
        const value = env[name]
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  }
}

const readText = async (path: string, named: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`${named} cannot be read: ${reason}`, 'name a Kong file')
  }
}

const setOf = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )

const refuseFaults = ({ faults }: ReadGatewayConfig): void => {
  if (faults.length === 0) return
  throw new CommandError(
    'gateway_config_invalid',
    exitCodes.badInput,
    faults.map(({ file, line, column, entity, message, hint }) => ({
      message: entity === '' ? message : `${entity}: ${message}`,
      place: { file, line, column },
      ...(hint === null ? {} : { hint }),
    })),
  )
}
