import { messageOf } from '../../../kernel/errors.ts'
import type { Timer } from '../../../kernel/clock.ts'
import type { PluginHost } from '../plugin.ts'
import { EntryBuffer } from './entry-buffer.ts'
import { countQueue } from './queue-metrics.ts'
import type { QueueSettings } from './queue-settings.ts'

/** Rejects when the batch was not taken; all of it is then sent again. */
export type Send = (batch: readonly string[], signal: AbortSignal) => Promise<void>

/** Where nobody says how much may wait. */
const maxBytesDefault = 64 * 1024 * 1024
const mostAtOnce = 64
const tellEveryMs = 60_000
/** Patience with what is left when the plugin ends: a restart must not wait for a dead collector. */
export const closeWithinMs = 5000

/**
 * Entries on their way to somebody who may be slow or away. Adding never waits: what is too much
 * goes, the oldest first, and is counted. Sends in batches, again with growing pauses.
 */
export class LogQueue {
  /** Entries that arrived, and those that never will. */
  sent = 0
  lost = 0
  private readonly waiting = new EntryBuffer()
  private readonly settings: QueueSettings
  private readonly host: PluginHost
  private readonly send: Send
  private readonly maxBytes: number
  private readonly maxAtOnce: number
  private readonly ending = new AbortController()
  private readonly forget: () => void
  /** Those who sleep before the next attempt. */
  private readonly sleepers = new Set<() => void>()
  private underWay = 0
  private coalescing: Timer | undefined
  private closing = false
  private quiet: (() => void) | undefined
  private untold = 0
  private toldLostMs = -Infinity
  private toldFailedMs = -Infinity

  /** `name` tells it from other queues of the same plugin. */
  readonly name: string

  constructor(settings: QueueSettings, host: PluginHost, send: Send, name = 'entries') {
    this.settings = settings
    this.host = host
    this.send = send
    this.name = name
    this.maxBytes = settings.max_bytes ?? maxBytesDefault
    this.maxAtOnce = settings.concurrency_limit === -1 ? mostAtOnce : 1
    this.forget = countQueue(host, this)
  }

  /** Entries that wait, without those of batches under way. */
  get count(): number {
    return this.waiting.count
  }

  push(entry: string): void {
    const { waiting, settings } = this
    const bytes = Buffer.byteLength(entry)
    if (this.closing || bytes > this.maxBytes) {
      this.lose(1, this.closing ? 'the plugin has ended' : 'the entry is larger than max_bytes')
      return
    }
    while (waiting.count >= settings.max_entries || waiting.bytes + bytes > this.maxBytes) {
      waiting.dropOldest()
      this.lose(1, 'the queue is full')
    }
    waiting.push(entry)
    this.goOn()
  }

  /** Sends what is left, for a bounded time; what remains then is lost. */
  async close(): Promise<void> {
    this.closing = true
    this.coalescing?.cancel()
    this.wakeAll()
    this.goOn()
    if (this.underWay > 0) await this.untilQuiet()
    this.ending.abort()
    this.wakeAll()
    this.lose(this.waiting.take(this.waiting.count).length, 'the plugin has ended')
    this.tellLost('the plugin has ended')
    this.forget()
  }

  private untilQuiet(): Promise<void> {
    return new Promise((resolve) => {
      const patience = this.host.clock.setTimer(resolve, closeWithinMs)
      this.quiet = () => {
        patience.cancel()
        resolve()
      }
    })
  }

  private goOn(): void {
    const { waiting, settings } = this
    while (this.underWay < this.maxAtOnce && waiting.count > 0) {
      const isFull = waiting.count >= settings.max_batch_size
      if (!isFull && !this.closing && settings.max_coalescing_delay > 0) {
        this.coalesce()
        return
      }
      this.begin()
    }
  }

  private coalesce(): void {
    this.coalescing ??= this.host.clock.setTimer(() => {
      this.coalescing = undefined
      if (this.underWay < this.maxAtOnce && this.waiting.count > 0) this.begin()
    }, this.settings.max_coalescing_delay * 1000)
  }

  private begin(): void {
    this.coalescing?.cancel()
    this.coalescing = undefined
    this.underWay += 1
    void this.deliver(this.waiting.take(this.settings.max_batch_size)).then(() => {
      this.underWay -= 1
      if (!this.ending.signal.aborted) this.goOn()
      if (this.underWay === 0) this.quiet?.()
    })
  }

  /** Never rejects. */
  private async deliver(batch: readonly string[]): Promise<void> {
    const { max_retry_time, initial_retry_delay, max_retry_delay } = this.settings
    const startMs = this.host.clock.monotonicMs()
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.send(batch, this.ending.signal)
        this.sent += batch.length
        return
      } catch (error) {
        const reason = messageOf(error)
        const tookMs = this.host.clock.monotonicMs() - startMs
        if (tookMs > max_retry_time * 1000 || this.ending.signal.aborted) {
          this.lose(batch.length, reason)
          return
        }
        this.tellFailed(reason)
        await this.sleep(Math.min(max_retry_delay, initial_retry_delay * 2 ** attempt) * 1000)
      }
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel()
        this.sleepers.delete(wake)
        resolve()
      }
      const timer = this.host.clock.setTimer(wake, ms)
      this.sleepers.add(wake)
    })
  }

  private wakeAll(): void {
    for (const wake of this.sleepers) wake()
  }

  private lose(count: number, reason: string): void {
    this.lost += count
    this.untold += count
    const sinceMs = this.host.clock.monotonicMs() - this.toldLostMs
    if (sinceMs >= tellEveryMs || this.ending.signal.aborted) this.tellLost(reason)
  }

  private tellLost(reason: string): void {
    if (this.untold === 0) return
    const { name: plugin, id } = this.host.entity
    this.host.log.error({ plugin, id, lost: this.untold, reason }, 'log entries were lost')
    this.untold = 0
    this.toldLostMs = this.host.clock.monotonicMs()
  }

  private tellFailed(reason: string): void {
    const nowMs = this.host.clock.monotonicMs()
    if (nowMs - this.toldFailedMs < tellEveryMs) return
    this.toldFailedMs = nowMs
    const { name: plugin, id } = this.host.entity
    this.host.log.warn({ plugin, id, reason }, 'log entries could not be sent; trying again')
  }
}
