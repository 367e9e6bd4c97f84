import type { ExecRequest, RuntimeKind, ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ServiceDeclaration } from '../../registry/index.ts'
import { instanceEnvironment } from '../plan/environment.ts'
import type { Health } from '../../health/index.ts'
import type { Keeper } from '../keeper/keeper.ts'
import type { KnownStacks } from '../known-stacks.ts'
import type { Places } from '../places.ts'
import type { Planning } from '../plan/planning.ts'
import { isCurrent, type ServiceState } from '../rollout/state.ts'
import type { AttachedRun, InstanceSpec, ObservedInstance, Runtime } from '../runtime.ts'

type Deps = {
  stacks: Pick<KnownStacks, 'get' | 'keepers'>
  places: Pick<Places, 'find'>
  health: Pick<Health, 'instance'>
  planning: Pick<Planning, 'resolveOne'>
  runtimes: Record<RuntimeKind, Runtime>
  /** Addresses of services of the other runtime, by name. */
  hostsOf: (stack: string, runtime: RuntimeKind) => Readonly<Record<string, string>>
}

/** A command of a person that runs; `release` ends it and leaves nothing behind. */
export type PersonsCommand = {
  instance: string
  run: AttachedRun
  release: () => Promise<void>
}

export type PersonsCommands = {
  begin(service: ServiceDeclaration, request: ExecRequest): Promise<PersonsCommand>
}

/** Grace of a one-off instance whose person has gone: nobody waits for it any more. */
const leaveGraceMs = 2000

/**
 * The main process of an instance has no streams of its own: they are in its log. So a one-off
 * process is something that waits, with the surroundings of the service, and the command beside it.
 */
const holderCommand = ['/bin/sh', '-c', 'while :; do sleep 3600; done']

/** Commands of people: inside a running instance, or in a new one that nobody keeps up. */
export const createPersonsCommands = (deps: Deps): PersonsCommands => {
  const { stacks, planning, runtimes } = deps
  const exec = async (
    service: ServiceDeclaration,
    request: ExecRequest,
  ): Promise<PersonsCommand> => {
    const { keeper, observed } = findRunning(deps, service, request.index)
    const { command, tty, environment, user, workingDir } = request
    const run = await runtimes[keeper.runtimeKind].attach(observed, {
      command,
      tty,
      environment,
      ...(user === undefined ? {} : { user }),
      ...(workingDir === undefined ? {} : { workingDir }),
    })
    return { instance: observed.name, run, release: () => run.kill() }
  }

  /** As an instance of the service would be, with what the person asked for in its place. */
  const oneOffOf = async (
    service: ServiceDeclaration,
    request: ExecRequest,
  ): Promise<InstanceSpec> => {
    const known = stacks.get(service.stack)
    const declared = known.spec.services.find(({ name }) => name === service.spec.name)
    if (declared === undefined) {
      const message = `${service.id} is none of the services of a compose file`
      throw new AppError('service_protected', { message })
    }
    const wanted = await planning.resolveOne(known.spec, declared)
    const id = newId()
    const name = request.name ?? `${service.stack}-${declared.name}-run-${id.slice(-8)}`
    const spec = asOneOff(wanted.spec, request)
    const environment = instanceEnvironment(spec, wanted.injected, { name, ports: [] })
    return {
      stack: service.stack,
      service: declared.name,
      name,
      index: 0,
      incarnation: id,
      spec,
      stackDir: known.spec.workingDir,
      digest: wanted.digest,
      environment: { ...environment, ...request.environment },
      ports: [],
      networkNames: namesOf(known.spec.networks),
      volumeNames: namesOf(known.spec.volumes),
      hosts: deps.hostsOf(service.stack, spec.runtime),
      oneOff: true,
    }
  }

  const runOnce = async (
    service: ServiceDeclaration,
    request: ExecRequest,
  ): Promise<PersonsCommand> => {
    const instance = await oneOffOf(service, request)
    const { spec } = instance
    const runtime = runtimes[spec.runtime]
    const isProcess = spec.runtime === 'process'
    const release = async (): Promise<void> => {
      await runtime.stop(instance, { signal: spec.stopSignal, graceMs: leaveGraceMs })
      await runtime.remove(instance)
      await runtime.removeLogs(instance)
    }
    try {
      const holder = { ...spec, entrypoint: null, command: holderCommand }
      const started = await runtime.start(isProcess ? { ...instance, spec: holder } : instance)
      // Without a command it is the main process of a container that is attached to.
      const command = isProcess ? [...(spec.entrypoint ?? []), ...(spec.command ?? [])] : []
      const run = await runtime.attach(started, { command, tty: request.tty })
      return { instance: instance.name, run, release }
    } catch (error) {
      await release().catch(() => undefined)
      throw error
    }
  }

  return {
    begin: (service, request) =>
      request.mode === 'run' ? runOnce(service, request) : exec(service, request),
  }
}

/** The instance of that number, or the one that speaks for the service now. */
const findRunning = (
  { stacks: { keepers }, places, health }: Pick<Deps, 'stacks' | 'places' | 'health'>,
  service: ServiceDeclaration,
  index: number | undefined,
): { keeper: Keeper; observed: ObservedInstance } => {
  const own = [...keepers.values()].filter(({ id }) => id.serviceId === service.id)
  const named = index === undefined ? own : own.filter(({ id }) => id.index === index)
  if (named.length === 0 && index !== undefined) {
    const message = `${service.spec.name} has no instance ${index}`
    throw new AppError('instance_not_found', { message })
  }
  const rankOf = rankIn(places.find(service.stack, service.spec.name), health)
  const [first] = named
    .flatMap((keeper) => {
      const { observed, id } = keeper
      return observed?.running === true ? [{ keeper, observed, rank: rankOf(id.name) }] : []
    })
    .toSorted((a, b) => a.rank - b.rank || a.keeper.id.index - b.keeper.id.index)
  if (first !== undefined) return first
  const which = index === undefined ? service.spec.name : `${service.spec.name} ${index}`
  const message = `Nothing of ${which} runs now, so a command cannot run inside of it`
  throw new AppError('service_stopped', { message })
}

/**
 * Lowest first: one that serves before one that is kept aside, and one on its way out, which would
 * take the command with it, last; then what the service is to run before what it was; then a healthy
 * one.
 */
const rankIn =
  (state: ServiceState | undefined, health: Pick<Health, 'instance'>) =>
  (name: string): number => {
    const place = state?.places.find((one) => one.name === name)
    const isOutdated = state !== undefined && place !== undefined && !isCurrent(state, place)
    const isWell = health.instance(name)?.state === 'healthy'
    const stage = { serving: 0, idle: 1, leaving: 2 }[place?.stage ?? 'serving']
    return 4 * stage + 2 * Number(isOutdated) + Number(!isWell)
  }

const asOneOff = (spec: ServiceSpec, request: ExecRequest): ServiceSpec => ({
  ...spec,
  ...(request.command.length === 0 ? {} : { command: request.command }),
  ...(request.user === undefined ? {} : { user: request.user }),
  ...(request.workingDir === undefined ? {} : { workingDir: request.workingDir }),
  environment: { ...spec.environment, ...request.environment },
  replicas: 1,
  ports: [],
  restart: { policy: 'no' },
  probe: null,
  container:
    spec.container === null
      ? null
      : { ...spec.container, tty: request.tty !== null, stdinOpen: true },
})

const namesOf = (named: Readonly<Record<string, { name: string }>>): Record<string, string> =>
  Object.fromEntries(Object.entries(named).map(([key, { name }]) => [key, name]))
