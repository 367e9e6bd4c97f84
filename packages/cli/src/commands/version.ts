import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { findPlatform } from '../platform-file.ts'
import { readVersion } from '../version.ts'

/** Versions of the command, of its Node, and of the platform that runs. */
export const version = async ({ output, shared, dataFolder }: Context): Promise<number> => {
  const found = await findPlatform(dataFolder)
  const platform = found.kind === 'running' || found.kind === 'unready' ? found.file.version : null
  const command = readVersion()
  if (shared.json) {
    output.data(JSON.stringify({ keelson: command, node: process.versions.node, platform }))
    return exitCodes.ok
  }
  const rows = [`keelson   ${command}`, `node      ${process.versions.node}`]
  output.data([...rows, `platform  ${platform ?? 'not running'}`].join('\n'))
  return exitCodes.ok
}
