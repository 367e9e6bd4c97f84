import { checkHostPorts, checkMountTargets, checkReplicas, checkUniqueNames } from './conflicts.ts'
import { at } from './consistency-model.ts'
import type { Model } from './consistency-model.ts'
import { checkCycles } from './cycles.ts'
import type { Report } from './diagnostics.ts'
import type { Service } from './model.ts'
import { findChild } from './node.ts'
import type { MapNode } from './node.ts'
import { suggest } from './suggestion.ts'
import { findBytes, findNumber } from './values.ts'

/**
 * Do the parts fit together? Every finding names both sides. Source: compose-go loader/validate.go,
 * and what only fails once it runs: host ports taken twice, health checks nobody has.
 */
export function checkConsistency(model: Model, report: Report): void {
  for (const service of Object.values(model.services)) {
    checkSource(service, model, report)
    checkBuild(service, model, report)
    checkHealthTest(service, model, report)
    checkDependencies(service, model, report)
    checkReferences(service, model, report)
    checkAgreement(service, model, report)
    checkWatch(service, model, report)
    checkMountTargets(service, model, report)
    checkReplicas(service, model, report)
  }
  checkSecrets(model, report)
  checkCycles(model, report)
  checkHostPorts(model, report)
  checkUniqueNames(model, report)
}

/** Own names only: a service may be looked up as `constructor`. */
function findService(model: Model, name: string): Service | undefined {
  return Object.hasOwn(model.services, name) ? model.services[name] : undefined
}

function nodeOf(model: Model, service: Service): MapNode | undefined {
  const node = findChild(findChild(model.tree, 'services'), service.name)
  return node?.kind === 'map' ? node : undefined
}

function checkSource(service: Service, model: Model, report: Report): void {
  const { name, image, build, command, entrypoint, provider } = service
  const place = at(model, 'services', name)
  const hasCommand = (command?.length ?? 0) > 0 || (entrypoint?.length ?? 0) > 0
  if (service.runtime === 'container') {
    if (image !== undefined || build !== undefined || provider !== undefined) return
    const message = `service "${name}" has neither an image nor a build context specified`
    const hint = hasCommand ? 'add image, build, or x-keelson: {runtime: process}' : 'add image'
    report.error('no_image', place, message, hint)
    return
  }
  if (!hasCommand) {
    const message = `service "${name}" is a process and has neither command nor entrypoint`
    report.error('no_command', place, message, 'add command')
  }
  const node = nodeOf(model, service)
  for (const key of containerOnly) {
    if (node?.entries.has(key) !== true) continue
    const message = `service "${name}" is a process: its ${key} is not used`
    report.warn('ignored_for_process', at(model, 'services', name, key), message)
  }
}

/** What only means something inside of a container. */
const containerOnly = [
  'build',
  'cap_add',
  'cap_drop',
  'extra_hosts',
  'hostname',
  'image',
  'init',
  'platform',
  'privileged',
  'pull_policy',
  'read_only',
  'tmpfs',
  'volumes',
]

function checkBuild(service: Service, model: Model, report: Report): void {
  const { name, build, platform } = service
  if (build === undefined) return
  const place = (...keys: string[]) => at(model, 'services', name, 'build', ...keys)
  const node = findChild(nodeOf(model, service), 'build')
  if (build.dockerfileInline !== undefined && findChild(node, 'dockerfile') !== undefined) {
    const message = `service "${name}" declares mutually exclusive dockerfile and dockerfile_inline`
    report.error('conflicting_keys', place('dockerfile_inline'), message, 'keep one of the two')
  }
  for (const [key, context] of Object.entries(build.additionalContexts)) {
    if (!context.startsWith('service:')) continue
    const target = context.slice('service:'.length)
    const found = findService(model, target)
    if (found?.build !== undefined) continue
    const what = found === undefined ? 'unknown' : 'non-buildable'
    const message = `service "${name}" declares ${what} service "${target}" as additional contexts ${key}`
    const hint = suggest(target, Object.keys(model.services))
    report.error('undefined_service', place('additional_contexts', key), message, hint)
  }
  if (platform !== undefined && build.platforms.length > 0 && !build.platforms.includes(platform)) {
    const message = `services.${name}.build.platforms must include the service's platform "${platform}"`
    report.error('conflicting_keys', place('platforms'), message, `add ${platform}`)
  }
}

function checkHealthTest(service: Service, model: Model, report: Report): void {
  const [first] = service.healthcheck?.test ?? []
  if (first === undefined || first === 'CMD' || first === 'CMD-SHELL') return
  const path = `services.${service.name}.healthcheck.test`
  const message = `${path} must start either by "CMD", "CMD-SHELL" or "NONE"`
  const place = at(model, 'services', service.name, 'healthcheck', 'test')
  report.error('bad_healthcheck', place, message, `write ["CMD", "${first}", …]`)
}

