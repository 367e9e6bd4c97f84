/** What a heap orders by: the lower rank first, and among equals the one longest not chosen. */
export type Ranked = {
  rank: number
  order: number
  /** Where it is in the heap; -1 when it is in none. */
  slot: number
}

/** Binary heap whose entries know their place, so that one can be moved when its rank changes. */
export class RankHeap<T extends Ranked> {
  private readonly entries: T[] = []

  get first(): T | undefined {
    return this.entries[0]
  }

  fill(entries: readonly T[]): void {
    for (const entry of this.entries) entry.slot = -1
    this.entries.length = 0
    for (const entry of entries) {
      entry.slot = this.entries.push(entry) - 1
      this.rise(entry)
    }
  }

  /** Its rank or order has changed. */
  move(entry: T): void {
    if (entry.slot === -1) return
    this.rise(entry)
    this.sink(entry)
  }

  /** The lowest one that fits; looks at all of them, for when the first will not do. */
  lowest(fits: (entry: T) => boolean): T | undefined {
    let best: T | undefined
    for (const entry of this.entries) {
      if ((best === undefined || isBefore(entry, best)) && fits(entry)) best = entry
    }
    return best
  }

  private rise(entry: T): void {
    while (entry.slot > 0) {
      const parent = this.entries[(entry.slot - 1) >> 1]
      if (parent === undefined || !isBefore(entry, parent)) return
      this.swap(entry, parent)
    }
  }

  private sink(entry: T): void {
    for (;;) {
      const left = this.entries[2 * entry.slot + 1]
      const right = this.entries[2 * entry.slot + 2]
      if (left === undefined) return
      const child = right !== undefined && isBefore(right, left) ? right : left
      if (!isBefore(child, entry)) return
      this.swap(entry, child)
    }
  }

  private swap(a: T, b: T): void {
    const { slot } = a
    a.slot = b.slot
    b.slot = slot
    this.entries[a.slot] = a
    this.entries[b.slot] = b
  }
}

const isBefore = (a: Ranked, b: Ranked): boolean =>
  a.rank < b.rank || (a.rank === b.rank && a.order < b.order)
