import { awaitedEnds } from '../../systems/awaited.ts'
import type { RunningEvidence, ServiceEvidence, System } from '../../systems/system.ts'

export type Instance = RunningEvidence['instances'][number]

export type Observed = { service: ServiceEvidence; instances: readonly Instance[] }

/** Declared services with what was seen of each; nothing when nobody looked. */
export const observedOf = ({ services, running }: System): readonly Observed[] =>
  running === undefined
    ? []
    : [...services.values()].map((service) => ({
        service,
        instances: running.instances.filter((one) => one.service === service.name),
      }))

/** Runs once and ends: others wait for it to have completed, or it is not started again. */
export const isOneShot = ({ services }: System, { name, model }: ServiceEvidence): boolean =>
  model.deploy?.mode === 'global-job' ||
  model.deploy?.mode === 'replicated-job' ||
  awaitedEnds(services).has(name)

/**
 * What is expected of a service: to stay up, to end well once, or nothing, as its profiles are off or
 * no instance is asked for. One that runs all the same is on.
 */
export type Duty = 'always' | 'once' | 'off'

export const dutyOf = (
  system: System,
  service: ServiceEvidence,
  instances: readonly Instance[],
): Duty => {
  const isOff = !service.isEnabled || service.model.replicas === 0
  if (isOff && !instances.some(({ isRunning }) => isRunning)) return 'off'
  return isOneShot(system, service) ? 'once' : 'always'
}

/** Does it do what is expected of it? Undefined: nothing is, or that cannot be seen. */
export const isAtWork = (duty: Duty, instances: readonly Instance[]): boolean | undefined => {
  if (duty === 'off') return undefined
  if (instances.some(({ isRunning }) => isRunning)) return true
  if (duty === 'always') return false
  if (instances.some(({ isDone }) => isDone === true)) return true
  return instances.some(({ isDone }) => isDone === false) ? false : undefined
}

/** `exited with 1 (seen 2026-01-01 12:30:00 UTC)`: the side of the evidence that no file has. */
export const seenAt = ({ at }: RunningEvidence, what: string): string =>
  `${what} (seen ${at.slice(0, 19).replace('T', ' ')} UTC)`
