import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import type { InstanceSpec } from '../runtime.ts'
import { findFilesRoot, sweepFiles } from './files.ts'
import { findRecord } from './incarnation-folder.ts'
import { hostsText, namespaceWrapper, rewriteHosts } from './namespace.ts'
import { prepareScript } from './prepare.ts'
import { createProcessBench } from './process-bench.ts'
import { instanceOf, serviceOf, until } from './runtime-cases.ts'
import { shellFor } from './shell.ts'

const withoutRoot = process.getuid?.() === 0 ? false : 'NOT ROOT'
const withoutNamespaces = (await namespaceWrapper()) === null ? 'NO MOUNT NAMESPACES HERE' : false
const limits = { timeoutMs: 10_000, outputLimitBytes: 100_000 }

type Bench = Awaited<ReturnType<typeof createProcessBench>>

/** Runs a script as a service to its end; what it has written, and how it ended. */
const outputOf = async (
  bench: Bench,
  script: string,
  spec: Partial<ServiceSpec>,
  more: Partial<InstanceSpec> = {},
): Promise<string[]> => {
  const instance = instanceOf({ ...serviceOf(['sh', '-c', script]), ...spec }, more)
  await bench.runtime.start(instance)
  await until(async () => (await bench.runtime.observe()).every((found) => !found.running))
  const page = await bench.logs.page({ stack: 'cases', instances: [instance.name] })
  await bench.runtime.remove(instance)
  await bench.runtime.removeLogs(instance)
  return page.items.map(({ text }) => text)
}

test(
  'a service is who it says, with groups and variables as after a login',
  { skip: withoutRoot },
  async (t) => {
    await using bench = await createProcessBench()
    const script = 'echo $(id -u) $(id -g) $(id -G) $HOME $USER $LOGNAME $SHELL'
    const shell = { SHELL: '/bin/sh' }
    const cases: [name: string, spec: Partial<ServiceSpec>, expected: string][] = [
      [
        'a name',
        { user: 'nobody', environment: shell },
        '65534 65534 65534 /nonexistent nobody nobody /bin/sh',
      ],
      [
        'a number with an account',
        { user: '65534', environment: shell },
        '65534 65534 65534 /nonexistent nobody nobody /bin/sh',
      ],
      ['a number without one', { user: '64999' }, '64999 64999 64999 / 64999 64999 /bin/sh'],
      ['with a group', { user: '64999:0' }, '64999 0 0 / 64999 64999 /bin/sh'],
      [
        'with more groups',
        { user: '64999', groups: ['64998', '0'] },
        '64999 64999 64999 64998 0 / 64999 64999 /bin/sh',
      ],
      [
        'the file wins',
        { user: '64999', environment: { HOME: '/x', USER: 'y' } },
        '64999 64999 64999 /x y 64999 /bin/sh',
      ],
    ]
    for (const [name, spec, expected] of cases) {
      await t.test(name, async () => {
        const [line = ''] = await outputOf(bench, script, spec)
        const ids = (text: string) => text.split(' ').sort().join(' ')
        assert.equal(ids(line), ids(expected))
      })
    }
  },
)

test('an unknown user or group is refused with its place in the file', async () => {
  await using bench = await createProcessBench()
  const origin = { file: '/stack/compose.yaml', line: 7, column: 11 }
  const cases: [Partial<ServiceSpec>, string, RegExp][] = [
    [{ user: 'no-such' }, 'user', /user no-such/],
    [{ user: 'root:no-such' }, 'user', /group no-such/],
    [{ groups: ['no-such'] }, 'groups', /group no-such/],
  ]
  for (const [spec, path, message] of cases) {
    const instance = instanceOf({ ...serviceOf(['true']), ...spec, origins: { [path]: [origin] } })
    await assert.rejects(bench.runtime.start(instance), (error) => {
      assert(error instanceof AppError)
      assert.equal(error.code, 'user_not_found')
      assert.match(error.message, message)
      assert.deepEqual(error.errors[0]?.origin, origin)
      return true
    })
  }
})

