import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { loadPart } from './load-part.ts'

/** Fails so many times before it gives the part. */
const failing = (times: number) => {
  let calls = 0
  return {
    calls: () => calls,
    load: () => {
      calls += 1
      return calls <= times ? Promise.reject(new Error('network changed')) : Promise.resolve('part')
    },
  }
}

const settle = async <T>(work: Promise<T>): Promise<T> => {
  const done = work.finally(() => (over = true)).catch(() => undefined)
  let over = false
  while (!over) {
    mock.timers.tick(1000)
    await Promise.resolve()
  }
  await done
  return work
}

test('a part that could not be loaded at once is loaded again', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const part = failing(2)
  assert.equal(await settle(loadPart(part.load)()), 'part')
  assert.equal(part.calls(), 3)
  mock.timers.reset()
})

test('one that cannot be loaded at all fails with the reason', async () => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const part = failing(9)
  await assert.rejects(settle(loadPart(part.load)()), /network changed/)
  assert.equal(part.calls(), 3)
  mock.timers.reset()
})
