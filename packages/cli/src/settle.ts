import { setTimeout as sleep } from 'node:timers/promises'
import type { PsEntry, ServiceSummary } from '@keelson/contract'
import { exitCodes } from './exit-code.ts'
import { CommandError } from './failure.ts'
import type { Platform } from './platform.ts'
import { isForbidden } from './scope.ts'

const pollMs = 200

export const instancesOf = async (
  platform: Platform,
  { stack, name }: Pick<ServiceSummary, 'stack' | 'name'>,
): Promise<PsEntry[]> => {
  const instances = await platform.call('listInstances', { query: { stack } })
  return instances.filter((entry) => entry.service === name)
}

/**
 * Of blue-green, the side that does not serve and is kept as a way back is none of those a verb is
 * about. Keelson's own parts belong to no stack of a file, and have no such side.
 */
const servingOf = async (platform: Platform, service: ServiceSummary): Promise<PsEntry[]> => {
  const [instances, standby] = await Promise.all([
    instancesOf(platform, service),
    service.builtIn ? new Set<string>() : standbyOf(platform, service),
  ])
  return instances.filter(({ instance }) => !standby.has(instance))
}

const standbyOf = async (
  platform: Platform,
  { id, stack }: Pick<ServiceSummary, 'id' | 'stack'>,
): Promise<Set<string>> => {
  const services = await servicesIn(platform, stack)
  const placed = services.find(({ summary }) => summary.id === id)?.instances ?? []
  return new Set(placed.filter(({ standby }) => standby).map(({ name }) => name))
}

/** Asked once: what is polled would be a refusal in the audit each time. */
const refused = new WeakSet<Platform>()

/** None for whoever may not read the stack. */
export const servicesIn = async (platform: Platform, stack: string) => {
  if (refused.has(platform)) return []
  try {
    return (await platform.call('getStackState', { params: { stack } })).services
  } catch (error) {
    if (!isForbidden(error)) throw error
    refused.add(platform)
    return []
  }
}

type SettleOptions = {
  platform: Platform
  service: ServiceSummary
  waitTimeoutSeconds: number
  /** Beyond every instance being up: that they are other ones, or as many as asked for. */
  isDone: (instances: readonly PsEntry[]) => boolean
  /** `after its restart`, for the message. */
  after: string
}

/** Resolves when a service is well; throws when an instance is given up, or the time is over. */
export const untilSettled = async (options: SettleOptions): Promise<ServiceSummary> => {
  const { platform, service, waitTimeoutSeconds, isDone, after } = options
  const deadline = Date.now() + waitTimeoutSeconds * 1000
  for (;;) {
    const now = await platform.call('getService', { params: { name: service.id } })
    const instances = await servingOf(platform, service)
    const isUp = instances.every(({ state }) => state === 'running' || state === 'completed')
    const isWell = now.state === 'healthy' || now.state === 'stopped'
    const isComplete = instances.length > 0 && instances.every(({ state }) => state === 'completed')
    if (isDone(instances) && isUp && (isWell || isComplete)) return now
    const failed = isDone(instances) && instances.some(({ state }) => state === 'failed')
    if (failed || Date.now() > deadline) {
      const time = failed ? 'is given up' : `is ${now.state} ${waitTimeoutSeconds} s`
      throw new CommandError('unhealthy', exitCodes.unhealthy, [
        {
          message: `${service.id} ${time} ${after}: ${now.reason || describe(instances)}`,
          hint: `keelson why ${service.id}`,
        },
      ])
    }
    await sleep(pollMs)
  }
}

/** For a service that gives no reason: it is well, and its instances are not those asked for. */
const describe = (instances: readonly PsEntry[]): string => {
  const each = instances.map(({ instance, state }) => `${instance} ${state}`)
  return each.length === 0 ? 'it has no instance' : `it has ${each.join(', ')}`
}

/** Whether none of these lives is left: others have begun, whatever becomes of them. */
export const isRenewed = (before: readonly PsEntry[]) => {
  const old = new Set(before.map(incarnationOf).filter((one) => one !== ''))
  return (instances: readonly PsEntry[]): boolean =>
    instances.every((entry) => !old.has(incarnationOf(entry)))
}

/** A job that has ended has no process any more; when it began tells one life from the next. */
const incarnationOf = ({ pid, container_id: id, started_at: began }: PsEntry): string =>
  `${id ?? pid ?? ''} ${began ?? ''}`.trim()
