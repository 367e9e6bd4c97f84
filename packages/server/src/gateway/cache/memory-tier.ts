import { LRUCache } from 'lru-cache'
import { EntryIndex, type Selection } from './entry-index.ts'
import { sizeOf, type CacheRequest, type StoredResponse } from './stored-response.ts'
import { candidateIds } from './candidates.ts'

/** Answers in memory, by their bytes; the one that was not asked for longest goes first. */
export class MemoryTier {
  private readonly entries: LRUCache<string, StoredResponse>
  private readonly index = new EntryIndex()
  evictions = 0

  constructor(maxBytes: number) {
    this.entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: sizeOf,
      dispose: (stored, _id, reason) => {
        if (reason === 'evict') this.evictions += 1
        this.index.remove(stored)
      },
    })
  }

  get bytes(): number {
    return this.entries.calculatedSize
  }

  get size(): number {
    return this.entries.size
  }

  /** The newest of the answers that this request may be given. */
  find(request: CacheRequest): StoredResponse | undefined {
    const varySets = this.index.varySets(request.url)
    if (varySets === undefined) return undefined
    let best: StoredResponse | undefined
    for (const id of candidateIds(request, varySets)) {
      const stored = this.entries.get(id)
      if (stored !== undefined && isBetter(stored, best)) best = stored
    }
    return best
  }

  get(id: string): StoredResponse | undefined {
    return this.entries.get(id)
  }

  /** What answers to this URL vary by, the newest first. */
  varySets(url: string): readonly (readonly string[])[] | undefined {
    return this.index.varySets(url)
  }

  /** One that is larger than the whole tier is not kept. */
  store(stored: StoredResponse): void {
    this.entries.set(stored.id, stored)
    if (this.entries.has(stored.id)) this.index.add(stored)
  }

  remove(id: string): void {
    this.entries.delete(id)
  }

  /** How many were dropped. */
  purge(selection: Selection): number {
    const ids = this.index.idsOf(selection)
    for (const id of ids) this.entries.delete(id)
    return ids.length
  }

  largestTags(most: number): { tag: string; entries: number }[] {
    return this.index.largestTags(most)
  }
}

/** A whole answer before a part; among the same kind the newer one (RFC 9111 4.1). */
export const isBetter = (stored: StoredResponse, other: StoredResponse | undefined): boolean => {
  if (other === undefined) return true
  if ((stored.range === null) !== (other.range === null)) return stored.range === null
  return stored.receivedMs > other.receivedMs
}
