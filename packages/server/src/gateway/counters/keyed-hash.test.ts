import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeyedHash } from './keyed-hash.ts'

const hashOf = (text: string, key0 = 1, key1 = 2): string => {
  const hash = new KeyedHash(key0, key1)
  hash.of(text)
  return `${hash.low}:${hash.high}`
}

test('the same text and key give the same hash, other ones another', () => {
  const texts = ['', 'a', 'b', 'ab', 'ba', 'aa', 'a\0', '\0a', '\0', '\0\0', 'é', '😀']
  assert.equal(new Set(texts.map((text) => hashOf(text))).size, texts.length)
  assert.equal(hashOf('a', 1, 2), hashOf('a', 1, 2))
  assert.notEqual(hashOf('a', 1, 2), hashOf('a', 1, 3))
  assert.notEqual(hashOf('a', 1, 2), hashOf('a', 4, 2))
})

test('texts that differ in one unit differ in both halves', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.nat(), (text, nat) => {
      const at = nat % text.length
      const other = String.fromCharCode(text.charCodeAt(at) ^ 1)
      const [low, high] = hashOf(text).split(':')
      const [otherLow, otherHigh] = hashOf(text.slice(0, at) + other + text.slice(at + 1)).split(
        ':',
      )
      assert.ok(low !== otherLow && high !== otherHigh)
    }),
  )
})

test('hashes spread evenly over places', () => {
  const counts = Array.from({ length: 16 }, () => 0)
  const hash = new KeyedHash(11, 12)
  for (let at = 0; at < 16_000; at += 1) {
    hash.of(`10.0.${at >> 8}.${at & 255}`)
    counts[hash.low & 15] = (counts[hash.low & 15] ?? 0) + 1
  }
  // Expected 1000 each; four standard deviations are 122.
  for (const count of counts) assert.ok(Math.abs(count - 1000) < 160, String(counts))
})
