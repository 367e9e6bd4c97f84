import type { Clock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { LogStore } from '../logs/log-store.ts'
import type {
  InstanceRef,
  InstanceSpec,
  ObservedInstance,
  Runtime,
  RuntimeLog,
} from '../runtime.ts'
import { signalOfExitCode } from '../runtime-process/process-tree.ts'
import { attachCommand, attachMain } from './container-attach.ts'
import { execInContainer } from './container-exec.ts'
import { copyIntoContainer } from './container-files.ts'
import { createFinder } from './container-finder.ts'
import { createHookRunner } from './container-hooks.ts'
import { writeHosts } from './container-hosts.ts'
import { identityOf, isForeign, label, type ContainerInfo } from './container-labels.ts'
import { createStarter } from './container-start.ts'
import { createStopper } from './container-stop.ts'
import { usageOf } from './container-usage.ts'
import { createEarlierLife } from './earlier-life.ts'
import { createEngine } from './engine.ts'
import { createReach } from './engine-reach.ts'
import { createResources } from './engine-resources.ts'
import { createMarks } from './left-commands.ts'
import { createNetworkResources } from './network-resources.ts'
import { keepVolumes } from './container-mounts-place.ts'
import { unnamedMounts } from './container-mounts.ts'
import { createOneOffs } from './one-offs.ts'
import { boundPorts, ownAddress } from './port-options.ts'
import { createSupervision, isOneOff, type Supervised } from './supervision.ts'

export type ContainerRuntimeOptions = {
  /** As DOCKER_HOST, which decides when this is left out. */
  dockerHost?: string
  /** Tells the containers of several Keelsons on one engine apart: an id of the data folder. */
  owner: string
  logs: LogStore
  clock: Clock
  log: RuntimeLog
}

/** Starts whose answer never came; more than a handful would mean an engine that never works. */
const lostMax = 1000

/**
 * Runs instances as containers of a Docker Engine (API 1.41 and later). The labels of a container
 * are the record of its instance, so nothing is kept beside the engine. The engine restarts
 * nothing: restarts are decided in one place, for processes and containers alike.
 */
export const createContainerRuntime = (options: ContainerRuntimeOptions): Runtime => {
  const { owner, logs, clock, log } = options
  const engine = createEngine(options.dockerHost, { clock })
  const finder = createFinder({ engine, owner })
  const reach = createReach(engine)
  const marks = createMarks(owner)
  const starting = new Map<string, Promise<ObservedInstance>>()
  const lost = new Set<string>()

  const observedOf = async (info: ContainerInfo): Promise<ObservedInstance> => {
    const { State: state } = info
    const running = state.Running
    const code = state.ExitCode
    const at = new Date(state.FinishedAt)
    const signal = signalOfExitCode(code)
    const way = await reach()
    const address = running ? ownAddress(info, way) : undefined
    return {
      ...identityOf(info),
      runtime: 'container',
      running,
      pid: running && state.Pid > 0 ? state.Pid : null,
      containerId: info.Id,
      ports: boundPorts(info, way),
      ...(address === undefined ? {} : { address }),
      startedAt: new Date(state.StartedAt),
      exit: running ? null : { code, signal, at, outOfMemory: state.OOMKilled && code !== 0 },
      ...(running && state.Paused ? { paused: true } : {}),
      ...(isForeign(info) ? { foreign: true } : {}),
      container: containerOf(info),
      ...(isOneOff(info) ? { oneOff: true } : {}),
    }
  }

  const oneOffs = createOneOffs(clock)
  /** In the background: the end is told before anybody reads the last of it. */
  const removeEnded = async ({ id, info }: Supervised): Promise<void> => {
    if (!isOneOff(info)) return
    oneOffs
      .whenRead(identityOf(info).incarnation)
      .then(() => starter.remove(id))
      .catch((error: unknown) => {
        log.warn({ container: id, reason: messageOf(error) }, 'cannot be removed')
      })
  }
  const supervision = createSupervision({
    ...{ engine, finder, logs, clock, log, observedOf },
    onSettled: removeEnded,
  })
  const isGivenUp = (incarnation: string): boolean =>
    lost.has(incarnation) || (supervision.find(incarnation)?.ended ?? null) !== null
  const starter = createStarter({ engine, owner, log, finder, reach, isGivenUp })
  const stopper = createStopper({ engine, owner, finder, supervision, clock })
  const hooks = createHookRunner({ engine, finder, starter })
  const networks = createNetworkResources({ engine, owner, log })
  const closing = new AbortController()
  const resources = createResources({
    ...{ engine, owner, clock, log, finder, networks },
    closing: closing.signal,
  })
  const earlierLife = createEarlierLife({ engine, marks, hooks, networks, log })

  const start = async (instance: InstanceSpec): Promise<ObservedInstance> => {
    const info = await starter.start(instance)
    if (isForeign(info)) await takeOver(info, instance)
    const entry = supervision.supervise(info)
    if (!info.State.Running && info.State.Status !== 'created') await supervision.look(entry)
    return entry.ended ?? observedOf(info)
  }

  /** From now on Keelson alone decides about restarts. */
  const takeOver = async (info: ContainerInfo, { spec }: InstanceSpec): Promise<void> => {
    const { Id, HostConfig } = info
    // Its successor is to find them, and may be made by another life.
    if (spec.container !== null) {
      await keepVolumes({ engine, owner }, info, unnamedMounts(spec.container))
    }
    const policy = HostConfig.RestartPolicy?.Name ?? ''
    if (policy === '' || policy === 'no') return
    const update = { RestartPolicy: { Name: 'no' } }
    await engine.call('change the restart policy', (docker) =>
      docker.getContainer(Id).update(update),
    )
  }

  const observeOwn = async (info: ContainerInfo): Promise<ObservedInstance | null> => {
    if (['removing', 'dead'].includes(info.State.Status)) return null
    const { incarnation } = identityOf(info)
    if (starting.has(incarnation)) return null
    if (info.State.Status === 'created') {
      // Keelson died between create and start: it never ran, and a new start makes it anew.
      await starter.remove(info.Id)
      return null
    }
    const isKnown = supervision.find(incarnation) !== undefined
    const entry = supervision.supervise(info)
    if (!info.State.Running) await supervision.settle(entry, info, isKnown)
    return entry.ended ?? observedOf(info)
  }

  const observeForeign = async (info: ContainerInfo): Promise<ObservedInstance | null> => {
    if (info.State.Status === 'created') return null
    if (info.State.Running) supervision.supervise(info, true)
    return supervision.find(info.Id)?.ended ?? observedOf(info)
  }

  const observe = async (projects: readonly string[]): Promise<ObservedInstance[]> => {
    await earlierLife.clear()
    const seen: ContainerInfo[] = []
    const each = (ids: readonly string[], see: typeof observeOwn) =>
      Promise.all(
        ids.map(async (id) => {
          const info = await finder.inspect(id)
          if (info !== null) seen.push(info)
          // At once: one that was just being started may be running in a moment.
          return info === null ? null : see(info)
        }),
      )
    const own = await each(await finder.listOwn(label.incarnation), observeOwn)
    const found = own.filter((one) => one !== null)
    for (const result of await Promise.allSettled(starting.values())) {
      if (result.status !== 'fulfilled') continue
      const { incarnation } = result.value
      if (!found.some((instance) => instance.incarnation === incarnation)) found.push(result.value)
    }
    for (const project of projects) {
      const theirs = await each(await finder.listForeign(project), observeForeign)
      found.push(...theirs.filter((one) => one !== null))
    }
    earlierLife.endCommands(seen)
    return found
  }

  /** Who asks something of a container of Docker Compose has adopted it: its log is followed. */
  const findAdopted = async (ref: InstanceRef): Promise<ContainerInfo | null> => {
    const info = await finder.byRef(ref)
    if (info?.State.Running === true && isForeign(info)) supervision.supervise(info)
    return info
  }

  const runningOf = async (ref: InstanceRef): Promise<ContainerInfo> => {
    const info = await findAdopted(ref)
    if (info?.State.Running === true) return info
    throw new AppError('instance_not_found', { message: `${ref.name} is not running` })
  }

  const attachToMain = async (ref: InstanceRef, tty: { columns: number; rows: number } | null) => {
    const info = (await finder.byRef(ref)) ?? supervision.find(ref.incarnation)?.info
    if (info === undefined) {
      throw new AppError('instance_not_found', { message: `${ref.name} is not there` })
    }
    const entry = supervision.supervise(info)
    const done = (): void => oneOffs.read(ref.incarnation)
    const run = await attachMain(engine, info, tty, {
      isRunning: async () => (await finder.inspect(info.Id))?.State.Running === true,
      exitCode: async () => {
        await supervision.look(entry).catch(() => undefined)
        return (await entry.end.promise).exit?.code ?? null
      },
      kill: () => stopper.stop(ref, { signal: 'SIGKILL', graceMs: 0 }),
    })
    void run.exitCode.finally(done).catch(() => undefined)
    return run
  }

  return {
    kind: 'container',
    resources,
    observe: (projects = []) => observe(projects),

    start: (instance) => {
      const { incarnation } = instance
      const first = starting.get(incarnation)
      if (first !== undefined) return first
      if (instance.oneOff === true) oneOffs.started(incarnation)
      const started = start(instance)
        .catch((error: unknown) => {
          if (lost.size < lostMax) lost.add(incarnation)
          throw error
        })
        .finally(() => starting.delete(incarnation))
      starting.set(incarnation, started)
      return started
    },

    stop: async (ref, how) => {
      await starting.get(ref.incarnation)?.catch(() => undefined)
      await stopper.stop(ref, how)
    },

    remove: async (ref) => {
      oneOffs.read(ref.incarnation)
      await stopper.remove(ref)
      lost.delete(ref.incarnation)
    },

    removeLogs: (ref) => logs.remove(ref),

    exec: async (ref, command, limits) =>
      execInContainer(engine, (await runningOf(ref)).Id, command, {
        ...limits,
        marker: marks.next(),
      }),

    attach: async (ref, command) =>
      command.command.length === 0
        ? attachToMain(ref, command.tty)
        : attachCommand(engine, await runningOf(ref), marks.next(), command),

    runHook: (instance, hook, when, until) =>
      hooks.run(instance, hook, { before: when === 'preStart', until }, logs.writer(instance)),

    copyInto: async (ref, changes) => {
      const info = await runningOf(ref)
      await copyIntoContainer(engine, info.Id, changes)
      if (changes.removals.length === 0) return
      const command = ['rm', '-rf', '--', ...changes.removals]
      const limits = { timeoutMs: 60_000, outputLimitBytes: 1000, user: '0' }
      const how = { ...limits, marker: marks.next() }
      const { exitCode, output } = await execInContainer(engine, info.Id, command, how)
      if (exitCode === 0) return
      const message = `Files of ${ref.name} could not be removed: ${output.trim()}`
      throw new AppError('engine_failed', { message })
    },

    usage: (refs) => usageOf(engine, refs, findAdopted),

    updateHosts: async (ref, hosts) => {
      const info = await runningOf(ref)
      if (await writeHosts(engine, info, hosts, marks.next())) return
      log.warn({ instance: ref.name }, 'cannot be told new addresses: it has no shell')
    },

    watch: supervision.watch,

    close: async () => {
      closing.abort()
      await Promise.allSettled(starting.values())
      oneOffs.close()
      await supervision.close()
      engine.close()
    },
  }
}

const containerOf = ({ Name, Config }: ContainerInfo) => ({
  name: Name.slice(1),
  folder: Config.Labels[label.folder] ?? null,
})
