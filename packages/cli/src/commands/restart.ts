import type { ServiceSummary } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning } from '../platform.ts'
import { requireServices } from '../scope-services.ts'
import { instancesOf, isRenewed, untilSettled } from '../settle.ts'
import { count, duration } from '../text.ts'

export type RestartOptions = { wait: boolean; waitTimeout: number }

/** Restarts services, all of the stack without a name, and waits until every instance is a new one and healthy. */
export const restart = async (
  context: Context,
  options: RestartOptions,
  names: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const restarted: ServiceSummary[] = []
  for (const call of await requireServices(context, platform, names)) {
    const found = await platform.call('getService', call)
    const before = await instancesOf(platform, found)
    const startedAt = Date.now()
    output.message(`Restarting ${found.id} (${count(before.length, 'instance')}) …`)
    let service = await platform.call('restartService', call)
    if (options.wait) {
      const { waitTimeout: waitTimeoutSeconds } = options
      const isDone = isRenewed(before)
      const after = 'after its restart'
      service = await untilSettled({ platform, service, waitTimeoutSeconds, isDone, after })
      output.message(`${found.id} is ${service.state} after ${duration(Date.now() - startedAt)}`)
    }
    restarted.push(service)
  }
  if (shared.json) output.data(JSON.stringify(restarted, null, 2))
  return exitCodes.ok
}
