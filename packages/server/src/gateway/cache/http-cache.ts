import { LRUCache } from 'lru-cache'
import type { Clock, Timer } from '../../kernel/clock.ts'
import { CollectBudget } from './body-collector.ts'
import { Collapser, type CollapseLimits } from './collapse.ts'
import { DiskTier, type DiskSettings } from './disk-tier.ts'
import type { Selection } from './entry-index.ts'
import { currentAge } from './freshness.ts'
import { isBetter, MemoryTier } from './memory-tier.ts'
import { PurgeLog } from './purge-log.ts'
import type { RedisPurges } from './redis-purges.ts'
import type { RedisTier } from './redis-tier.ts'
import { noCounts, type CacheCounts, type CacheState } from './state.ts'
import { entryId, type CacheRequest, type StoredResponse } from './stored-response.ts'
import { secondaryKey } from './vary.ts'

export type CacheSettings = {
  name: string
  memoryBytes: number
  disk: DiskSettings | null
  collapse: CollapseLimits
}

/** How often purges of other processes are asked for. */
const newsMs = 1000
/** URLs whose answers could not be kept: for so long nobody waits for another one's answer. */
const uncacheable = { most: 10_000, forMs: 120_000 }
const tagsShown = 100

/**
 * One store of answers, in memory, below it on disk and in Redis where those are wanted; who may
 * ask the service; and what came of it, in numbers.
 */
export class HttpCache {
  readonly name: string
  readonly counts: CacheCounts = noCounts()
  readonly collapser: Collapser
  /** Of bodies that flow by: as much again as what is kept. */
  readonly collecting: CollectBudget
  private readonly memory: MemoryTier
  private readonly disk: DiskTier | null
  private readonly redis: RedisTier | null
  private readonly clock: Clock
  private readonly settings: CacheSettings
  private readonly purged = new PurgeLog()
  private readonly futile: LRUCache<string, number>
  /** Called when a request has made what is stored under this URL outdated. */
  onOutdated: (url: string) => void = () => {}
  private newsTimer: Timer | null = null
  private closed = false

  constructor(settings: CacheSettings, clock: Clock, redis: RedisTier | null) {
    this.name = settings.name
    this.settings = settings
    this.clock = clock
    this.memory = new MemoryTier(settings.memoryBytes)
    this.disk = settings.disk === null ? null : new DiskTier(settings.disk)
    this.redis = redis
    this.collecting = new CollectBudget(settings.memoryBytes)
    this.collapser = new Collapser(clock, settings.collapse)
    this.futile = new LRUCache({ max: uncacheable.most })
    if (redis !== null) void this.followPurges(redis.purges)
  }

  get nowMs(): number {
    return this.clock.now().getTime()
  }

  /** The folder is read; only tests have to wait for that. */
  get ready(): Promise<void> {
    return this.disk?.ready ?? Promise.resolve()
  }

  /** Taken before the service is asked, for `store`. */
  get position(): number {
    return this.purged.position
  }

  /** At once when memory has a fresh one, or there is nothing below it. */
  find(request: CacheRequest): StoredResponse | undefined | Promise<StoredResponse | undefined> {
    const nowMs = this.nowMs
    const found = this.memory.find(request)
    const best = found === undefined || found.keepUntilMs <= nowMs ? undefined : found
    if (this.disk === null && this.redis === null) return best
    if (best !== undefined && currentAge(best, nowMs) < best.lifetime) return best
    return this.findBelow(request, best)
  }

  /** By its id, for who makes ids of its own; from memory. */
  get(id: string): StoredResponse | undefined {
    const stored = this.memory.get(id)
    return stored === undefined || stored.keepUntilMs <= this.nowMs ? undefined : stored
  }

  /** The same for requests that, by all that is known, will get the same answer. */
  keyOf(request: CacheRequest): string {
    const [newest = []] = this.memory.varySets(request.url) ?? []
    return entryId(request, newest, secondaryKey(newest, request.headers), false)
  }

