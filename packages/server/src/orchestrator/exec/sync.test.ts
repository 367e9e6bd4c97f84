import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { WatchSpec } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import { until } from '../../kernel/testing/index.ts'
import type { FileChanges, InstanceSpec } from '../runtime.ts'
import { createFakeBench, isHealthy } from '../testing/bench.ts'
import { containerSpec, serviceSpec, stackSpec } from '../testing/spec.ts'

const watching = (path: string, more: Partial<WatchSpec> = {}): WatchSpec => ({
  ...{ path, action: 'sync', target: '/app', include: [], ignore: [], initialSync: false },
  ...more,
})
const reload = { command: ['reload'], privileged: false, environment: {} }

/**
 * `<dir>/stack` is the folder of a stack with a process `web` and a container `box`. Both watch its
 * `src` and `<dir>/watched` to sync them; nobody asks for `<dir>/secret`.
 */
const createBench = async () => {
  const bench = await createFakeBench()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-sync-'))
  const at = (path: string): string => join(dir, path)
  for (const folder of ['stack/src', 'stack/src/deep', 'stack/other', 'watched', 'elsewhere'])
    await mkdir(at(folder), { recursive: true })
  const files = ['stack/src/a', 'stack/src/deep/a', 'stack/src/a.key', 'stack/other/evil']
  for (const file of [...files, 'stack/.env', 'watched/b', 'elsewhere/c', 'secret'])
    await writeFile(at(file), '')
  await symlink(at('secret'), at('stack/src/link'))
  await symlink(at('elsewhere'), at('stack/src/folder'))
  await symlink(at('stack/other'), at('stack/src/shared'))
  const watch = [
    watching(at('watched'), { target: '/app/lib', action: 'sync+exec', exec: reload }),
    watching(at('stack/src'), { ignore: ['*.key'] }),
    watching(at('stack/other'), { action: 'restart' }),
  ]
  const copied: FileChanges[] = []
  const started: InstanceSpec[] = []
  for (const runtime of [bench.processes, bench.containers]) {
    runtime.copyInto = async (_ref, changes) => void copied.push(changes)
    const start = runtime.start.bind(runtime)
    runtime.start = (instance) => {
      started.push(instance)
      return start(instance)
    }
  }
  const services = [serviceSpec('web', { watch, replicas: 2 }), containerSpec('box', { watch })]
  await bench.house.apply(stackSpec('shop', services, { workingDir: at('stack') }))
  await isHealthy(bench.house, 'shop-web-1', 'shop-web-2', 'shop-box-1')
  type Afterwards = 'nothing' | 'restart' | 'exec'
  /** `stack/src/a`, which goes where the rules put it, or `stack/src/a to /app/b`. */
  const copyOf = (words: string) => {
    const [path = '', target = `/app/${path.replace('stack/src/', '').replace('watched', 'lib')}`] =
      words.split(' to ')
    return { source: `${dir}/${path}`, target }
  }
  return {
    ...{ bench, at, copied, started },
    sync: (service: string, copies: string[], afterwards: Afterwards, removals: string[] = []) => {
      const { orchestrator, registry } = bench.house
      const changes = { copies: copies.map(copyOf), removals, afterwards }
      return orchestrator.syncService(localActor, registry.getService(`shop/${service}`), changes)
    },
    async [Symbol.asyncDispose]() {
      await bench[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const withCode = (code: string) => (error: unknown) =>
  error instanceof AppError && error.code === code

const copies: [name: string, copy: string, isTaken: boolean][] = [
  ['below a watched path of the stack', 'stack/src/a', true],
  ['below a watched path elsewhere', 'watched/b', true],
  ['gone again by now', 'stack/src/gone', true],
  ['a link to what lies in the folder of the stack', 'stack/src/shared', true],
  ['in the folder of the stack, and not watched', 'stack/.env to /app/.env', false],
  ['watched for a restart only', 'stack/other/evil to /app/evil', false],
  ['in the place of another file', 'stack/src/a to /app/main', false],
  ['deeper than it lies', 'stack/src/a to /app/public/a', false],
  ['out of the target, by a path with dots', 'stack/src/a to /app/../etc/a', false],
  ['left out by the rule', 'stack/src/a.key', false],
  ['a whole folder, with what is left out', 'stack/src to /app', false],
  ['elsewhere', 'secret to /app/secret', false],
  ['beside, by a path with dots', 'stack/src/../../secret to /app/secret', false],
  ['gone, and elsewhere', 'nothing to /app/nothing', false],
  ['a link to elsewhere', 'stack/src/link', false],
  ['below a linked folder', 'stack/src/folder/c', false],
]
test('a file goes where a rule of develop.watch puts it, and no other is copied', async (t) => {
  await using bench = await createBench()
  for (const [name, copy, isTaken] of copies) {
    await t.test(`${isTaken ? 'copied' : 'refused'}: ${name}`, async () => {
      bench.copied.length = 0
      const work = bench.sync('web', [copy], 'nothing')
      if (isTaken) return work
      await assert.rejects(work, withCode('sync_refused'))
      assert.deepEqual(bench.copied, [])
    })
  }
})

test('a path with dots leads where its words say, and not back through a link', async () => {
  await using bench = await createBench()
  await bench.sync('web', ['stack/src/shared/../.env to /app/.env'], 'nothing')
  assert.deepEqual(bench.copied, [])
})

const removals: [path: string, isTaken: boolean][] = [
  ['/app/old', true],
  ['/app/lib', true],
  ['/app/old.key', false],
  ['/apple', false],
  ['/app/../etc', false],
  ['/', false],
]
for (const [path, isTaken] of removals)
  test(`removing ${path} is ${isTaken ? 'what a rule may ask for' : 'refused'}`, async () => {
    await using bench = await createBench()
    const work = bench.sync('web', [], 'nothing', [path])
    if (isTaken) return await work
    await assert.rejects(work, withCode('sync_refused'))
    assert.deepEqual(bench.copied, [])
  })

test('what is refused is told with the rules there are', async () => {
  await using bench = await createBench()
  const has = `${bench.at('watched')} to /app/lib, ${bench.at('stack/src')} to /app`
  await assert.rejects(bench.sync('web', ['secret to /app/secret'], 'nothing'), {
    message: `No rule of service web copies ${bench.at('secret')} to /app/secret: its develop.watch has ${has}`,
  })
})

test('every running instance gets the files, removals first, and then the hook once', async () => {
  await using bench = await createBench()
  const { processes } = bench.bench
  processes.calls.length = 0
  await bench.sync('web', ['watched/b', 'stack/src/a'], 'exec', ['/app/old'])
  assert.equal(bench.copied.length, 4)
  assert.deepEqual(
    bench.copied.slice(0, 2).map(({ copies, removals }) => [copies.length, removals]),
    [
      [0, ['/app/old']],
      [2, []],
    ],
  )
  assert.deepEqual(
    processes.calls.filter((call) => call.includes('reload')),
    ['postStart shop-web-1 reload', 'postStart shop-web-2 reload'],
  )
  processes.hookAnswer = 3
  await assert.rejects(bench.sync('web', ['watched/b'], 'exec'), withCode('hook_failed'))
  await assert.rejects(bench.sync('web', ['stack/src/a'], 'exec'), withCode('sync_refused'))
})

test('what is stopped has nothing to be copied into', async () => {
  await using bench = await createBench()
  const { house } = bench.bench
  await house.stop('shop/web', { only: true })
  await until('it is gone', () => house.registry.instancesOf('shop/web').length === 0)
  await assert.rejects(bench.sync('web', ['stack/src/a'], 'nothing'), withCode('service_stopped'))
})

test('a new container of the same image has what was copied into the one before', async () => {
  await using bench = await createBench()
  const { house, containers } = bench.bench
  await bench.sync('box', ['stack/src/a', 'watched/b'], 'nothing')
  await bench.sync('box', [], 'nothing', ['/app/lib'])
  const before = containers.calls.length
  await house.orchestrator.restartService('shop/box', 'asked for')
  assert.ok(containers.calls.slice(before).some((call) => call.startsWith('start shop-box')))
  const targets = bench.started.at(-1)?.spec.files.map(({ target }) => target)
  assert.deepEqual(targets, ['/app/a'])
  assert.deepEqual(house.registry.findService('shop/box')?.spec.files, [])
})
