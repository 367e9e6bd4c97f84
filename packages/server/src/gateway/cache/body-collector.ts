import type { BodyWatcher } from '../plugins/plugin.ts'

/** Bytes that all bodies under way may take together. */
export class CollectBudget {
  used = 0
  private readonly maxBytes: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  take(bytes: number): boolean {
    if (this.used + bytes > this.maxBytes) return false
    this.used += bytes
    return true
  }

  give(bytes: number): void {
    this.used -= bytes
  }
}

/** One buffer of its own: a small one of Node's pool would keep 8 kB alive for as long as it is cached. */
const withoutPool = (chunks: readonly Buffer[], bytes: number): Buffer => {
  const whole = Buffer.allocUnsafeSlow(bytes)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(whole, at)
  return whole
}

type CollectOptions = {
  budget: CollectBudget
  maxBytes: number
  /** What was promised; a body of another length is not kept. Null: nothing was. */
  length: number | null
  /** One of the two is called, once. */
  onWhole: (body: Buffer) => void
  onNothing: () => void
}

/** Collects a body as it flows by, up to a bound; tells whether it has it as a whole. */
export class BodyCollector implements BodyWatcher {
  private readonly options: CollectOptions
  private readonly most: number
  private chunks: Buffer[] = []
  private bytes = 0
  private over = false

  constructor(options: CollectOptions) {
    const { length, maxBytes } = options
    this.options = options
    this.most = Math.min(length ?? maxBytes, maxBytes)
    if (length !== null && length > maxBytes) this.giveUp()
  }

  onBytes(bytes: Buffer): void {
    if (this.over) return
    const fits = this.bytes + bytes.length <= this.most
    if (!fits || !this.options.budget.take(bytes.length)) return this.giveUp()
    this.bytes += bytes.length
    this.chunks.push(Buffer.from(bytes)) // a copy: the bytes are lent
  }

  onEnd(): void {
    if (this.over) return
    const { length, onWhole } = this.options
    if (length !== null && this.bytes !== length) return this.giveUp()
    const body = withoutPool(this.chunks, this.bytes)
    this.leave()
    onWhole(body)
  }

  onAbort(): void {
    if (!this.over) this.giveUp()
  }

  private giveUp(): void {
    this.leave()
    this.options.onNothing()
  }

  private leave(): void {
    this.over = true
    this.chunks = []
    this.options.budget.give(this.bytes)
    this.bytes = 0
  }
}
