import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceSpec } from '@keelson/contract'
import { plainService } from '@keelson/contract'
import { newId } from '../../kernel/ids.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { InstanceSpec, ObservedInstance, Runtime } from '../runtime.ts'

/** A runtime under test. Everything it started is gone after the disposal. */
export type RuntimeBench = AsyncDisposable & {
  runtime: Runtime
  logs: LogStore
  /** A second Keelson over the same instances; the first is closed, as a crash would. */
  restart: () => Promise<{ runtime: Runtime; logs: LogStore }>
  /** Fills in what this runtime needs to run a command of busybox or the host. */
  adapt: (spec: ServiceSpec) => ServiceSpec
}

/** A service with nothing but a command. */
export const serviceOf = (command: readonly string[]): ServiceSpec => ({
  name: 'api',
  ...plainService,
  command: [...command],
  protocol: 'http',
  restart: { policy: 'no' },
})

/** One start of instance 1 of a service. */
export const instanceOf = (spec: ServiceSpec, more: Partial<InstanceSpec> = {}): InstanceSpec => ({
  stack: 'cases',
  service: spec.name,
  name: `cases-${spec.name}-1`,
  index: 1,
  incarnation: newId(),
  spec,
  stackDir: '/',
  digest: 'digest',
  environment: spec.environment,
  ports: [],
  ...more,
})

/** Polls until a condition holds; fails after 20 s. */
export const until = async <T>(find: () => T | Promise<T>): Promise<NonNullable<T>> => {
  const deadline = Date.now() + 20_000
  for (;;) {
    const found = await find()
    if (found !== null && found !== undefined && found !== false) return found
    assert(Date.now() < deadline, `did not come true within 20 s: ${find.toString()}`)
    await sleep(10)
  }
}

/** Living processes of this host, in containers too, whose arguments hold a text. */
export const processesWith = async (text: string): Promise<number[]> => {
  const found: number[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (commandLine.includes(text)) found.push(Number(pid))
  }
  return found
}

/** A duration for `sleep` that no other test uses: names its process. */
export const uniqueSeconds = (): string => String(100_000_000 + Math.floor(Math.random() * 1e9))

const shell = (script: string): string[] => ['sh', '-c', script]

const textsOf = async (logs: LogStore, stream?: string): Promise<string[]> => {
  const page = await logs.page({ stack: 'cases', instances: ['cases-api-1'], limit: 1000 })
  return page.items
    .filter((line) => stream === undefined || line.stream === stream)
    .map((line) => line.text)
}

const endOf = (runtime: Runtime, incarnation: string): Promise<ObservedInstance> =>
  until(async () =>
    (await runtime.observe()).find((found) => found.incarnation === incarnation && !found.running),
  )

type Case = [name: string, run: (bench: RuntimeBench) => Promise<void>]

