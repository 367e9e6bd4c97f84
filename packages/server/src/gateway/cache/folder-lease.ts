import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

export type TakenFolder = { path: string; release(): Promise<void> }

/** More workers than this find no place, and go without a disk. */
const maxPlaces = 64

/**
 * A place below `root` that no other living worker has: `place-0`, `place-1`… Each keeps its own,
 * so that every bound holds and nobody reads what another one is deleting; a process that starts
 * again finds the place of its predecessor.
 */
export const takeFolder = async (root: string): Promise<TakenFolder> => {
  for (let number = 0; number < maxPlaces; number++) {
    const path = join(root, `place-${number}`)
    await mkdir(path, { recursive: true, mode: 0o700 })
    const lock = join(path, 'owner')
    if (await takeLock(lock)) return { path, release: () => rm(lock, { force: true }) }
  }
  throw new Error(`no free place in ${root}`)
}

/** The lock appears with its content: nobody ever sees an empty one. */
const takeLock = async (lock: string): Promise<boolean> => {
  const draft = `${lock}.${randomUUID()}`
  await writeFile(draft, `${process.pid} ${startedMs()}`)
  try {
    if (await linked(draft, lock)) return true
    if (await isHeld(lock)) return false
    await rm(lock, { force: true })
    return await linked(draft, lock)
  } finally {
    await rm(draft, { force: true })
  }
}

const linked = async (draft: string, lock: string): Promise<boolean> => {
  try {
    await link(draft, lock)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

/** Whether the process that took it lives; a number alone is not enough, containers all begin at 1. */
const isHeld = async (lock: string): Promise<boolean> => {
  const [pid = NaN, started = NaN] = (await readFile(lock, 'utf8').catch(() => ''))
    .split(' ')
    .map(Number)
  if (!Number.isInteger(pid) || pid <= 0) return false
  if (pid === process.pid) return Math.abs(started - startedMs()) < 5000
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Of the process, the same for all its threads; wall clock, so only about. */
const startedMs = (): number => Math.round(Date.now() - process.uptime() * 1000)
