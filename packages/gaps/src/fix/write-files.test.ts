import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmod,
  link,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRepository } from '../testing/repository.ts'
import { writeFixes, WriteFailed } from './write-files.ts'

const change = (file: string, before: string, after: string) => ({
  file,
  before,
  after,
  isNew: false,
})

test('files are replaced with their mode, new ones are made, nothing else is left', async () => {
  await using repository = await createRepository({ 'a.yaml': 'a\n', 'b/c.yaml': 'c\n' })
  await chmod(repository.path('a.yaml'), 0o640)
  await writeFixes(repository.root, [
    change('a.yaml', 'a\n', 'A\n'),
    change('b/c.yaml', 'c\n', 'C\n'),
    { file: 'b/Dockerfile', before: '', after: 'FROM x\n', isNew: true },
  ])
  assert.equal(await readFile(repository.path('a.yaml'), 'utf8'), 'A\n')
  assert.equal((await stat(repository.path('a.yaml'))).mode & 0o777, 0o640)
  assert.equal(await readFile(repository.path('b/c.yaml'), 'utf8'), 'C\n')
  assert.equal(await readFile(repository.path('b/Dockerfile'), 'utf8'), 'FROM x\n')
  assert.deepEqual((await readdir(repository.root)).toSorted(), ['a.yaml', 'b'])
  assert.deepEqual((await readdir(repository.path('b'))).toSorted(), ['Dockerfile', 'c.yaml'])
})

type Spoil = [
  name: string,
  spoil: (path: (file: string) => string) => Promise<unknown>,
  why: RegExp,
]

const spoils: Spoil[] = [
  ['it changed meanwhile', (path) => writeFile(path('z.yaml'), 'new\n'), /has changed meanwhile/],
  ['it is read-only', (path) => chmod(path('z.yaml'), 0o444), /read-only/],
  [
    'it is a link by now',
    async (path) => {
      await writeFile(path('y.yaml'), 'z\n')
      await rm(path('z.yaml'))
      await symlink(path('y.yaml'), path('z.yaml'))
    },
    /is a link/,
  ],
  ['it has another name', (path) => link(path('z.yaml'), path('y.yaml')), /hard link/],
  [
    'it is a folder by now',
    async (path) => {
      await rm(path('z.yaml'))
      await mkdir(path('z.yaml'))
    },
    /not a regular file/,
  ],
]

for (const [name, spoil, why] of spoils) {
  test(`all or none: ${name}`, async () => {
    await using repository = await createRepository({ 'a.yaml': 'a\n', 'z.yaml': 'z\n' })
    await spoil(repository.path)
    await assert.rejects(
      writeFixes(repository.root, [change('a.yaml', 'a\n', 'A\n'), change('z.yaml', 'z\n', 'Z\n')]),
      (error) => error instanceof WriteFailed && why.test(error.message) && error.file === 'z.yaml',
    )
    assert.equal(await readFile(repository.path('a.yaml'), 'utf8'), 'a\n')
    const left = await readdir(repository.root)
    assert.ok(!left.some((entry) => entry.includes('keelson')), left.join())
  })
}

test('a new file takes nobody’s place, and what was written before it is put back', async () => {
  await using repository = await createRepository({ 'a.yaml': 'a\n' })
  await assert.rejects(
    writeFixes(repository.root, [
      change('a.yaml', 'a\n', 'A\n'),
      { file: 'b', before: '', after: 'one\n', isNew: true },
      // The same name once more: its place is taken when its turn comes.
      { file: 'b', before: '', after: 'two\n', isNew: true },
    ]),
    (error) => error instanceof WriteFailed && /EEXIST/.test(error.message),
  )
  assert.equal(await readFile(repository.path('a.yaml'), 'utf8'), 'a\n')
  assert.deepEqual(await readdir(repository.root), ['a.yaml'])
})

test('nothing outside of the repository is written', async () => {
  await using outside = await createRepository({ 'a.yaml': 'a\n' })
  await using repository = await createRepository({})
  await symlink(outside.root, repository.path('out'))
  for (const file of ['../a.yaml', 'out/a.yaml', outside.path('a.yaml'), './a.yaml']) {
    await assert.rejects(writeFixes(repository.root, [change(file, 'a\n', 'A\n')]), WriteFailed)
  }
  assert.equal(await readFile(outside.path('a.yaml'), 'utf8'), 'a\n')
})

test('what a killed run left beside a file is removed, and nothing else', async () => {
  const left = '.a.yaml.0123456789ab.keelson'
  const kept = [
    ...['.a.yaml.ba9876543210.keelson', '.a.yaml.0123.keelson', '.b.yaml.0123456789ab.keelson'],
    ...['a.yaml.0123456789ab.keelson', '.a.yaml.keelson'],
  ]
  const files = Object.fromEntries([left, ...kept, 'a.yaml'].map((name) => [name, 'a\n']))
  await using repository = await createRepository(files)
  const old = new Date(Date.now() - 3_600_000)
  for (const name of [left, ...kept.slice(1)]) await utimes(repository.path(name), old, old)
  await writeFixes(repository.root, [change('a.yaml', 'a\n', 'A\n')])
  assert.deepEqual((await readdir(repository.root)).toSorted(), [...kept, 'a.yaml'].toSorted())
})

const skip = process.platform === 'win32' ? 'there is no ulimit' : false

test('a file for which there is no room leaves nothing behind', { skip }, async () => {
  await using repository = await createRepository({ 'a.yaml': 'a\n' })
  const program = `
    const { writeFixes } = await import(process.argv[1])
    const one = { file: 'a.yaml', before: 'a\\n', after: 'A'.repeat(1e6), isNew: false }
    await writeFixes(process.argv[2], [one]).catch((error) => console.log(error.message))`
  const words = ['--input-type=module', '-e', program, join(import.meta.dirname, 'write-files.ts')]
  const limited = ['-c', 'ulimit -f 16 && exec "$0" "$@"', process.execPath, ...words]
  const { stdout } = spawnSync('sh', [...limited, repository.root], { encoding: 'utf8' })
  assert.match(stdout, /^a\.yaml was not written: it ended with E/)
  assert.equal(await readFile(repository.path('a.yaml'), 'utf8'), 'a\n')
  assert.deepEqual(await readdir(repository.root), ['a.yaml'])
})
