import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { createLogStore } from '../logs/log-store.ts'
import type { ObservedInstance } from '../runtime.ts'
import { instanceOf, serviceOf, until } from '../runtime-process/runtime-cases.ts'
import { containerOf } from './container-bench.ts'
import { createContainerRuntime } from './container-runtime.ts'
import { createEngine } from './engine.ts'
import { startFakeEngine, type EngineFault } from './testing/fake-engine.ts'

const refusedAs = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === code && message.test(error.message)

const openRuntime = async () => {
  const fake = await startFakeEngine()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-fault-'))
  const logs = createLogStore({ dir, clock: systemClock })
  const runtime = createContainerRuntime({
    dockerHost: fake.dockerHost,
    ...{ owner: 'me', logs, clock: systemClock },
    log: { info: () => undefined, warn: () => undefined },
  })
  return {
    fake,
    runtime,
    [Symbol.asyncDispose]: async () => {
      await runtime.close()
      await logs.close()
      await fake[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const specOf = (name: string) => ({
  ...serviceOf(['x']),
  name,
  runtime: 'container' as const,
  container: containerOf(),
})

const faults: [what: string, fault: EngineFault, code: string, message: RegExp][] = [
  ['cuts the connection', 'reset', 'engine_unavailable', /No Docker Engine answers at unix:/],
  ['dies in the middle of an answer', 'cut', 'engine_unavailable', /No Docker Engine answers/],
  ['fails', { status: 500, message: 'disk full' }, 'engine_failed', /refused to .*: disk full/],
]

for (const [what, fault, code, message] of faults) {
  test(`an engine that ${what} is told at once, and asked again works`, async () => {
    await using bench = await openRuntime()
    const { fake, runtime } = bench
    for (const step of [/POST \/containers\/create/, /POST .*\/start/]) {
      fake.fault(step, fault)
      const began = performance.now()
      const instance = instanceOf(specOf('api'))
      await assert.rejects(runtime.start(instance), refusedAs(code, message))
      assert(performance.now() - began < 1000)
      fake.fault(step, null)
      // The start that got no answer holds the name no longer, whatever became of it.
      const again = instanceOf(specOf('api'))
      assert.equal((await runtime.start(again)).running, true)
      assert.deepEqual(
        (await runtime.observe()).map(({ incarnation }) => incarnation),
        [again.incarnation],
      )
      await runtime.stop(again, { signal: 'SIGKILL', graceMs: 0 })
      await runtime.remove(again)
    }
  })
}

test('a call that hangs holds up nobody else, and is broken off', async () => {
  await using bench = await openRuntime()
  const { fake, runtime } = bench
  const stuck = instanceOf(specOf('stuck'))
  fake.fault(/POST \/containers\/create/, 'hang')
  const never = runtime.start(stuck)
  never.catch(() => undefined)
  await until(() => fake.requests.includes('POST /containers/create'))
  fake.fault(/POST \/containers\/create/, null)
  const began = performance.now()
  for (const name of ['one', 'two', 'three']) {
    assert.equal((await runtime.start(instanceOf(specOf(name)))).running, true)
  }
  assert(performance.now() - began < 1000)

  const engine = createEngine(fake.dockerHost)
  fake.fault(/GET \/info/, 'hang')
  await assert.rejects(
    engine.call('tell about itself', (docker) => docker.info(), 50),
    refusedAs('engine_failed', /did not answer within 50 ms: tell about itself/),
  )
  await fake[Symbol.asyncDispose]()
  await assert.rejects(never, refusedAs('engine_unavailable', /No Docker Engine answers/))
})

test('an end is told when the events are cut, or never say it', async () => {
  await using bench = await openRuntime()
  const { fake, runtime } = bench
  const ends: ObservedInstance[] = []
  runtime.watch((instance) => ends.push(instance))
  const idOf = async (name: string) => (await runtime.start(instanceOf(specOf(name)))).containerId
  const [first, second] = [await idOf('one'), await idOf('two')]
  await until(() => fake.listeners === 1)
  fake.end(first ?? '', 3)
  await until(() => ends.length === 1)
  fake.cutEvents()
  fake.end(second ?? '', 4, { silently: true })
  await until(() => ends.length === 2)
  await until(() => fake.listeners === 1)
  assert.deepEqual(
    ends.map(({ service, exit }) => `${service} ${exit?.code}`),
    ['one 3', 'two 4'],
  )
})
