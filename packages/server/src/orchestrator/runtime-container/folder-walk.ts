import type { Dirent } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import type { IgnoreRule } from './docker-ignore.ts'

export type FolderEntry = { path: string; kind: 'file' | 'folder' | 'link' }

/** Names that are looked at, with those that are left out. */
const visitedMax = 1_000_000

/**
 * Files, folders and links below a folder in a fixed order, without what `ignored` leaves out. An
 * ignored folder is still entered when a rule may take back something inside. Pipes, sockets and
 * devices are passed over. Throws when there is more than anybody builds from or copies.
 */
export async function* walkFolder(
  folder: string,
  ignored: IgnoreRule,
  prefix = '',
  budget = { left: visitedMax },
): AsyncGenerator<FolderEntry, void> {
  const entries = await listFolder(join(folder, prefix), budget)
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    const left = ignored(path)
    if (entry.isDirectory()) {
      if (!left) yield { path, kind: 'folder' }
      else if (ignored.takesBack === false) continue
      yield* walkFolder(folder, ignored, path, budget)
    } else if (left) continue
    else if (entry.isSymbolicLink()) yield { path, kind: 'link' }
    else if (entry.isFile()) yield { path, kind: 'file' }
  }
}

/** Name by name: all names of a folder at once may be more than there is memory. */
const listFolder = async (folder: string, budget: { left: number }): Promise<Dirent[]> => {
  const entries: Dirent[] = []
  for await (const entry of await opendir(folder, { bufferSize: 256 })) {
    budget.left -= 1
    if (budget.left < 0) throw new Error(`there are more than ${visitedMax} files, up to ${folder}`)
    entries.push(entry)
  }
  return entries
}