function checkDependencies(service: Service, model: Model, report: Report): void {
  for (const [target, dependency] of Object.entries(service.dependsOn)) {
    const place = at(model, 'services', service.name, 'depends_on', target)
    const found = findService(model, target)
    if (found !== undefined) {
      const { condition } = dependency
      if (condition !== 'service_healthy' || !isNeverHealthy(found)) continue
      const message = `service "${service.name}" waits until "${target}" is healthy, but "${target}" has no health check`
      report.error('never_healthy', place, message, `give ${target} a healthcheck or a probe`)
      continue
    }
    const profiles = model.disabled.get(target)
    if (profiles !== undefined && !dependency.required) continue
    const message = `service "${service.name}" depends on undefined service "${target}"`
    if (profiles === undefined) {
      const names = [...Object.keys(model.services), ...model.disabled.keys()]
      report.error('undefined_service', place, message, suggest(target, names))
    } else {
      const hint = `${target} needs the profile ${profiles.join(' or ')}`
      report.error('disabled_service', place, `${message}, its profile is off`, hint)
    }
  }
}

/** An image may bring its own check, and a port can be connected to; a bare process has neither. */
function isNeverHealthy({ healthcheck, runtime, xKeelson }: Service): boolean {
  if (healthcheck !== undefined) return healthcheck.disabled
  return runtime === 'process' && xKeelson.probe === undefined && xKeelson.port === undefined
}

function checkReferences(service: Service, model: Model, report: Report): void {
  const { name } = service
  const check = (
    what: 'network' | 'volume' | 'config' | 'secret' | 'model',
    target: string,
    keys: (string | number)[],
    instead = '',
  ) => {
    const known = model[`${what}s`]
    if (Object.hasOwn(known, target)) return
    const message = `service "${name}" refers to undefined ${what} ${target}`
    const hint = suggest(target, Object.keys(known)) ?? `add ${target} to ${what}s${instead}`
    report.error(`undefined_${what}`, at(model, 'services', name, ...keys), message, hint)
  }
  for (const key of Object.keys(service.networks)) check('network', key, ['networks', key])
  for (const key of Object.keys(service.models)) check('model', key, ['models', key])
  for (const [index, { type, source }] of service.volumes.entries()) {
    if (type !== 'volume' || source === undefined) continue
    check('volume', source, ['volumes', index], `, or write ./${source} for a folder`)
  }
  service.configs.forEach(({ source }, index) => check('config', source, ['configs', index]))
  service.secrets.forEach(({ source }, index) => check('secret', source, ['secrets', index]))
  service.build?.secrets.forEach(({ source }, index) =>
    check('secret', source, ['build', 'secrets', index]),
  )
  if (service.networkMode === undefined || Object.keys(service.networks).length === 0) return
  const message = `service ${name} declares mutually exclusive \`network_mode\` and \`networks\``
  const place = at(model, 'services', name, 'network_mode')
  report.error('conflicting_keys', place, message, 'keep one of the two')
}

/** The older keys and those of `deploy` say the same thing, or only one of them says it. */
function checkAgreement(service: Service, model: Model, report: Report): void {
  const { name, deploy } = service
  const node = nodeOf(model, service)
  if (deploy === undefined || node === undefined) return
  const pairs: [key: string, deployKeys: string[], other: number | undefined, known: boolean][] = [
    ['scale', ['replicas'], deploy.replicas, deploy.replicas !== undefined],
    ['cpus', ['resources', 'limits', 'cpus'], deploy.limits?.cpus, deploy.limits !== undefined],
    [
      'mem_limit',
      ['resources', 'limits', 'memory'],
      deploy.limits?.memoryBytes,
      deploy.limits !== undefined,
    ],
    [
      'mem_reservation',
      ['resources', 'reservations', 'memory'],
      deploy.reservations?.memoryBytes,
      deploy.reservations !== undefined,
    ],
    [
      'pids_limit',
      ['resources', 'limits', 'pids'],
      deploy.limits?.pids,
      deploy.limits !== undefined,
    ],
  ]
  for (const [key, deployKeys, other, known] of pairs) {
    const own = readOlder(node, key)
    if (!known || own === undefined || own === (other ?? 0)) continue
    if (key !== 'scale' && own === 0) continue
    const message = `services.${name}: can't set distinct values on '${key}' and 'deploy.${deployKeys.join('.')}'`
    const hint = `keep one of the two`
    report.error('conflicting_keys', at(model, 'services', name, key), message, hint)
  }
}

function readOlder(node: MapNode, key: string): number | undefined {
  return key.startsWith('mem_') ? findBytes(node, key) : findNumber(node, key)
}

function checkWatch({ name, watch }: Service, model: Model, report: Report): void {
  for (const [index, { action, target }] of watch.entries()) {
    if (target !== undefined || action === 'rebuild' || action === 'restart') continue
    const message = `services.${name}.develop.watch: target is required for non-rebuild actions`
    const place = at(model, 'services', name, 'develop', 'watch', index)
    report.error('missing_key', place, message, 'add target: a path in the container')
  }
}

/** A secret with neither file nor variable would be empty; a plugin or an engine may bring one. */
function checkSecrets(model: Model, report: Report): void {
  for (const [key, secret] of Object.entries(model.secrets)) {
    const { external, file, environment, driver } = secret
    if (external || file !== undefined || environment !== undefined || driver !== undefined)
      continue
    const message = `secret "${key}" must declare either \`file\` or \`environment\``
    report.error('missing_key', at(model, 'secrets', key), message, 'add one, or external: true')
  }
}