const cases: Case[] = [
  [
    'a started instance is observed running, with its identity',
    async ({ runtime, adapt }) => {
      const instance = instanceOf(adapt(serviceOf(['sleep', '1000'])))
      const started = await runtime.start(instance)
      assert.equal(started.running, true)
      assert.equal(started.exit, null)
      const [found, ...others] = await runtime.observe()
      assert.deepEqual(others, [])
      assert.deepEqual(found, started)
      for (const key of ['stack', 'service', 'name', 'index', 'incarnation', 'digest'] as const) {
        assert.equal(found?.[key], instance[key])
      }
    },
  ],
  [
    'an exit is told once, with its code',
    async ({ runtime, adapt }) => {
      const ends: ObservedInstance[] = []
      runtime.watch((instance) => ends.push(instance))
      const instance = instanceOf(adapt(serviceOf(shell('exit 7'))))
      await runtime.start(instance)
      const end = await endOf(runtime, instance.incarnation)
      assert.equal(end.exit?.code, 7)
      assert.equal(end.exit?.signal, null)
      await until(() => ends.length > 0)
      await runtime.stop(instance, { signal: 'SIGTERM', graceMs: 0 })
      assert.deepEqual(ends, [end])
    },
  ],
  [
    'starting the same incarnation again finds the first',
    async ({ runtime, logs, adapt }) => {
      const instance = instanceOf(adapt(serviceOf(shell('echo started; exec sleep 1000'))))
      const [first, second] = await Promise.all([runtime.start(instance), runtime.start(instance)])
      const third = await runtime.start(instance)
      assert.deepEqual([second, third], [first, first])
      await until(async () => (await textsOf(logs)).length > 0)
      await runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
      assert.equal((await runtime.start(instance)).running, false)
      assert.deepEqual(await textsOf(logs), ['started'])
    },
  ],
  [
    'stop sends the signal and lets the instance end in its own time',
    async ({ runtime, logs, adapt }) => {
      const script = 'trap "echo bye; exit 3" USR1; echo ready; while :; do sleep 0.05; done'
      const instance = instanceOf(adapt(serviceOf(shell(script))))
      await runtime.start(instance)
      await until(async () => (await textsOf(logs)).includes('ready'))
      await runtime.stop(instance, { signal: 'SIGUSR1', graceMs: 15_000 })
      const end = await endOf(runtime, instance.incarnation)
      assert.equal(end.exit?.code, 3)
      assert.equal((await textsOf(logs)).at(-1), 'bye')
    },
  ],
  [
    'an instance that ignores the signal is killed after the grace period',
    async ({ runtime, logs, adapt }) => {
      const script = 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
      const instance = instanceOf(adapt(serviceOf(shell(script))))
      await runtime.start(instance)
      await until(async () => (await textsOf(logs)).includes('ready'))
      await runtime.stop(instance, { signal: 'SIGTERM', graceMs: 200 })
      const end = await endOf(runtime, instance.incarnation)
      assert.deepEqual([end.exit?.code, end.exit?.signal], [137, 'SIGKILL'])
    },
  ],
  [
    'stopping what has ended, or was never there, does nothing',
    async ({ runtime, adapt }) => {
      const instance = instanceOf(adapt(serviceOf(['true'])))
      await runtime.stop(instance, { signal: 'SIGTERM', graceMs: 1000 })
      await runtime.start(instance)
      await endOf(runtime, instance.incarnation)
      await runtime.stop(instance, { signal: 'SIGTERM', graceMs: 1000 })
    },
  ],
  [
    'stop ends the whole tree, also what has forked away',
    async ({ runtime, logs, adapt }) => {
      const seconds = uniqueSeconds()
      const script = `sleep ${seconds} & (setsid sleep ${seconds} &) ; (sleep ${seconds} &); echo ready; wait`
      const instance = instanceOf(adapt(serviceOf(shell(script))))
      await runtime.start(instance)
      await until(async () => (await textsOf(logs)).includes('ready'))
      await until(async () => (await processesWith(`sleep\0${seconds}`)).length >= 3)
      await runtime.stop(instance, { signal: 'SIGTERM', graceMs: 500 })
      assert.deepEqual(await processesWith(`sleep\0${seconds}`), [])
    },
  ],
  [
    'what an instance leaves behind is gone before its exit is told',
    async ({ runtime, adapt }) => {
      const seconds = uniqueSeconds()
      const script = `setsid sleep ${seconds} & sleep ${seconds} & sleep 0.2; exit 4`
      const instance = instanceOf(adapt(serviceOf(shell(script))))
      await runtime.start(instance)
      const end = await endOf(runtime, instance.incarnation)
      assert.equal(end.exit?.code, 4)
      assert.deepEqual(await processesWith(`sleep\0${seconds}`), [])
    },
  ],
  [
    'a command runs inside the instance with its environment',
    async ({ runtime, adapt }) => {
      const spec = { ...serviceOf(['sleep', '1000']), environment: { GREETING: 'hello there' } }
      const instance = instanceOf(adapt(spec))
      await runtime.start(instance)
      const command = shell('echo "$GREETING"; echo problem >&2; exit 5')
      const limits = { timeoutMs: 10_000, outputLimitBytes: 1000 }
      const result = await runtime.exec(instance, command, limits)
      assert.equal(result.exitCode, 5)
      assert.equal(result.timedOut, false)
      assert.deepEqual(result.output.split('\n').sort(), ['', 'hello there', 'problem'])
    },
  ],
  [
    'a command that does not end is killed at its timeout, with what it started',
    async ({ runtime, adapt }) => {
      const seconds = uniqueSeconds()
      const instance = instanceOf(adapt(serviceOf(['sleep', '1000'])))
      await runtime.start(instance)
      const command = shell(`echo before; sleep ${seconds} & sleep ${seconds}`)
      const result = await runtime.exec(instance, command, {
        timeoutMs: 300,
        outputLimitBytes: 100,
      })
      assert.deepEqual(result, { exitCode: null, output: 'before\n', timedOut: true })
      await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 0)
      assert.equal((await runtime.observe())[0]?.running, true)
    },
  ],
  [
    'the output of a command is cut at its limit',
    async ({ runtime, adapt }) => {
      const instance = instanceOf(adapt(serviceOf(['sleep', '1000'])))
      await runtime.start(instance)
      const command = shell('yes | head -c 100000')
      const limits = { timeoutMs: 10_000, outputLimitBytes: 11 }
      const result = await runtime.exec(instance, command, limits)
      assert.deepEqual(result, { exitCode: 0, output: 'y\ny\ny\ny\ny\ny', timedOut: false })
    },
  ],
  [
    'a command that does not exist inside the instance fails as in a shell',
    async ({ runtime, adapt }) => {
      const instance = instanceOf(adapt(serviceOf(['sleep', '1000'])))
      await runtime.start(instance)
      const limits = { timeoutMs: 10_000, outputLimitBytes: 1000 }
      const result = await runtime.exec(instance, ['no-such-program'], limits)
      assert([126, 127].includes(result.exitCode ?? 0), `exit code ${result.exitCode}`)
    },
  ],
  [
    'all output is in the log when the exit is told, the unfinished last line too',
    async ({ runtime, logs, adapt }) => {
      const script = 'i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done; printf end'
      const instance = instanceOf(adapt(serviceOf(shell(script))))
      await runtime.start(instance)
      await endOf(runtime, instance.incarnation)
      const expected = [...Array.from({ length: 500 }, (_, i) => `line ${i}`), 'end']
      assert.deepEqual(await textsOf(logs), expected)
    },
  ],
  [
    'a second Keelson finds a running instance, follows its log and can stop it',
    async ({ runtime, logs, restart, adapt }) => {
      const script = 'i=0; while :; do echo "line $i"; i=$((i+1)); sleep 0.02; done'
      const instance = instanceOf(adapt(serviceOf(shell(script))))
      const started = await runtime.start(instance)
      await until(async () => (await textsOf(logs)).length > 10)
      const second = await restart()
      assert.deepEqual(await second.runtime.observe(), [started])
      const before = (await textsOf(second.logs)).length
      await until(async () => (await textsOf(second.logs)).length > before + 10)
      await second.runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
      const texts = await textsOf(second.logs)
      assert.deepEqual(
        texts,
        texts.map((_, i) => `line ${i}`),
      )
    },
  ],
  [
    'a second Keelson finds the exit code and the last output of what ended meanwhile',
    async ({ runtime, logs, restart, adapt }) => {
      const seconds = uniqueSeconds()
      const script = `echo first; sleep 0.6; echo last; exit 9 # ${seconds}`
      const instance = instanceOf(adapt(serviceOf(shell(script))))
      await runtime.start(instance)
      await until(async () => (await textsOf(logs)).includes('first'))
      const second = await restart()
      await until(async () => (await processesWith(seconds)).length === 0)
      const [found] = await second.runtime.observe()
      const end =
        found?.running === false ? found : await endOf(second.runtime, instance.incarnation)
      assert.equal(end.exit?.code, 9)
      assert.deepEqual(await textsOf(second.logs), ['first', 'last'])
    },
  ],
  [
    'a removed instance is forgotten, its log is kept until that is removed',
    async ({ runtime, logs, adapt }) => {
      const instance = instanceOf(adapt(serviceOf(['echo', 'text'])))
      await runtime.start(instance)
      await endOf(runtime, instance.incarnation)
      await runtime.remove(instance)
      await runtime.remove(instance)
      assert.deepEqual(await runtime.observe(), [])
      assert.deepEqual(await textsOf(logs), ['text'])
      await runtime.removeLogs(instance)
      assert.deepEqual(await textsOf(logs), [])
    },
  ],
]

/** Runs the behaviour that both runtimes share. */
export const testRuntime = (
  name: string,
  createBench: () => Promise<RuntimeBench>,
  skip: string | false = false,
): void => {
  for (const [title, run] of cases) {
    test(`${name}: ${title}`, { skip, timeout: 60_000 }, async () => {
      await using bench = await createBench()
      await run(bench)
    })
  }
}
