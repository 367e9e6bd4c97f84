import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { createBulkhead } from './bulkhead.ts'

const start = (max_in_flight: number, max_queue: number) => {
  const bulkhead = createBulkhead({ max_in_flight, max_queue, max_wait_ms: 100 })
  const told: string[] = []
  const waiter = (name: string) => ({
    onTurn: (isIn: boolean) => void told.push(`${name} ${isIn ? 'in' : 'too late'}`),
  })
  return { bulkhead, told, waiter }
}

test('so many at once, so many in line, the next is refused', () => {
  const { bulkhead, waiter } = start(2, 2)
  const enter = (name: string) => bulkhead.enter(waiter(name), 0)
  assert.deepEqual(['a', 'b', 'c', 'd', 'e'].map(enter), ['in', 'in', 'waits', 'waits', 'full'])
})

test('first come, first served', () => {
  const { bulkhead, told, waiter } = start(1, 9)
  for (const name of ['a', 'b', 'c']) bulkhead.enter(waiter(name), 0)
  bulkhead.leave()
  bulkhead.leave()
  assert.deepEqual(told, ['b in', 'c in'])
  assert.equal(bulkhead.inFlight, 1)
})

test('nobody waits for longer than told, and who has left is not called', () => {
  const { bulkhead, told, waiter } = start(1, 9)
  const gone = waiter('gone')
  bulkhead.enter(waiter('a'), 0)
  bulkhead.enter(waiter('b'), 0)
  bulkhead.enter(gone, 10)
  bulkhead.enter(waiter('c'), 50)
  bulkhead.forget(gone)
  bulkhead.sweep(99)
  assert.deepEqual(told, [])
  bulkhead.sweep(100)
  assert.deepEqual(told, ['b too late'])
  bulkhead.leave()
  assert.deepEqual(told, ['b too late', 'c in'])
})

test('a limit that moves lets more in, or waits until enough have left', () => {
  const { bulkhead, told, waiter } = start(1, 9)
  for (const name of ['a', 'b', 'c', 'd']) bulkhead.enter(waiter(name), 0)
  bulkhead.setLimit(3)
  assert.deepEqual(told, ['b in', 'c in'])
  bulkhead.setLimit(1)
  bulkhead.leave()
  bulkhead.leave()
  assert.deepEqual(told, ['b in', 'c in'])
  bulkhead.leave()
  assert.deepEqual(told, ['b in', 'c in', 'd in'])
})

test('whatever happens, the bounds hold and nobody is forgotten', () => {
  const step = fc.constantFrom('enter', 'leave', 'sweep', 'late')
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const bulkhead = createBulkhead({ max_in_flight: 3, max_queue: 4, max_wait_ms: 10 })
      let nowMs = 0
      let entered = 0
      let told = 0
      let left = 0
      for (const what of steps) {
        nowMs += what === 'late' ? 20 : 1
        if (what === 'enter') {
          const outcome = bulkhead.enter({ onTurn: () => (told += 1) }, nowMs)
          if (outcome !== 'full') entered += 1
          if (outcome === 'in') told += 1
        } else if (what !== 'leave') bulkhead.sweep(nowMs)
        else if (bulkhead.inFlight > 0) {
          left += 1
          bulkhead.leave()
        }
        assert.ok(bulkhead.inFlight <= 3 && bulkhead.waiting <= 4)
        assert.ok(bulkhead.waiting === 0 || bulkhead.inFlight === 3)
        assert.equal(entered, told + bulkhead.waiting)
        assert.ok(left + bulkhead.inFlight <= told)
      }
    }),
  )
})
