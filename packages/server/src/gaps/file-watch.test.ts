import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../kernel/clock.ts'
import { until } from '../kernel/testing/index.ts'
import type { Stamp } from '@keelson/contract'
import { createFileWatch, stampNow } from './file-watch.ts'

/** A folder with a compose file that was read, a log that was not, and an empty folder. */
const createBench = async () => {
  const root = await mkdtemp(join(tmpdir(), 'keelson-watch-'))
  await writeFile(join(root, 'compose.yaml'), 'services: {}\n')
  await writeFile(join(root, 'app.log'), '')
  await mkdir(join(root, 'api'))
  const changes: string[] = []
  const watch = createFileWatch({ clock: systemClock, onChange: (stack) => changes.push(stack) })
  const stamps = (...paths: string[]): Promise<Stamp[]> =>
    Promise.all(paths.map((path) => stampNow(root, path)))
  const follow = async (listed = ['compose.yaml', 'app.log', 'api']) =>
    watch.follow('shop', root, {
      files: await stamps('compose.yaml', '.keelson/gaps.yaml'),
      folders: await stamps('', 'api'),
      listed,
    })
  await follow()
  return {
    ...{ root, changes, watch, follow },
    path: (name: string) => join(root, name),
    /** Once what the system told before this has been looked at. */
    async afterwards() {
      const before = changes.length
      await writeFile(join(root, 'last'), '')
      await until('the last one is seen', () => changes.length > before)
      return before
    },
    async [Symbol.asyncDispose]() {
      watch.close()
      await rm(root, { recursive: true, force: true })
    },
  }
}

const changes: [what: string, change: (path: (name: string) => string) => Promise<void>][] = [
  ['a file that was read is written', (path) => appendFile(path('compose.yaml'), 'x: 1\n')],
  [
    'an editor puts another file in its place',
    async (path) => {
      await writeFile(path('compose.yaml~'), 'services: {x: {}}\n')
      await rename(path('compose.yaml~'), path('compose.yaml'))
    },
  ],
  ['it is removed', (path) => rm(path('compose.yaml'))],
  ['a file appears', (path) => writeFile(path('.env'), 'A=1\n')],
  ['a file appears in a folder that was empty', (path) => writeFile(path('api/Dockerfile'), '')],
  ['one that was not read is removed', (path) => rm(path('app.log'))],
]
for (const [what, change] of changes) {
  test(`it is told when ${what}`, async () => {
    await using bench = await createBench()
    await change(bench.path)
    await until('it is told', () => bench.changes.length > 0)
    assert.equal(bench.changes[0], 'shop')
    assert.equal(await bench.watch.hasChanged('shop'), true)
  })
}

test('what was not read may be written, and files may come and go', async () => {
  await using bench = await createBench()
  await appendFile(bench.path('app.log'), 'a line\n')
  await writeFile(bench.path('journal'), '')
  await rm(bench.path('journal'))
  assert.equal(await bench.afterwards(), 0)
})

test('looking in turn finds what the system does not tell of, and no more than that', async () => {
  await using bench = await createBench()
  const { root, changes, watch } = bench
  watch.forget('shop')
  const other = (path: string): Stamp => [path, 1, 1]
  const same = await stampNow(root, 'app.log')
  // Folders that are not there cannot be watched.
  await watch.follow('shop', root, { files: [same], folders: [other('gone')], listed: ['x'] })
  await watch.look()
  assert.deepEqual(changes, ['shop'])
  await watch.follow('shop', root, { files: [same], folders: [], listed: [] })
  await watch.look()
  assert.deepEqual(changes, ['shop'])
  assert.equal(await watch.hasChanged('shop'), false)
})

test('a folder in which files came and went is the same folder', async () => {
  await using bench = await createBench()
  await writeFile(bench.path('journal'), '')
  await rm(bench.path('journal'))
  const { mtimeMs } = await stat(bench.root)
  const watched = {
    files: [],
    folders: [['', mtimeMs - 1000, 0] as Stamp],
    listed: ['compose.yaml'],
  }
  await bench.watch.follow('shop', bench.root, watched)
  assert.equal(await bench.watch.hasChanged('shop'), true, 'two files more than were listed')
  watched.listed = ['compose.yaml', 'app.log', 'api']
  await bench.watch.follow('shop', bench.root, watched)
  assert.equal(await bench.watch.hasChanged('shop'), false)
})

test('a stack that is forgotten is told of no more', async () => {
  await using bench = await createBench()
  bench.watch.forget('shop')
  await appendFile(bench.path('compose.yaml'), 'x: 1\n')
  await bench.watch.look()
  assert.equal(await bench.watch.hasChanged('shop'), false)
  assert.deepEqual(bench.changes, [])
})
