import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import type { PluginHost } from '../plugin.ts'
import { testHost } from '../testing/index.ts'
import { closeWithinMs, LogQueue } from './queue.ts'
import { queueMetrics } from './queue-metrics.ts'
import { queueSettings, type QueueSettings } from './queue-settings.ts'
import { shapeValue } from '../../config/schema/shape.ts'

const settingsOf = (given: Partial<QueueSettings> = {}): QueueSettings =>
  shapeValue(queueSettings(), given, (fault) => assert.fail(fault.message)) as QueueSettings

test('defaults', () => {
  assert.deepEqual(settingsOf(), {
    max_batch_size: 1,
    max_coalescing_delay: 1,
    max_entries: 10_000,
    max_bytes: null,
    max_retry_time: 60,
    initial_retry_delay: 0.01,
    max_retry_delay: 60,
    concurrency_limit: 1,
  })
})

/** Lets promises that are settled go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

/** A queue whose receiver takes a batch, refuses it, or keeps it waiting, as the test says. */
const openQueue = (given: Partial<QueueSettings> = {}) => {
  const clock = createManualClock()
  const logged: { facts: object; message: string }[] = []
  const note = (facts: object, message: string) => void logged.push({ facts, message })
  const host: PluginHost = { ...testHost({ clock }), log: { info: note, warn: note, error: note } }
  const batches: string[][] = []
  const attemptsMs: number[] = []
  let answer: () => Promise<void> = () => Promise.resolve()
  const queue = new LogQueue(settingsOf(given), host, async (batch) => {
    attemptsMs.push(clock.monotonicMs())
    await answer()
    batches.push([...batch])
  })
  return {
    queue,
    clock,
    host,
    batches,
    attemptsMs,
    logged,
    answers: (next: () => Promise<void>) => void (answer = next),
    /** In small steps, so that what a timer sets off happens before the next one. */
    pass: async (ms: number, steps = 1) => {
      for (let step = 0; step < steps; step += 1) {
        clock.advance(ms / steps)
        await settled()
      }
    },
  }
}

const refuse = () => Promise.reject(new Error('nobody is there'))
const never = () => new Promise<void>(() => {})

describe('batches', () => {
  test('of one go at once', async () => {
    const { queue, batches } = openQueue()
    queue.push('a')
    queue.push('b')
    await settled()
    assert.deepEqual(batches, [['a'], ['b']])
    assert.equal(queue.sent, 2)
  })

  test('of several wait to become full', async () => {
    const { queue, batches, pass } = openQueue({ max_batch_size: 3 })
    queue.push('a')
    queue.push('b')
    await pass(999)
    assert.deepEqual(batches, [])
    queue.push('c')
    await settled()
    assert.deepEqual(batches, [['a', 'b', 'c']])
  })

  test('go after the delay with what there is', async () => {
    const { queue, batches, pass } = openQueue({ max_batch_size: 3, max_coalescing_delay: 2 })
    queue.push('a')
    await pass(2000)
    assert.deepEqual(batches, [['a']])
  })

  test('wait for nothing without a delay', async () => {
    const { queue, batches } = openQueue({ max_batch_size: 3, max_coalescing_delay: 0 })
    queue.push('a')
    await settled()
    assert.deepEqual(batches, [['a']])
  })

  for (const [limit, atOnce] of [
    [1, 1],
    [-1, 64],
  ] as const) {
    test(`with concurrency_limit ${limit}: ${atOnce} at once`, async () => {
      const { queue, answers, attemptsMs } = openQueue({ concurrency_limit: limit })
      answers(never)
      for (let n = 0; n < 100; n += 1) queue.push(`${n}`)
      await settled()
      assert.equal(attemptsMs.length, atOnce)
      assert.equal(queue.count, 100 - atOnce)
    })
  }
})

