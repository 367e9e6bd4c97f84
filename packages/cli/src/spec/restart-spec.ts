import type { RestartSpec } from '@keelson/contract'
import type { Project, Service } from '@keelson/compose'
import { defined } from '../defined.ts'

/**
 * The policy the file names; `deploy.restart_policy` wins over `restart`, as Docker Compose has it.
 * Without one, Compose leaves an ended service ended ('no'); Keelson keeps a stack up, so such a
 * service is started again (`unless-stopped`), except a job: a service that another one waits for
 * with `service_completed_successfully`, or of a job mode, runs once.
 */
export const restartSpecOf = (service: Service, project: Project, isJob: boolean): RestartSpec => {
  const policy = service.deploy?.restartPolicy
  if (policy !== undefined) {
    const { attemptsMax, delayMs, windowMs } = policy
    const isOnce = isJobMode(service) && policy.condition !== 'on-failure'
    return {
      policy: isOnce ? 'no' : policyOf(policy.condition),
      ...defined({ attemptsMax, delayMs, windowMs }),
    }
  }
  const { condition, attemptsMax } = service.restart
  if (project.origins.has(`services.${service.name}.restart`)) {
    return { policy: condition, ...defined({ attemptsMax }) }
  }
  return { policy: isJob || isJobMode(service) ? 'no' : 'unless-stopped' }
}

const isJobMode = ({ deploy }: Service): boolean => deploy?.mode?.endsWith('-job') === true

/** `any` is the default of the specification. */
const policyOf = (condition: string | undefined): RestartSpec['policy'] => {
  if (condition === 'none' || condition === 'no') return 'no'
  if (condition === 'on-failure' || condition === 'unless-stopped') return condition
  return 'always'
}
