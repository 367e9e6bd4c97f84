import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { createManualClock, until } from '../../kernel/testing/index.ts'
import { createSlot } from './slot.ts'
import type { MainVerbs } from './thread.ts'
import { followWorker } from './worker.ts'

/** Opens, and is stuck with whatever it is asked next. */
const stuck = `
  const { parentPort } = require('node:worker_threads')
  parentPort.on('message', ({ id, verb }) => {
    if (verb !== 'open') for (;;);
    parentPort.postMessage({ kind: 'answer', id, value: {} })
  })`

test('a worker that is stuck is ended, and another one starts after a pause', async () => {
  const clock = createManualClock()
  const logged: string[] = []
  const note = (_: object, message: string): void => void logged.push(message)
  let started = 0
  let lost = 0
  const slot = createSlot({
    ...{ number: 1, clock, log: { info: note, warn: note, error: note } },
    ...{ snapshot: () => undefined, onChange: () => {}, onLost: () => (lost += 1) },
    start: () => {
      started += 1
      return followWorker(new Worker(stuck, { eval: true }), {} as MainVerbs)
    },
  })
  await slot.start()
  for (let second = 0; second < 12; second += 1) slot.look()
  await until('it is missed', () => lost === 1)
  assert.ok(logged.includes('gateway worker is stuck'))
  assert.equal(slot.isServing(), false)
  assert.equal(started, 1)
  clock.advance(250)
  await until('another one serves', () => slot.isServing())
  assert.equal(slot.restarts(), 1)
  const stopped = slot.stop(0)
  clock.advance(2000)
  await stopped
})
