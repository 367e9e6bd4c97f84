import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { readFile } from 'node:fs/promises'
import { killCgroup, listCgroup } from './cgroup.ts'
import { findProcess, listProcesses } from './process-table.ts'
import type { ProcessEntry, ProcessIdentity } from './process-table.ts'

/** In the environment of everything an instance starts. */
export const markerVariable = 'KEELSON_INCARNATION'

/** How the processes of one incarnation are told from all others. */
export type ProcessTree = {
  incarnation: string
  /** Leads a session and a group of its own. */
  main: ProcessIdentity
  /** Waits for the exit code, so it is never part of what is killed. */
  shim: ProcessIdentity
  cgroups: readonly string[]
}

/**
 * Everything alive that the instance has started: members of its cgroup, of the session or group of
 * its main process, descendants of it, and whoever carries its marker. Together they catch a
 * process that has forked twice, changed its session or cleared its environment.
 */
export const findTree = async (tree: ProcessTree): Promise<ProcessEntry[]> => {
  const { entries, marked } = await lookAround()
  const inCgroup = new Set((await Promise.all(tree.cgroups.map(listCgroup))).flat())
  const leader = entries.find((entry) => entry.pid === tree.main.pid)
  // Used again by a stranger, the id says nothing about session, group and descent any more.
  const reused = leader !== undefined && leader.start !== tree.main.start
  const found = new Set<number>([...inCgroup, ...(marked.get(tree.incarnation) ?? [])])
  for (const { pid, session, group } of entries) {
    if (!reused && (session === tree.main.pid || group === tree.main.pid)) found.add(pid)
  }
  addDescendants(entries, found)
  return entries.filter(
    ({ pid, start }) =>
      found.has(pid) &&
      pid !== process.pid &&
      !(pid === tree.shim.pid && start === tree.shim.start),
  )
}

type Surroundings = { entries: ProcessEntry[]; marked: Map<string, number[]> }

let looking: Promise<Surroundings> | null = null
let lookingNext: Promise<Surroundings> | null = null

/**
 * Every process of this host, and the incarnations whose marker they carry. Reading the environment
 * of all takes 20 ms and more, so instances that end together share a look; one that began before
 * it was asked for may have missed what was forked since, and is not shared.
 */
const lookAround = (): Promise<Surroundings> => {
  if (looking === null) {
    looking = look().finally(() => {
      looking = null
    })
    return looking
  }
  lookingNext ??= looking.then(
    () => {
      lookingNext = null
      return lookAround()
    },
    () => {
      lookingNext = null
      return lookAround()
    },
  )
  return lookingNext
}

const look = async (): Promise<Surroundings> => {
  const entries = await listProcesses()
  const marked = new Map<string, number[]>()
  await Promise.all(
    entries.map(async ({ pid }) => {
      const incarnation = await markOf(pid)
      if (incarnation === null) return
      const pids = marked.get(incarnation)
      if (pids === undefined) marked.set(incarnation, [pid])
      else pids.push(pid)
    }),
  )
  return { entries, marked }
}

/** The incarnation a process says it belongs to. */
const markOf = (pid: number): Promise<string | null> => valueOf(pid, markerVariable)

/** A variable of a process; null where it has none, or the system does not let us look. */
const valueOf = async (pid: number, variable: string): Promise<string | null> => {
  const environment = await readFile(`/proc/${pid}/environ`).catch(() => null)
  const from = environment === null ? -1 : placeIn(environment, `${variable}=`)
  if (environment === null || from === -1) return null
  const end = environment.indexOf(0, from)
  const start = from + variable.length + 1
  return environment.toString('utf8', start, end === -1 ? environment.length : end)
}

/** Where a variable begins in the environment of a process; -1 when it is not there. */
const placeIn = (environment: Buffer, text: string): number => {
  let at = environment.indexOf(text)
  while (at > 0 && environment[at - 1] !== 0) at = environment.indexOf(text, at + 1)
  return at
}

const addDescendants = (entries: readonly ProcessEntry[], found: Set<number>): void => {
  const children = Map.groupBy(entries, (entry) => entry.parent)
  const queue = [...found]
  for (let pid = queue.pop(); pid !== undefined; pid = queue.pop()) {
    for (const child of children.get(pid) ?? []) {
      if (found.has(child.pid)) continue
      found.add(child.pid)
      queue.push(child.pid)
    }
  }
}

/**
 * Kills everything that is left of an instance, again and again, for it may fork meanwhile. False
 * when something is still there after the bound: a process in an uninterruptible system call.
 */
export const killTree = async (tree: ProcessTree, limitMs = 10_000): Promise<boolean> => {
  const deadline = performance.now() + limitMs
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    for (const cgroup of tree.cgroups) await killCgroup(cgroup)
    const left = await findTree(tree)
    if (left.length === 0) return true
    for (const { pid } of left) sendSignal(pid, 'SIGKILL')
    if (performance.now() > deadline) return false
    await sleep(pauseMs)
  }
}

/** Kills every process of this host whose environment holds `NAME=value`; see `killCarriers`. */
export const killMarked = (marker: string): Promise<number> => {
  const at = marker.indexOf('=')
  return killCarriers(marker.slice(0, at), (value) => value === marker.slice(at + 1))
}

/**
 * Kills every process of this host with a variable that is meant, and says how many there were.
 * None where the system does not let us look: another user's processes, macOS.
 */
export const killCarriers = async (
  variable: string,
  isMeant: (value: string) => boolean,
): Promise<number> => {
  const carries = async (pid: number): Promise<boolean> => {
    const value = await valueOf(pid, variable)
    return value !== null && isMeant(value)
  }
  let killed = 0
  for (let round = 0; round < 20; round += 1) {
    const carriers = await Promise.all(
      (await listProcesses()).map(async ({ pid }) => ((await carries(pid)) ? pid : null)),
    )
    const pids = carriers.filter((pid) => pid !== null)
    if (pids.length === 0) return killed
    killed += pids.length
    for (const pid of pids) sendSignal(pid, 'SIGKILL')
    await sleep(5)
  }
  return killed
}

/** Signals the group of the main process; the main process alone until it leads one. */
export const signalMain = async ({ main }: ProcessTree, signal: string): Promise<void> => {
  const entry = await findProcess(main.pid)
  if (entry === null || entry.start !== main.start) return
  sendSignal(entry.group === main.pid ? -main.pid : main.pid, signal)
}

/** A process that has gone meanwhile is no error. */
export const sendSignal = (pid: number, signal: string): void => {
  try {
    process.kill(pid, signalNumber(signal))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

const names = constants.signals as Readonly<Record<string, number | undefined>>

/** Number of a signal; real-time ones (systemd stops on SIGRTMIN+3) have no name in Node. */
export const signalNumber = (name: string): number => {
  const realTime = /^SIGRT(MIN\+|MAX-)(\d{1,2})$/.exec(name)
  if (realTime !== null) {
    return realTime[1] === 'MIN+' ? 34 + Number(realTime[2]) : 64 - Number(realTime[2])
  }
  return names[name] ?? constants.signals.SIGTERM
}

/** A shell and a container engine both report a signal as 128 plus its number. */
export const signalOfExitCode = (code: number): string | null =>
  Object.entries(names).find(([, number]) => number === code - 128)?.[0] ?? null
