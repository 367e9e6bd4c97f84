import type { ServiceSpec } from '@keelson/contract'
import type { Origin, Project, Service } from '@keelson/compose'
import { defined } from '../defined.ts'

const originsPerPathMax = 20

/** Names of the platform's form for what the file calls otherwise; the first that is written counts. */
const pathNames: readonly [written: string, known: string][] = [
  ['depends_on', 'dependsOn'],
  ['working_dir', 'workingDir'],
  ['stop_signal', 'stopSignal'],
  ['stop_grace_period', 'stopGraceMs'],
  ['x-keelson.port', 'port'],
  ['x-keelson.probe', 'probe'],
  ['healthcheck', 'probe'],
  ['x-keelson.route', 'routes'],
  ['x-keelson.database', 'database'],
  ['x-keelson.update', 'update'],
  ['x-keelson.hook_timeout', 'hookTimeoutMs'],
  ['deploy.update_config', 'update'],
  ['deploy.rollback_config', 'rollback'],
  ['deploy.restart_policy', 'restart'],
  ['deploy.replicas', 'replicas'],
  ['scale', 'replicas'],
  ['deploy.resources.limits.cpus', 'cpusMax'],
  ['cpus', 'cpusMax'],
  ['deploy.resources.limits.memory', 'memoryLimitBytes'],
  ['mem_limit', 'memoryLimitBytes'],
  ['deploy.resources.limits.pids', 'pidsMax'],
  ['pids_limit', 'pidsMax'],
  ['group_add', 'groups'],
  ['secrets', 'files'],
  ['configs', 'files'],
  ['pre_start', 'hooks.preStart'],
  ['post_start', 'hooks.postStart'],
  ['pre_stop', 'hooks.preStop'],
  ['develop.watch', 'watch'],
  ['volumes', 'container.mounts'],
  ['tmpfs', 'container.mounts'],
  ['image', 'container.image'],
  ['build', 'container.build'],
  ['networks', 'container.networks'],
]

/** Origins of everything that is written below the service, by path inside of it, both names. */
export const originsWithin = (project: Project, service: Service): ServiceSpec['origins'] => {
  const root = `services.${service.name}`
  const found: ServiceSpec['origins'] = {}
  for (const [path, origins] of project.origins) {
    if (path !== root && !path.startsWith(`${root}.`)) continue
    if (origins.length === 0) continue
    const inside = path.slice(root.length + 1)
    const places = origins.map(originOf).slice(0, originsPerPathMax)
    found[inside] = places
    for (const [written, name] of pathNames) {
      if (inside !== written && !inside.startsWith(`${written}.`)) continue
      found[name + inside.slice(written.length)] ??= places
    }
  }
  return found
}

const originOf = ({ file, line, column, note }: Origin) => ({
  file,
  line,
  column,
  ...defined({ note }),
})
