import { setTimeout as sleep } from 'node:timers/promises'
import type { PsEntry, ServiceSummary } from '@keelson/contract'
import { exitCodes } from './exit-code.ts'
import { CommandError } from './failure.ts'
import type { Platform } from './platform.ts'

const pollMs = 200

export const instancesOf = async (
  platform: Platform,
  { stack, name }: Pick<ServiceSummary, 'stack' | 'name'>,
): Promise<PsEntry[]> => {
  const instances = await platform.call('listInstances', { query: { stack } })
  return instances.filter((entry) => entry.service === name)
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
    const instances = await instancesOf(platform, service)
    const isUp = instances.every(({ state }) => state === 'running' || state === 'completed')
    const isWell = now.state === 'healthy' || now.state === 'stopped'
    const isComplete = instances.length > 0 && instances.every(({ state }) => state === 'completed')
    if (isDone(instances) && isUp && (isWell || isComplete)) return now
    const failed = isDone(instances) && instances.some(({ state }) => state === 'failed')
    if (failed || Date.now() > deadline) {
      const time = failed ? 'is given up' : `is ${now.state} ${waitTimeoutSeconds} s`
      throw new CommandError('unhealthy', exitCodes.unhealthy, [
        {
          message: `${service.id} ${time} ${after}: ${now.reason}`,
          hint: `keelson why ${service.id}`,
        },
      ])
    }
    await sleep(pollMs)
  }
}
