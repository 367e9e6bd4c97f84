import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning } from '../../platform.ts'

/** Asks the gateway for paths, so that its caches have their answers. */
export const warm = async (
  context: Context,
  _options: object,
  [host = '', ...paths]: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const done = await platform.call('warmGatewayCache', { body: { host, paths: [...paths] } })
  if (shared.json) output.data(JSON.stringify(done))
  else output.message(`${done.stored} of ${paths.length} answered`)
  return done.failed === 0 ? exitCodes.ok : exitCodes.failure
}
