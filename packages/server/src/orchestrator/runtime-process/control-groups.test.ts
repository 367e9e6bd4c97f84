import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { createCgroups, ranOutOfMemory, removeCgroup } from './cgroup.ts'
import type { CgroupHierarchy, Controller } from './cgroup-hierarchy.ts'
import { findHierarchies } from './cgroup-hierarchy.ts'
import { checkUlimits, processLimitsOf } from './limits.ts'
import { createProcessBench } from './process-bench.ts'
import { instanceOf, serviceOf, until } from './runtime-cases.ts'

/** A file tree in the form of control groups, for what this host may not have. */
const createTree = async (files: readonly string[]) => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-groups-'))
  const folder = join(dir, 'keelson/one')
  await mkdir(folder, { recursive: true })
  for (const file of files) await writeFile(join(folder, file), '')
  return {
    dir,
    folder,
    read: (path: string) => readFile(join(dir, path), 'utf8').catch(() => null),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  }
}

const files2 = [
  'cgroup.kill',
  'cgroup.procs',
  'memory.max',
  'memory.swap.max',
  'cpu.max',
  'pids.max',
]
const limits = { memory: 64_000_000, cpu: 1.5, pids: 20 }

test('version 2: limits are written, and each group above passes its controllers on', async () => {
  await using tree = await createTree(files2)
  const hierarchy: CgroupHierarchy = { version: 2, controllers: [], parents: [tree.dir] }
  const made = await createCgroups('one', limits, [hierarchy])
  assert.deepEqual(made, { folders: [tree.folder], unmet: [] })
  assert.equal(await tree.read('keelson/one/memory.max'), '64000000')
  assert.equal(await tree.read('keelson/one/memory.swap.max'), '64000000')
  assert.equal(await tree.read('keelson/one/cpu.max'), '150000 100000')
  assert.equal(await tree.read('keelson/one/pids.max'), '20')
  assert.equal(await tree.read('cgroup.subtree_control'), '+pids')
  assert.equal(await tree.read('keelson/cgroup.subtree_control'), '+pids')
})

test('a limit that version 2 has no controller for goes to version 1, or is told', async () => {
  await using two = await createTree(['cgroup.kill', 'cgroup.procs', 'pids.max'])
  await using one = await createTree(['cgroup.procs', 'memory.limit_in_bytes'])
  const hierarchies: CgroupHierarchy[] = [
    { version: 1, controllers: ['memory'], parents: [one.dir] },
    { version: 2, controllers: [], parents: [two.dir] },
  ]
  const made = await createCgroups('one', limits, hierarchies)
  assert.deepEqual(made, { folders: [two.folder, one.folder], unmet: ['cpu'] })
  assert.equal(await one.read('keelson/one/memory.limit_in_bytes'), '64000000')
  assert.equal(await two.read('keelson/one/memory.max'), null)
})

test('without version 2 a group of version 1 is made to find what runs away', async () => {
  await using one = await createTree(['cgroup.procs'])
  const hierarchy: CgroupHierarchy = { version: 1, controllers: ['pids'], parents: [one.dir] }
  assert.deepEqual(await createCgroups('one', {}, [hierarchy]), {
    folders: [one.folder],
    unmet: [],
  })
})

