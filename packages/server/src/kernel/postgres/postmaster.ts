import { spawn } from 'node:child_process'
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeDurably } from './durable-file.ts'
import type { Layout } from './layout.ts'
import { findProcess, isPostmasterOf, isSameProcess } from './process-identity.ts'
import type { Runtime } from './runtime.ts'
import { serverArguments } from './settings.ts'

/** The main process of the server, a child of ours or one that outlived an earlier Keelson. */
export type Postmaster = {
  readonly pid: number
  readonly port: number
  readonly socketDir: string
  readonly adopted: boolean
  /** Where its own words begin in the log file. */
  readonly logOffsetBytes: number
  /** Resolves, never rejects, when the process is gone. */
  readonly exited: Promise<PostmasterExit>
  hasExited(): boolean
  /** Signals the process, if it still is the same one. */
  signal(signal: NodeJS.Signals): void
  /** Stops watching; the process goes on. */
  release(): void
}

/** How it ended, as far as known: of an adopted process only that it did. */
export type PostmasterExit = { code?: number | undefined; signal?: string | undefined }

/** The fields of postmaster.pid that matter here (miscadmin.h, LOCK_FILE_LINE_*). */
export type PidFile = {
  readonly text: string
  readonly pid: number
  readonly port: number
  readonly socketDir: string
  /** `starting`, `ready`, `stopping` or `standby`. */
  readonly status: string
}

/** The exit of a process that is not our child makes no event: how often to look. */
const ADOPTED_POLL_MS = 250

export const findPidFile = async (clusterDir: string): Promise<PidFile | undefined> => {
  try {
    const text = await readFile(join(clusterDir, 'postmaster.pid'), 'utf8')
    const lines = text.split('\n')
    return {
      text,
      pid: Math.abs(Number(lines[0])), // negative for a single-user server
      port: Number(lines[3] ?? ''),
      socketDir: lines[4] ?? '',
      status: (lines[7] ?? '').trim(),
    }
  } catch {
    return undefined
  }
}

/**
 * Starts the server in a session of its own, so that it outlives us, with its words going
 * straight to the log file: a pipe would break with us.
 */
export const launchPostmaster = async (
  layout: Layout,
  runtime: Runtime,
  port: number,
): Promise<Postmaster> => {
  const { clusterDir, socketDir, user } = layout
  await claimStalePidFile(layout)
  await removeStaleSockets(layout)
  const log = await open(layout.logFile, 'a', 0o600)
  try {
    const logOffsetBytes = (await log.stat()).size
    const child = spawn(runtime.postgres, serverArguments(clusterDir, socketDir, port), {
      cwd: clusterDir,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: runtime.env,
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
    })
    let gone = false
    const exited = new Promise<PostmasterExit>((resolve) => {
      child.once('exit', (code, signal) => {
        gone = true
        resolve({ code: code ?? undefined, signal: signal ?? undefined })
      })
    })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    return {
      ...{ pid: child.pid!, port, socketDir, adopted: false, logOffsetBytes, exited },
      hasExited: () => gone,
      signal: (signal) => void child.kill(signal),
      release: () => child.unref(),
    }
  } finally {
    await log.close()
  }
}

/** Watches a server that somebody else started; undefined when it is already gone. */
export const watchPostmaster = async (
  pidFile: PidFile,
  layout: Layout,
): Promise<Postmaster | undefined> => {
  const identity = findProcess(pidFile.pid)
  if (identity === undefined || !isPostmasterOf(pidFile.pid, layout.clusterDir)) return undefined
  const log = await stat(layout.logFile).catch(() => undefined)
  let gone = false
  let timer: NodeJS.Timeout | undefined
  const exited = new Promise<PostmasterExit>((resolve) => {
    timer = setInterval(() => {
      if (isSameProcess(identity)) return
      gone = true
      clearInterval(timer)
      resolve({})
    }, ADOPTED_POLL_MS)
  })
  return {
    ...{ pid: pidFile.pid, port: pidFile.port, socketDir: pidFile.socketDir, adopted: true },
    ...{ logOffsetBytes: log?.size ?? 0, exited },
    hasExited: () => gone,
    signal: (signal) => {
      if (isSameProcess(identity)) process.kill(identity.pid, signal)
    },
    release: () => clearInterval(timer),
  }
}

/**
 * A pid file whose process is not the server any more. When another process got that pid, the
 * server would refuse to start. Removing the file would lose the key of the shared memory in it,
 * by which the server notices orphaned backends that still write; so the file is kept, with our
 * own pid in its first line: the pid of its parent is the one the server takes for stale
 * (CreateLockFile in miscinit.c).
 */
const claimStalePidFile = async ({ clusterDir, user }: Layout): Promise<void> => {
  const pidFile = await findPidFile(clusterDir)
  if (pidFile === undefined || findProcess(pidFile.pid) === undefined) return
  if (isPostmasterOf(pidFile.pid, clusterDir)) return // it could not be stopped: start refuses
  const rest = pidFile.text.slice(pidFile.text.indexOf('\n') + 1)
  const text = `${process.pid}\n${rest}`
  await writeDurably(join(clusterDir, 'postmaster.pid'), text, { owner: user })
}

/**
 * The lock file of a socket holds a pid as well, with the same trouble. Our folder is private and
 * no server of ours runs, so whatever is in it is stale.
 */
const removeStaleSockets = async ({ socketDir, clusterDir }: Layout): Promise<void> => {
  const pidFile = await findPidFile(clusterDir)
  if (pidFile !== undefined && isPostmasterOf(pidFile.pid, clusterDir)) return
  for (const name of await readdir(socketDir)) {
    if (name.startsWith('.s.PGSQL.')) await rm(join(socketDir, name), { force: true })
  }
}

/** Waits for the server to accept connections: true; false when it exits or takes too long. */
export const becomesReady = async (
  postmaster: Postmaster,
  clusterDir: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> => {
  const deadlineMs = performance.now() + timeoutMs
  while (!postmaster.hasExited() && performance.now() < deadlineMs && !signal.aborted) {
    const pidFile = await findPidFile(clusterDir)
    if (pidFile?.pid === postmaster.pid && pidFile.status === 'ready') return true
    await sleep(5)
  }
  return false
}

/** Fast shutdown, then an immediate one, then none: false when the process survives all. */
export const stopPostmaster = async (
  postmaster: Postmaster,
  timeoutsMs: { fast: number; immediate: number },
): Promise<boolean> => {
  const steps = [
    { signal: 'SIGINT', waitMs: timeoutsMs.fast }, // ends sessions, writes a checkpoint
    { signal: 'SIGQUIT', waitMs: timeoutsMs.immediate }, // ends at once, the next start recovers
    { signal: 'SIGKILL', waitMs: 5000 }, // its children notice by themselves and end
  ] as const
  for (const { signal, waitMs } of steps) {
    postmaster.signal(signal)
    if (await exitsWithin(postmaster, waitMs)) return true
  }
  return false
}

const exitsWithin = async (postmaster: Postmaster, waitMs: number): Promise<boolean> => {
  const waiting = new AbortController()
  const timeout = sleep(waitMs, false, { signal: waiting.signal }).catch(() => false)
  const exited = await Promise.race([postmaster.exited.then(() => true), timeout])
  waiting.abort()
  return exited
}
