import { watch as watchFs, type FSWatcher } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasCode } from '../platform-file.ts'
import { usageError } from '../failure.ts'

/** An editor writes, renames and touches: a change has settled when nothing came for so long. */
const settleMs = 100
/** A build that writes without end is told after this all the same. */
const settleMaxMs = 1000
/** Beyond so many paths at once it is the folder that changed, and all of it is looked at. */
const pathsMax = 10_000

type Options = {
  roots: readonly string[]
  /** Changed paths, absolute; called again only when the one before is done. */
  onChanges: (paths: readonly string[]) => Promise<void>
  onFault: (error: unknown) => void
}

/** Watches folders (with all below) and single files, and tells changes in batches. */
export const watchPaths = async ({ roots, onChanges, onFault }: Options) => {
  const watchers: FSWatcher[] = []
  const changed = new Set<string>()
  let firstAt: number | undefined
  let timer: NodeJS.Timeout | undefined
  let working = false

  const flush = async () => {
    timer = undefined
    if (working) return
    working = true
    try {
      while (changed.size > 0) {
        const paths = [...changed]
        changed.clear()
        firstAt = undefined
        await onChanges(paths).catch(onFault)
      }
    } finally {
      working = false
    }
  }
  const note = (path: string) => {
    if (changed.size < pathsMax) changed.add(path)
    const now = Date.now()
    firstAt ??= now
    clearTimeout(timer)
    timer = setTimeout(
      () => void flush(),
      Math.min(settleMs, Math.max(0, firstAt + settleMaxMs - now)),
    )
  }
  for (const root of new Set(roots)) {
    const folder = (await isFolder(root)) ? root : dirname(root)
    const isWhole = folder === root
    const watcher = watchFs(folder, { recursive: isWhole }, (_, name) => {
      const path = name === null ? folder : join(folder, name)
      // A file is watched through its folder: editors put another file in its place.
      if (isWhole || path === root) note(path)
    })
    watcher.on('error', (error) => onFault(explain(error, root)))
    watchers.push(watcher)
  }
  return {
    close: () => {
      clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

const isFolder = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory()
  } catch {
    throw usageError(`There is nothing to watch at ${path}`, 'correct path: of develop.watch')
  }
}

const explain = (error: unknown, root: string): unknown =>
  hasCode(error, 'ENOSPC')
    ? usageError(
        `The system watches no more files (${root})`,
        'sysctl fs.inotify.max_user_watches=524288, or a smaller path in develop.watch',
      )
    : error