test('want of memory is recognised in both versions', async () => {
  const cases: [file: string, text: string, expected: boolean][] = [
    ['memory.events', 'low 0\nmax 12\noom 1\noom_kill 1\n', true],
    ['memory.events', 'low 0\nmax 12\noom 0\noom_kill 0\n', false],
    ['memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n', true],
    ['memory.oom_control', 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n', false],
  ]
  for (const [file, text, expected] of cases) {
    await using tree = await createTree([])
    await writeFile(join(tree.folder, file), text)
    assert.equal(await ranOutOfMemory(tree.folder), expected, `${file}: ${text}`)
  }
})

test('where no group holds a limit, that of a process does, or it is told', async () => {
  const spec: ServiceSpec = {
    ...serviceOf(['true']),
    memoryLimitBytes: 64_000_000,
    ulimits: { nofile: { soft: 100, hard: 200 }, core: { soft: -1, hard: -1 } },
  }
  const unmet: Controller[] = ['memory', 'cpu', 'pids']
  const { wrapper, unheld } = await processLimitsOf(spec, unmet)
  const options = ['--nofile=100:200', '--core=unlimited:unlimited', '--data=64000000']
  assert.deepEqual(wrapper.slice(1), options)
  assert.deepEqual(
    unheld.map((text) => text.slice(0, text.indexOf(':'))),
    [
      'limit of memory for all processes together, only for each alone (RLIMIT_DATA)',
      'limit of CPUs',
      'limit of processes',
    ],
  )
  const unknown = { ...spec, ulimits: { files: { soft: 1, hard: 1 } } }
  assert.throws(
    () => checkUlimits(unknown),
    (error) => error instanceof AppError && /does not exist: files/.test(error.message),
  )
})

/** Of this host, whichever version has it. */
const canLimit = async (controller: Controller): Promise<boolean> => {
  const made = await createCgroups('keelson-test-limits', { [controller]: 1_000_000_000 })
  for (const folder of made.folders) await removeCgroup(folder)
  return made.unmet.length === 0
}
const skipUnless = async (...controllers: Controller[]): Promise<string | false> => {
  for (const controller of controllers) {
    if (!(await canLimit(controller))) return `NO WRITABLE CONTROL GROUP FOR ${controller}`
  }
  return false
}

const endOf = async (bench: Awaited<ReturnType<typeof createProcessBench>>, spec: ServiceSpec) => {
  const instance = instanceOf(spec)
  await bench.runtime.start(instance)
  const end = await until(async () =>
    (await bench.runtime.observe()).find((found) => !found.running),
  )
  const page = await bench.logs.page({ stack: 'cases', instances: [instance.name] })
  return { instance, exit: end.exit, texts: page.items.map(({ text }) => text) }
}

const eater = 'const kept = []; for (;;) kept.push(Buffer.alloc(1_000_000, 1))'

test(
  'an instance that takes too much memory ends, and it is told why',
  { skip: await skipUnless('memory') },
  async () => {
    await using bench = await createProcessBench()
    const command = ['sh', '-c', '"$0" -e "$1"; exit 3', process.execPath, eater]
    const { exit } = await endOf(bench, { ...serviceOf(command), memoryLimitBytes: 80_000_000 })
    assert.deepEqual([exit?.code, exit?.outOfMemory], [3, true])
  },
)

test(
  'an instance has no more processes than it may',
  { skip: await skipUnless('pids') },
  async () => {
    await using bench = await createProcessBench()
    const command = ['sh', '-c', 'sleep 30 & sleep 30 & sleep 30 & sleep 30 & echo all']
    const { texts } = await endOf(bench, { ...serviceOf(command), pidsMax: 3 })
    assert.match(texts.join('\n'), /fork/)
  },
)

test(
  'an instance takes no more of a CPU than it may',
  { skip: await skipUnless('cpu') },
  async () => {
    await using bench = await createProcessBench()
    const spec = { ...serviceOf(['sh', '-c', 'while :; do :; done']), cpusMax: 0.1 }
    const instance = instanceOf(spec)
    await bench.runtime.start(instance)
    const cpuMs = async () =>
      (await bench.runtime.usage([instance])).get(instance.incarnation)?.cpuMs
    const [before = 0, startedAt] = [await cpuMs(), performance.now()]
    await until(() => performance.now() - startedAt > 1000)
    const share = (((await cpuMs()) ?? 0) - before) / (performance.now() - startedAt)
    assert(share < 0.3, `it took ${share} of a CPU`)
  },
)

test('of an instance that is removed no control group is left', async () => {
  await using bench = await createProcessBench()
  const spec = { ...serviceOf(['true']), memoryLimitBytes: 80_000_000, pidsMax: 30, cpusMax: 1 }
  const { instance } = await endOf(bench, spec)
  await bench.runtime.remove(instance)
  for (const { parents } of await findHierarchies()) {
    for (const parent of parents) {
      assert(!existsSync(join(parent, 'keelson', instance.incarnation)), parent)
    }
  }
})
