import type { Context } from '../context.ts'
import { tellLink } from '../one-time-link.ts'
import { getRunning } from '../platform.ts'

/** The way to the form that creates the administrator, while there is none. */
export const setupLink = async (context: Context): Promise<number> => {
  const platform = await getRunning(context)
  return tellLink(context, await platform.call('createSetupLink', {}))
}
