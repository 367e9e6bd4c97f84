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
 * `<dir>/stack` is the folder of a stack with a process `web` and a container `box`; `web` watches
 * `<dir>/watched` as well, and nobody asks for `<dir>/secret`.
 */
const createBench = async () => {
  const bench = await createFakeBench()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-sync-'))
  const at = (path: string): string => join(dir, path)
  for (const folder of ['stack', 'watched', 'elsewhere']) await mkdir(at(folder))
  for (const file of ['stack/a', 'watched/b', 'elsewhere/c', 'secret'])
    await writeFile(at(file), '')
  await symlink(at('secret'), at('stack/link'))
  await symlink(at('elsewhere'), at('stack/folder'))
  const watch = [
    watching(at('watched'), { action: 'sync+exec', exec: reload }),
    watching(at('stack')),
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
  return {
    ...{ bench, at, copied, started },
    sync: (service: string, copies: string[], afterwards: Afterwards, removals: string[] = []) => {
      const { orchestrator, registry } = bench.house
      return orchestrator.syncService(localActor, registry.getService(`shop/${service}`), {
        copies: copies.map((path) => ({ source: at(path), target: `/app/${path}` })),
        ...{ removals, afterwards },
      })
    },
    async [Symbol.asyncDispose]() {
      await bench[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const withCode = (code: string) => (error: unknown) =>
  error instanceof AppError && error.code === code

const sources: [name: string, path: string, isTaken: boolean][] = [
  ['in the folder of the stack', 'stack/a', true],
  ['below a watched path', 'watched/b', true],
  ['gone again by now', 'stack/gone', true],
  ['elsewhere', 'secret', false],
  ['beside, by a path with dots', 'stack/../secret', false],
  ['gone, and elsewhere', 'nothing', false],
  ['a link to elsewhere', 'stack/link', false],
  ['below a linked folder', 'stack/folder/c', false],
]
test('a source lies in the folder of the stack, or below what the service watches', async (t) => {
  await using bench = await createBench()
  for (const [name, path, isTaken] of sources) {
    await t.test(name, async () => {
      bench.copied.length = 0
      const work = bench.sync('web', [path], 'nothing')
      if (isTaken) return work
      await assert.rejects(work, withCode('sync_refused'))
      assert.deepEqual(bench.copied, [])
    })
  }
})

test('every running instance gets the files, removals first, and then the hook once', async () => {
  await using bench = await createBench()
  const { processes } = bench.bench
  processes.calls.length = 0
  await bench.sync('web', ['watched/b', 'stack/a'], 'exec', ['/app/old'])
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
  await assert.rejects(bench.sync('web', ['stack/a'], 'exec'), withCode('sync_refused'))
})

test('what is stopped has nothing to be copied into', async () => {
  await using bench = await createBench()
  const { house } = bench.bench
  await house.stop('shop/web', { only: true })
  await until('it is gone', () => house.registry.instancesOf('shop/web').length === 0)
  await assert.rejects(bench.sync('web', ['stack/a'], 'nothing'), withCode('service_stopped'))
})

test('a new container of the same image has what was copied into the one before', async () => {
  await using bench = await createBench()
  const { house, containers } = bench.bench
  await bench.sync('box', ['stack/a', 'watched/b'], 'nothing')
  await bench.sync('box', [], 'nothing', ['/app/watched'])
  const before = containers.calls.length
  await house.orchestrator.restartService('shop/box', 'asked for')
  assert.ok(containers.calls.slice(before).some((call) => call.startsWith('start shop-box')))
  const targets = bench.started.at(-1)?.spec.files.map(({ target }) => target)
  assert.deepEqual(targets, ['/app/stack/a'])
  assert.deepEqual(house.registry.findService('shop/box')?.spec.files, [])
})
