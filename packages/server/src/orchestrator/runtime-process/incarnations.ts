import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createTicker } from './ticker.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { InstanceRef, ObservedInstance, RuntimeLog } from '../runtime.ts'
import { removeCgroupsOf } from './cgroup.ts'
import { findFilesRoot, removeFiles, sweepFiles } from './files.ts'
import {
  findPids,
  findRecord,
  findSettled,
  listFolders,
  removeFolder,
  takeClaim,
  writeSettled,
} from './incarnation-folder.ts'
import type { InstanceRecord, RecordedPids } from './incarnation-folder.ts'
import { observedOf, superviseIncarnation } from './incarnation.ts'
import type { Incarnation } from './incarnation.ts'
import { bootId } from './process-table.ts'
import { killTree } from './process-tree.ts'

/** An incarnation that has ended needs no supervision, only to be remembered until `remove`. */
export type Known =
  | Incarnation
  | { observed(): ObservedInstance; record: InstanceRecord; ended: true }

export type IncarnationsOptions = {
  stateDir: string
  logs: LogStore
  clock: Clock
  log: RuntimeLog
  onEnd: (instance: ObservedInstance) => void
  /** Not to be taken up: it is being started. */
  isStarting: (incarnation: string) => boolean
}

export type Incarnations = ReturnType<typeof createIncarnations>

/** From claim to pid the shim takes a few milliseconds; on a host that swaps, longer. */
export const shimStartMs = 5000

/** How often every instance is looked at, whatever the file system tells. */
const pollMs = 900

/** Every incarnation that this Keelson knows, its own and those it finds in the state folder. */
export const createIncarnations = (options: IncarnationsOptions) => {
  const { stateDir, logs, clock, log, onEnd } = options
  const known = new Map<string, Known>()
  const ticker = createTicker(clock, pollMs)
  let adopting: Promise<void> | null = null
  let filesRoot: Promise<string> | null = null

  const rootOfFiles = (): Promise<string> => {
    filesRoot ??= findFilesRoot(stateDir)
    return filesRoot
  }

  const supervise = async (
    folder: string,
    record: InstanceRecord,
    pids: RecordedPids,
    announce: boolean,
  ): Promise<Incarnation> => {
    let announced = announce
    const found = await superviseIncarnation({
      ...{ folder, record, pids, clock, ticker, log },
      writer: logs.writer(record),
      // An end that an adoption finds is part of what `observe` returns.
      onEnd: (instance) => (announced ? onEnd(instance) : undefined),
    })
    known.set(record.incarnation, found)
    if (!announce) await found.check()
    announced = true
    return found
  }

  const remember = (
    record: InstanceRecord,
    exit: NonNullable<ObservedInstance['exit']>,
    pids: RecordedPids | null,
  ): Known => {
    const observed = observedOf(record, pids, exit)
    const ended: Known = { observed: () => observed, record, ended: true }
    known.set(record.incarnation, ended)
    return ended
  }

  /** Finds out what became of an incarnation that this Keelson has not started. */
  const adopt = async (folder: string): Promise<Known | null> => {
    const record = await findRecord(folder)
    if (record === undefined || (await takeClaim(folder))) {
      // Nothing was started, and with the claim in our hands nothing will be.
      await removeFolder(stateDir, folder)
      await removeCgroupsOf(incarnationOf(folder))
      return null
    }
    const settled = await findSettled(folder)
    if (settled !== undefined) return remember(record, settled, (await findPids(folder)) ?? null)
    const pids = await waitForPids(folder, record)
    if (pids !== undefined) return supervise(folder, record, pids, false)
    // The shim was killed between its claim and the start, or just behind it.
    await killUnknown(record)
    const exit = { code: null, signal: 'unknown', at: clock.now(), outOfMemory: false }
    // On a full disk the next Keelson comes to the same end by the same way.
    await writeSettled(folder, exit).catch((error: unknown) => {
      log.warn({ instance: record.name, err: error }, 'the end of an instance cannot be recorded')
    })
    return remember(record, exit, null)
  }

  const waitForPids = async (
    folder: string,
    record: InstanceRecord,
    isLost: () => boolean = () => false,
  ): Promise<RecordedPids | undefined> => {
    const deadlineMs = clock.monotonicMs() + shimStartMs
    for (;;) {
      const lost = isLost()
      const pids = await findPids(folder)
      const over = lost || record.boot !== bootId() || clock.monotonicMs() > deadlineMs
      if (pids !== undefined || over) return pids
      await sleep(2)
    }
  }

  const adoptAll = (): Promise<void> => {
    adopting ??= adoptEach().finally(() => {
      adopting = null
    })
    return adopting
  }

  const adoptEach = async (): Promise<void> => {
    const folders = await listFolders(stateDir)
    await Promise.all(
      folders.map(async (folder) => {
        const incarnation = incarnationOf(folder)
        if (known.has(incarnation) || options.isStarting(incarnation)) return
        await adopt(folder)
      }),
    )
    await sweepFiles(await rootOfFiles(), (incarnation) => {
      const found = known.get(incarnation)
      return found === undefined ? !options.isStarting(incarnation) : 'ended' in found
    })
  }

  return {
    known,
    supervise,
    adopt,
    adoptAll,
    waitForPids,
    rootOfFiles,
    folderOf: ({ stack, name, incarnation }: InstanceRef): string =>
      join(stateDir, stack, name, incarnation),

    /** Resolves when what is being found out is known. */
    whenFound: async (): Promise<void> => {
      await adopting
    },

    /** Makes sure that a shim which may still come does not start anything any more. */
    async revoke(folder: string, record: InstanceRecord): Promise<void> {
      if (!(await takeClaim(folder))) await killUnknown(record)
      if (record.files !== null) await removeFiles(record.files)
      await removeFolder(stateDir, folder)
      await removeCgroupsOf(record.incarnation)
    },
  }
}

const incarnationOf = (folder: string): string => folder.slice(folder.lastIndexOf('/') + 1)

/** Ends what an incarnation may have started, of which no process id is known. */
const killUnknown = (record: InstanceRecord): Promise<boolean> => {
  const nobody = { pid: 0, start: '' }
  return killTree({ ...record, main: { pid: -1, start: '' }, shim: nobody })
}