test('the value of a variable that no shell can name is in no argument and on no disk', async () => {
  const value = randomUUID()
  const environment = { 'spring.datasource.password': value, PWD: '/elsewhere' }
  const shell = await shellFor(environment)
  if (!shell.keepsOddNames) return
  const facts = { folder: '/folder', binds: [], ownHosts: false, cgroups: [], env: 'env' }
  const script = prepareScript({ ...facts, environment, keepsOddNames: true })
  assert(!script.includes(value))
  assert.match(script, /PWD=\/elsewhere/)
})

test(
  'configs and secrets are files that only the service can read, and end with it',
  { skip: withoutRoot },
  async () => {
    await using bench = await createProcessBench()
    await writeFile(join(bench.dir, 'key'), 'from a file\n')
    const files: ServiceSpec['files'] = [
      { kind: 'secret', source: 'key', target: 'tls/key', path: 'key' },
      { kind: 'config', source: 'app', target: 'app.conf', content: 'given\n', mode: 0o444 },
      { kind: 'secret', source: 'own', target: 'own', content: '', uid: '64998', gid: '64997' },
    ]
    const script =
      'cat $KEELSON_FILES/tls/key $KEELSON_FILES/app.conf; echo $KEELSON_FILES; exec sleep 1000'
    const spec = { ...serviceOf(['sh', '-c', script]), user: '64999', files }
    const instance = instanceOf(spec, { stackDir: bench.dir })
    await bench.runtime.start(instance)
    const texts = await until(async () => {
      const page = await bench.logs.page({ stack: 'cases', instances: [instance.name] })
      return page.items.length === 3 ? page.items.map(({ text }) => text) : null
    })
    assert.deepEqual(texts.slice(0, 2), ['from a file', 'given'])
    const folder = texts[2] ?? ''
    const modeOf = async (name: string) => {
      const { mode, uid, gid } = await stat(join(folder, name))
      return [(mode & 0o7777).toString(8), uid, gid]
    }
    assert.deepEqual(await modeOf('tls/key'), ['400', 64999, 64999])
    assert.deepEqual(await modeOf('app.conf'), ['444', 64999, 64999])
    assert.deepEqual(await modeOf('own'), ['400', 64998, 64997])
    assert.deepEqual(await modeOf('.'), ['700', 64999, 64999])
    await bench.runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
    assert(!existsSync(dirname(folder)))
    // Other Keelsons of this user may have theirs beside it.
    assert(!existsSync(await findFilesRoot(bench.stateDir)))
  },
)

test('files of an incarnation that nobody knows any more are swept', async () => {
  await using bench = await createProcessBench()
  const root = await findFilesRoot(bench.stateDir)
  await mkdir(join(root, 'lost/files'), { recursive: true })
  await bench.runtime.observe()
  assert(!existsSync(join(root, 'lost')))
  await sweepFiles(root, () => true)
})

test('files that cannot be placed are refused before anything is', async (t) => {
  await using bench = await createProcessBench()
  const own = await mkdtemp(join(tmpdir(), 'keelson-target-'))
  await writeFile(join(own, 'other'), '')
  const file = { kind: 'config', source: 'app', content: '' } as const
  const cases: [name: string, files: ServiceSpec['files'], message: RegExp][] = [
    ['outside of the folder', [{ ...file, target: '../x' }], /leaves the folder/],
    ['no source', [{ ...file, target: 'x', path: 'none' }], /none does not exist/],
    ['a folder as source', [{ ...file, target: 'x', path: '.' }], /is not a file/],
    ['nothing at the target', [{ ...file, target: join(own, 'x') }], /nothing is at|only on Linux/],
  ]
  for (const [name, files, message] of cases) {
    await t.test(name, async () => {
      const spec = { ...serviceOf(['true']), files }
      await assert.rejects(bench.runtime.start(instanceOf(spec, { stackDir: bench.dir })), message)
      assert.deepEqual(await readdir(bench.stateDir), [])
    })
  }
  await rm(own, { recursive: true })
})

