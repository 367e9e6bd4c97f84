import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'

import { UnderWaySet, type Placed } from './under-way.ts'

const member = (): Placed => ({ place: -1 })

test('holds what a Set would hold, whoever comes and leaves', () => {
  const changes = fc.array(fc.record({ which: fc.nat(9), joins: fc.boolean() }))
  fc.assert(
    fc.property(changes, (all) => {
      const candidates = Array.from({ length: 10 }, member)
      const set = new UnderWaySet<Placed>()
      const expected = new Set<Placed>()
      for (const { which, joins } of all) {
        const one = candidates[which] ?? member()
        if (joins && !expected.has(one)) {
          set.add(one)
          expected.add(one)
        } else if (!joins) {
          set.delete(one)
          expected.delete(one)
        }
      }
      assert.equal(set.size, expected.size)
      assert.deepEqual(new Set(set), expected)
    }),
  )
})

test('each is seen once although those seen leave meanwhile', () => {
  const set = new UnderWaySet<Placed>()
  const all = Array.from({ length: 5 }, member)
  for (const one of all) set.add(one)
  const seen: Placed[] = []
  for (const one of set) {
    seen.push(one)
    set.delete(one)
  }
  assert.deepEqual(new Set(seen), new Set(all))
  assert.equal(seen.length, 5)
  assert.equal(set.size, 0)
})
