import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RuntimeKind } from '@keelson/contract'
import { createManualClock } from '../../kernel/testing/index.ts'
import type { InstanceRef, ObservedInstance, RawUsage } from '../runtime.ts'
import { createStackUsage, type UsageKeeper } from './stack-usage.ts'

const mebi = 1024 * 1024

const keeperOf = (
  stack: string,
  service: string,
  runtimeKind: RuntimeKind,
  more: { running?: boolean; incarnation?: string } = {},
): UsageKeeper => {
  const name = `${stack}-${service}-1`
  const { running = true, incarnation = name } = more
  const observed: ObservedInstance = {
    ...{ stack, service, name, index: 1, incarnation, runtime: runtimeKind, digest: '' },
    ...{ running, pid: 1, containerId: null, ports: [], startedAt: new Date(0), exit: null },
  }
  return { id: { stack, service, name, index: 1, serviceId: name }, runtimeKind, observed }
}

/** Runtimes that tell growing numbers, count how often they are asked, and can be held up. */
const createBench = (...keepers: UsageKeeper[]) => {
  const clock = createManualClock()
  const looks: Record<RuntimeKind, string[][]> = { process: [], container: [] }
  const held = new Set<RuntimeKind>()
  let cpuMs = 0
  const runtimeOf = (kind: RuntimeKind) => ({
    usage: (refs: readonly InstanceRef[]): Promise<Map<string, RawUsage>> => {
      looks[kind].push(refs.map(({ name }) => name))
      if (held.has(kind)) return new Promise(() => {})
      const raw = { cpuMs, memoryBytes: 40 * mebi, memoryLimitBytes: null, processes: 2 }
      return Promise.resolve(new Map(refs.map(({ name }) => [name, raw])))
    },
  })
  const known = new Map(keepers.map((keeper) => [keeper.id.name, keeper]))
  const runtimes = { process: runtimeOf('process'), container: runtimeOf('container') }
  const usage = createStackUsage({ runtimes, keepers: known, clock })
  return {
    ...{ clock, looks, usage, known, held },
    /** Time passes and every instance uses so much of it. */
    work: (ms: number, usedMs: number) => {
      clock.advance(ms)
      cpuMs += usedMs
    },
    cores: async () => {
      const { instances } = await usage.of('shop')
      return instances.map(({ service, cpuCores }) => [service, cpuCores])
    },
  }
}

test('processor use is the rate between two looks, and unknown at the first', async () => {
  const bench = createBench(keeperOf('shop', 'api', 'process'))
  assert.deepEqual(await bench.cores(), [['api', null]])
  bench.work(2000, 1000)
  assert.deepEqual(await bench.cores(), [['api', 0.5]])
  bench.work(4000, 6000)
  assert.deepEqual(await bench.cores(), [['api', 1.5]])
})

test('however many ask, a stack is looked at once a second, and never unasked', async () => {
  const bench = createBench(keeperOf('shop', 'api', 'process'))
  await Promise.all(Array.from({ length: 50 }, () => bench.cores()))
  bench.clock.advance(999)
  await bench.cores()
  assert.equal(bench.looks.process.length, 1)
  bench.clock.advance(1)
  await bench.cores()
  assert.equal(bench.looks.process.length, 2)
  bench.clock.advance(3_600_000)
  assert.equal(bench.looks.process.length, 2)
})

test('only what runs in this stack is asked for; the rest is shown without numbers', async () => {
  const bench = createBench(
    keeperOf('shop', 'web', 'process'),
    keeperOf('shop', 'job', 'process', { running: false }),
    keeperOf('other', 'api', 'process'),
  )
  const { instances } = await bench.usage.of('shop')
  assert.deepEqual(bench.looks.process, [['shop-web-1']])
  assert.deepEqual(
    instances.map(({ instance, memoryBytes }) => [instance, memoryBytes]),
    [
      ['shop-job-1', null],
      ['shop-web-1', 40 * mebi],
    ],
  )
})

test('an incarnation starts its rate anew', async () => {
  const bench = createBench(keeperOf('shop', 'api', 'process'))
  await bench.cores()
  bench.known.set('shop-api-1', keeperOf('shop', 'api', 'process', { incarnation: 'second' }))
  bench.work(1000, 10)
  assert.deepEqual(await bench.cores(), [['api', null]])
})

test('an engine that hangs hides its containers for two seconds a look, and nothing else', async () => {
  const bench = createBench(keeperOf('shop', 'api', 'process'), keeperOf('shop', 'db', 'container'))
  bench.held.add('container')
  for (let turn = 0; turn < 12; turn += 1) {
    const answer = bench.usage.of('shop')
    await new Promise((resolve) => setImmediate(resolve)) // the processes have answered
    bench.clock.advance(2000)
    const memory = (await answer).instances.map(({ service, memoryBytes }) => [
      service,
      memoryBytes,
    ])
    assert.deepEqual(memory, [
      ['api', 40 * mebi],
      ['db', null],
    ])
  }
  assert.equal(bench.looks.container.length, 8, 'calls that wait for an answer')
})
