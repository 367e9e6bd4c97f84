import type { ServiceSummary } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning } from '../platform.ts'
import { findStack, listStacks, serviceCall } from '../scope.ts'
import { untilSettled } from '../settle.ts'
import { duration } from '../text.ts'

export type StartOptions = { wait: boolean; waitTimeout: number }

/** Starts services that were stopped, and waits until they are well. */
export const start = async (
  context: Context,
  { wait, waitTimeout }: StartOptions,
  names: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const stack = await findStack(context, await listStacks(platform))
  const started: ServiceSummary[] = []
  for (const name of names) {
    const startedAt = Date.now()
    let service = await platform.call('startService', serviceCall(name, stack))
    output.message(`Starting ${service.id} …`)
    if (wait) {
      const isDone = () => true
      const after = 'after its start'
      const waitTimeoutSeconds = waitTimeout
      service = await untilSettled({ platform, service, waitTimeoutSeconds, isDone, after })
      output.message(`${service.id} is ${service.state} after ${duration(Date.now() - startedAt)}`)
    }
    started.push(service)
  }
  if (shared.json) output.data(JSON.stringify(started, null, 2))
  return exitCodes.ok
}
