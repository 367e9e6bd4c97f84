import type {
  DependencySpec,
  HookSpec,
  PortSpec,
  RouteSpec,
  ServiceSpec,
  WatchSpec,
} from '@keelson/contract'
import type { Port, Project, Route, Service } from '@keelson/compose'
import { defined } from '../defined.ts'
import { containerSpecOf } from './container-spec.ts'
import { fileSpecsOf } from './files-spec.ts'
import { originsWithin } from './origins.ts'
import { probeSpecOf } from './probe-spec.ts'
import { restartSpecOf } from './restart-spec.ts'
import { findSignal } from './signal.ts'
import { rollbackSpecOf, updateSpecOf } from './update-spec.ts'

type Hook = Service['preStop'][number]
type Watch = Service['watch'][number]

const routeTimeoutMs = 60_000
/** Compose's stop_grace_period when the file names none. */
const stopGraceMs = 10_000

/** One service with everything filled in; `isJob`: another one waits for it to complete. */
export const serviceSpecOf = (service: Service, project: Project, isJob: boolean): ServiceSpec => {
  const { xKeelson } = service
  const probe = probeSpecOf(service)
  return {
    name: service.name,
    runtime: service.runtime,
    replicas: replicasOf(service),
    entrypoint: service.entrypoint ?? null,
    command: service.command ?? null,
    environment: environmentOf(service),
    labels: service.labels,
    ports: service.ports.map(portSpecOf),
    expose: service.expose.flatMap(exposedPorts),
    protocol: xKeelson.protocol ?? protocolOf(service, probe),
    dependsOn: dependenciesOf(service, project),
    probe,
    restart: restartSpecOf(service, project, isJob),
    ulimits: service.ulimits,
    groups: service.groupAdd,
    files: fileSpecsOf(service, project),
    hooks: {
      preStart: service.preStart.map(hookSpecOf),
      postStart: service.postStart.map(hookSpecOf),
      preStop: service.preStop.map(hookSpecOf),
    },
    watch: service.watch.map(watchSpecOf),
    stopSignal: findSignal(service.stopSignal ?? 'SIGTERM') ?? 'SIGTERM',
    stopGraceMs: service.stopGracePeriodMs ?? stopGraceMs,
    routes: xKeelson.routes.map(routeSpecOf),
    container: containerSpecOf(service, project),
    origins: originsWithin(project, service),
    ...optionalPartsOf(service),
  }
}

const optionalPartsOf = (service: Service) =>
  defined({
    description: service.xKeelson.description,
    owner: service.xKeelson.owner,
    category: service.xKeelson.category,
    workingDir: service.workingDir,
    user: service.user,
    cpusMax: service.limits.cpus,
    memoryLimitBytes: service.limits.memoryBytes,
    pidsMax: service.limits.pids,
    port: service.xKeelson.port?.number,
    database: service.xKeelson.database,
    hookTimeoutMs: service.xKeelson.hookTimeoutMs,
    update: updateSpecOf(service),
    rollback: rollbackSpecOf(service),
  })

/** One host: `global` means one instance here. */
const replicasOf = ({ deploy, replicas }: Service): number =>
  deploy?.mode?.startsWith('global') === true ? 1 : replicas

/** A port with another variable than $PORT is told in that one; a free one is told in $PORT. */
const environmentOf = ({ environment, xKeelson: { port } }: Service): Record<string, string> =>
  port === undefined || port.number === 'auto' || port.env === 'PORT'
    ? environment
    : { [port.env]: String(port.number), ...environment }

/** HTTP when something about it is HTTP; a database or broker speaks its own over TCP. */
const protocolOf = ({ xKeelson }: Service, probe: ServiceSpec['probe']): 'http' | 'tcp' =>
  probe?.kind === 'http' || xKeelson.routes.length > 0 ? 'http' : 'tcp'

const portSpecOf = ({ target, published, hostIp, protocol }: Port): PortSpec => ({
  target,
  protocol: protocol === 'udp' ? 'udp' : 'tcp',
  ...defined({ published: published === undefined ? undefined : Number(published), hostIp }),
})

/** `8080`, `8000-8010`, `53/udp`: the ports without their protocol, each once. */
const exposedPorts = (text: string): number[] => {
  const [first = 0, last = first] = (text.split('/')[0] ?? '').split('-').map(Number)
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** An optional dependency whose profile is off has nothing to wait for. */
const dependenciesOf = (service: Service, project: Project): DependencySpec[] =>
  Object.entries(service.dependsOn)
    .filter(([name]) => Object.hasOwn(project.services, name))
    .map(([name, { condition, required, restart }]) => ({
      service: name,
      condition,
      required,
      restart,
    }))

const hookSpecOf = (hook: Hook): HookSpec => ({
  command: hook.command,
  privileged: hook.privileged,
  environment: hook.environment,
  ...defined({
    user: hook.user,
    workingDir: hook.workingDir,
    image: hook.image,
    perReplica: hook.perReplica,
  }),
})

const watchSpecOf = (watch: Watch): WatchSpec => ({
  path: watch.path,
  action: watch.action,
  include: watch.include,
  ignore: watch.ignore,
  initialSync: watch.initialSync,
  ...defined({
    target: watch.target,
    exec: watch.exec === undefined ? undefined : hookSpecOf(watch.exec),
  }),
})

const routeSpecOf = (route: Route): RouteSpec => {
  const { host, path, stripPath, port, timeoutMs, methods, plugins } = route
  return {
    path,
    stripPath,
    timeoutMs: timeoutMs ?? routeTimeoutMs,
    ...defined({ host, port }),
    ...(methods.length === 0 ? {} : { methods }),
    ...(plugins.length === 0 ? {} : { plugins }),
  }
}
