import type { PsEntry, ServiceSummary } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning, type Platform } from '../platform.ts'
import { requireServices } from '../scope-services.ts'
import { instancesOf, isRenewed, untilSettled } from '../settle.ts'
import { duration } from '../text.ts'

export type StartOptions = { wait: boolean; waitTimeout: number }

/** Starts services that were stopped, all of the stack without a name, until they are well. */
export const start = async (
  context: Context,
  { wait, waitTimeout: waitTimeoutSeconds }: StartOptions,
  names: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const asked: { service: ServiceSummary; ended: PsEntry[]; startedAt: number }[] = []
  for (const call of await requireServices(context, platform, names)) {
    const ended = await endedOf(platform, await platform.call('getService', call))
    const startedAt = Date.now()
    const service = await platform.call('startService', call)
    output.message(`Starting ${service.id} …`)
    asked.push({ service, ended, startedAt })
  }
  const started: ServiceSummary[] = []
  for (const { service, ended, startedAt } of asked) {
    if (!wait) {
      started.push(service)
      continue
    }
    const settle = { platform, service, waitTimeoutSeconds, after: 'after its start' }
    const now = await untilSettled({ ...settle, isDone: isRenewed(ended) })
    output.message(`${service.id} is ${now.state} after ${duration(Date.now() - startedAt)}`)
    started.push(now)
  }
  if (shared.json) output.data(JSON.stringify(started, null, 2))
  return exitCodes.ok
}

/** Lives that are over: what follows them is what this start is about. */
const endedOf = async (platform: Platform, service: ServiceSummary): Promise<PsEntry[]> => {
  const instances = await instancesOf(platform, service)
  return instances.filter(({ state }) => state === 'failed' || state === 'completed')
}
