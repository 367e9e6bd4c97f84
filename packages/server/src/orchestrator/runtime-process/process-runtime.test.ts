import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { createCgroups, removeCgroup } from './cgroup.ts'
import { findPortHolder } from '@keelson/contract/listeners'
import { createProcessBench } from './process-bench.ts'
import { signalNumber } from './process-tree.ts'
import { instanceOf, processesWith, serviceOf, testRuntime, until } from './runtime-cases.ts'
import { uniqueSeconds } from './runtime-cases.ts'

testRuntime('processes', createProcessBench)

const probeGroups = await createCgroups('keelson-test-probe', {})
for (const folder of probeGroups.folders) await removeCgroup(folder)
const withoutCgroups = probeGroups.folders.length === 0 ? 'NO WRITABLE CONTROL GROUPS' : false
const withoutRoot = process.getuid?.() === 0 ? false : 'NOT ROOT'

const limits = { timeoutMs: 10_000, outputLimitBytes: 100_000 }

test('what cannot be started is refused before anything is', async (t) => {
  await using bench = await createProcessBench()
  await writeFile(join(bench.dir, 'script'), '#!/bin/sh\n')
  await mkdir(join(bench.dir, 'folder'))
  const service = (more: Partial<ServiceSpec>): ServiceSpec => ({ ...serviceOf(['true']), ...more })
  const cases: [name: string, spec: ServiceSpec, code: string, message: RegExp][] = [
    ['no command', service({ command: null }), 'command_not_found', /api has no command/],
    ['a program outside the PATH', serviceOf(['no-such']), 'command_not_found', /api .*no-such/],
    ['a missing path', serviceOf(['./no-such']), 'command_not_found', /api .*\.\/no-such/],
    ['a file that is not executable', serviceOf(['./script']), 'command_not_found', /script/],
    ['a folder', serviceOf(['./folder']), 'command_not_found', /folder/],
    ['an own PATH', service({ environment: { PATH: '/none' } }), 'command_not_found', /true/],
    ['no folder', service({ workingDir: 'none' }), 'working_dir_not_found', /api .*\/none/],
    [
      'a file as folder',
      service({ workingDir: 'script' }),
      'working_dir_not_found',
      /not a folder/,
    ],
    ['an unknown user', service({ user: 'no-such' }), 'user_not_found', /user no-such/],
  ]
  for (const [name, spec, code, message] of cases) {
    await t.test(name, async () => {
      await assert.rejects(
        bench.runtime.start(instanceOf(spec, { stackDir: bench.dir })),
        (error) => error instanceof AppError && error.code === code && message.test(error.message),
      )
      assert.deepEqual(await bench.runtime.observe(), [])
      assert.deepEqual(await readdir(bench.stateDir).catch(() => []), [])
    })
  }
})

test('a command is looked up in the working directory and in the PATH of its service', async (t) => {
  await using bench = await createProcessBench()
  await mkdir(join(bench.dir, 'bin'))
  await writeFile(join(bench.dir, 'bin/hello'), '#!/bin/sh\necho "hello $1"; pwd\n')
  await chmod(join(bench.dir, 'bin/hello'), 0o755)
  const command = ['hello', "a 'b' $c; *"]
  const path = `${bench.dir}/bin:/usr/bin:/bin`
  const cases: [string, ServiceSpec][] = [
    ['PATH', { ...serviceOf(command), environment: { PATH: path } }],
    ['relative PATH', { ...serviceOf(command), environment: { PATH: 'bin:/usr/bin:/bin' } }],
    ['relative path', serviceOf(['bin/hello', "a 'b' $c; *"])],
    ['entrypoint', { ...serviceOf(["a 'b' $c; *"]), entrypoint: ['bin/hello'] }],
  ]
  for (const [name, spec] of cases) {
    await t.test(name, async () => {
      const instance = instanceOf(spec, { stackDir: bench.dir })
      await bench.runtime.start(instance)
      await until(async () => (await bench.runtime.observe()).every((found) => !found.running))
      const page = await bench.logs.page({ stack: 'cases', instances: [instance.name] })
      const texts = page.items.map((line) => line.text)
      assert.deepEqual(texts, ["hello a 'b' $c; *", bench.dir])
      await bench.runtime.remove(instance)
      await bench.runtime.removeLogs(instance)
    })
  }
})

test('an instance gets its environment and nothing of our own', async () => {
  await using bench = await createProcessBench()
  process.env['KEELSON_TEST_SECRET'] = 'secret-of-keelson'
  process.env['DATABASE_URL'] = 'postgres://secret-of-keelson'
  // Nothing else on the host, a shell of another program for one, has this in its arguments.
  const mark = `it's ${randomUUID()}`
  const environment = {
    GREETING: `${mark}\n"here" $HOME \`id\``,
    'spring.profiles.active': `${mark}\nsecond line`,
    'with-dash': '$PATH',
    EMPTY: '',
  }
  const instance = instanceOf({ ...serviceOf(['sleep', '1000']), environment })
  const { pid } = await bench.runtime.start(instance)
  delete process.env['KEELSON_TEST_SECRET']
  delete process.env['DATABASE_URL']
  await until(async () => (await readFile(`/proc/${pid}/comm`, 'utf8')) === 'sleep\n')
  const entries = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
  for (const [name, value] of Object.entries(environment)) {
    assert(entries.includes(`${name}=${value}`), `${name} is not there`)
  }
  assert(entries.includes(`KEELSON_INCARNATION=${instance.incarnation}`))
  assert(!entries.some((entry) => entry.includes('secret-of-keelson')))
  // The values lie neither on disk nor in an argv that anybody on the host can read.
  assert.deepEqual(await processesWith(mark), [])
  const folder = join(bench.stateDir, 'cases', instance.name, instance.incarnation)
  assert(!(await readFile(join(folder, 'instance.json'), 'utf8')).includes(mark))
  assert(!(await readdir(folder)).includes('prepare'))
})

