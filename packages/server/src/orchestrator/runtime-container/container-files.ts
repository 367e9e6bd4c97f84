import { posix } from 'node:path'
import { Readable } from 'node:stream'
import type { ContainerSpec, FileSpec } from '@keelson/contract'
import { AppError, messageOf } from '../../kernel/errors.ts'
import { readRegularFile } from '../../kernel/read-file.ts'
import type { FileChanges, InstanceSpec } from '../runtime.ts'
import type { Engine } from './engine.ts'
import { copiedFiles } from './mount-options.ts'
import { packCopies, packEntries, type MemoryEntry, type TarBlocks } from './tar-stream.ts'

const defaultMode = 0o444
const folderMode = 0o755
/** A whole folder may go to an engine far away. */
const copyTimeoutMs = 600_000
/** As much as compose takes for a config or secret. */
const fileLimitBytes = 1024 * 1024

/**
 * Copies configs and secrets into a container that is made and not started. They go from memory to
 * the engine: nothing of them is in labels, environment, mounts or a file of this host.
 */
export const copyFiles = async (
  engine: Engine,
  id: string,
  instance: InstanceSpec,
  container: ContainerSpec,
): Promise<void> => {
  const files = copiedFiles(instance.spec, container)
  const copied = files.filter(({ way }) => way === 'copy').map(({ file }) => file)
  const folders = await missingFolders(
    engine,
    id,
    copied.map(({ target }) => posix.dirname(target)),
  )
  const entries = await Promise.all(copied.map((file) => entryOf(file, instance)))
  if (entries.length > 0) {
    await putArchive(engine, id, packEntries([...folders.map(folderEntry), ...entries]))
  }
  // Into a read-only root the engine copies only where it is told the volume itself.
  for (const { file } of files.filter(({ way }) => way === 'volume')) {
    const entry = { ...(await entryOf(file, instance)), path: posix.basename(file.target) }
    await putArchive(engine, id, packEntries([entry]), posix.dirname(file.target))
  }
}

const folderEntry = (path: string): MemoryEntry => ({ path, mode: folderMode, content: null })

const entryOf = async (file: FileSpec, { spec }: InstanceSpec): Promise<MemoryEntry> => {
  const refuse = (reason: string): AppError => {
    const message = `The ${file.kind} ${file.source} of service ${spec.name} cannot be read: ${reason}`
    return new AppError('stack_invalid', { message })
  }
  const { path = '' } = file
  const content =
    file.content === undefined
      ? await readRegularFile(path, { limitBytes: fileLimitBytes }).catch((error: unknown) => {
          throw refuse(messageOf(error))
        })
      : Buffer.from(file.content)
  if (content === null) throw refuse(`${path} does not exist`)
  if (content.length > fileLimitBytes) {
    throw refuse(`${content.length} bytes are more than ${fileLimitBytes}`)
  }
  const [uid, gid] = [file.uid, file.gid].map((id = '0') => {
    if (!/^\d{1,10}$/.test(id)) throw refuse(`its owner ${id} is no number`)
    return Number(id)
  })
  return {
    path: file.target.slice(1),
    content,
    mode: file.mode ?? defaultMode,
    uid: uid ?? 0,
    gid: gid ?? 0,
  }
}

/** Folders the engine would make with rights for root alone; those that are there stay as they are. */
const missingFolders = async (
  engine: Engine,
  id: string,
  folders: readonly string[],
): Promise<string[]> => {
  const isThere = new Map<string, boolean>([['', true]])
  const missing: string[] = []
  for (const folder of new Set(folders)) {
    const parts = folder.split('/').filter((part) => part !== '')
    const paths = ['', ...parts.map((_, at) => parts.slice(0, at + 1).join('/'))]
    // From below: where it is there, which is what is most common, all above it is.
    let found = paths.length - 1
    for (; isThere.get(paths[found] ?? '') !== true; found -= 1) {
      const path = paths[found] ?? ''
      if (!isThere.has(path)) isThere.set(path, await exists(engine, id, `/${path}`))
      if (isThere.get(path) === true) break
    }
    for (const path of paths.slice(0, found)) isThere.set(path, true)
    for (const path of paths.slice(found + 1)) if (!missing.includes(path)) missing.push(path)
  }
  return missing
}

const exists = async (engine: Engine, id: string, path: string): Promise<boolean> => {
  const found = await engine.find('look into a container', (docker) =>
    docker.getContainer(id).infoArchive({ path }),
  )
  return found !== null
}

const putArchive = async (
  engine: Engine,
  id: string,
  blocks: TarBlocks,
  path = '/',
): Promise<void> => {
  const archive = Readable.from(blocks, { objectMode: false })
  try {
    await engine.call(
      'copy into a container',
      (docker) => docker.getContainer(id).putArchive(archive, { path }),
      copyTimeoutMs,
    )
  } finally {
    archive.destroy()
  }
}

/** Copies files and folders of this host into a running container, all in one archive. */
export const copyIntoContainer = async (
  engine: Engine,
  id: string,
  { copies }: Pick<FileChanges, 'copies'>,
): Promise<void> => {
  const paths = copies.map(({ source, target }) => ({
    source,
    path: posix.normalize(target).replace(/^\/|\/$/g, ''),
  }))
  const parents = paths.map(({ path }) => posix.dirname(`/${path}`))
  const folders = await missingFolders(engine, id, parents)
  await putArchive(engine, id, packCopies(folders.map(folderEntry), paths))
}
