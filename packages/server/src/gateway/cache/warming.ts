/** Asks for one URL through the gateway: null when a good answer came, else why none did. */
export type WarmFetch = (url: string, signal: AbortSignal) => Promise<string | null>

export type WarmFailure = { url: string; reason: string }

export type WarmingProgress = {
  total: number
  done: number
  failed: number
  /** The first few that failed. */
  failures: readonly WarmFailure[]
  state: 'running' | 'done' | 'stopped'
}

/** Requests at once: warming must not be felt by the service. */
const concurrency = 4
export const warmFailuresMax = 20

/** A list of URLs on its way into the cache. */
export class Warming {
  private readonly urls: readonly string[]
  private readonly fetch: WarmFetch
  private readonly stopping = new AbortController()
  private next = 0
  private done = 0
  private readonly failures: WarmFailure[] = []
  private failedCount = 0
  private state: WarmingProgress['state'] = 'running'
  /** Settles when the list is through, or stopped; never rejects. */
  readonly finished: Promise<void>

  constructor(urls: readonly string[], fetch: WarmFetch) {
    this.urls = urls
    this.fetch = fetch
    const lanes = Array.from({ length: Math.min(concurrency, urls.length) }, () => this.lane())
    this.finished = Promise.all(lanes).then(() => {
      if (this.state === 'running') this.state = 'done'
    })
  }

  get progress(): WarmingProgress {
    return {
      total: this.urls.length,
      done: this.done,
      failed: this.failedCount,
      failures: this.failures,
      state: this.state,
    }
  }

  stop(): void {
    if (this.state !== 'running') return
    this.state = 'stopped'
    this.stopping.abort()
  }

  private async lane(): Promise<void> {
    while (this.state === 'running') {
      const url = this.urls[this.next++]
      if (url === undefined) return
      const reason = await this.fetch(url, this.stopping.signal)
      this.done += 1
      if (reason === null) continue
      this.failedCount += 1
      if (this.failures.length < warmFailuresMax) this.failures.push({ url, reason })
    }
  }
}
