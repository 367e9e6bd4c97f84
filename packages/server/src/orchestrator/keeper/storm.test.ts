import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Events } from '../../kernel/events.ts'
import type { Recorder } from '../../kernel/recorder.ts'
import { createManualClock, quietLog } from '../../kernel/testing/index.ts'
import { createStorms } from './storm.ts'
import type { StormRow } from '../store.ts'
import { createTimers } from '../timers.ts'

type ManualClock = ReturnType<typeof createManualClock>

const id = { stack: 'shop', service: 'api', name: 'shop-api-1', serviceId: 'shop/api' }

/** Storms over a timeline that is a list of words. */
const createBench = ({
  clock = createManualClock(),
  books = new Map<string, StormRow>(),
}: { clock?: ManualClock; books?: Map<string, StormRow> } = {}) => {
  const timeline: string[] = []
  const events = {
    publish: (_tx: unknown, event: { type: string; payload: object }) => {
      timeline.push(`${event.type} ${JSON.stringify(event.payload)}`)
      return Promise.resolve()
    },
  } as Pick<Events, 'publish'> as Events
  const recorder: Recorder = {
    record: (write) => void write({} as never),
    flush: () => Promise.resolve(true),
    stop: () => {},
  }
  const around = { calm: true }
  const storms = createStorms({
    ...{ events, recorder, clock, log: quietLog, timers: createTimers(clock) },
    known: [...books.values()],
    save: (storm) => void books.set(storm.serviceId, storm),
    forget: (serviceId) => void books.delete(serviceId),
    isCalm: () => around.calm,
  })
  /** One restart, with all that is said about it; how much of it is told. */
  const restart = (attempt = 1): number => {
    const told = [
      storms.isTold(id, { kind: 'exited', exitCode: 1, signal: null, reason: 'exit code 1' }),
      storms.isTold(id, { kind: 'restart_scheduled', delayMs: 1, attempt, reason: 'exit code 1' }),
      storms.isTold(id, { kind: 'starting', cause: 'exit code 1' }),
    ]
    return told.filter(Boolean).length
  }
  return { clock, timeline, storms, around, books, restart }
}

test('a thousand restarts are one incident, and some tens of entries', () => {
  const { clock, timeline, around, restart } = createBench()
  let told = 0
  for (let count = 0; count < 1000; count += 1) {
    told += restart()
    clock.advance(1000)
  }
  assert.equal(timeline.length, 1)
  assert.match(timeline[0] ?? '', /service\.storm_started.*"restarts":5,"cause":"exit code 1"/)
  assert.ok(told < 50, `${told} entries`)
  around.calm = false
  clock.advance(120_000)
  assert.equal(timeline.length, 1, 'it is down: that is no calm')
  around.calm = true
  clock.advance(60_000)
  assert.match(timeline[1] ?? '', /service\.storm_ended.*"restarts":1000/)
})

test('a few restarts are told one by one, and are no storm', () => {
  const { clock, timeline, restart } = createBench()
  for (let count = 0; count < 20; count += 1) {
    assert.equal(restart(), 3)
    clock.advance(20_000)
  }
  assert.deepEqual(timeline, [])
})

test('a slow loop is a storm too: five starts in a row without a healthy moment', () => {
  const { clock, timeline, restart } = createBench()
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    restart(attempt)
    clock.advance(30_000)
  }
  assert.equal(timeline.length, 1)
})

test('one storm after the other is told anew', () => {
  const { clock, timeline, restart } = createBench()
  for (let storm = 0; storm < 2; storm += 1) {
    for (let count = 0; count < 6; count += 1) restart()
    clock.advance(130_000)
  }
  assert.equal(timeline.length, 4)
})

test('a storm goes on over a restart of Keelson: told once, and its end has all of it', () => {
  const before = createBench()
  for (let count = 0; count < 10; count += 1) {
    before.restart()
    before.clock.advance(1000)
  }
  assert.equal(before.timeline.length, 1)
  const { clock, books } = before
  const after = createBench({ clock, books })
  for (let count = 0; count < 10; count += 1) {
    after.restart()
    clock.advance(1000)
  }
  assert.deepEqual(after.timeline, [])
  clock.advance(120_000)
  assert.equal(after.timeline.length, 1)
  assert.match(after.timeline[0] ?? '', /service\.storm_ended.*"restarts":20/)
  assert.equal(books.size, 0)
})
