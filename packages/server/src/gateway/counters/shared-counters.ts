import { randomBytes } from 'node:crypto'
import { systemClock, type Clock } from '../../kernel/clock.ts'
import type { CounterWindows, SharedCounters } from '../plugins/plugin.ts'
import { HeldPlaces } from './held-places.ts'
import { KeyedHash } from './keyed-hash.ts'
import { freeLocksOf, StripeLock } from './stripe-lock.ts'

/** Each with a lock of its own; a key belongs to one, with all of its windows. */
const stripes = 64
/** Neighbours among which a counter has its place; all of them are looked at. */
const ways = 16
/** Words of 4 bytes per cell: two of hash, two of expiry, two of value. */
const cellWords = 6

/** Words before the locks: how many threads have joined, who sleeps, and the key of the hash. */
const header = { joined: 0, sleepers: 1, key0: 2, key1: 3, length: 16 } as const
const firstCell = header.length + stripes

/** 262,144 counters in 6 MB, of which only what is used costs memory. */
const defaultCells = 262_144

export type CounterTable = SharedCounters & {
  /** For another thread of this process, which joins with `createSharedCounters(buffer)`. */
  readonly buffer: SharedArrayBuffer
  /** Of this thread, among all that have joined: for `forgetThread` when it is gone. */
  readonly holder: number
  /** A worker has died: counts what is held by this one anew, under the next number. */
  recount(generation: number): void
}

/**
 * Counters in shared memory, exact over all threads that have the buffer. A table of fixed size:
 * a counter lives in one of sixteen neighbouring cells, and when all of them are taken the one
 * that expires next is forgotten. That is the bound; it is reached when far more callers are
 * counted at once than the table has cells for.
 */
export const createSharedCounters = (
  buffer: SharedArrayBuffer = emptyTable(),
  clock: Clock = systemClock,
): CounterTable => new Table(buffer, clock)

/** `cells`: a multiple of 1024. */
export const emptyTable = (cells = defaultCells): SharedArrayBuffer => {
  const buffer = new SharedArrayBuffer((firstCell + cells * cellWords) * 4)
  const words = new Int32Array(buffer)
  const key = randomBytes(8)
  words[header.key0] = key.readInt32LE(0)
  words[header.key1] = key.readInt32LE(4)
  return buffer
}

/** A thread was terminated, perhaps in the middle of counting: what it held up goes on. */
export const forgetThread = (buffer: SharedArrayBuffer, holder: number): void =>
  freeLocksOf(new Int32Array(buffer), { first: header.length, count: stripes, holder })

class Table implements CounterTable {
  readonly buffer: SharedArrayBuffer
  readonly holder: number
  private readonly clock: Clock
  private readonly words: Int32Array<SharedArrayBuffer>
  private readonly floats: Float64Array<SharedArrayBuffer>
  private readonly lock: StripeLock
  private readonly hash: KeyedHash
  private readonly setsPerStripe: number
  private readonly places: HeldPlaces
  private place = 0

  constructor(buffer: SharedArrayBuffer, clock: Clock) {
    this.buffer = buffer
    this.clock = clock
    this.words = new Int32Array(buffer)
    this.floats = new Float64Array(buffer)
    this.holder = (Atomics.add(this.words, header.joined, 1) % 0x7fff) + 1
    const { sleepers } = header
    this.lock = new StripeLock(this.words, { first: header.length, sleepers, holder: this.holder })
    this.hash = new KeyedHash(this.words[header.key0] ?? 0, this.words[header.key1] ?? 0)
    this.places = new HeldPlaces(this, clock)
    this.setsPerStripe = (this.words.length - firstCell) / cellWords / ways / stripes
  }

  addUpTo(key: string, amount: number, limit: number, expiresAtMs: number) {
    const nowMs = this.clock.now().getTime()
    const stripe = this.enter(key)
    const before = this.read(stripe, this.hash.low, this.hash.high, nowMs)
    const added = before + amount <= limit
    if (added) this.write(this.hash.low, this.hash.high, before + amount, expiresAtMs)
    this.lock.release(stripe)
    return { added, value: added ? before + amount : before }
  }

