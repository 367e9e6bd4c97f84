import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Phase, PsEntry } from '@keelson/contract'
import { createProgress } from '../progress/progress.ts'
import { createStartWatch, settleMs } from './start-watch.ts'

const instance = (service: string, state: Phase): PsEntry => ({
  ...{ service, stack: 'shop', instance: `shop-${service}-1`, runtime: 'process', pid: null },
  ...{ container_id: null, state, health: 'stopped', restarts: 0, ports: [] },
  started_at: null,
  reason: state === 'backoff' ? 'exit code 3; next start in 0.1 s' : '',
})

const createBench = (...names: string[]) => {
  let nowMs = 0
  const progress = createProgress({ names, now: () => nowMs })
  const watch = createStartWatch(progress, () => nowMs)
  return {
    progress,
    /** What is said of these phases, so much later. */
    after: (ms: number, ...phases: Phase[]) => {
      nowMs += ms
      progress.applyInstances(phases.map((phase, at) => instance(names[at] ?? '', phase)))
      return watch.look()
    },
  }
}

test('a stack is started once all of it has run for a second, healthy or not', () => {
  const { after } = createBench('web', 'api')
  assert.equal(after(0, 'running', 'starting'), 'open')
  assert.equal(after(5000, 'running', 'starting'), 'open')
  assert.equal(after(0, 'running', 'running'), 'open')
  assert.equal(after(settleMs - 1, 'running', 'running'), 'open')
  assert.equal(after(1, 'running', 'running'), 'started')
})

test('a job that ended with success is started', () => {
  const { after } = createBench('migrate')
  assert.equal(after(0, 'completed'), 'open')
  assert.equal(after(settleMs, 'completed'), 'started')
})

test('a service that exits at once is told after a second, with its reason', () => {
  const { after, progress } = createBench('web')
  assert.equal(after(0, 'running'), 'open')
  assert.equal(after(300, 'backoff'), 'open')
  assert.equal(after(settleMs, 'backoff'), 'ended')
  assert.equal(progress.services()[0]?.endReason, 'exit code 3; next start in 0.1 s')
})

test('one that ended once and then stays up is started', () => {
  const { after } = createBench('web')
  assert.equal(after(0, 'running'), 'open')
  assert.equal(after(100, 'backoff'), 'open')
  assert.equal(after(settleMs, 'running'), 'open')
  assert.equal(after(settleMs, 'running'), 'started')
})

test('one that starts and ends in turns has ended, whenever it is looked at', () => {
  const { after } = createBench('web')
  assert.equal(after(0, 'running'), 'open')
  for (let turn = 0; turn < 2; turn += 1) {
    assert.equal(after(100, 'backoff'), 'open')
    assert.equal(after(settleMs, 'running'), 'open')
  }
  assert.equal(after(100, 'backoff'), 'open')
  assert.equal(after(settleMs, 'running'), 'ended')
})

test('what waits for a dependency is waited for, unless that has ended', () => {
  const { after } = createBench('db', 'web')
  assert.equal(after(0, 'running', 'waiting'), 'open')
  assert.equal(after(60_000, 'running', 'waiting'), 'open')
  assert.equal(after(0, 'backoff', 'waiting'), 'open')
  assert.equal(after(settleMs, 'backoff', 'waiting'), 'ended')
})
