import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'
import { saveFile } from '../../save-file.ts'
import { namedStack } from './stack.ts'

export type ExportOptions = { forKong?: boolean; secrets?: boolean; output?: string }

/** Owner only: with --secrets the file holds keys. */
const fileMode = 0o600

/** The running configuration as a Kong file. */
export const exportFile = async (
  context: Context,
  { forKong, secrets, output: path }: ExportOptions,
): Promise<number> => {
  const { output } = context
  const platform = await getRunning(context)
  const asked = {
    ...(await namedStack(context, platform)),
    forKong: forKong === true,
  }
  const { text, leftOut } =
    secrets === true
      ? await platform.call('exportGatewaySecrets', { body: asked })
      : await platform.call('exportGateway', { query: asked })
  if (path === undefined) output.data(text.replace(/\n$/, ''))
  else await saveFile(context, path, text, fileMode)
  for (const one of leftOut) output.message(`left out: ${one}`)
  return exitCodes.ok
}
