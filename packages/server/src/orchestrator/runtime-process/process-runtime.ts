import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, open, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { HookSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { LogStore } from '../logs/log-store.ts'
import type {
  ExecLimits,
  ExecResult,
  InstanceRef,
  InstanceSpec,
  ObservedInstance,
  Runtime,
  RuntimeLog,
} from '../runtime.ts'
import { createRuns } from './attached.ts'
import { planBeside, planHook, planProbe, recoverEnvironment } from './beside.ts'
import type { Host } from './beside.ts'
import { removeCgroup } from './cgroup.ts'
import { runCommand } from './command-run.ts'
import { copyBelow } from './copying.ts'
import { diskFull, startFault } from './faults.ts'
import { placeFiles, removeFiles } from './files.ts'
import { removeFolder } from './incarnation-folder.ts'
import type { Incarnation } from './incarnation.ts'
import { createIncarnations, shimStartMs } from './incarnations.ts'
import type { Known } from './incarnations.ts'
import { draftLaunch, prepareLaunch } from './launch.ts'
import type { Launch } from './launch.ts'
import { hostsText, rewriteHosts } from './namespace.ts'
import { spawnShim } from './spawn-shim.ts'
import { measureUsage } from './usage.ts'

export type ProcessRuntimeOptions = {
  /** Folder of all incarnations; only Keelson's user may read it. */
  stateDir: string
  logs: LogStore
  clock: Clock
  log: RuntimeLog
}

/**
 * Runs instances as plain processes of this host. Each incarnation has a folder that tells its
 * life (incarnation-folder.ts) and a small shell that waits for it (shim.sh); both outlive Keelson.
 */
export const createProcessRuntime = (options: ProcessRuntimeOptions): Runtime => {
  const { stateDir, logs, clock, log } = options
  const starting = new Map<string, Promise<ObservedInstance>>()
  /** Folders of files that a hook uses before its instance is there. */
  const borrowed = new Set<string>()
  const environments = new Map<string, Record<string, string>>()
  const listeners = new Set<(instance: ObservedInstance) => void>()
  const noted = new Set<string>()
  const owner = createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 16)
  const runs = createRuns(owner)
  let swept: Promise<void> | null = null

  const incarnations = createIncarnations({
    ...{ stateDir, logs, clock, log },
    isStarting: (incarnation) => starting.has(incarnation) || borrowed.has(incarnation),
    onEnd: (instance) => {
      environments.delete(instance.incarnation)
      // One turn later: who is just being answered by `start` knows the instance by then.
      setImmediate(() => {
        for (const listener of listeners) listener(instance)
      })
    },
  })
  const { known, folderOf } = incarnations

  const start = async (instance: InstanceSpec): Promise<ObservedInstance> => {
    const folder = folderOf(instance)
    const exists = await stat(folder).then(
      () => true,
      () => false,
    )
    const first = exists ? await incarnations.adopt(folder) : null
    if (first !== null) return first.observed()
    let begun = false
    try {
      await mkdir(stateDir, { recursive: true, mode: 0o700 })
      const filesRoot = await incarnations.rootOfFiles()
      const draft = await draftLaunch(instance, filesRoot)
      begun = true
      const launch = await prepareLaunch(instance, draft, { folder, filesRoot })
      note(instance, launch.notes)
      return await startShim(instance, launch, folder)
    } catch (error) {
      // Known: it runs, and its folder with it.
      if (begun && !known.has(instance.incarnation)) await removeFolder(stateDir, folder)
      throw startFault(error, instance.spec.name, folder)
    }
  }

  const startShim = async (
    { incarnation, spec }: InstanceSpec,
    { record, shell, args, environment }: Launch,
    folder: string,
  ): Promise<ObservedInstance> => {
    let lost: number | null = null
    try {
      await spawnShim({ shell, args, environment, cwd: record.workingDir }, (code) => {
        lost = code
      })
    } catch (error) {
      await incarnations.revoke(folder, record)
      throw error
    }
    const pids = await incarnations.waitForPids(folder, record, () => lost === unwritten)
    if (pids === undefined) {
      await incarnations.revoke(folder, record)
      if (lost === unwritten) throw diskFull(spec.name, folder)
      const message = `The process of service ${spec.name} did not start within ${shimStartMs} ms`
      throw new AppError('process_start_failed', { message })
    }
    environments.set(incarnation, environment)
    return (await incarnations.supervise(folder, record, pids, true)).observed()
  }

  /** Says once, in the log of the instance and in ours, what it does without. */
  const note = (instance: InstanceSpec, notes: readonly string[]): void => {
    const text = `this host cannot hold: ${notes.join('; ')}`
    const key = `${instance.name} ${text}`
    if (notes.length === 0 || noted.has(key)) return
    if (noted.size >= notesMax) noted.clear()
    noted.add(key)
    logs.writer(instance).appendLines('keelson', [text])
    log.warn({ instance: instance.name, notes }, 'limits of a service are not held on this host')
  }

  const findKnown = async (ref: InstanceRef): Promise<Known | undefined> => {
    await starting.get(ref.incarnation)?.catch(() => undefined)
    if (!known.has(ref.incarnation)) await incarnations.adoptAll()
    return known.get(ref.incarnation)
  }

  const findRunning = async (ref: InstanceRef): Promise<Incarnation | undefined> => {
    const found = await findKnown(ref)
    return found === undefined || 'ended' in found || !found.observed().running ? undefined : found
  }

  const getHost = async (ref: InstanceRef): Promise<Host> => {
    const found = await findRunning(ref)
    if (found === undefined) {
      throw new AppError('instance_not_found', { message: `${ref.name} is not running` })
    }
    const { record, pids } = found
    const remembered = environments.get(record.incarnation)
    return { record, pids, environment: remembered ?? (await recoverEnvironment(record, pids)) }
  }

  const exec = async (
    ref: InstanceRef,
    command: readonly string[],
    limits: ExecLimits,
  ): Promise<ExecResult> => {
    const host = await getHost(ref)
    try {
      return await runCommand({ ...(await planProbe(host, command)), ...limits })
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'exec_failed') throw error
      return { exitCode: 127, output: error.message, timedOut: false }
    }
  }

  /**
   * Its output goes through the spool, like that of the instance: lines of another writer between
   * would be taken for those of the spool after a crash.
   */
  const runInside = async (instance: InstanceSpec, hook: HookSpec): Promise<number | null> => {
    const plan = await planBeside(await getHost(instance), hook)
    const handle = await open(join(folderOf(instance), 'spool', 'output'), 'a')
    try {
      return await runs.run(plan, handle.fd)
    } finally {
      await handle.close()
    }
  }

  /** There is no incarnation yet, so files are made for the time of the hook. */
  const runBefore = async (
    instance: InstanceSpec,
    hook: HookSpec,
    until?: AbortSignal,
  ): Promise<number | null> => {
    const id = newId()
    borrowed.add(id)
    const filesRoot = await incarnations.rootOfFiles()
    const writer = logs.writer(instance)
    try {
      const before = { ...instance, incarnation: id }
      const draft = await draftLaunch(before, filesRoot)
      const user = draft.user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
      const ids = process.getuid?.() === 0 ? user : null
      await placeFiles(filesRoot, id, { ...instance, owner: ids })
      const plan = await planHook(instance, draft, hook)
      return await runs.run(plan, (bytes) => writer.append('stdout', bytes), until)
    } finally {
      writer.end()
      await removeFiles(join(filesRoot, id))
      borrowed.delete(id)
    }
  }

  return {
    kind: 'process',
    resources: null,

    observe: async () => {
      swept ??= runs.sweep()
      await swept
      await incarnations.adoptAll()
      return [...known.values()].map((incarnation) => incarnation.observed())
    },

    start: async (instance) => {
      const { incarnation } = instance
      await incarnations.whenFound()
      const found = known.get(incarnation)
      if (found !== undefined) return found.observed()
      const first = starting.get(incarnation)
      if (first !== undefined) return first
      const started = start(instance).finally(() => starting.delete(incarnation))
      starting.set(incarnation, started)
      return started
    },

    stop: async (ref, how) => {
      const found = await findKnown(ref)
      if (found !== undefined && !('ended' in found)) await found.stop(how)
    },

    remove: async (ref) => {
      const found = await findKnown(ref)
      if (found === undefined) return
      assert(!found.observed().running, `${ref.name} is removed while it runs`)
      known.delete(ref.incarnation)
      if (!('ended' in found)) found.close()
      const { record } = found
      if (record.files !== null) await removeFiles(record.files)
      await removeFolder(stateDir, folderOf(record))
      for (const cgroup of record.cgroups) await removeCgroup(cgroup)
    },

    removeLogs: (ref) => logs.remove(ref),
    exec,
    attach: async (ref, command) =>
      runs.attach(await planBeside(await getHost(ref), command), command.tty !== null),
    runHook: (instance, hook, when, until) =>
      when === 'preStart' ? runBefore(instance, hook, until) : runInside(instance, hook),

    copyInto: async (ref, changes) => {
      const { record } = await getHost(ref)
      await copyBelow(record.service, record.workingDir, changes)
    },

    usage: async (refs) => {
      const found = await Promise.all(refs.map(findRunning))
      return measureUsage(found.filter((one) => one !== undefined))
    },

    updateHosts: async (ref, hosts) => {
      const found = await findRunning(ref)
      if (found?.record.ownHosts !== true) return
      await rewriteHosts(join(folderOf(found.record), 'hosts'), await hostsText(hosts))
    },

    watch: (listener) => {
      listeners.add(listener)
    },

    close: async () => {
      await Promise.allSettled([...starting.values()])
      await incarnations.whenFound()
      listeners.clear()
      await runs.close()
      for (const incarnation of known.values()) if (!('ended' in incarnation)) incarnation.close()
    },
  }
}

/** Exit code of the shim when it could not write down what it is about to start. */
const unwritten = 74
/** Notes remembered as said; past this they may be said again. */
const notesMax = 1000