describe('a receiver that is away', () => {
  test('is asked again, after twice the time each time', async () => {
    const { queue, answers, attemptsMs, batches, pass } = openQueue({
      initial_retry_delay: 0.01,
      max_retry_delay: 0.04,
    })
    answers(refuse)
    queue.push('a')
    await settled()
    await pass(150, 150)
    assert.deepEqual(attemptsMs, [0, 10, 30, 70, 110, 150])
    answers(() => Promise.resolve())
    await pass(40, 4)
    assert.deepEqual(batches, [['a']])
    assert.equal(queue.lost, 0)
  })

  test('costs a batch when it stays away for too long', async () => {
    const { queue, answers, batches, logged, pass } = openQueue({
      max_retry_time: 1,
      max_retry_delay: 0.1,
    })
    answers(refuse)
    queue.push('a')
    queue.push('b')
    await settled()
    await pass(1200, 120)
    assert.equal(queue.lost, 1)
    answers(() => Promise.resolve())
    await pass(200, 20)
    assert.deepEqual(batches, [['b']])
    const last = logged.find(({ message }) => message === 'log entries were lost')
    assert.deepEqual(last?.facts, {
      plugin: 'under-test',
      id: last === undefined ? '' : (last.facts as { id: string }).id,
      lost: 1,
      reason: 'nobody is there',
    })
  })

  test('is not asked again with max_retry_time -1', async () => {
    const { queue, answers, attemptsMs, pass } = openQueue({ max_retry_time: -1 })
    answers(refuse)
    queue.push('a')
    await pass(1000, 10)
    assert.equal(attemptsMs.length, 1)
    assert.equal(queue.lost, 1)
  })
})

describe('what waits is bounded', () => {
  test('in number: the oldest go', async () => {
    const { queue, answers, batches } = openQueue({ max_entries: 3 })
    let go = (): void => {}
    answers(
      () =>
        new Promise((resolve) => {
          go = resolve
        }),
    )
    for (let n = 0; n < 10_000; n += 1) {
      queue.push(`${n}`)
      assert.ok(queue.count <= 3)
    }
    assert.equal(queue.lost, 10_000 - 4)
    await settled()
    answers(() => Promise.resolve())
    go()
    await settled()
    assert.deepEqual(batches, [['0'], ['9997'], ['9998'], ['9999']])
  })

  test('in bytes, of UTF-8', () => {
    const { queue, answers } = openQueue({ max_bytes: 10 })
    answers(never)
    queue.push('under way')
    queue.push('12345')
    queue.push('ü'.repeat(3))
    assert.equal(queue.count, 1)
    queue.push('12345678901')
    assert.equal(queue.count, 1)
    assert.equal(queue.lost, 2)
  })

  test('the loss is told once a minute, with its number', async () => {
    const { queue, answers, logged, pass } = openQueue({ max_entries: 1, max_retry_time: 1000 })
    answers(never)
    const losses = () =>
      logged
        .filter(({ message }) => message === 'log entries were lost')
        .map(({ facts }) => (facts as { lost: number }).lost)
    for (let n = 0; n < 102; n += 1) queue.push(`${n}`)
    assert.deepEqual(losses(), [1])
    await pass(60_000)
    queue.push('one more')
    assert.deepEqual(losses(), [1, 100])
  })
})

describe('at the end', () => {
  test('what waits is sent at once', async () => {
    const { queue, batches } = openQueue({ max_batch_size: 2, max_coalescing_delay: 60 })
    for (const entry of ['a', 'b', 'c']) queue.push(entry)
    await queue.close()
    assert.deepEqual(batches, [['a', 'b'], ['c']])
  })

  test('a receiver that is away is asked once more at once', async () => {
    const { queue, answers, batches } = openQueue({ initial_retry_delay: 60 })
    answers(refuse)
    queue.push('a')
    await settled()
    answers(() => Promise.resolve())
    await queue.close()
    assert.deepEqual(batches, [['a']])
  })

  test('nobody waits for a receiver that keeps silent; what it did not take is told', async () => {
    const { queue, answers, clock, logged } = openQueue()
    answers(never)
    queue.push('a')
    queue.push('b')
    const closed = queue.close()
    clock.advance(closeWithinMs)
    await closed
    assert.equal(queue.lost, 1)
    assert.equal(queue.count, 0)
    queue.push('c')
    assert.equal(queue.lost, 2)
    assert.ok(logged.length > 0)
  })
})

test('counts what arrived and what was lost, one queue for all of a gateway', async () => {
  const { queue, host } = openQueue({ max_entries: 1 })
  const second = new LogQueue(settingsOf(), host, never, 'logs')
  queue.push('a')
  second.push('b')
  second.push('c')
  await settled()
  const text = queueMetrics(host, queue)
  assert.equal(text.match(/# TYPE/g)?.length, 2)
  const labels = (name: string) => `plugin="under-test",id="${host.entity.id}",queue="${name}"`
  for (const line of [
    `keelson_gateway_log_entries_total{${labels('entries')},outcome="sent"} 1`,
    `keelson_gateway_log_entries_total{${labels('entries')},outcome="lost"} 0`,
    `keelson_gateway_log_entries_waiting{${labels('logs')}} 1`,
  ]) {
    assert.ok(text.includes(`${line}\n`), line)
  }
  assert.equal(queueMetrics(host, second), '')
})
