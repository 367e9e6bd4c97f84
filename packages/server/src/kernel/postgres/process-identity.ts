/**
 * What a pid stands for. A pid alone proves nothing: the kernel hands it out again, on a busy
 * host within minutes, so everything here compares a pid with something only one process has.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/** A process, told apart from a later one with the same pid by when it was started. */
export type ProcessIdentity = {
  readonly pid: number
  /** Opaque: clock ticks since boot on Linux, `ps -o lstart=` elsewhere. Only equality counts. */
  readonly startedAt: string
}

/** The process that has this pid now; undefined when there is none, or only its zombie. */
export const findProcess = (pid: number): ProcessIdentity | undefined => {
  const startedAt = process.platform === 'linux' ? startTicks(pid) : startText(pid)
  return startedAt === undefined ? undefined : { pid, startedAt }
}

/** Is it still the very same process? Cheap on Linux; elsewhere it starts `ps`. */
export const isSameProcess = (identity: ProcessIdentity): boolean =>
  findProcess(identity.pid)?.startedAt === identity.startedAt

/**
 * Is this pid a PostgreSQL server working on this cluster folder? The postmaster changes into
 * its data folder first thing, and has its path in its command line.
 */
export const isPostmasterOf = (pid: number, clusterDir: string): boolean => {
  if (findProcess(pid) === undefined) return false
  if (process.platform === 'linux') {
    try {
      return (
        readlinkSync(`/proc/${pid}/cwd`) === clusterDir &&
        readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres')
      )
    } catch {
      return false // gone meanwhile, or another user's process: not ours either way
    }
  }
  const command = psField(pid, 'command=')
  return command !== undefined && command.includes('postgres') && command.includes(clusterDir)
}

/** Field 22 of proc_pid_stat(5). The name in field 2 may hold spaces and parentheses itself. */
const startTicks = (pid: number): string | undefined => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie waits for a parent that never asks (a container without an init): it is dead.
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    return fields[19]
  } catch {
    return undefined
  }
}

const startText = (pid: number): string | undefined => {
  if (psField(pid, 'stat=')?.startsWith('Z')) return undefined
  return psField(pid, 'lstart=')
}

const psField = (pid: number, field: string): string | undefined => {
  try {
    const text = execFileSync('ps', ['-o', field, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: process.env['PATH'] ?? '/bin:/usr/bin', LC_ALL: 'C' },
    }).trim()
    return text === '' ? undefined : text
  } catch {
    return undefined
  }
}
