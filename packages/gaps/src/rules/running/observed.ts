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
  [...services.values()].some(
    (other) => other.model.dependsOn[name]?.condition === 'service_completed_successfully',
  )

/** `exited with 1 (seen 2026-01-01 12:30:00 UTC)`: the side of the evidence that no file has. */
export const seenAt = ({ at }: RunningEvidence, what: string): string =>
  `${what} (seen ${at.slice(0, 19).replace('T', ' ')} UTC)`
