import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProbeSpec } from '@keelson/contract'
import { createManualClock, until } from '../kernel/testing/index.ts'
import type { Recorder } from '../kernel/recorder.ts'
import type { Db } from '../kernel/db.ts'
import { createRegistry, type InstanceFacts } from '../registry/index.ts'
import { execProbe, serviceSpec } from '../orchestrator/testing/spec.ts'
import { createProber } from './prober.ts'

const noRecorder: Recorder = { record: () => {}, flush: async () => true, stop: () => {} }

/** A prober whose answers and time are given; `asked` are the moments it asked at, in ms. */
const createBench = () => {
  const clock = createManualClock()
  const startMs = clock.now().getTime()
  const registry = createRegistry({ db: {} as Db, recorder: noRecorder, clock })
  const asked: number[] = []
  const pending: PromiseWithResolvers<void>[] = []
  let ended = 0
  let ok = true
  let hang = false
  const prober = createProber({
    registry,
    clock,
    onRecord: () => void (ended += 1),
    exec: async () => {
      asked.push(clock.now().getTime() - startMs)
      if (hang) {
        const gate = Promise.withResolvers<void>()
        pending.push(gate)
        await gate.promise
      }
      return { exitCode: ok ? 0 : 1, output: 'not well', timedOut: false }
    },
  })
  const declare = (probe: ProbeSpec | null): void =>
    registry.declare({
      ...{ id: 's/api', stack: 's', builtIn: false, upstreams: [], injected: {} },
      spec: serviceSpec('api', { probe }),
    })
  const put = (more: Partial<InstanceFacts> = {}): void =>
    registry.put({
      ...{ name: 's-api-1', serviceId: 's/api', index: 1, runtime: 'process', phase: 'running' },
      ...{
        phaseReason: '',
        phaseSince: clock.now(),
        wanted: true,
        troubled: false,
        adopted: false,
      },
      ...{ pid: 1, containerId: null, ports: [], startedAt: clock.now(), restarts: 0 },
      ...{ exitCode: null, nextStartAt: null },
      ...more,
    })
  const advance = async (ms: number): Promise<void> => {
    for (let passedMs = 0; passedMs < ms; passedMs += 50) {
      const before = asked.length
      clock.advance(50)
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
      if (asked.length > before && !hang) {
        await until('the probe has ended', () => ended >= asked.length - pending.length)
      }
    }
  }
  return {
    ...{ clock, registry, prober, declare, put, advance, asked, pending },
    answers: (well: boolean) => void (ok = well),
    hangs: (yes: boolean) => void (hang = yes),
    record: () => prober.recordOf('s-api-1'),
  }
}

test('a starting instance is asked soon, a healthy one at its interval', async () => {
  const bench = createBench()
  bench.declare(execProbe({ intervalMs: 10_000, startIntervalMs: 5000 }))
  bench.put()
  await bench.advance(100)
  assert.equal(bench.asked.length, 1)
  assert.equal(bench.record()?.succeeded, true)
  await bench.advance(9000)
  assert.equal(bench.asked.length, 1)
  await bench.advance(1100)
  assert.equal(bench.asked.length, 2)
})

test('failures in the start period do not count, and after it only one per interval does', async () => {
  const bench = createBench()
  bench.declare(
    execProbe({ intervalMs: 2000, retries: 2, startPeriodMs: 5000, startIntervalMs: 500 }),
  )
  bench.answers(false)
  bench.put()
  await bench.advance(5000)
  assert.ok(bench.asked.length >= 8, `asked ${bench.asked.length} times`)
  assert.equal(bench.record()?.failures, 0)
  await bench.advance(2500)
  assert.equal(bench.record()?.failures, 1)
  assert.equal(bench.record()?.failing, false)
  await bench.advance(2500)
  assert.equal(bench.record()?.failing, true)
  assert.match(bench.record()?.lastReason ?? '', /not well/)
})

test('a success in the start period ends it: from then on every failure counts', async () => {
  const bench = createBench()
  bench.declare(execProbe({ intervalMs: 1000, retries: 2, startPeriodMs: 60_000 }))
  bench.put()
  await bench.advance(100)
  bench.answers(false)
  await bench.advance(2200)
  assert.equal(bench.record()?.failing, true)
})

test('one success heals', async () => {
  const bench = createBench()
  bench.declare(execProbe({ intervalMs: 1000, retries: 1 }))
  bench.put()
  await bench.advance(100)
  bench.answers(false)
  await bench.advance(1100)
  assert.equal(bench.record()?.failing, true)
  bench.answers(true)
  await bench.advance(1100)
  assert.deepEqual([bench.record()?.failing, bench.record()?.failures], [false, 0])
})

test('another incarnation starts with a clean record, also when the old probe is under way', async () => {
  const bench = createBench()
  bench.declare(execProbe({ intervalMs: 1000, retries: 1 }))
  bench.hangs(true)
  bench.answers(false)
  bench.put()
  await bench.advance(100)
  bench.hangs(false)
  bench.put({ pid: 2, startedAt: new Date(bench.clock.now().getTime() + 1) })
  for (const gate of bench.pending.splice(0)) gate.resolve()
  await Promise.resolve()
  assert.equal(bench.record(), undefined)
  bench.answers(true)
  bench.clock.advance(50)
  await until('it is asked', () => bench.record()?.succeeded === true)
})

test('an instance that is removed while it is asked leaves no record', async () => {
  const bench = createBench()
  bench.declare(execProbe())
  bench.hangs(true)
  bench.put()
  await bench.advance(100)
  bench.registry.remove('s-api-1')
  for (const gate of bench.pending.splice(0)) gate.resolve()
  bench.hangs(false)
  await bench.advance(3000)
  assert.equal(bench.record(), undefined)
  assert.equal(bench.asked.length, 1)
})

test('a changed check is asked anew, and what is known holds until it has answered', async () => {
  const bench = createBench()
  bench.declare(execProbe())
  bench.put()
  await bench.advance(100)
  bench.declare(execProbe({ timeoutMs: 400 }))
  assert.equal(bench.record()?.succeeded, true)
  await bench.advance(100)
  assert.equal(bench.asked.length, 2)
})

test('an interval of nothing is still not a busy loop', async () => {
  const bench = createBench()
  bench.declare(execProbe({ intervalMs: 0, startIntervalMs: 0 }))
  bench.put()
  await bench.advance(1000)
  assert.ok(bench.asked.length <= 11, `asked ${bench.asked.length} times in a second`)
})

test('at most 64 are asked at once, the others in their turn', async () => {
  const bench = createBench()
  bench.declare(execProbe({ intervalMs: 60_000 }))
  bench.hangs(true)
  for (let index = 1; index <= 100; index += 1) bench.put({ name: `s-api-${index}`, index })
  await bench.advance(100)
  assert.equal(bench.asked.length, 64)
  bench.pending[0]?.resolve()
  await until('the next has its turn', () => bench.asked.length === 65)
  bench.hangs(false)
  for (const gate of bench.pending) gate.resolve()
  await until('all had their turn', () => bench.asked.length === 100)
})
