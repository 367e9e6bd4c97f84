import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import type { HookSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { InstanceSpec } from '../runtime.ts'
import { createProcessBench } from './process-bench.ts'
import { findSystemProgram } from './program.ts'
import { instanceOf, processesWith, serviceOf, uniqueSeconds, until } from './runtime-cases.ts'

type Bench = Awaited<ReturnType<typeof createProcessBench>>

const withoutTerminals =
  (await findSystemProgram('script')) === undefined ? 'NO script(1) HERE' : false

const startSleeper = async (bench: Bench, more: Partial<InstanceSpec> = {}) => {
  const environment = { GREETING: 'hello', 'odd.name': 'kept' }
  const spec = { ...serviceOf(['sleep', '1000']), environment, workingDir: bench.dir }
  const instance = instanceOf(spec, more)
  await bench.runtime.start(instance)
  return instance
}

const textsOf = async ({ logs }: Bench): Promise<string[]> => {
  const page = await logs.page({ stack: 'cases', instances: ['cases-api-1'], limit: 1000 })
  return page.items.map((line) => line.text)
}

const shell = (script: string): string[] => ['sh', '-c', script]

test('a command runs beside an instance with its streams apart', async () => {
  await using bench = await createProcessBench()
  const instance = await startSleeper(bench)
  const script = 'cat; echo $GREETING $MORE; pwd; echo problem >&2; exit 7'
  const run = await bench.runtime.attach(instance, {
    command: shell(script),
    tty: null,
    environment: { MORE: 'more' },
  })
  run.stdin.end('typed\n')
  assert(run.stderr !== null)
  const [output, problems, code] = await Promise.all([
    text(run.stdout),
    text(run.stderr),
    run.exitCode,
  ])
  assert.equal(output, `typed\nhello more\n${bench.dir}\n`)
  assert.equal(problems, 'problem\n')
  assert.equal(code, 7)
  await run.kill()
})

test(
  'a command in a terminal sees its size, also when that changes',
  { skip: withoutTerminals },
  async () => {
    await using bench = await createProcessBench()
    const instance = await startSleeper(bench)
    const run = await bench.runtime.attach(instance, {
      command: shell('stty size; trap "stty size" WINCH; while :; do sleep 0.05; done'),
      tty: { columns: 91, rows: 33 },
    })
    assert.equal(run.stderr, null)
    let output = ''
    run.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
    await until(() => output.includes('33 91'))
    await run.resize({ columns: 120, rows: 40 })
    await until(() => output.includes('40 120'))
    await run.kill()
    assert.notEqual(await run.exitCode, 0)
  },
)

test('what a command beside an instance has started is killed with it', async () => {
  await using bench = await createProcessBench()
  const instance = await startSleeper(bench)
  const seconds = uniqueSeconds()
  const script = `(setsid sleep ${seconds} &); sleep ${seconds}`
  const run = await bench.runtime.attach(instance, { command: shell(script), tty: null })
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 2)
  await run.kill()
  await run.kill()
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 0)
  assert.equal(await run.exitCode, 137)
  assert.equal((await bench.runtime.observe())[0]?.running, true)
})

test('a command beside an instance ends with it', async () => {
  await using bench = await createProcessBench()
  const instance = await startSleeper(bench)
  const run = await bench.runtime.attach(instance, { command: ['sleep', '1000'], tty: null })
  await bench.runtime.stop(instance, { signal: 'SIGTERM', graceMs: 5000 })
  assert.notEqual(await run.exitCode, 0)
})

test('a command that cannot be run beside an instance is refused', async () => {
  await using bench = await createProcessBench()
  const instance = await startSleeper(bench)
  const refused = (command: string[], more: { user?: string }, code: string) =>
    assert.rejects(
      bench.runtime.attach(instance, { command, tty: null, ...more }),
      (error) => error instanceof AppError && error.code === code,
    )
  await refused(['no-such-program'], {}, 'exec_failed')
  await refused(['true'], { user: 'no-such' }, 'user_not_found')
  await bench.runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
  await refused(['true'], {}, 'instance_not_found')
})

const hookOf = (script: string, more: Partial<HookSpec> = {}): HookSpec => ({
  command: shell(script),
  privileged: false,
  environment: {},
  ...more,
})

