import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { createLoop } from './loop.ts'

test('woken by its own step it goes on after that step, and never beside it', async () => {
  let under = 0
  let steps = 0
  const done = Promise.withResolvers<void>()
  const loop = createLoop({
    clock: systemClock,
    onError: (error) => done.reject(error),
    async advance() {
      assert.equal(under, 0, 'two steps at once')
      under += 1
      steps += 1
      if (steps === 1) loop.wake()
      await Promise.resolve()
      under -= 1
      if (steps === 2) done.resolve()
      return false
    },
  })
  loop.wake()
  await done.promise
  await loop.close()
  assert.equal(steps, 2)
})

test('woken while it rests after a failure, it closes without waiting for the rest', async () => {
  let failures = 0
  const loop = createLoop({
    clock: systemClock,
    onError: () => void (failures += 1),
    advance: () => Promise.reject(new Error('the engine went away')),
  })
  loop.wake()
  await Promise.resolve()
  loop.wake()
  await loop.close()
  assert.equal(loop.isWorking, false)
  assert.ok(failures >= 1)
})
