import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { baselineFile, settingsFile, type Audit } from '@keelson/gaps'
import type { Stamp, Watched } from '@keelson/contract'

/** Of this process, before anything was read. Coarse file systems round the time of a change down. */
const beganMs = Date.now() - 20
const filesMax = 5000
const foldersMax = 1000
const listedMax = 20_000

export const watchedBy = async ({ tree, systems, refused }: Audit): Promise<Watched> => {
  const { root } = tree
  const named = [
    ...systems.flatMap(({ project }) => project.sources),
    ...refused.flatMap(({ faults }) => faults.map(({ file }) => file)),
  ]
  const read = new Set([
    ...tree.wanted,
    ...named.flatMap((file) => (file.startsWith(`${root}/`) ? file.slice(root.length + 1) : [])),
    ...refused.flatMap(({ files }) => files),
    settingsFile,
    baselineFile,
  ])
  const { folders, listed } = await foldersOf(tree)
  return {
    files: await Promise.all([...read].slice(0, filesMax).map((path) => stampOf(root, path))),
    folders: await Promise.all(folders.map((path) => stampOf(root, path))),
    listed,
  }
}

const stampOf = async (root: string, path: string): Promise<Stamp> => {
  const found = await stat(join(root, path)).catch(() => undefined)
  if (found === undefined) return [path, -1, -1]
  // It may have been read before that change: a size that no file has makes it look changed.
  return [path, found.mtimeMs, found.mtimeMs >= beganMs ? -2 : found.size]
}

/** Folders that were entered, those without a file too: the next file may come there. */
const foldersOf = async (tree: Audit['tree']) => {
  const folders = ['']
  const listed: string[] = []
  for (const folder of folders) {
    const entries = await readdir(join(tree.root, folder), { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (listed.length <= listedMax) listed.push(path)
      if (folders.length >= foldersMax || !entry.isDirectory() || !tree.isFolder(path)) continue
      if (!tree.isUnknown(`${path}/x`)) folders.push(path)
    }
  }
  return { folders, listed: listed.length > listedMax ? [] : listed }
}