test('hooks run before and beside an instance, and write into its log', async () => {
  await using bench = await createProcessBench()
  const files = [{ kind: 'config' as const, source: 'app', target: 'app', content: 'configured' }]
  const spec = { ...serviceOf(shell('echo up; exec sleep 1000')), files }
  const instance = instanceOf({ ...spec, environment: { NAME: 'api' } })
  const before = hookOf('echo "before $NAME $(cat $KEELSON_FILES/app)"; printf end; exit 3')
  assert.equal(await bench.runtime.runHook(instance, before, 'preStart'), 3)
  assert.deepEqual(await textsOf(bench), ['before api configured', 'end'])
  await bench.runtime.start(instance)
  await until(async () => (await textsOf(bench)).includes('up'))
  const after = hookOf('echo "after $NAME $MORE"; pwd >&2', {
    environment: { MORE: 'more' },
    workingDir: bench.dir,
  })
  assert.equal(await bench.runtime.runHook(instance, after, 'postStart'), 0)
  await until(async () => (await textsOf(bench)).length === 5)
  assert.deepEqual((await textsOf(bench)).slice(2), ['up', 'after api more', bench.dir])
  await assert.rejects(
    bench.runtime.runHook(instance, hookOf('true', { command: ['none'] }), 'preStop'),
    /none/,
  )
})

test('a hook that nobody waits for any longer is ended with all it started', async () => {
  await using bench = await createProcessBench()
  const instance = instanceOf(serviceOf(['sleep', '1000']))
  const seconds = uniqueSeconds()
  const sleepers = (): Promise<unknown[]> => processesWith(`sleep\0${seconds}`)
  const over = new AbortController()
  const script = `setsid sleep ${seconds} & sleep ${seconds}; wait`
  const ended = bench.runtime.runHook(instance, hookOf(script), 'preStart', over.signal)
  await until(async () => (await sleepers()).length === 2)
  over.abort()
  assert.equal(await ended, 137)
  await until(async () => (await sleepers()).length === 0)
})

test('what a dead Keelson has left running beside an instance is ended by the next', async () => {
  await using bench = await createProcessBench()
  const instance = await startSleeper(bench)
  const seconds = uniqueSeconds()
  void bench.runtime.runHook(instance, hookOf(`sleep ${seconds}`), 'postStart')
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 1)
  const { runtime } = await bench.restart()
  await runtime.observe()
  await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 0)
  assert.equal((await runtime.observe())[0]?.running, true)
})

test('files are copied below the working folder of a process, and nowhere else', async () => {
  await using bench = await createProcessBench()
  const source = join(bench.dir, 'source')
  await mkdir(join(source, 'deep'), { recursive: true })
  await writeFile(join(source, 'deep/file'), 'content')
  await mkdir(join(bench.dir, 'work/old'), { recursive: true })
  const spec = { ...serviceOf(['sleep', '1000']), workingDir: join(bench.dir, 'work') }
  const instance = instanceOf(spec)
  await bench.runtime.start(instance)
  const copy = (from: string, target: string, removals: string[] = []) =>
    bench.runtime.copyInto(instance, { copies: [{ source: from, target }], removals })
  await copy(source, 'new', ['old'])
  assert.equal(await readFile(join(bench.dir, 'work/new/deep/file'), 'utf8'), 'content')
  assert(!existsSync(join(bench.dir, 'work/old')))
  await assert.rejects(copy(source, '../elsewhere'), /outside of the working folder/)
  await assert.rejects(copy(source, '/etc/elsewhere'), /outside of the working folder/)
  await assert.rejects(copy(join(bench.dir, 'work/new'), 'new'), /nothing to copy/)
  await assert.rejects(copy(source, 'newer', ['../source']), /outside/)
  assert(!existsSync(join(bench.dir, 'work/newer')))
})

test('the usage of an instance is that of all its processes', async () => {
  await using bench = await createProcessBench()
  const script =
    'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 1000 & sleep 1000 & echo done; wait'
  const instance = instanceOf(serviceOf(shell(script)))
  await bench.runtime.start(instance)
  await until(async () => (await textsOf(bench)).includes('done'))
  const usage = (await bench.runtime.usage([instance])).get(instance.incarnation)
  assert(usage !== undefined)
  assert.equal(usage.processes, 3)
  assert(usage.cpuMs > 20 && usage.cpuMs < 20_000, `${usage.cpuMs} ms`)
  assert(
    usage.memoryBytes > 500_000 && usage.memoryBytes < 50_000_000,
    `${usage.memoryBytes} bytes`,
  )
  await bench.runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
  assert.equal((await bench.runtime.usage([instance])).size, 0)
})

test('a one-off instance is told from those of its service', async () => {
  await using bench = await createProcessBench()
  const instance = await startSleeper(bench, { oneOff: true })
  assert.equal((await bench.runtime.observe())[0]?.oneOff, true)
  const { runtime } = await bench.restart()
  assert.equal((await runtime.observe())[0]?.oneOff, true)
  await runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
})
