import { lstat, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { readChunks, UnreadableFile } from '../../kernel/read-file.ts'
import { walkFolder } from './folder-walk.ts'
import type { IgnoreRule } from './docker-ignore.ts'

/** Blocks of an archive in POSIX.1-2001 format, in order. */
export type TarBlocks = AsyncGenerator<Buffer, void>

const blockBytes = 512

/** What comes from memory into an archive. */
export type MemoryEntry = {
  path: string
  mode: number
  uid?: number
  gid?: number
  /** Null for a folder. */
  content: Buffer | null
}

/**
 * Packs a folder, without what `ignored` leaves out. Owners are root's, as Docker's own client
 * sends them; sockets and devices are passed over. `more` comes after, and replaces files.
 */
export async function* packFolder(
  folder: string,
  ignored: IgnoreRule,
  more: readonly MemoryEntry[] = [],
): TarBlocks {
  const replaced = new Set(more.map(({ path }) => path))
  for await (const { path, kind } of walkFolder(folder, ignored)) {
    if (!replaced.has(path)) yield* packPath(join(folder, path), path, kind)
  }
  for (const entry of more) yield* packMemory(entry)
  yield end()
}

/** Packs entries that are in memory. */
export async function* packEntries(entries: readonly MemoryEntry[]): TarBlocks {
  for (const entry of entries) yield* packMemory(entry)
  yield end()
}

/**
 * Packs files and folders of this host under other names, after folders of memory. Throws
 * UnreadableFile for a pipe.
 */
export async function* packCopies(
  folders: readonly MemoryEntry[],
  copies: readonly { source: string; path: string }[],
): TarBlocks {
  for (const folder of folders) yield* packMemory(folder)
  for (const { source, path } of copies) yield* packCopy(source, path)
  yield end()
}

async function* packCopy(source: string, path: string): TarBlocks {
  const found = await lstat(source)
  if (!found.isDirectory() && !found.isFile() && !found.isSymbolicLink()) {
    throw new UnreadableFile(source, 'no_file', 'it is a pipe, a socket or a device')
  }
  if (!found.isDirectory()) {
    yield* packPath(source, path, found.isSymbolicLink() ? 'link' : 'file')
  } else {
    yield* packPath(source, path, 'folder')
    for await (const entry of walkFolder(source, () => false)) {
      yield* packPath(join(source, entry.path), `${path}/${entry.path}`, entry.kind)
    }
  }
}

const end = (): Buffer => Buffer.alloc(2 * blockBytes)

async function* packMemory({ path, mode, content, uid = 0, gid = 0 }: MemoryEntry): TarBlocks {
  const owner = { uid, gid, mode, mtimeMs: 0, link: '' }
  if (content === null) {
    yield header({ ...owner, path: `${path}/`, size: 0, kind: '5' })
    return
  }
  yield header({ ...owner, path, size: content.length, kind: '0' })
  yield content
  yield Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes)
}

async function* packPath(
  source: string,
  path: string,
  kind: 'file' | 'folder' | 'link',
): TarBlocks {
  const found = await lstat(source).catch(() => null)
  if (found === null) return // Removed since it was listed.
  const entry = { mode: found.mode & 0o7777, mtimeMs: found.mtimeMs, uid: 0, gid: 0 }
  if (kind === 'folder') yield header({ ...entry, path: `${path}/`, size: 0, kind: '5', link: '' })
  else if (kind === 'link') {
    yield header({ ...entry, path, size: 0, kind: '2', link: await readlink(source) })
  } else {
    yield header({ ...entry, path, size: found.size, kind: '0', link: '' })
    yield* packFile(source, found.size)
  }
}

/** Exactly as many bytes as the header says, also when the file grows or shrinks meanwhile. */
async function* packFile(path: string, size: number): TarBlocks {
  let left = size
  if (size > 0) {
    const options = { limitBytes: Number.MAX_SAFE_INTEGER, followLinks: false }
    for await (const chunk of readChunks(path, options)) {
      const bytes = chunk.subarray(0, left)
      left -= bytes.length
      yield bytes
      if (left === 0) break
    }
  }
  const paddedBytes = left + ((blockBytes - (size % blockBytes)) % blockBytes)
  if (paddedBytes > 0) yield Buffer.alloc(paddedBytes)
}

type Entry = {
  path: string
  mode: number
  uid: number
  gid: number
  size: number
  mtimeMs: number
  kind: '0' | '2' | '5' | 'x'
  link: string
}

const nameLimitBytes = 100

/** What does not fit the old header goes in front in an extended one ("pax"). */
const header = (entry: Entry): Buffer => {
  const extended: Record<string, string> = {}
  if (Buffer.byteLength(entry.path) > nameLimitBytes) extended['path'] = entry.path
  if (Buffer.byteLength(entry.link) > nameLimitBytes) extended['linkpath'] = entry.link
  if (entry.size >= 8 ** 11) extended['size'] = String(entry.size)
  if (entry.uid >= 8 ** 7) extended['uid'] = String(entry.uid)
  if (entry.gid >= 8 ** 7) extended['gid'] = String(entry.gid)
  const records = Object.entries(extended).map(([key, value]) => paxRecord(key, value))
  if (records.length === 0) return plainHeader(entry)
  const content = Buffer.from(records.join(''))
  const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes)
  const front = { ...entry, path: 'pax', link: '', kind: 'x' as const, size: content.length }
  return Buffer.concat([plainHeader(front), content, padding, plainHeader(entry)])
}

/** `<length of this record> <key>=<value>\n`, the length counting itself. */
const paxRecord = (key: string, value: string): string => {
  const rest = ` ${key}=${value}\n`
  const bytes = Buffer.byteLength(rest)
  const length = bytes + String(bytes).length
  return `${bytes + String(length).length}${rest}`
}

const plainHeader = (entry: Entry): Buffer => {
  const block = Buffer.alloc(blockBytes)
  const text = (value: string, at: number, limit: number) =>
    Buffer.from(value).copy(block, at, 0, limit)
  const octal = (value: number, at: number, width: number) =>
    block.write(
      `${value
        .toString(8)
        .padStart(width - 1, '0')
        .slice(-(width - 1))}\0`,
      at,
      'latin1',
    )
  text(entry.path, 0, nameLimitBytes)
  octal(entry.mode, 100, 8)
  octal(entry.uid, 108, 8)
  octal(entry.gid, 116, 8)
  octal(entry.size, 124, 12)
  octal(Math.max(0, Math.floor(entry.mtimeMs / 1000)), 136, 12)
  block.write('        ', 148, 'latin1')
  block.write(entry.kind, 156, 'latin1')
  text(entry.link, 157, nameLimitBytes)
  block.write('ustar\u000000', 257, 'latin1')
  let sum = 0
  for (const byte of block) sum += byte
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
