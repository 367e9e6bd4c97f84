import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import type { Stats } from 'node:fs'
import {
  access,
  chown,
  lstat,
  mkdir,
  open,
  readdir,
  rm,
  rmdir,
  stat,
  statfs,
} from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path'
import type { FileSpec, ServiceSpec } from '@keelson/contract'
import { AppError, messageOf } from '../../kernel/errors.ts'
import { readChunks } from '../../kernel/read-file.ts'

/**
 * Configs and secrets of an instance as files in a folder of its own: in memory where the system
 * has a place for that, so that no secret lies on a disk. The folder ends with the incarnation.
 *
 *   <root>/<incarnation>/files/...    relative targets; $KEELSON_FILES
 *   <root>/<incarnation>/mounts/<n>/  absolute targets, one folder for each folder they are in
 */
export type PlacedFiles = {
  folder: string
  /** What $KEELSON_FILES says. */
  told: string
  binds: Bind[]
}

/** `source` shown at `target` inside of the instance. */
export type Bind = { source: string; target: string }

/** Name of the variable with the folder of relative targets. */
export const filesVariable = 'KEELSON_FILES'

/** Where the files of all incarnations of a state folder go; it is there while one has files. */
export const findFilesRoot = async (stateDir: string): Promise<string> => {
  const own = createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 12)
  const uid = process.getuid?.() ?? 0
  const runtimeDir = process.env['XDG_RUNTIME_DIR'] ?? ''
  // Of root it is closed to the users that services run as.
  const candidates = uid === 0 || runtimeDir === '' ? [] : [join(runtimeDir, 'keelson')]
  if (await isInMemory('/dev/shm')) candidates.push(`/dev/shm/keelson-${uid}`)
  for (const parent of candidates) {
    if (await isUsable(parent)) return join(parent, own)
  }
  return join(stateDir, '.files', own)
}

const tmpfsMagic = 0x01021994

const isInMemory = async (folder: string): Promise<boolean> => {
  if (process.platform !== 'linux') return false
  return (await statfs(folder).catch(() => null))?.type === tmpfsMagic
}

/** Anybody may make folders in /dev/shm: one that is not ours alone is not used. */
const isUsable = async (folder: string): Promise<boolean> => {
  const found = await lstat(folder).catch(() => null)
  if (found !== null) return isOurs(found)
  return access(dirname(folder), constants.W_OK).then(
    () => true,
    () => false,
  )
}

const isOurs = (found: Stats): boolean =>
  found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0

const makeOwn = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o711 })
  if (isOurs(await lstat(folder))) return
  const message = `Configs and secrets cannot be kept in ${folder}: it belongs to somebody else`
  throw new AppError('process_start_failed', { message })
}

/** Who removes the last files removes the folders around them, perhaps just while we make them. */
const makeFolders = async (root: string, folder: string, triesLeft = 20): Promise<void> => {
  try {
    for (const path of [dirname(root), root, folder]) await makeOwn(path)
  } catch (error) {
    const vanished = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!vanished || triesLeft === 0) throw error
    await makeFolders(root, folder, triesLeft - 1)
  }
}

type Owner = { uid: number; gid: number } | null

/**
 * Checks what can be known before anything is written. Throws AppError('process_start_failed'):
 * a source that is not there, a target outside of its folder, or an absolute one that nothing can be
 * mounted at.
 */
export const checkFiles = async (
  spec: ServiceSpec,
  stackDir: string,
  canMount: boolean,
): Promise<void> => {
  for (const file of spec.files) {
    await checkSource(spec, file, stackDir)
    if (!isAbsolute(file.target)) {
      const base = resolve('/base')
      if (resolve(base, file.target).startsWith(base + sep)) continue
      throw refusal(spec, file, `its target leaves the folder of files: ${file.target}`)
    }
    if (canMount) continue
    const hint = `Give it a relative target and read it from $${filesVariable}.`
    const why = `a process sees a file at ${file.target} only on Linux with Keelson as root`
    throw refusal(spec, file, why, hint)
  }
  if (canMount) await mountPoints(spec)
}

const checkSource = async (spec: ServiceSpec, file: FileSpec, stackDir: string): Promise<void> => {
  if (file.path === undefined) return
  const path = resolve(stackDir, file.path)
  const found = await stat(path).catch(() => null)
  if (found?.isFile() === true) return
  throw refusal(spec, file, `${path} ${found === null ? 'does not exist' : 'is not a file'}`)
}

const refusal = (
  { name, origins }: ServiceSpec,
  { kind, source }: FileSpec,
  why: string,
  hint = 'Correct it in the compose file.',
): AppError => {
  const message = `Service ${name} cannot have the ${kind} ${source}: ${why}`
  const origin = origins[`${kind}s`]?.[0] ?? origins['']?.[0]
  const errors = origin === undefined ? [] : [{ message, origin, hint }]
  return new AppError('process_start_failed', { message }, { hint, errors })
}

