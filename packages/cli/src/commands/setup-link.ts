import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning } from '../platform.ts'
import { duration } from '../text.ts'

/** The link alone on standard output, so that a script may read it. */
export const setupLink = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const link = await platform.call('createSetupLink', {})
  output.data(shared.json ? JSON.stringify(link) : link.url)
  if (!shared.json) {
    const left = Date.parse(link.expiresAt) - Date.now()
    output.message(`It works once, within ${duration(left)}`)
  }
  return exitCodes.ok
}
