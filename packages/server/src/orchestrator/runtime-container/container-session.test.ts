import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, test } from 'node:test'
import type { HookSpec } from '@keelson/contract'
import type { AttachedRun, ObservedInstance } from '../runtime.ts'
import {
  instanceOf,
  processesWith,
  serviceOf,
  uniqueSeconds,
  until,
} from '../runtime-process/runtime-cases.ts'
import { containerOf, createContainerBench, testImage } from './container-bench.ts'
import { startDocker } from './docker-harness.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  await engine.docker.createNetwork({ Name: 'cases_default' })
  after(() => engine.stop())
}
const createBench = () => {
  assert(!('unavailable' in engine))
  return createContainerBench(engine.socket)
}
const limits = { timeoutMs: 10_000, outputLimitBytes: 100_000 }

/** Everything a run has written so far. */
const collect = ({ stdout }: AttachedRun): (() => string) => {
  let all = ''
  stdout.on('data', (chunk: Buffer) => {
    all += String(chunk)
  })
  return () => all
}

test('a command is attached to with its streams apart', { skip }, async () => {
  await using bench = await createBench()
  const instance = instanceOf(bench.adapt(serviceOf(['sleep', '1000'])))
  await bench.runtime.start(instance)
  const run = await bench.runtime.attach(instance, {
    command: ['sh', '-c', 'cat; echo "$A $(id -u) $(pwd)"; echo problem >&2; exit 6'],
    tty: null,
    environment: { A: 'b' },
    user: '7',
    workingDir: '/tmp',
  })
  assert(run.stderr !== null)
  const big = 'x'.repeat(300_000)
  run.stdin.end(`${big}\n`)
  const [out, err] = await Promise.all([text(run.stdout), text(run.stderr)])
  assert.deepEqual([out, err], [`${big}\nb 7 /tmp\n`, 'problem\n'])
  assert.equal(await run.exitCode, 6)
})

test(
  'a command has a terminal of a size, and is killed with all it started',
  { skip },
  async () => {
    await using bench = await createBench()
    const instance = instanceOf(bench.adapt(serviceOf(['sleep', '1000'])))
    await bench.runtime.start(instance)
    const tty = { columns: 101, rows: 42 }
    const run = await bench.runtime.attach(instance, { command: ['sh'], tty })
    const output = collect(run)
    assert.equal(run.stderr, null)
    run.stdin.write('stty size\n')
    await until(() => output().includes('42 101'))
    await run.resize({ columns: 77, rows: 33 })
    run.stdin.write('stty size\n')
    await until(() => output().includes('33 77'))
    const seconds = uniqueSeconds()
    run.stdin.write(`sleep ${seconds} & sleep ${seconds}\n`)
    await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 2)
    await run.kill()
    await run.kill()
    await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 0)
    await run.exitCode
    assert.equal((await bench.runtime.observe())[0]?.running, true)
  },
)

test('a one-off container is attached to, told, and gone at its end', { skip }, async () => {
  await using bench = await createBench()
  const ends: ObservedInstance[] = []
  bench.runtime.watch((instance) => ends.push(instance))
  const spec = bench.adapt(serviceOf(['sh', '-c', 'echo begin; cat; exit 5']))
  spec.container = containerOf({ stdinOpen: true })
  const instance = instanceOf(spec, { oneOff: true, name: 'cases-api-run-1' })
  await bench.runtime.start(instance)
  assert.equal((await bench.runtime.observe())[0]?.oneOff, true)
  const run = await bench.runtime.attach(instance, { command: [], tty: null })
  run.stdin.end('typed\n')
  assert.equal(await text(run.stdout), 'begin\ntyped\n')
  assert.equal(await run.exitCode, 5)
  const end = await until(() => ends.pop())
  assert.deepEqual([end.exit?.code, end.oneOff, end.endedOutside], [5, true, undefined])
  await until(async () => (await bench.runtime.observe()).length === 0)
})

test('one that ended before it was attached to is read all the same', { skip }, async () => {
  await using bench = await createBench()
  const ended = Promise.withResolvers<ObservedInstance>()
  bench.runtime.watch(ended.resolve)
  const spec = bench.adapt(serviceOf(['sh', '-c', 'echo all; exit 9']))
  spec.container = containerOf({ stdinOpen: true })
  const instance = instanceOf(spec, { oneOff: true, name: 'cases-api-run-2' })
  const started = await bench.runtime.start(instance)
  if (started.running) await ended.promise
  const run = await bench.runtime.attach(instance, { command: [], tty: null })
  assert.equal(await text(run.stdout), 'all\n')
  assert.equal(await run.exitCode, 9)
  await until(async () => (await bench.runtime.observe()).length === 0)
})

