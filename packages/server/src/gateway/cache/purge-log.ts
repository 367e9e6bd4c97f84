import { isSelected, type Indexed, type Selection } from './entry-index.ts'

/** Purges remembered; a fetch that began before the oldest of them is not stored. */
const maxRemembered = 1024

/**
 * What was purged while answers were on their way: an answer that was asked for before a purge
 * may be what the purge was about, and is not kept.
 */
export class PurgeLog {
  private readonly purges: { at: number; selection: Selection }[] = []
  private count = 0

  /** Where we are now, for `hits`. */
  get position(): number {
    return this.count
  }

  add(selection: Selection): void {
    this.count += 1
    this.purges.push({ at: this.count, selection })
    if (this.purges.length > maxRemembered) this.purges.shift()
  }

  /** Whether an entry asked for at `position` was purged since. */
  hits(entry: Indexed, position: number): boolean {
    if (position === this.count) return false
    const oldest = this.purges[0]
    if (oldest !== undefined && position < oldest.at - 1) return true
    return this.purges.some(({ at, selection }) => at > position && isSelected(entry, selection))
  }
}
