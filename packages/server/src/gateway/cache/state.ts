/** What came of requests since the cache was opened. */
export type CacheCounts = {
  /** Answered from the store, fresh. */
  hits: number
  /** Nothing here fitted. */
  misses: number
  /** Answered from the store, stale. */
  stale: number
  /** A stored answer the service said was still right. */
  revalidated: number
  /** A stored answer the service had another one for. */
  replaced: number
  /** Answered by waiting for another request. */
  collapsed: number
  /** Requests the cache has no business with. */
  bypassed: number
  stored: number
  purges: number
  /** Bytes of bodies sent from the store. */
  bytesServed: number
}

export const noCounts = (): CacheCounts => ({
  hits: 0,
  misses: 0,
  stale: 0,
  revalidated: 0,
  replaced: 0,
  collapsed: 0,
  bypassed: 0,
  stored: 0,
  purges: 0,
  bytesServed: 0,
})

/** A cache as a page shows it. */
export type CacheState = CacheCounts & {
  name: string
  /** Requests that wait for another one's answer. */
  waiting: number
  entries: number
  memory: { bytes: number; maxBytes: number; entries: number; evictions: number }
  disk: {
    bytes: number
    maxBytes: number
    entries: number
    evictions: number
    failures: number
    /** Files that were dropped, as they were not whole. */
    corrupt: number
  } | null
  redis: { reachable: boolean; failures: number; purgesWaiting: number } | null
  /** The largest groups, at most 100. */
  tags: { tag: string; entries: number }[]
}