  private async findBelow(
    request: CacheRequest,
    inMemory: StoredResponse | undefined,
  ): Promise<StoredResponse | undefined> {
    const position = this.position
    const onDisk = inMemory === undefined ? ((await this.disk?.find(request)) ?? []) : []
    const shared = (await this.redis?.find(request)) ?? []
    let best = inMemory
    for (const stored of [...onDisk, ...shared]) {
      if (stored.keepUntilMs > this.nowMs && isBetter(stored, best)) best = stored
    }
    if (best === undefined || best === inMemory) return best
    if (this.purged.hits(best, position)) return undefined
    this.memory.store(best)
    return best
  }

  /**
   * Keeps an answer, in place of `replaced` where that has another id. False when it was purged
   * after it was asked for.
   */
  store(stored: StoredResponse, position: number, replaced?: StoredResponse): boolean {
    if (replaced !== undefined && replaced.id !== stored.id) this.dropHere(replaced)
    if (this.purged.hits(stored, position)) return false
    this.counts.stored += 1
    this.memory.store(stored)
    this.disk?.store(stored)
    void this.redis?.store(stored, this.nowMs)
    return true
  }

  /** One answer that turned out to be wrong. Where hosts share it, everything of its URL goes. */
  drop(stored: StoredResponse): void {
    if (this.redis === null) this.dropHere(stored)
    else void this.purge({ by: 'url', url: stored.url })
  }

  private dropHere(stored: StoredResponse): void {
    this.memory.remove(stored.id)
    this.disk?.remove(stored.id)
  }

  /** A request has changed what is behind this URL (RFC 9111 4.4). */
  outdate(url: string): void {
    void this.purge({ by: 'url', url })
    this.onOutdated(url)
  }

  /**
   * Drops what is selected: nothing of it is served from here when this returns. Files are gone
   * when the promise settles, and what Redis has, unless it is away: then the purge waits for it.
   * Gives how many were dropped here.
   */
  async purge(selection: Selection): Promise<number> {
    const dropped = this.purgeHere(selection)
    if (this.redis !== null) {
      this.redis.purges.add(selection)
      await this.redis.purges.send().catch(() => {}) // waits for Redis to come back
    }
    await this.disk?.settled()
    return dropped
  }

  /** The same without a word to Redis: somebody else has said it there. */
  purgeHere(selection: Selection): number {
    this.counts.purges += 1
    this.purged.add(selection)
    const inMemory = this.memory.purge(selection)
    const onDisk = this.disk?.purge(selection) ?? 0
    return Math.max(inMemory, onDisk)
  }

  /** Whether waiting for another one's answer to this URL is worth anything. */
  isFutile(url: string): boolean {
    const untilMs = this.futile.get(url)
    return untilMs !== undefined && untilMs > this.nowMs
  }

  noteFutile(url: string, futile: boolean): void {
    if (futile) this.futile.set(url, this.nowMs + uncacheable.forMs)
    else this.futile.delete(url)
  }

  states(): CacheState {
    const { memory, disk, redis } = this
    return {
      name: this.name,
      ...this.counts,
      waiting: this.collapser.waiting,
      entries: Math.max(memory.size, disk?.size ?? 0),
      memory: {
        bytes: memory.bytes,
        maxBytes: this.settings.memoryBytes,
        entries: memory.size,
        evictions: memory.evictions,
      },
      disk:
        disk === null
          ? null
          : {
              bytes: disk.bytes,
              maxBytes: this.settings.disk?.maxBytes ?? 0,
              entries: disk.size,
              evictions: disk.evictions,
              failures: disk.failures,
              corrupt: disk.corrupt,
            },
      redis:
        redis === null
          ? null
          : {
              reachable: redis.reachable,
              failures: redis.failures,
              purgesWaiting: redis.purges.waiting,
            },
      tags: (disk ?? memory).largestTags(tagsShown),
    }
  }

  async close(): Promise<void> {
    this.closed = true
    this.newsTimer?.cancel()
    await this.disk?.close()
  }

  /** What others purged goes from here too, and what waits for Redis goes there. */
  private async followPurges(purges: RedisPurges): Promise<void> {
    try {
      if (purges.waiting > 0) await purges.send()
      for (const selection of await purges.news()) this.purgeHere(selection)
    } catch {
      // Away: the next look finds what was missed, or that too much was.
    }
    if (!this.closed) {
      this.newsTimer = this.clock.setTimer(() => void this.followPurges(purges), newsMs)
    }
  }
}
