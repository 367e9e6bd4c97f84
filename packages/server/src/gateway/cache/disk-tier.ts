import { createHash, randomUUID } from 'node:crypto'
import { renameSync, rmSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { candidateIds } from './candidates.ts'
import { EntryIndex, type Indexed, type Selection } from './entry-index.ts'
import { takeFolder, type TakenFolder } from './folder-lease.ts'
import { pack, readPackedHead, unpack } from './packed.ts'
import type { CacheRequest, StoredResponse } from './stored-response.ts'

export type DiskSettings = { folder: string; maxBytes: number }

type DiskEntry = Indexed & {
  file: string
  bytes: number
  /** Until then the file, if there is one, is of what was under this id before. */
  written: boolean
}

/** Bytes on their way to the disk; what comes on top stays in memory only. */
const maxWaitingBytes = 64 * 1024 * 1024

/**
 * Answers in a folder: one file each, complete in itself, under the digest of its id. Which files
 * there are is known from their heads, read when the folder is taken: an index of its own could
 * disagree with them. A file appears by being renamed, so at any moment it is there as a whole or
 * not at all; what the machine tore by losing power fails its digest. Nothing here throws: a disk
 * that fails makes misses.
 */
export class DiskTier {
  readonly ready: Promise<void>
  private readonly maxBytes: number
  private readonly index = new EntryIndex()
  /** In the order of use, the longest unused first. */
  private readonly entries = new Map<string, DiskEntry>()
  private folder: TakenFolder | undefined
  private waitingBytes = 0
  /** Writes and removals, one after the other. */
  private working: Promise<void> = Promise.resolve()
  bytes = 0
  evictions = 0
  failures = 0
  corrupt = 0

  constructor(settings: DiskSettings) {
    this.maxBytes = settings.maxBytes
    this.ready = this.take(settings.folder)
  }

  get size(): number {
    return this.entries.size
  }

  has(id: string): boolean {
    return this.entries.has(id)
  }

  /** The answers that this request may be given, as far as they can be read. */
  async find(request: CacheRequest): Promise<StoredResponse[]> {
    const varySets = this.index.varySets(request.url)
    if (varySets === undefined) return []
    const found: StoredResponse[] = []
    for (const id of candidateIds(request, varySets)) {
      const stored = await this.read(id)
      if (stored !== undefined) found.push(stored)
    }
    return found
  }

  /** Returns at once; the entry is there for others when its file is. */
  store(stored: StoredResponse): void {
    if (this.folder === undefined) return
    const bytes = pack(stored)
    if (bytes.length > this.maxBytes || this.waitingBytes + bytes.length > maxWaitingBytes) return
    const { id, url, vary, tags } = stored
    const known = { id, url, vary, tags, file: this.fileOf(id) }
    const entry: DiskEntry = { ...known, bytes: bytes.length, written: false }
    this.forget(id)
    this.remember(entry)
    this.evict()
    this.waitingBytes += bytes.length
    this.working = this.working.then(() => this.write(entry, bytes))
  }

  /** It is not found any more; its file is gone when `settled` resolves. */
  remove(id: string): void {
    const entry = this.forget(id)
    if (entry === undefined) return
    // In line with the writes: what is stored under this id from now on is written after it.
    this.working = this.working.then(() =>
      rm(entry.file, { force: true }).catch(() => void (this.failures += 1)),
    )
  }

  /** How many were dropped, as `remove` does. */
  purge(selection: Selection): number {
    const ids = this.index.idsOf(selection)
    for (const id of ids) this.remove(id)
    return ids.length
  }

  largestTags(most: number): { tag: string; entries: number }[] {
    return this.index.largestTags(most)
  }

  /** All that was stored and removed until now is so on the disk. */
  async settled(): Promise<void> {
    await this.ready
    await this.working
  }

  /** After everything that waits is written; another process may take the folder then. */
  async close(): Promise<void> {
    await this.settled()
    await this.folder?.release()
    this.folder = undefined
  }

  private async take(root: string): Promise<void> {
    try {
      const folder = await takeFolder(root)
      await rm(join(folder.path, temporary), { recursive: true, force: true })
      await mkdir(join(folder.path, temporary), { recursive: true })
      await this.readFolder(folder.path)
      this.folder = folder
      this.evict()
    } catch {
      this.failures += 1
    }
  }

  private async readFolder(path: string): Promise<void> {
    const found: { entry: DiskEntry; receivedMs: number }[] = []
    for (const name of await readdir(path)) {
      if (!/^[0-9a-f]{64}$/.test(name)) continue
      const file = join(path, name)
      const head = await readHead(file)
      if (head === undefined) {
        this.corrupt += 1
        await rm(file, { force: true })
        continue
      }
      const { id, url, vary, tags, receivedMs } = head.head
      const known = { id, url, vary, tags, file }
      found.push({ entry: { ...known, bytes: head.totalLength, written: true }, receivedMs })
    }
    for (const { entry } of found.sort((a, b) => a.receivedMs - b.receivedMs)) this.remember(entry)
  }

  private async read(id: string): Promise<StoredResponse | undefined> {
    const entry = this.entries.get(id)
    if (entry === undefined || !entry.written) return undefined
    const stored = await readFile(entry.file).then(unpack, () => undefined)
    if (this.entries.get(id) !== entry) return undefined // purged or replaced meanwhile
    if (stored?.id === id) {
      this.entries.delete(id)
      this.entries.set(id, entry)
      return stored
    }
    this.corrupt += 1
    this.remove(id)
    return undefined
  }

  private async write(entry: DiskEntry, bytes: Buffer): Promise<void> {
    try {
      if (this.entries.get(entry.id) !== entry || this.folder === undefined) return
      const draft = join(this.folder.path, temporary, randomUUID())
      await writeFile(draft, bytes)
      // Nothing can come between this question and the rename: a purge is not undone by a write.
      if (this.entries.get(entry.id) !== entry) return rmSync(draft, { force: true })
      renameSync(draft, entry.file)
      entry.written = true
    } catch {
      this.failures += 1
      if (this.entries.get(entry.id) === entry) this.forget(entry.id)
    } finally {
      this.waitingBytes -= bytes.length
    }
  }

  private remember(entry: DiskEntry): void {
    this.entries.set(entry.id, entry)
    this.index.add(entry)
    this.bytes += entry.bytes
  }

  private forget(id: string): DiskEntry | undefined {
    const entry = this.entries.get(id)
    if (entry === undefined) return undefined
    this.entries.delete(id)
    this.index.remove(entry)
    this.bytes -= entry.bytes
    return entry
  }

  private evict(): void {
    for (const id of this.entries.keys()) {
      if (this.bytes <= this.maxBytes) return
      this.evictions += 1
      this.remove(id)
    }
  }

  private fileOf(id: string): string {
    return join(this.folder?.path ?? '', createHash('sha256').update(id).digest('hex'))
  }
}

const temporary = 'drafts'

/** Enough for most heads; longer ones take a second read. */
const firstRead = 16 * 1024
const longestHead = 1024 * 1024

const readHead = async (file: string) => {
  const handle = await open(file, 'r')
  try {
    const { size } = await handle.stat()
    for (const length of [firstRead, longestHead]) {
      const buffer = Buffer.alloc(Math.min(size, length))
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0)
      const head = readPackedHead(buffer.subarray(0, bytesRead))
      if (head !== undefined) return head.totalLength === size ? head : undefined
    }
    return undefined
  } finally {
    await handle.close()
  }
}