type MountPoint = { folder: string; files: FileSpec[]; whole: boolean }

/**
 * Where absolute targets are mounted. A file that is there is covered by ours. A folder that is
 * empty, or is not there and lies in memory below /run, is covered as a whole: so /run/secrets
 * works. Nothing else is made on the host, where it would stay.
 */
const mountPoints = async (spec: ServiceSpec): Promise<MountPoint[]> => {
  const absolute = spec.files.filter(({ target }) => isAbsolute(target))
  const byFolder = Map.groupBy(absolute, ({ target }) => dirname(resolve(target)))
  const points: MountPoint[] = []
  for (const [folder, files] of byFolder) {
    const present = await readdir(folder).catch(() => null)
    const missing = files.find(({ target }) => present?.includes(basename(target)) !== true)
    const whole = present === null ? folder.startsWith('/run/') : present.length === 0
    if (missing !== undefined && !whole) {
      const hint = `Create an empty file there, or give a relative target ($${filesVariable}).`
      throw refusal(spec, missing, `nothing is at ${missing.target} to be covered by it`, hint)
    }
    points.push({ folder, files, whole: missing !== undefined })
  }
  return points
}

/** Writes the files of an incarnation; null when the service has none. */
export const placeFiles = async (
  root: string,
  incarnation: string,
  { spec, stackDir, owner }: { spec: ServiceSpec; stackDir: string; owner: Owner },
): Promise<PlacedFiles | null> => {
  if (spec.files.length === 0) return null
  const folder = join(root, incarnation)
  const told = join(folder, 'files')
  const binds: Bind[] = []
  await makeFolders(root, folder)
  await makeFolder(told, owner)
  for (const file of spec.files.filter(({ target }) => !isAbsolute(target))) {
    const path = join(told, file.target)
    for (let at = told; at !== dirname(path);) {
      at = join(
        at,
        dirname(path)
          .slice(at.length + 1)
          .split(sep)[0] ?? '',
      )
      await makeFolder(at, owner)
    }
    await writeOne(path, file, { spec, stackDir, owner })
  }
  for (const [n, point] of (await mountPoints(spec)).entries()) {
    const source = join(folder, 'mounts', String(n))
    await mkdir(source, { recursive: true, mode: 0o755 })
    for (const file of point.files) {
      await writeOne(join(source, basename(file.target)), file, { spec, stackDir, owner })
      if (!point.whole) binds.push(bindOf(source, file.target))
    }
    if (!point.whole) continue
    await mkdir(point.folder, { recursive: true })
    binds.push({ source, target: point.folder })
  }
  return { folder, told, binds }
}

const bindOf = (source: string, target: string): Bind => ({
  source: join(source, basename(target)),
  target: resolve(target),
})

const makeFolder = async (folder: string, owner: Owner): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (owner !== null) await chown(folder, owner.uid, owner.gid)
}

/** They lie in memory; nobody keeps a config or secret of this size. */
const fileLimitBytes = 64 * 1024 * 1024

/** An id of the file itself counts for root alone, who may give files away. */
const writeOne = async (
  path: string,
  file: FileSpec,
  { spec, stackDir, owner }: { spec: ServiceSpec; stackDir: string; owner: Owner },
): Promise<void> => {
  await rm(path, { force: true })
  // Made anew, and changed by what is open: never through a link that somebody puts there.
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(contentOf(file, stackDir)).catch((error: unknown) => {
      throw refusal(spec, file, messageOf(error))
    })
    if (process.getuid?.() === 0) {
      const { uid, gid } = owner ?? { uid: 0, gid: 0 }
      await handle.chown(Number(file.uid ?? uid), Number(file.gid ?? gid))
    }
    await handle.chmod(file.mode ?? 0o400)
  } finally {
    await handle.close()
  }
}

const contentOf = ({ path, content }: FileSpec, stackDir: string): string | AsyncIterable<Buffer> =>
  path === undefined
    ? (content ?? '')
    : readChunks(resolve(stackDir, path), { limitBytes: fileLimitBytes })

/** Removes the files of an incarnation, and the folders around it with the last. */
export const removeFiles = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true })
  const root = dirname(folder)
  for (const around of [root, dirname(root)]) await rmdir(around).catch(() => undefined)
}

/** Removes the files of incarnations that are over: Keelson was killed before it could. */
export const sweepFiles = async (
  root: string,
  isOver: (incarnation: string) => boolean,
): Promise<void> => {
  for (const incarnation of await readdir(root).catch(() => [])) {
    if (isOver(incarnation)) await removeFiles(join(root, incarnation))
  }
}
