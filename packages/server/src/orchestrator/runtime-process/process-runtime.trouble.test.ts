import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ObservedInstance } from '../runtime.ts'
import { createCgroups, removeCgroup } from './cgroup.ts'
import { startFault } from './faults.ts'
import { createFloodGate, letGo } from './flood.ts'
import { findRecord } from './incarnation-folder.ts'
import { createProcessBench } from './process-bench.ts'
import { instanceOf, processesWith, serviceOf, uniqueSeconds, until } from './runtime-cases.ts'

// By hand: KEELSON_RESTART_ROUNDS=1000
const restarts = Number(process.env['KEELSON_RESTART_ROUNDS'] ?? 40)
const limits = { timeoutMs: 400, outputLimitBytes: 1000 }
const shell = (script: string): string[] => ['sh', '-c', script]

const groups = await createCgroups('keelson-test-trouble', {})
for (const folder of groups.folders) await removeCgroup(folder)
const withoutCgroups = groups.folders.length === 0 ? 'NO WRITABLE CONTROL GROUPS' : false

test('a service can be stopped by any signal: none is ignored from the start', async () => {
  await using bench = await createProcessBench()
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGPIPE']) {
    const instance = instanceOf(serviceOf(['sleep', '1000']))
    await bench.runtime.start(instance)
    await bench.runtime.stop(instance, { signal, graceMs: 10_000 })
    const [found] = await bench.runtime.observe()
    assert.equal(found?.exit?.signal, signal)
    await bench.runtime.remove(instance)
  }
})

test(
  'a service that forks away without a trace is ended with its instance',
  { skip: withoutCgroups },
  async () => {
    await using bench = await createProcessBench()
    const seconds = uniqueSeconds()
    const away = `setsid env -i sh -c 'trap "" TERM HUP; (setsid sleep ${seconds} &) ; sleep ${seconds}' &`
    const instance = instanceOf(serviceOf(shell(`${away} exec sleep 1000`)))
    await bench.runtime.start(instance)
    await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 2)
    await bench.runtime.stop(instance, { signal: 'SIGTERM', graceMs: 300 })
    assert.deepEqual(await processesWith(`sleep\0${seconds}`), [])
  },
)

test('a probe that hangs, floods or leaves something behind costs nobody anything', async () => {
  await using bench = await createProcessBench()
  const instance = instanceOf(serviceOf(['sleep', '1000']))
  await bench.runtime.start(instance)
  const seconds = uniqueSeconds()
  const cases: [name: string, script: string, timedOut: boolean][] = [
    ['hangs', `sleep ${seconds}`, true],
    ['ignores what it is told', `trap '' TERM INT; while :; do sleep ${seconds}; done`, true],
    ['floods', 'yes', true],
    ['leaves something behind', `sleep ${seconds} & exit 0`, false],
  ]
  const memoryBefore = process.memoryUsage().rss
  for (const [name, script, timedOut] of cases) {
    const startedAt = performance.now()
    const result = await bench.runtime.exec(instance, shell(script), limits)
    assert.equal(result.timedOut, timedOut, name)
    assert(result.output.length <= limits.outputLimitBytes, name)
    assert(performance.now() - startedAt < 5000, name)
  }
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 0)
  assert(process.memoryUsage().rss - memoryBefore < 200 * 1024 * 1024)
})

test(
  `after ${restarts} restarts there are no more files, handles and processes than after one`,
  { timeout: 60_000 + restarts * 500 },
  async () => {
    await using bench = await createProcessBench()
    const ends = new Map<string, (instance: ObservedInstance) => void>()
    bench.runtime.watch((instance) => ends.get(instance.incarnation)?.(instance))
    const spec = { ...serviceOf(shell('echo started; exit 1')), pidsMax: 20 }
    const liveOnce = async (): Promise<void> => {
      const instance = instanceOf(spec)
      const ended = new Promise<ObservedInstance>((resolve) => {
        ends.set(instance.incarnation, resolve)
      })
      await bench.runtime.start(instance)
      assert.equal((await ended).exit?.code, 1)
      ends.delete(instance.incarnation)
      await bench.runtime.remove(instance)
    }
    const count = async () => ({
      files: (await readdir(bench.stateDir, { recursive: true })).length,
      handles: (await readdir('/proc/self/fd')).length,
    })
    for (let i = 0; i < 5; i += 1) await liveOnce()
    const before = await count()
    const memoryBefore = process.memoryUsage().heapUsed
    for (let i = 0; i < restarts; i += 1) await liveOnce()
    const after = await count()
    assert(after.files <= before.files, `files: ${before.files}, then ${after.files}`)
    assert(after.handles <= before.handles + 3, `handles: ${before.handles}, then ${after.handles}`)
    const grown = process.memoryUsage().heapUsed - memoryBefore
    assert(grown < 20 * 1024 * 1024, `${grown} bytes more`)
  },
)

test('a gate that dies lets go of what it held', async (t) => {
  for (const kind of ['control group', 'signal']) {
    if (kind === 'control group' && withoutCgroups !== false) continue
    await t.test(kind, { timeout: 60_000 }, async () => {
      await using bench = await createProcessBench()
      const ticks = join(bench.dir, 'ticks')
      const script = `while :; do echo tick >>${ticks}; sleep 0.01; done`
      const instance = instanceOf(serviceOf(shell(script)))
      const { pid } = await bench.runtime.start(instance)
      assert(pid !== null)
      const mark = join(bench.dir, 'mark')
      const folder = join(bench.stateDir, 'cases', instance.name, instance.incarnation)
      const cgroups = kind === 'signal' ? [] : ((await findRecord(folder))?.cgroups ?? [])
      const held = { cgroups, group: pid, mark }
      const size = async (): Promise<number> => (await stat(ticks).catch(() => null))?.size ?? 0
      await until(async () => (await size()) > 0)
      const goesOn = async (): Promise<void> => {
        const before = await size()
        await until(async () => (await size()) > before + 20)
      }
      const gate = await createFloodGate(held)
      t.after(() => gate.open())
      assert.equal(await gate.pulse(30), true)
      const before = await size()
      await bench.runtime.exec(instance, ['sleep', '0.3'], { ...limits, timeoutMs: 5000 })
      assert.equal(await size(), before, 'it is held')
      gate.open()
      await goesOn()

      // Killed while it holds: its owner notices, and so does the next Keelson.
      const second = await createFloodGate(held)
      t.after(() => second.open())
      assert.equal(await second.pulse(10), true)
      for (const guard of await processesWith(mark)) process.kill(guard, 'SIGKILL')
      await goesOn()
      assert.equal(await second.pulse(10), false)
      await writeFile(mark, '')
      await letGo(held)
      await goesOn()
    })
  }
})

test('what the system refuses at a start has its own words', () => {
  const refusal = (code: string, path?: string): Error =>
    Object.assign(new Error(`${code}: system text`), {
      code,
      ...(path === undefined ? {} : { path }),
    })
  const cases: [Error, string, RegExp][] = [
    [refusal('ENOSPC', '/data/run/x'), 'disk_full', /disk of \/data\/run\/x is full/],
    [refusal('EDQUOT'), 'disk_full', /disk of \/folder is full/],
    [refusal('EMFILE'), 'process_start_failed', /no file descriptor left/],
    [refusal('EAGAIN'), 'process_start_failed', /api could not be started: EAGAIN: system text/],
  ]
  for (const [error, code, message] of cases) {
    const fault = startFault(error, 'api', '/folder')
    assert.equal(fault.code, code)
    assert.match(fault.message, message)
  }
})