test(
  'a file at an absolute path is there for the service alone',
  { skip: withoutNamespaces },
  async () => {
    await using bench = await createProcessBench()
    const dir = await mkdtemp(join(tmpdir(), 'keelson-target-'))
    await writeFile(join(dir, 'present'), "the host's\n")
    await mkdir(join(dir, 'empty'))
    await chmod(dir, 0o755)
    const hadSecrets = existsSync('/run/secrets')
    const files: ServiceSpec['files'] = [
      { kind: 'config', source: 'a', target: join(dir, 'present'), content: 'covered\n' },
      { kind: 'config', source: 'b', target: join(dir, 'empty/new'), content: 'new\n' },
      { kind: 'secret', source: 'c', target: '/run/secrets/keelson-test', content: 'secret\n' },
    ]
    const script = `cat ${dir}/present ${dir}/empty/new /run/secrets/keelson-test; echo x >>${dir}/present`
    const texts = await outputOf(bench, script, { files, user: 'nobody' })
    assert.deepEqual(texts.slice(0, 3), ['covered', 'new', 'secret'])
    assert.match(texts[3] ?? '', /[Rr]ead-only|denied/)
    assert.equal(await readFile(join(dir, 'present'), 'utf8'), "the host's\n")
    assert.deepEqual(await readdir(join(dir, 'empty')), [])
    assert(!(await readFile('/proc/self/mounts', 'utf8')).includes(dir))
    await rm(dir, { recursive: true })
    if (!hadSecrets) await rmdir('/run/secrets')
  },
)

test(
  'an instance knows others by name, and is told when an address changes',
  { skip: withoutNamespaces },
  async () => {
    await using bench = await createProcessBench()
    const spec = { ...serviceOf(['sleep', '1000']), user: 'nobody' }
    const instance = instanceOf(spec, {
      hosts: { db: '10.1.2.3', 'no name': 'x', bad: 'nonsense' },
    })
    const started = await bench.runtime.start(instance)
    const addressOf = async (runtime = bench.runtime): Promise<string> => {
      const command = ['sh', '-c', 'getent hosts db | cut -d" " -f1; pwd; id -u']
      return (await runtime.exec(instance, command, limits)).output
    }
    await until(async () => (await addressOf()) === '10.1.2.3\n/\n65534\n')
    await bench.runtime.updateHosts(instance, { db: '10.1.2.4' })
    assert.equal(await addressOf(), '10.1.2.4\n/\n65534\n')
    // The next Keelson finds it as it is, and no program more than the service runs.
    const { runtime } = await bench.restart()
    assert.deepEqual(await runtime.observe(), [started])
    await runtime.updateHosts(instance, { db: '10.1.2.5' })
    assert.equal(await addressOf(runtime), '10.1.2.5\n/\n65534\n')
    assert.equal((await runtime.usage([instance])).get(instance.incarnation)?.processes, 1)
    const folder = join(bench.stateDir, 'cases', instance.name, instance.incarnation)
    assert.equal((await findRecord(folder))?.namespace, true)
    await runtime.stop(instance, { signal: 'SIGTERM', graceMs: 5000 })
    assert.equal((await runtime.observe())[0]?.exit?.signal, 'SIGTERM')
    assert(!(await readFile('/proc/self/mounts', 'utf8')).includes(bench.dir))
  },
)

test('names of services are added to the lines of the host and win over them', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-hosts-'))
  const path = join(dir, 'hosts')
  await writeFile(path, '127.0.0.1 localhost\n10.0.0.1 db DB.example # ours\n10.0.0.2 api\n\n')
  const text = await hostsText(
    { db: '172.17.0.2', api: '::1', 'a b': '1.2.3.4', c: 'nonsense' },
    path,
  )
  const expected = [
    '127.0.0.1 localhost',
    '10.0.0.1 DB.example # ours',
    '# Services, by Keelson',
    '172.17.0.2\tdb',
    '::1\tapi',
    '',
  ]
  assert.deepEqual(text.split('\n'), expected)
  const { ino } = await stat(path)
  await rewriteHosts(path, 'short\n')
  assert.deepEqual([(await stat(path)).ino, await readFile(path, 'utf8')], [ino, 'short\n'])
  await rm(dir, { recursive: true })
})
