/** What `UnderWaySet` needs of its members: where they are, so that they leave without a search. */
export type Placed = {
  /** -1 outside of the set. Written by the set alone. */
  place: number
}

/**
 * Those under way, in no order. No `Set`, although it looks like one: a Set that is filled and
 * emptied all the time makes itself a new table every some hundred changes, and once its table has
 * become old for the garbage collector, all later ones are made old as well. Each then keeps alive
 * whoever was in it until the next full collection: with 50 connections two thirds of what was
 * allocated outlived its minor collection, which took 30 to 60 ms instead of 0.5, and a fifth to a
 * third of the throughput with it. This array never shrinks, and forgets at once.
 */
export class UnderWaySet<T extends Placed> implements Iterable<T> {
  size = 0
  private readonly members: (T | null)[] = []

  add(member: T): void {
    member.place = this.size
    this.members[this.size] = member
    this.size += 1
  }

  /** Nothing happens to one that is not in it. The last one takes its place. */
  delete(member: T): void {
    const { place } = member
    if (place === -1) return
    member.place = -1
    this.size -= 1
    const last = this.members[this.size] ?? null
    this.members[this.size] = null
    if (last === null || last === member) return
    last.place = place
    this.members[place] = last
  }

  /** Backwards, so that each is seen once although those seen may leave meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (let at = this.size - 1; at >= 0; at -= 1) {
      const member = this.members[at]
      if (member != null) yield member
    }
  }
}