  get(key: string): number {
    const stripe = this.enter(key)
    const nowMs = this.clock.now().getTime()
    const value = this.read(stripe, this.hash.low, this.hash.high, nowMs)
    this.lock.release(stripe)
    return value
  }

  replace(key: string, expected: number, next: number, expiresAtMs: number): boolean {
    const nowMs = this.clock.now().getTime()
    const stripe = this.enter(key)
    const isSame = this.read(stripe, this.hash.low, this.hash.high, nowMs) === expected
    if (isSame) this.write(this.hash.low, this.hash.high, next, expiresAtMs)
    this.lock.release(stripe)
    return isSame
  }

  hold(key: string, limit: number): boolean {
    return this.places.hold(key, limit)
  }

  release(key: string): void {
    this.places.release(key)
  }

  recount(generation: number): void {
    this.places.recount(generation)
  }

  addToWindows(key: string, amount: number, nowMs: number, windows: CounterWindows): boolean {
    const { limits, endsMs, values } = windows
    const stripe = this.enter(key)
    let fits = true
    for (let at = 0; at < limits.length; at += 1) {
      const end = endsMs[at] ?? 0
      const value = this.read(stripe, this.lowOf(at, end), this.highOf(at, end), nowMs)
      values[at] = value
      if (value + amount > (limits[at] ?? 0)) fits = false
    }
    if (fits) this.addToEach(stripe, amount, nowMs, windows)
    this.lock.release(stripe)
    return fits
  }

  private addToEach(
    stripe: number,
    amount: number,
    nowMs: number,
    { limits, endsMs, values }: CounterWindows,
  ): void {
    for (let at = 0; at < limits.length; at += 1) {
      const end = endsMs[at] ?? 0
      const low = this.lowOf(at, end)
      const high = this.highOf(at, end)
      const value = (values[at] ?? 0) + amount
      // Of several windows only the last one's place is still known.
      if (limits.length > 1) this.read(stripe, low, high, nowMs)
      this.write(low, high, value, end)
      values[at] = value
    }
  }

  /** Hashes the key and takes the lock of its stripe. */
  private enter(key: string): number {
    this.hash.of(key)
    const stripe = this.hash.high & (stripes - 1)
    this.lock.take(stripe)
    return stripe
  }

  // The odd factors (of 2^32 / phi and of MurmurHash3) spread windows over sets and keep them apart.
  private lowOf(at: number, endMs: number): number {
    return (this.hash.low + Math.imul(((endMs / 1000) | 0) * 8 + at, 0x9e3779b1)) | 0
  }

  private highOf(at: number, endMs: number): number {
    return this.hash.high ^ Math.imul(((endMs / 1000) | 0) * 8 + at, 0x85ebca6b)
  }

  /** The value under this hash, 0 when there is none; leaves the cell to write to in `place`. */
  private read(stripe: number, low: number, high: number, nowMs: number): number {
    const { words, floats } = this
    const set = stripe * this.setsPerStripe + ((low >>> 0) % this.setsPerStripe)
    const first = firstCell + set * ways * cellWords
    const last = first + ways * cellWords
    let earliest = Infinity
    for (let cell = first; cell < last; cell += cellWords) {
      const expiry = floats[(cell >> 1) + 1] ?? 0
      if (words[cell] === low && words[cell + 1] === high && expiry > nowMs) {
        this.place = cell
        return floats[(cell >> 1) + 2] ?? 0
      }
      if (expiry < earliest) {
        this.place = cell
        earliest = expiry
      }
    }
    return 0
  }

  /** A cell that is half written is free: the old expiry goes first, the new one comes last. */
  private write(low: number, high: number, value: number, expiryMs: number): void {
    const cell = this.place
    this.floats[(cell >> 1) + 1] = 0
    this.words[cell] = low
    this.words[cell + 1] = high
    this.floats[(cell >> 1) + 2] = value
    this.floats[(cell >> 1) + 1] = expiryMs
  }
}
