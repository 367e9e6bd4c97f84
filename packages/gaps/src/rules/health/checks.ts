import type { Place } from '../../place.ts'
import { awaitedEnds } from '../../systems/awaited.ts'
import { stageOf } from '../../systems/stage.ts'
import type { ServiceEvidence, System } from '../../systems/system.ts'

/** A check that is written in compose or in the Dockerfile. */
export type Check = { test: readonly string[]; at: Place; from: 'compose' | 'Dockerfile' }

/** The check that is in force and can be read; undefined: none, or the image's own. */
export const checkOf = ({ model, place, build }: ServiceEvidence): Check | undefined => {
  const { healthcheck } = model
  if (healthcheck?.disabled === true) return undefined
  if (healthcheck !== undefined && healthcheck.test.length > 0) {
    return { test: healthcheck.test, at: place('healthcheck', 'test'), from: 'compose' }
  }
  const own = build && stageOf(build)?.healthcheck
  if (own === undefined || own.test === 'none') return undefined
  const { test, file, line, column } = own
  return { test, at: { file, line, column }, from: 'Dockerfile' }
}

/** Is somebody asking it whether it works? undefined: the image may bring a check. */
export const hasCheck = ({ model, build, image }: ServiceEvidence): boolean | undefined => {
  const { healthcheck, xKeelson } = model
  if (xKeelson.probe !== undefined) return true
  if (healthcheck?.disabled === true) return false
  if (healthcheck !== undefined && healthcheck.test.length > 0) return true
  const stage = build && stageOf(build)
  if (build !== undefined && stage === undefined) return undefined
  if (stage?.healthcheck !== undefined) return stage.healthcheck.test !== 'none'
  return stage?.isScratch === true ? false : image?.known?.hasHealthcheck
}

const jobName =
  /(?:^|[-_])(?:init|setup|migrate|migrations?|seed|seeder|bootstrap|create|job|once|cleanup|tests?|cli|tools?|backup|cron|load|loadgen|sim|traffic|locust|k6|demo|debug)(?:[-_]|$)/

/** Does it run to an end and stay ended, as a migration does? Then it needs neither check nor restart. */
export const isJob = (service: ServiceEvidence, { services }: System): boolean => {
  const { name, model, image, isWritten } = service
  const isAwaited = awaitedEnds(services).has(name)
  const { condition } = model.restart
  // What is to be reached serves on, however it is started again.
  const isSaid =
    (condition === 'on-failure' && model.ports.length === 0) ||
    (condition === 'no' && isWritten('restart'))
  const isShell = image?.known?.kind === 'admin' && image.known.ports.length === 0
  const isIdle = /^(?:sleep|tail|true|echo)$/.test(model.command?.[0] ?? '')
  const isInteractive = model.stdinOpen || model.tty
  return isAwaited || isSaid || isShell || isIdle || isInteractive || jobName.test(name)
}
