/** How often a taken lock is looked at before the thread sleeps; a turn takes well under 1 µs. */
const spins = 200

/**
 * Whoever starts threads says when one is gone (`freeLocksOf`). This is for where nobody does: a
 * holder that has not moved for so long was terminated in the middle of its turn. It must be longer
 * than any wait for the next time slice, or two count at once: 250 ms were not enough on two cores
 * with a load of 18.
 */
const abandonedAfterMs = 10_000

const sleepMs = 5

/**
 * A lock in shared memory: 0 is free, everything else is the ticket of one turn of one thread.
 * Tickets differ from turn to turn, so that a lock that is busy is told from one whose holder died.
 */
export class StripeLock {
  private readonly words: Int32Array<SharedArrayBuffer>
  private readonly first: number
  private readonly holder: number
  private readonly sleepers: number
  private turn = 0
  private ticket = 0

  /**
   * `first`: the word of stripe 0. `sleepers`: a word that counts who sleeps. `holder`: a number
   * from 1 to 32767 that no other thread has.
   */
  constructor(
    words: Int32Array<SharedArrayBuffer>,
    at: { first: number; sleepers: number; holder: number },
  ) {
    this.words = words
    this.first = at.first
    this.sleepers = at.sleepers
    this.holder = at.holder
  }

  take(stripe: number): void {
    this.turn = (this.turn + 1) & 0xffff
    this.ticket = (this.holder << 16) | this.turn
    const at = this.first + stripe
    if (Atomics.compareExchange(this.words, at, 0, this.ticket) !== 0) this.wait(at)
  }

  /** Nothing happens to a lock that was taken away meanwhile. */
  release(stripe: number): void {
    const at = this.first + stripe
    const wasOurs = Atomics.compareExchange(this.words, at, this.ticket, 0) === this.ticket
    if (wasOurs && Atomics.load(this.words, this.sleepers) > 0) Atomics.notify(this.words, at, 1)
  }

  private wait(at: number): void {
    let seen = 0
    let sinceMs = performance.now()
    for (let look = 0; ; look += 1) {
      const owner = Atomics.compareExchange(this.words, at, 0, this.ticket)
      if (owner === 0) return
      if (owner !== seen) {
        seen = owner
        sinceMs = performance.now()
      } else if (look > spins) {
        const waitedMs = performance.now() - sinceMs
        if (waitedMs > abandonedAfterMs && this.inherit(at, owner)) return
        this.sleep(at, owner)
      }
    }
  }

  private sleep(at: number, owner: number): void {
    Atomics.add(this.words, this.sleepers, 1)
    Atomics.wait(this.words, at, owner, sleepMs)
    Atomics.sub(this.words, this.sleepers, 1)
  }

  private inherit(at: number, owner: number): boolean {
    return Atomics.compareExchange(this.words, at, owner, this.ticket) === owner
  }
}

/** Frees what a thread held that was terminated; nobody else is disturbed. */
export const freeLocksOf = (
  words: Int32Array<SharedArrayBuffer>,
  { first, count, holder }: { first: number; count: number; holder: number },
): void => {
  for (let at = first; at < first + count; at += 1) {
    const ticket = Atomics.load(words, at)
    if (ticket >>> 16 !== holder) continue
    if (Atomics.compareExchange(words, at, ticket, 0) === ticket) Atomics.notify(words, at)
  }
}
