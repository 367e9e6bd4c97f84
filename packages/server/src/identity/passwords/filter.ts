import { createHash } from 'node:crypto'

/**
 * A Bloom filter: tells for sure that a text is not among those added, and wrongly that it is in one
 * of a thousand cases (10 bits set for each of up to `bits / 14.4` texts).
 */
const hashes = 10

export const bitsFor = (texts: number): number => Math.ceil((texts * 14.4) / 8) * 8

export const addTo = (filter: Buffer, text: string): void => {
  for (const bit of bitsOf(text, filter.length * 8)) {
    filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7))
  }
}

export const mayHold = (filter: Buffer, text: string): boolean =>
  bitsOf(text, filter.length * 8).every(
    (bit) => ((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0,
  )

/** Two halves of one digest stand for any number of hashes (Kirsch and Mitzenmacher, 2006). */
const bitsOf = (text: string, size: number): number[] => {
  const digest = createHash('sha256').update(text).digest()
  const first = digest.readUInt32LE(0)
  const step = (digest.readUInt32LE(4) | 1) >>> 0
  return Array.from({ length: hashes }, (_, at) => (first + at * step) % size)
}