test('an instance gets variables with the names of those in the shim as they are', async () => {
  await using bench = await createProcessBench()
  const names = ['folder', 'cgroup', 'mode', 'path', 'child', 'line', 'code', 'PWD', 'IFS', '_']
  const environment = {
    ...Object.fromEntries(names.map((name) => [name, 'mine'])),
    PATH: '/usr/bin:/bin',
    'odd.name': 'mine',
  }
  const instance = instanceOf({ ...serviceOf(['sleep', '1000']), environment })
  const { pid } = await bench.runtime.start(instance)
  await until(async () => (await readFile(`/proc/${pid}/comm`, 'utf8')) === 'sleep\n')
  const entries = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
  for (const [name, value] of Object.entries(environment)) {
    assert(entries.includes(`${name}=${value}`), `${name} is not there`)
  }
})

test('after a restart of Keelson a probe still has the environment of the instance', async () => {
  await using bench = await createProcessBench()
  const environment = { GREETING: 'hello', 'spring.profiles.active': 'dev' }
  const instance = instanceOf({ ...serviceOf(['sleep', '1000']), environment })
  await bench.runtime.start(instance)
  const { runtime } = await bench.restart()
  const result = await runtime.exec(instance, ['sh', '-c', 'echo $GREETING; env'], limits)
  assert.match(result.output, /^hello\n/)
})

test('a service with a user runs as that user', { skip: withoutRoot }, async () => {
  await using bench = await createProcessBench()
  for (const [user, expected] of [
    ['nobody', '65534:65534'],
    ['65533', '65533:65533'],
    ['65533:0', '65533:0'],
  ] as const) {
    const spec = { ...serviceOf(['sh', '-c', 'echo $(id -u):$(id -g)']), user }
    const instance = instanceOf(spec)
    await bench.runtime.start(instance)
    await until(async () => (await bench.runtime.observe()).every((found) => !found.running))
    const page = await bench.logs.page({ stack: 'cases', instances: [instance.name], limit: 1 })
    assert.equal(page.items[0]?.text, expected)
    await bench.runtime.remove(instance)
  }
})

test(
  'a process that has left everything behind is still found',
  { skip: withoutCgroups },
  async () => {
    await using bench = await createProcessBench()
    const seconds = uniqueSeconds()
    const script = `(setsid env -i sleep ${seconds} &); (setsid env -i sleep ${seconds} &); sleep 0.3`
    const instance = instanceOf(serviceOf(['sh', '-c', script]))
    await bench.runtime.start(instance)
    await until(async () => (await processesWith(`sleep\0${seconds}`)).length === 2)
    await until(async () => (await bench.runtime.observe()).every((found) => !found.running))
    assert.deepEqual(await processesWith(`sleep\0${seconds}`), [])
  },
)

test('what a stopped shell leaves running may finish within the grace period', async () => {
  await using bench = await createProcessBench()
  const worker =
    'trap "sleep 0.3; echo drained; exit" TERM; echo ready; while :; do sleep 0.05; done'
  const script = `trap 'exit 0' TERM; sh -c '${worker}' & wait`
  const instance = instanceOf(serviceOf(['sh', '-c', script]))
  await bench.runtime.start(instance)
  const texts = async (): Promise<string[]> => {
    const page = await bench.logs.page({ stack: 'cases', instances: [instance.name] })
    return page.items.map((line) => line.text)
  }
  await until(async () => (await texts()).includes('ready'))
  await bench.runtime.stop(instance, { signal: 'SIGTERM', graceMs: 15_000 })
  assert.equal((await texts()).at(-1), 'drained')
})

test('the holder of a port is named', async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert(address !== null && typeof address === 'object')
  assert.equal((await findPortHolder(address.port))?.pid, process.pid)
  await new Promise((resolve) => server.close(resolve))
  assert.equal(await findPortHolder(address.port), null)
})

test('signals have their numbers', () => {
  const cases: [string, number][] = [
    ['SIGTERM', 15],
    ['SIGQUIT', 3],
    ['SIGRTMIN+3', 37],
    ['SIGRTMAX-1', 63],
    ['SIGNONSENSE', 15],
  ]
  for (const [name, number] of cases) assert.equal(signalNumber(name), number, name)
})

test('of an instance that is removed no folder is left, nor of a stack without instances', async () => {
  await using bench = await createProcessBench()
  const { runtime, stateDir } = bench
  const first = instanceOf(serviceOf(['sleep', '1000']))
  const second = instanceOf(serviceOf(['sleep', '1000']), { name: 'cases-api-2', index: 2 })
  for (const instance of [first, second]) await runtime.start(instance)
  const folders = async () => (await readdir(stateDir)).filter((name) => name !== '.removed')
  await runtime.stop(first, { signal: 'SIGKILL', graceMs: 0 })
  await runtime.remove(first)
  assert.deepEqual(await readdir(join(stateDir, 'cases')), [second.name])
  await runtime.stop(second, { signal: 'SIGKILL', graceMs: 0 })
  await runtime.remove(second)
  assert.deepEqual(await folders(), [])
  // Killed between the removal of an incarnation and that of the folders around it.
  await mkdir(join(stateDir, 'cases', first.name), { recursive: true })
  assert.deepEqual(await (await bench.restart()).runtime.observe(), [])
  assert.deepEqual(await folders(), [])
})
