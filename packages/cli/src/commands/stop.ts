import type { ServiceSummary } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning } from '../platform.ts'
import { findStack, listStacks, serviceCall } from '../scope.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Platform } from '../platform.ts'

export type StopOptions = { only?: boolean }

/** Stops services until `start` or `up`; what depends on them is stopped before them. */
export const stop = async (
  context: Context,
  { only }: StopOptions,
  names: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const stack = await findStack(context, await listStacks(platform))
  const stopped: ServiceSummary[] = []
  for (const name of names) {
    const { params, query } = { query: {}, ...serviceCall(name, stack) }
    const given = only === true ? { ...query, only } : query
    const service = await platform.call('stopService', { params, query: given })
    output.message(`Stopping ${service.id} …`)
    const isGone = await untilGone(platform, service)
    output.message(
      isGone
        ? `Stopped ${service.id}; start it again with: keelson start ${service.id}`
        : `${service.id} is still stopping; see: keelson why ${service.id}`,
    )
    stopped.push(service)
  }
  if (shared.json) output.data(JSON.stringify(stopped, null, 2))
  return exitCodes.ok
}

const lookMs = 200
/** Longer than most grace periods; the stop goes on when this is over. */
const patienceMs = 120_000

/** True once no instance of it is left; draining and the grace period come before. */
const untilGone = async (platform: Platform, { stack, name }: ServiceSummary): Promise<boolean> => {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const instances = await platform.call('listInstances', { query: { stack } })
    const left = instances.filter(({ service, state }) => service === name && !ended.has(state))
    if (left.length === 0) return true
    if (Date.now() > deadline) return false
    await sleep(lookMs)
  }
}

const ended: ReadonlySet<string> = new Set(['stopped', 'completed', 'failed'])
