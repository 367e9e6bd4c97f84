import { watch, type FSWatcher } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Timer } from '../kernel/clock.ts'
import type { Stamp, Watched } from '@keelson/contract'

type WatchDeps = {
  clock: Clock
  /** A file that the last audit of a stack read, or the list of its files, is another one now. */
  onChange: (stack: string) => void
}

/** Over all stacks; Linux gives a user 8,192 and more. What is beyond is looked at in turn. */
const watchersMax = 4000
/** A folder where so much happens between two looks holds data, and is looked at in turn, too. */
const eventsMax = 500
/** Looked at with each look: what the system told nothing of (a network, no more watches). */
const looksMax = 20
/** Paths of which the system told, until they are looked at. */
const suspectsMax = 200
/** An editor writes beside the file and renames: what is there after that counts. */
const settleMs = 300

export type FileWatch = ReturnType<typeof createFileWatch>

type Followed = {
  root: string
  files: Map<string, Stamp>
  folders: Map<string, Stamp>
  /** Everything in the folders, where the audit told all of it. */
  listed: ReadonlySet<string>
  watchers: Map<string, { watcher: FSWatcher; events: number }>
  /** Left to the looks in turn. */
  busy: Set<string>
  suspects: Set<string>
  timer: Timer | undefined
}

/**
 * Follows what audits depend on. The system tells of changes in folders, which costs nothing while
 * there are none; each is then compared with what the audit saw, so that a service that writes beside
 * its compose file causes no audit. A few paths are looked at in turn besides: so a change is found
 * late rather than never where the system tells nothing.
 */
export const createFileWatch = ({ clock, onChange }: WatchDeps) => {
  const followed = new Map<string, Followed>()
  let watcherCount = 0
  let turn = 0

  const unwatch = (one: Followed, folder: string): void => {
    const open = one.watchers.get(folder)
    if (open === undefined) return
    one.watchers.delete(folder)
    watcherCount -= 1
    open.watcher.close()
  }

  const told = (stack: string, one: Followed, folder: string, name: string | null): void => {
    const open = one.watchers.get(folder)
    if (open === undefined) return
    open.events += 1
    if (open.events > eventsMax) {
      one.busy.add(folder)
      unwatch(one, folder)
    }
    if (one.suspects.size < suspectsMax) one.suspects.add(join(folder, name ?? ''))
    one.timer ??= clock.setTimer(() => {
      one.timer = undefined
      void judgeSuspects(stack, one)
    }, settleMs)
  }

  const judgeSuspects = async (stack: string, one: Followed): Promise<void> => {
    const suspects = [...one.suspects]
    one.suspects.clear()
    for (const path of suspects) {
      if (!(await isOther(one, path === '.' ? '' : path))) continue
      if (followed.get(stack) === one) onChange(stack)
      return
    }
  }

  const watchFolder = async (stack: string, one: Followed, folder: string): Promise<void> => {
    const path = join(one.root, folder)
    // A network that hangs holds up this promise, and not the process.
    const found = await stat(path).catch(() => undefined)
    const isWanted = followed.get(stack) === one && !one.watchers.has(folder)
    if (found?.isDirectory() !== true || !isWanted || watcherCount >= watchersMax) return
    try {
      const watcher = watch(path, { persistent: false }, (_kind, name) =>
        told(stack, one, folder, name),
      )
      watcher.on('error', () => unwatch(one, folder))
      one.watchers.set(folder, { watcher, events: 0 })
      watcherCount += 1
    } catch {
      // No more watches, or none here: it is looked at in turn.
    }
  }

  const forget = (stack: string): void => {
    const one = followed.get(stack)
    if (one === undefined) return
    followed.delete(stack)
    one.timer?.cancel()
    for (const folder of [...one.watchers.keys()]) unwatch(one, folder)
  }

  return {
    /** From now on a stack depends on these; resolves once the system was asked to tell of them. */
    async follow(stack: string, root: string, watched: Watched): Promise<void> {
      const former = followed.get(stack)
      const isSame = former?.root === root
      if (!isSame) forget(stack)
      const next: Followed = isSame ? former : newFollowed(root)
      next.files = byPath(watched.files)
      next.folders = byPath(watched.folders)
      next.listed = new Set(watched.listed)
      followed.set(stack, next)
      for (const folder of [...next.watchers.keys()]) {
        if (!next.folders.has(folder)) unwatch(next, folder)
      }
      for (const folder of next.folders.keys()) {
        if (!next.busy.has(folder)) await watchFolder(stack, next, folder)
      }
    },
    forget,

    /** Is anything other than it was told with `follow`? Looks at all of it, one after the other. */
    async hasChanged(stack: string): Promise<boolean> {
      const one = followed.get(stack)
      if (one === undefined) return false
      for (const path of [...one.files.keys(), ...one.folders.keys()]) {
        if (await isOther(one, path)) return true
      }
      return false
    },

    /** One look at a few paths of all; to be called every two seconds or so. */
    async look(): Promise<void> {
      const all = [...followed].flatMap(([stack, one]) => {
        for (const open of one.watchers.values()) open.events = 0
        return [...one.files.keys(), ...one.folders.keys()].map((path) => ({ stack, one, path }))
      })
      const told = new Set<string>()
      for (let count = 0; count < Math.min(looksMax, all.length); count += 1) {
        turn = (turn + 1) % all.length
        const next = all[turn]
        if (next === undefined || told.has(next.stack)) continue
        if (!(await isOther(next.one, next.path))) continue
        told.add(next.stack)
        if (followed.get(next.stack) === next.one) onChange(next.stack)
      }
    },

    close(): void {
      for (const stack of [...followed.keys()]) forget(stack)
    },
  }
}

const newFollowed = (root: string): Followed => ({
  ...{ root, files: new Map(), folders: new Map(), listed: new Set() },
  ...{ watchers: new Map(), busy: new Set(), suspects: new Set(), timer: undefined },
})

const byPath = (stamps: readonly Stamp[]): Map<string, Stamp> =>
  new Map(stamps.map((stamp) => [stamp[0], stamp]))

export const stampNow = async (root: string, path: string): Promise<Stamp> => {
  const found = await stat(join(root, path)).catch(() => undefined)
  return found === undefined ? [path, -1, -1] : [path, found.mtimeMs, found.size]
}

/** Is this path other than the audit saw it: a file that was read, the files of a folder, or neither? */
const isOther = async (one: Followed, path: string): Promise<boolean> => {
  const now = await stampNow(one.root, path)
  const file = one.files.get(path)
  if (file !== undefined) return file[1] !== now[1] || file[2] !== now[2]
  const folder = one.folders.get(path)
  if (folder !== undefined) {
    if (folder[1] === now[1]) return false
    if (one.listed.size === 0 || now[1] < 0 || (await holdsOthers(one, path))) return true
    // Something came and went in between; what is there now is what was there.
    one.folders.set(path, now)
    return false
  }
  return one.listed.size === 0 || one.listed.has(path) !== now[1] >= 0
}

const holdsOthers = async ({ root, listed }: Followed, folder: string): Promise<boolean> => {
  const entries = await readdir(join(root, folder)).catch(() => undefined)
  if (entries === undefined) return true
  const prefix = folder === '' ? '' : `${folder}/`
  const here = new Set(entries.map((name) => `${prefix}${name}`))
  const isDirect = (path: string): boolean =>
    path.startsWith(prefix) && !path.slice(prefix.length).includes('/')
  const known = [...listed].filter(isDirect)
  return known.length !== here.size || known.some((path) => !here.has(path))
}
