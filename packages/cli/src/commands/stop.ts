import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceSummary } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning, type Platform } from '../platform.ts'
import { servicesIn } from '../settle.ts'
import { requireServices, type ServiceCall } from '../scope-services.ts'

export type StopOptions = { only?: boolean }

/**
 * Stops services until `start` or `up`, all of the stack without a name; what depends on them is
 * stopped before them, and named.
 */
export const stop = async (
  context: Context,
  { only }: StopOptions,
  names: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const calls = await requireServices(context, platform, names)
  const stopped: ServiceSummary[] = []
  // Of a whole stack those that others depend on come last.
  for (const call of names.length === 0 ? calls.toReversed() : calls) {
    if (stopped.some(({ name }) => names.length === 0 && name === call.params.name)) continue
    const { service, along } = await stopOne(platform, call, only === true)
    const ids = along.map(({ id }) => id).join(', ')
    output.message(
      ids === ''
        ? `Stopping ${service.id} …`
        : `Stopping ${service.id}, and what needs it: ${ids} …`,
    )
    stopped.push(...along, service)
  }
  for (const service of stopped) {
    const isGone = await untilGone(platform, service)
    output.message(
      isGone
        ? `Stopped ${service.id}; start it again with: keelson start ${service.id}`
        : `${service.id} is still stopping; see: keelson why ${service.id}`,
    )
  }
  if (shared.json) output.data(JSON.stringify(stopped, null, 2))
  return exitCodes.ok
}

/** Asks for the stop; `along`: the services that are stopped with it. */
const stopOne = async (
  platform: Platform,
  call: ServiceCall,
  only: boolean,
): Promise<{ service: ServiceSummary; along: ServiceSummary[] }> => {
  const { params, query } = { query: {}, ...call }
  const { stack } = await platform.call('getService', call)
  const before = await stoppedIn(platform, stack)
  const service = await platform.call('stopService', {
    params,
    query: only ? { ...query, only } : query,
  })
  const after = await stoppedIn(platform, stack)
  const along = [...after.values()].filter(({ id }) => id !== service.id && !before.has(id))
  return { service, along }
}

/** Services of a stack that somebody has stopped, by their id. */
const stoppedIn = async (
  platform: Platform,
  stack: string,
): Promise<Map<string, ServiceSummary>> => {
  const services = await servicesIn(platform, stack)
  return new Map(
    services.flatMap(({ summary, stoppedBy }) =>
      stoppedBy === null ? [] : [[summary.id, summary] as const],
    ),
  )
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
