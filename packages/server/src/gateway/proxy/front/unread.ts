/**
 * Whole answers on one connection that its client has not taken yet. Past the bound its further
 * requests wait: they cost little, and their answers would be kept here as well.
 */
export class Unread {
  private readonly limitBytes: number
  private bytes = 0
  /** No longer than there may be streams. */
  private readonly waiting: (() => void)[] = []

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** Now, or once the client has taken enough. */
  begin(request: () => void): void {
    if (this.bytes <= this.limitBytes) request()
    else this.waiting.push(request)
  }

  add(bytes: number): void {
    this.bytes += bytes
  }

  remove(bytes: number): void {
    this.bytes -= bytes
    while (this.bytes <= this.limitBytes) {
      const request = this.waiting.shift()
      if (request === undefined) return
      request()
    }
  }
}
