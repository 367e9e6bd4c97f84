import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { plainService, type ServiceSpec, type WatchSpec } from '@keelson/contract'
import { initialChanges, sortChanges } from './batch.ts'
import { watchPaths } from './changes.ts'
import { watchRules } from './rules.ts'

const createFolder = async (files: Record<string, string>) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-watch-'))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), text)
  }
  return {
    folder,
    at: (name: string) => join(folder, name),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  }
}

const rule = (given: Partial<WatchSpec> & { path: string }): WatchSpec => ({
  action: 'sync',
  target: '/app',
  include: [],
  ignore: [],
  initialSync: false,
  ...given,
})

const web = (watch: WatchSpec[], context?: string): ServiceSpec => {
  const service: ServiceSpec = { ...plainService, name: 'web', watch }
  if (context === undefined) return service
  const container = {
    build: { context, args: {} },
    pullPolicy: 'build',
    networks: {},
    mounts: [],
    init: false,
    tty: false,
    stdinOpen: false,
    privileged: false,
    readOnly: false,
    capAdd: [],
    capDrop: [],
    extraHosts: {},
  } as const
  return {
    ...service,
    runtime: 'container',
    container: { ...container, mounts: [], capAdd: [], capDrop: [] },
  }
}

test('a file is copied to its place below the target, one that is gone is removed there', async () => {
  await using folder = await createFolder({ 'src/a.js': '', 'src/deep/b.js': '' })
  const rules = await watchRules([web([rule({ path: folder.at('src') })])])
  const [change] = await sortChanges(rules, [folder.at('src/deep/b.js'), folder.at('src/gone.js')])
  assert.deepEqual(change?.copies, [
    { source: folder.at('src/deep/b.js'), target: '/app/deep/b.js' },
  ])
  assert.deepEqual(change?.removals, ['/app/gone.js'])
})

test('a folder that was moved here stands for all its files', async () => {
  await using folder = await createFolder({ 'src/new/a.js': '', 'src/new/deep/b.js': '' })
  const rules = await watchRules([web([rule({ path: folder.at('src') })])])
  const [change] = await sortChanges(rules, [folder.at('src/new')])
  assert.deepEqual(change?.copies.map(({ target }) => target).sort(), [
    '/app/new/a.js',
    '/app/new/deep/b.js',
  ])
})

const ignored: [string, string, Partial<WatchSpec>, string | undefined][] = [
  ['what the rule ignores', 'src/x.log', { ignore: ['*.log'] }, undefined],
  ['what the rule does not include', 'src/x.md', { include: ['**/*.js'] }, undefined],
  ['what the .dockerignore of the build names', 'src/secret.js', {}, 'src/secret.js\n'],
  ["an editor's file of a moment", 'src/.a.js.swp', {}, undefined],
  ['version control', 'src/.git/index', {}, undefined],
  ['a file outside of the path', 'other/a.js', {}, undefined],
]

for (const [name, path, given, dockerIgnore] of ignored) {
  test(`not its business: ${name}`, async () => {
    const files = {
      [path]: '',
      'src/a.js': '',
      ...(dockerIgnore && { '.dockerignore': dockerIgnore }),
    }
    await using folder = await createFolder(files)
    const rules = await watchRules([
      web([rule({ path: folder.at('src'), ...given })], folder.folder),
    ])
    assert.deepEqual(await sortChanges(rules, [folder.at(path)]), [])
  })
}

const actions: [WatchSpec['action'][], { rebuild: boolean; afterwards: string; copies: number }][] =
  [
    [['sync'], { rebuild: false, afterwards: 'nothing', copies: 1 }],
    [['rebuild'], { rebuild: true, afterwards: 'nothing', copies: 0 }],
    [['restart'], { rebuild: false, afterwards: 'restart', copies: 0 }],
    [['sync+restart'], { rebuild: false, afterwards: 'restart', copies: 1 }],
    [['sync+exec'], { rebuild: false, afterwards: 'exec', copies: 1 }],
    [['sync+exec', 'restart'], { rebuild: false, afterwards: 'restart', copies: 1 }],
  ]

for (const [given, expected] of actions) {
  test(`actions of one change: ${given.join(' and ')}`, async () => {
    await using folder = await createFolder({ 'a.js': '' })
    const specs = given.map((action) =>
      rule({ path: folder.at('a.js'), target: '/app/a.js', action }),
    )
    const [change] = await sortChanges(await watchRules([web(specs)]), [folder.at('a.js')])
    const { rebuild, afterwards, copies = [] } = change ?? {}
    assert.deepEqual({ rebuild, afterwards, copies: copies.length }, expected)
  })
}

test('initial_sync copies what is there, and restarts nothing', async () => {
  await using folder = await createFolder({ 'src/a.js': '', 'lib/b.js': '' })
  const rules = await watchRules([
    web([
      rule({ path: folder.at('src'), action: 'sync+restart', initialSync: true }),
      rule({ path: folder.at('lib') }),
    ]),
  ])
  const [change, ...others] = await initialChanges(rules)
  assert.deepEqual(others, [])
  assert.equal(change?.afterwards, 'nothing')
  assert.deepEqual(
    change?.copies.map(({ target }) => target),
    ['/app/a.js'],
  )
})

test('changes come in batches: new folders, and a file that an editor replaces', async () => {
  await using folder = await createFolder({ 'src/a.js': '', 'one.conf': 'x' })
  const seen = new Set<string>()
  let wake = () => {}
  const watching = await watchPaths({
    roots: [folder.at('src'), folder.at('one.conf')],
    onChanges: async (paths) => {
      paths.forEach((path) => seen.add(path))
      wake()
    },
    onFault: (error) => assert.fail(String(error)),
  })
  const untilSeen = async (...names: string[]) => {
    while (!names.every((name) => seen.has(folder.at(name)))) {
      await new Promise<void>((resolve) => (wake = resolve))
    }
  }
  await writeFile(folder.at('other.conf'), 'y')
  await writeFile(folder.at('one.conf.new'), 'y')
  await rename(folder.at('one.conf.new'), folder.at('one.conf'))
  await writeFile(folder.at('src/a.js'), 'b')
  await untilSeen('one.conf', 'src/a.js')
  assert.ok(!seen.has(folder.at('other.conf')))
  watching.close()
})

test('a path that is not there is told before anything is watched', async () => {
  const options = { onChanges: async () => {}, onFault: () => {} }
  await assert.rejects(watchPaths({ roots: ['/no/such/folder'], ...options }), /nothing to watch/)
})
