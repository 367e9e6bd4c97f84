import type { ServiceSpec } from '@keelson/contract'
import type { RestartCause } from './restart.ts'
import type { ObservedInstance } from '../runtime.ts'

const mebibyte = 1024 * 1024

/** Why an instance ended, as a clause; what a person can do about it where that is known. */
export const describeEnd = (
  { exit, endedOutside }: Pick<ObservedInstance, 'exit' | 'endedOutside'>,
  spec: Pick<ServiceSpec, 'memoryLimitBytes'>,
): string => {
  if (endedOutside === 'stopped') return 'stopped from outside (docker stop)'
  if (endedOutside === 'removed') return 'removed from outside (docker rm)'
  if (exit === null) return 'ended, nobody saw how'
  if (exit.outOfMemory) return outOfMemory(spec.memoryLimitBytes)
  if (exit.signal !== null) {
    const from = endedOutside === 'killed' ? ' from outside (docker kill)' : ''
    return `killed by ${exit.signal}${from}`
  }
  return exit.code === null ? 'ended, nobody saw how' : `exit code ${exit.code}`
}

const outOfMemory = (limitBytes: number | undefined): string =>
  limitBytes === undefined || limitBytes === 0
    ? 'killed for lack of memory'
    : `killed for lack of memory: its limit is ${Math.round(limitBytes / mebibyte)} MiB; raise deploy.resources.limits.memory, or find out what it keeps`

/** Whose fault an end was, as far as can be seen. */
export const causeOfEnd = (
  exit: ObservedInstance['exit'],
  lostDependency: string | null,
): RestartCause => {
  if (exit?.outOfMemory === true) return 'out_of_memory'
  return lostDependency === null ? 'crash' : 'dependency_lost'
}
