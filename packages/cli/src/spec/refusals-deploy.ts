import { hostname } from 'node:os'
import type { Service } from '@keelson/compose'
import type { Told } from './findings.ts'

type Deploy = NonNullable<Service['deploy']>

const modes = ['replicated', 'global', 'replicated-job', 'global-job']

/** `deploy` is written for a cluster; here is one host, and that host is its manager. */
export const checkDeploy = (told: Told): void => {
  const { deploy } = told.service
  if (deploy === undefined) return
  checkModes(deploy, told)
  checkPlacement(deploy, told)
  checkReservations(deploy, told)
  const { updateConfig, rollbackConfig } = deploy
  if (rollbackConfig?.failureAction === 'rollback') {
    const what = 'a rollback that fails cannot be rolled back'
    told.refuse('deploy.rollback_config.failure_action', what, 'pause or continue')
  }
  for (const [key, config] of Object.entries({ updateConfig, rollbackConfig })) {
    const action = config?.failureAction
    if (action === undefined || ['pause', 'continue', 'rollback'].includes(action)) continue
    const path = `deploy.${key === 'updateConfig' ? 'update_config' : 'rollback_config'}`
    told.refuse(`${path}.failure_action`, `there is no ${action}`, 'pause, continue or rollback')
  }
}

const checkModes = (deploy: Deploy, { refuse, unused }: Told) => {
  const { mode, endpointMode, labels, restartPolicy } = deploy
  if (mode !== undefined && !modes.includes(mode)) {
    refuse('deploy.mode', `there is no mode ${mode}`, modes.join(', '))
  }
  if (endpointMode !== undefined) {
    const what = `endpoint_mode ${endpointMode} has no effect: one host needs no virtual address`
    unused('deploy.endpoint_mode', what, 'remove it')
  }
  if (Object.keys(labels).length > 0) {
    const what = 'deploy.labels are for services of a Swarm, and are not put on containers'
    unused('deploy.labels', what, 'write them as labels:')
  }
  const condition = restartPolicy?.condition
  if (condition !== undefined && !conditions.includes(condition)) {
    refuse('deploy.restart_policy.condition', `there is no ${condition}`, 'none, on-failure, any')
  }
}

/** The specification's three, and those of `restart` that Docker Compose takes here too. */
const conditions = ['none', 'on-failure', 'any', 'no', 'always', 'unless-stopped']

const checkPlacement = ({ placement, mode }: Deploy, { service, refuse, unused }: Told) => {
  if (placement === undefined) return
  for (const [index, constraint] of placement.constraints.entries()) {
    const at = `deploy.placement.constraints.${index}`
    if (isMetHere(constraint)) continue
    const what = `the constraint ${constraint} does not hold for this host`
    refuse(at, what, 'Keelson runs everything on one host; remove it')
  }
  if (placement.preferences.length > 0) {
    const what = 'placement preferences have no effect: there is one host'
    unused('deploy.placement.preferences', what, 'remove them')
  }
  const most = placement.maxReplicasPerNode
  if (most !== undefined && most > 0 && mode !== 'global' && service.replicas > most) {
    const what = `${service.replicas} replicas, and at most ${most} on a host: there is one host`
    refuse('deploy.placement.max_replicas_per_node', what, 'raise it, or ask for fewer replicas')
  }
}

const facts: Readonly<Record<string, () => string>> = {
  'node.role': () => 'manager',
  'node.hostname': hostname,
  'node.platform.os': () => process.platform,
  'node.platform.arch': () => (process.arch === 'x64' ? 'x86_64' : 'aarch64'),
}

/** `key == value` and `key != value`; labels and ids of nodes exist only in a Swarm. */
const isMetHere = (constraint: string): boolean => {
  const [, key = '', operator, value = ''] =
    /^\s*(\S+?)\s*(==|!=)\s*(.*?)\s*$/.exec(constraint) ?? []
  const fact = Object.hasOwn(facts, key) ? facts[key]?.() : undefined
  if (fact === undefined) return false
  return (fact.toLowerCase() === value.toLowerCase()) === (operator === '==')
}

const checkReservations = ({ reservations }: Deploy, { service, refuse, unused }: Told) => {
  if (reservations === undefined) return
  if (reservations.cpus !== undefined) {
    const what = 'a reservation of cpus has no effect: the host is not divided up'
    unused('deploy.resources.reservations.cpus', what, 'limits.cpus is kept')
  }
  if (reservations.memoryBytes !== undefined && service.runtime === 'process') {
    const what = 'a reservation of memory has no effect on a process'
    unused('deploy.resources.reservations.memory', what, 'limits.memory is kept')
  }
  if (reservations.genericResources.length > 0) {
    const what = 'generic resources are counted by a Swarm only'
    refuse('deploy.resources.reservations.generic_resources', what, 'remove them, or use devices:')
  }
}
