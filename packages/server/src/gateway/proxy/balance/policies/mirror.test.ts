import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createMirror } from './mirror.ts'

test('the share is exact, and evenly spread', () => {
  for (const percent of [0, 1, 10, 33, 50, 99, 100]) {
    const mirror = createMirror({ service: 'shadow', percent, body_limit: 10 })
    let taken = 0
    for (let request = 1; request <= 1000; request += 1) {
      if (mirror.take(0)) {
        taken += 1
        mirror.done()
      }
      assert.equal(taken, Math.floor((request * percent) / 100))
    }
  }
})

test('bodies that are too long, or of unknown length, are not copied', () => {
  const cases: [bodyLength: number | null, taken: boolean][] = [
    [0, true],
    [10, true],
    [11, false],
    [null, false],
  ]
  for (const [bodyLength, taken] of cases) {
    const mirror = createMirror({ service: 'shadow', percent: 100, body_limit: 10 })
    assert.equal(mirror.take(bodyLength), taken)
  }
})

test('a mirror that does not answer gets no more than so many', () => {
  const mirror = createMirror({ service: 'shadow', percent: 100, body_limit: 10 })
  const taken = Array.from({ length: 1000 }, () => mirror.take(0)).filter(Boolean)
  assert.equal(taken.length, 256)
  mirror.done()
  assert.equal(mirror.take(0), true)
})
