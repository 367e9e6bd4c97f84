/** Entries that wait, oldest first, with their size in bytes. */
export class EntryBuffer {
  bytes = 0
  private entries: (string | undefined)[] = []
  private head = 0

  get count(): number {
    return this.entries.length - this.head
  }

  push(entry: string): void {
    this.entries.push(entry)
    this.bytes += Buffer.byteLength(entry)
  }

  dropOldest(): void {
    this.take(1)
  }

  /** The oldest ones, at most so many. */
  take(most: number): string[] {
    const end = Math.min(this.head + most, this.entries.length)
    const taken: string[] = []
    for (; this.head < end; this.head += 1) {
      const entry = this.entries[this.head] ?? ''
      this.entries[this.head] = undefined
      this.bytes -= Buffer.byteLength(entry)
      taken.push(entry)
    }
    this.compact()
    return taken
  }

  /** Taken ones leave a gap at the start, which goes when it is the larger part. */
  private compact(): void {
    if (this.head < 1024 && this.head < this.entries.length) return
    if (this.head * 2 < this.entries.length) return
    this.entries.splice(0, this.head)
    this.head = 0
  }
}
