import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning, pageOf } from '../platform.ts'

export const whoami = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const session = await platform.call('getSession')
  if (shared.json) output.data(JSON.stringify(session, null, 2))
  else {
    output.data(session.actor)
    output.message(`${platform.url}, may: ${session.permissions.join(', ')}`)
    if (session.kind === 'user') {
      output.message(
        `People, roles, grants and tokens are changed by ${session.actor} themselves: ${pageOf(platform)}/access and /account/tokens`,
      )
    }
  }
  return exitCodes.ok
}
