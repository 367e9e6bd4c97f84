import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { ServiceSpec } from '@keelson/contract'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import { hashRegularFile, UnreadableFile } from '../../kernel/read-file.ts'
import { digestOf } from '../../kernel/digest.ts'
import { filePath, mountPath, type Part } from './parts.ts'

/** Larger files count by size and time: hashing gigabytes on every look would cost too much. */
const fileLimitBytes = 1024 * 1024
/** Nobody writes compose files of this size. */
const sourceLimitBytes = 64 * 1024 * 1024
const folderFilesMax = 200
const folderLimitBytes = 4 * 1024 * 1024
const knownMax = 5000
const settledMs = 2000
/** A network file system that hangs must not hold up a plan for ever. */
const lookLimitMs = 10_000

type Stat = { ino: bigint; size: bigint; mtimeNs: bigint; ctimeNs: bigint }

export type ContentReader = ReturnType<typeof createContentReader>

/**
 * Hashes what is mounted into instances and not part of compose: bind-mounted files, small
 * read-only folders, configs and secrets by path. A file that looks the same (inode, size, times)
 * is not read again.
 */
export const createContentReader = ({ clock }: { clock: Clock }) => {
  const known = new Map<string, { look: string; hash: string }>()

  const hashFile = async (
    path: string,
    facts: Stat,
    { signal, limitBytes = fileLimitBytes }: { signal: AbortSignal; limitBytes?: number },
  ): Promise<string> => {
    const look = [facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(' ')
    if (facts.size > BigInt(limitBytes)) return `size ${facts.size} time ${facts.mtimeNs}`
    const before = known.get(path)
    known.delete(path) // and back again, as the one used last
    const hash =
      before?.look === look ? before.hash : await hashRegularFile(path, { limitBytes, signal })
    // Times of files come in steps: one written just now may be written again and look the same.
    const ageMs = clock.now().getTime() - Number(facts.ctimeNs / 1_000_000n)
    if (ageMs > settledMs) known.set(path, { look, hash })
    const [oldest] = known.size > knownMax ? known.keys() : []
    if (oldest !== undefined) known.delete(oldest)
    return hash
  }

  /** Nothing is read before it is known to be little. */
  const hashFolder = async (
    folder: string,
    signal: AbortSignal,
  ): Promise<Record<string, string> | null> => {
    const found = await filesIn(folder)
    if (found === null) return null
    const entries: Record<string, string> = {}
    for (const [path, facts] of found) {
      entries[path] = await hashFile(join(folder, path), facts, { signal })
    }
    return entries
  }

  /** Null: not followed. What is not there is followed: it may come. */
  const contentAt = async (path: string, options: { readOnly: boolean; signal: AbortSignal }) => {
    const facts = await statOf(path)
    if (facts === null) return { hash: 'not there' }
    if (isKernelPath(path)) return null
    if (facts.kind === 'file') {
      // A big file that the instance may write is its data, and no configuration.
      const isData = !options.readOnly && facts.size > BigInt(fileLimitBytes)
      return isData ? null : { hash: await hashFile(path, facts, options) }
    }
    if (facts.kind !== 'folder' || !options.readOnly) return null
    const entries = await hashFolder(path, options.signal)
    return entries === null ? null : { hash: digestOf(entries), entries }
  }

  const partsIn = async (spec: ServiceSpec, signal: AbortSignal): Promise<Part[]> => {
    const mounts = (spec.container?.mounts ?? []).flatMap((mount) =>
      mount.kind === 'bind' && mount.source !== undefined
        ? [{ path: mountPath(mount), file: mount.source, readOnly: mount.readOnly }]
        : [],
    )
    const files = spec.files.flatMap((file) =>
      file.path === undefined ? [] : [{ path: filePath(file), file: file.path, readOnly: true }],
    )
    const parts: Part[] = []
    for (const { path, file, readOnly } of [...mounts, ...files]) {
      const found = await contentAt(file, { readOnly, signal }).catch(unlessClosed)
      if (found === null) continue
      parts.push({ path, about: 'content', text: null, live: false, file, ...found })
    }
    return parts
  }

  return {
    /** What cannot be read is left out. Throws AppError when it takes too long. */
    contentOf: (spec: ServiceSpec): Promise<Part[]> =>
      inTime(clock, `what is mounted into ${spec.name}`, (signal) => partsIn(spec, signal)),

    /** SHA-256 of one file; null when it is not there. */
    sha256(path: string): Promise<string | null> {
      return inTime(clock, path, async (signal) => {
        const facts = await statOf(path)
        if (facts?.kind !== 'file') return null
        return hashFile(path, facts, { signal, limitBytes: sourceLimitBytes })
      })
    },
  }
}

/** The content of a build context as a part. `digest` and `entries` come from the engine's side. */
export const buildPart = (
  spec: ServiceSpec,
  stackDir: string,
  found: { digest: string; entries?: Readonly<Record<string, string>> },
): Part => ({
  path: 'build',
  about: 'content',
  hash: found.digest,
  text: null,
  live: false,
  file: resolve(stackDir, spec.container?.build?.context ?? '.'),
  ...(found.entries === undefined ? {} : { entries: found.entries }),
})

const inTime = async <T>(
  clock: Clock,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const stop = new AbortController()
  const limit = Promise.withResolvers<never>()
  const timer = clock.setTimer(() => {
    stop.abort()
    const message = `Reading ${what} takes longer than ${lookLimitMs / 1000} s`
    const hint = 'Look whether the disk or the network file system below it answers.'
    limit.reject(new AppError('stack_invalid', { message }, { hint }))
  }, lookLimitMs)
  try {
    return await Promise.race([work(stop.signal), limit.promise])
  } finally {
    timer.cancel()
  }
}

const statOf = async (path: string) => {
  try {
    const facts = await stat(path, { bigint: true })
    const kind = facts.isFile() ? 'file' : facts.isDirectory() ? 'folder' : 'other'
    return Object.assign(facts, { kind } as const)
  } catch (error) {
    if (absent.has(codeOf(error))) return null
    throw error
  }
}

/** Files of a folder by their path inside; null when it holds too much to be followed. */
const filesIn = async (root: string): Promise<Map<string, Stat> | null> => {
  const files = new Map<string, Stat>()
  let bytes = 0n
  let entriesLeft = folderFilesMax * 4
  const folders = ['']
  for (let inside = folders.pop(); inside !== undefined; inside = folders.pop()) {
    const entries = await readdir(join(root, inside), { withFileTypes: true })
    entriesLeft -= entries.length
    if (entriesLeft < 0) return null
    for (const entry of entries) {
      const path = join(inside, entry.name)
      if (entry.isDirectory()) folders.push(path)
      const facts = entry.isDirectory() ? null : await statOf(join(root, path))
      if (facts?.kind !== 'file') continue
      files.set(path, facts)
      bytes += facts.size
      if (files.size > folderFilesMax || bytes > BigInt(folderLimitBytes)) return null
    }
  }
  return files
}

const codeOf = (error: unknown): string => {
  if (error instanceof UnreadableFile) return error.reason
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

const unlessClosed = (error: unknown): null => {
  if (closed.has(codeOf(error))) return null
  const message = messageOf(error)
  throw new AppError('stack_invalid', { message }, { hint: 'Correct the path or its permissions.' })
}

const absent: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP'])
/** What Keelson may not read, the engine may: it is mounted, and not followed. */
const closed: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'no_file', 'kernel_file'])
/** Not even looked into. What a link leads to there is refused when it is opened. */
const isKernelPath = (path: string): boolean => /^\/(proc|sys|dev)(\/|$)/.test(path)
