import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../kernel/testing/index.ts'
import { createSchedule } from './schedule.ts'

/** A schedule on a clock that is moved by hand; audits end when the test says so. */
const createBench = () => {
  const clock = createManualClock()
  const begun: string[] = []
  const ends: PromiseWithResolvers<number>[] = []
  const state = { isSettled: true, hasChanged: true, failures: 0 }
  const schedule = createSchedule({
    clock,
    audit(stack) {
      begun.push(stack)
      const end = Promise.withResolvers<number>()
      ends.push(end)
      return end.promise
    },
    hasChanged: () => state.hasChanged,
    isSettled: () => state.isSettled,
    onFailure: () => void (state.failures += 1),
  })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  return {
    ...{ clock, begun, schedule, state, settle },
    end: async (spentMs: number | Error) => {
      const last = ends.at(-1)
      if (spentMs instanceof Error) last?.reject(spentMs)
      else last?.resolve(spentMs)
      await settle()
    },
  }
}

test('a swarm of changes is one audit, and is not put off for ever', () => {
  const { clock, begun, schedule } = createBench()
  for (let at = 0; at < 10; at += 1) {
    schedule.want('shop')
    clock.advance(300)
  }
  assert.deepEqual(begun, ['shop'])
})

test('one audit at a time over all stacks', async () => {
  const { clock, begun, schedule, end } = createBench()
  schedule.want('shop')
  schedule.want('blog')
  clock.advance(1000)
  assert.deepEqual(begun, ['shop'])
  await end(10)
  assert.deepEqual(begun, ['shop', 'blog'])
})

test('a stack that was quiet is audited a few times in a row, three seconds apart', async () => {
  const { clock, begun, schedule, end } = createBench()
  schedule.want('shop')
  clock.advance(1000)
  await end(800)
  schedule.want('shop')
  clock.advance(2900)
  assert.equal(begun.length, 1)
  clock.advance(200)
  assert.equal(begun.length, 2)
})

test('one that changes all the time costs a tenth of a core', async () => {
  const { clock, begun, schedule, end } = createBench()
  for (let at = 0; at < 6000; at += 1) {
    const before = begun.length
    schedule.want('shop')
    clock.advance(100)
    if (begun.length > before) await end(1000)
  }
  // In ten minutes a minute of work, and six audits on credit.
  assert.ok(begun.length >= 58 && begun.length <= 68, `${begun.length} audits`)
})

test('a person waits for no pause, and for an audit that begins after the question', async () => {
  const { clock, begun, schedule, end } = createBench()
  schedule.want('shop')
  clock.advance(1000)
  const answered: string[] = []
  const first = schedule.now('shop').then(() => answered.push('first'))
  const second = schedule.now('shop').then(() => answered.push('second'))
  await end(5000)
  assert.deepEqual(answered, [], 'the one under way may have read what was before')
  assert.deepEqual(begun, ['shop', 'shop'])
  await end(5000)
  await Promise.all([first, second])
  assert.deepEqual(begun, ['shop', 'shop'])
})

test('a person goes before what others wait for', async () => {
  const { clock, begun, schedule, end } = createBench()
  for (const stack of ['a', 'b', 'c']) schedule.want(stack)
  clock.advance(1000)
  void schedule.now('z')
  await end(1)
  assert.deepEqual(begun, ['a', 'z'])
})

test('what just starts is waited for, and what takes long is not', () => {
  const { clock, begun, schedule, state } = createBench()
  state.isSettled = false
  schedule.want('shop')
  clock.advance(5000)
  assert.deepEqual(begun, [])
  clock.advance(3500)
  assert.deepEqual(begun, ['shop'])
})

test('it goes on at once when what just started is there', () => {
  const { clock, begun, schedule, state } = createBench()
  state.isSettled = false
  schedule.want('shop')
  clock.advance(3000)
  state.isSettled = true
  clock.advance(300)
  assert.deepEqual(begun, ['shop'])
})

test('what only may have changed is audited when it has', () => {
  const { clock, begun, schedule, state } = createBench()
  state.hasChanged = false
  schedule.consider('shop')
  clock.advance(5000)
  assert.deepEqual(begun, [])
  state.hasChanged = true
  schedule.consider('shop')
  clock.advance(5000)
  assert.deepEqual(begun, ['shop'])
})

test('a failure is told to whoever asked; by itself it is tried again after the pause', async () => {
  const { clock, begun, schedule, state, end } = createBench()
  const asked = schedule.now('shop')
  void end(new Error('no database'))
  await assert.rejects(asked, /no database/)
  assert.equal(state.failures, 0)
  clock.advance(3100)
  assert.equal(begun.length, 2)
  await end(new Error('no database'))
  assert.equal(state.failures, 1)
})

test('at the end nothing begins, and who waits is told', async () => {
  const { clock, begun, schedule, end } = createBench()
  schedule.want('a')
  clock.advance(1000)
  const waiting = assert.rejects(schedule.now('b'), /Keelson stops/)
  const closed = schedule.close()
  await waiting
  await end(1)
  await closed
  await assert.rejects(schedule.now('c'), /Keelson stops/)
  clock.advance(60_000)
  assert.deepEqual(begun, ['a'])
})