const hookOf = (script: string, more: Partial<HookSpec> = {}): HookSpec => ({
  command: ['sh', '-c', script],
  privileged: false,
  environment: {},
  ...more,
})

test('hooks run before and inside an instance, and write to its log', { skip }, async () => {
  await using bench = await createBench()
  const { runtime } = bench
  const spec = bench.adapt(serviceOf(['sleep', '1000']))
  spec.container = containerOf({
    mounts: [{ kind: 'volume', source: 'hooked', target: '/data', readOnly: false }],
  })
  const instance = instanceOf(spec, { environment: { OF: 'service' } })
  const before = hookOf('echo "$OF $A" | tee /data/made; exit 3', { environment: { A: 'hook' } })
  assert.equal(await runtime.runHook(instance, before, 'preStart'), 3)
  assert.deepEqual(await runtime.observe(), [])
  await runtime.start(instance)
  const inside = hookOf('id -u; cat /data/made', { user: '9', workingDir: '/tmp' })
  assert.equal(await runtime.runHook(instance, inside, 'postStart'), 0)
  const page = await bench.logs.page({ stack: 'cases', instances: [instance.name] })
  assert.deepEqual(
    page.items.map(({ stream, text }) => `${stream} ${text}`),
    ['keelson service hook', 'keelson 9', 'keelson service hook'],
  )
})

test('the container of a hook that nobody waits for any more is removed', { skip }, async () => {
  await using bench = await createBench()
  assert(!('unavailable' in engine))
  const Labels = { 'io.keelson.owner': bench.owner, 'io.keelson.hook': 'preStart' }
  const left = await engine.docker.createContainer({
    ...{ Image: testImage, Cmd: ['sleep', '1000'], Labels },
    HostConfig: { NetworkMode: 'none' },
  })
  await left.start()
  assert.deepEqual(await bench.runtime.observe(), [])
  await assert.rejects(left.inspect(), /no such container/i)
})

test('files are copied into a running container, and removed there', { skip }, async () => {
  await using bench = await createBench()
  const instance = instanceOf(bench.adapt(serviceOf(['sleep', '1000'])))
  await bench.runtime.start(instance)
  const source = join(bench.dir, 'src')
  await mkdir(join(source, 'deep'), { recursive: true })
  await writeFile(join(source, 'deep/file'), 'content')
  await writeFile(join(bench.dir, 'one'), '1')
  const show = async () => {
    const command = ['sh', '-c', 'cd /app && find . -type f | sort']
    return (await bench.runtime.exec(instance, command, limits)).output
  }
  await bench.runtime.copyInto(instance, {
    copies: [
      { source, target: '/app/src' },
      { source: join(bench.dir, 'one'), target: '/app/new/one' },
    ],
    removals: [],
  })
  assert.equal(await show(), './new/one\n./src/deep/file\n')
  await bench.runtime.copyInto(instance, { copies: [], removals: ['/app/src', '/app/none'] })
  assert.equal(await show(), './new/one\n')
})

test('what a container takes is told, and other addresses are told to it', { skip }, async () => {
  await using bench = await createBench()
  const spec = bench.adapt(serviceOf(['sh', '-c', 'while :; do :; done']))
  spec.memoryLimitBytes = 64 * 1024 * 1024
  const instance = instanceOf(spec, { hosts: { beside: '10.1.1.1' } })
  await bench.runtime.start(instance)
  const gone = instanceOf({ ...spec, name: 'gone' })
  const first = await bench.runtime.usage([instance, gone])
  assert.deepEqual([...first.keys()], [instance.name])
  const later = await until(async () => {
    const usage = (await bench.runtime.usage([instance])).get(instance.name)
    return (usage?.cpuMs ?? 0) > (first.get(instance.name)?.cpuMs ?? 0) ? usage : null
  })
  assert.equal(later.memoryLimitBytes, 64 * 1024 * 1024)
  assert((later.processes ?? 0) >= 1 && later.memoryBytes > 0)

  const resolve = async (name: string) => {
    const command = ['sh', '-c', `grep -c . /etc/hosts; grep "${name}$" /etc/hosts`]
    return (await bench.runtime.exec(instance, command, limits)).output.split('\n').slice(0, 2)
  }
  const [lines, before] = await resolve('beside')
  assert.equal(before, '10.1.1.1\tbeside')
  for (const address of ['10.2.2.2', '10.3.3.3']) {
    await bench.runtime.updateHosts(instance, { beside: address })
    assert.deepEqual(await resolve('beside'), [lines, `${address}\tbeside`])
  }
})
