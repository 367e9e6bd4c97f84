import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createRepository, manyFilesFolder } from '../testing/repository.ts'
import { walkTree } from './walk.ts'

test('files are listed sorted, and other people’s code is there but not entered', async () => {
  await using repository = await createRepository({
    'b.txt': 'b',
    'a/c.txt': 'c',
    'node_modules/x/index.js': '',
  })
  const tree = await walkTree(repository.root)
  assert.deepEqual(tree.files, ['a/c.txt', 'b.txt'])
  assert.deepEqual(tree.under('a'), ['a/c.txt'])
  assert.ok(tree.has('node_modules'))
  assert.ok(tree.isUnknown('node_modules/x/index.js'))
  assert.equal(tree.sizeOf('b.txt'), 1)
  assert.equal(await tree.read('b.txt'), 'b')
  assert.deepEqual(tree.notes, [])
})

test('links: followed to files inside, never into folders, never out', async () => {
  await using outside = await createRepository({ 'secret.txt': 'secret' })
  await using repository = await createRepository({ 'real.txt': 'real', 'folder/x.txt': 'x' })
  const { path } = repository
  await symlink('real.txt', path('inside.txt'))
  await symlink(outside.path('secret.txt'), path('outside.txt'))
  await symlink('nowhere', path('broken'))
  await symlink('loop', path('loop'))
  await symlink('..', path('folder/up'))
  const tree = await walkTree(repository.root)
  assert.deepEqual(tree.files, ['folder/x.txt', 'inside.txt', 'real.txt'])
  assert.equal(await tree.read('inside.txt'), 'real')
  // It is there: nobody may say that it is missing. What it holds is nobody's business.
  assert.ok(tree.has('outside.txt'))
  assert.equal(await tree.read('outside.txt'), undefined)
  assert.ok(!tree.has('broken') && !tree.has('loop'))
  assert.ok(tree.has('folder/up') && tree.isUnknown('folder/up/real.txt'))
})

test('what cannot be read is told with its path, once', async () => {
  await using repository = await createRepository({
    'binary.md': Buffer.from([35, 0, 35]),
    'README.md': '',
    'locked.txt': 'x',
  })
  const { path, root } = repository
  await truncate(path('README.md'), 100 * 1024 * 1024)
  execFileSync('mkfifo', [path('pipe')])
  const tree = await walkTree(root)
  assert.deepEqual(tree.files, ['README.md', 'binary.md', 'locked.txt'])
  assert.equal(await tree.read('binary.md'), undefined)
  assert.equal(await tree.read('README.md'), undefined)
  assert.equal(await tree.read('README.md'), undefined)
  assert.equal(await tree.read('pipe'), undefined)
  assert.ok(tree.has('pipe'))
  assert.deepEqual(tree.notes, [{ file: 'README.md', why: 'larger than 2097152 bytes, not read' }])
})

test('a folder and a file that may not be read are told', async (t) => {
  if (process.getuid?.() === 0) return t.skip('root may read everything')
  await using repository = await createRepository({ 'closed/a.txt': 'a', 'locked.txt': 'x' })
  const { path, root } = repository
  await chmod(path('closed'), 0)
  await chmod(path('locked.txt'), 0)
  const tree = await walkTree(root)
  await tree.read('locked.txt')
  await chmod(path('closed'), 0o700)
  assert.deepEqual(tree.notes, [
    { file: 'closed', why: 'cannot be listed: EACCES' },
    { file: 'locked.txt', why: 'cannot be read: EACCES' },
  ])
})

test('a file that turned into something else since it was listed is not waited for', async () => {
  await using repository = await createRepository({ 'a.txt': 'a', 'b.txt': 'b' })
  const { path, root } = repository
  const tree = await walkTree(root)
  execFileSync('rm', [path('a.txt')])
  execFileSync('mkfifo', [path('a.txt')])
  execFileSync('rm', [path('b.txt')])
  assert.equal(await tree.read('a.txt'), undefined)
  assert.equal(await tree.read('b.txt'), undefined)
  assert.deepEqual(tree.notes, [
    { file: 'a.txt', why: 'cannot be read: not a regular file' },
    { file: 'b.txt', why: 'cannot be read: ENOENT' },
  ])
})

test('one file more than the limit: told, and the same files on every machine', async () => {
  await using repository = await createRepository({ 'README.md': '# x' })
  const { path, root } = repository
  await mkdir(path('many'))
  await Promise.all(
    Array.from({ length: 300 }, (_, index) => writeFile(path(`many/${index}.txt`), '')),
  )
  const tree = await walkTree(root, { limits: { fileCountMax: 300 } })
  assert.equal(tree.files.length, 300)
  assert.ok(tree.has('README.md'), 'what lies near the root is seen first')
  assert.ok(!tree.files.includes('many/99.txt'), 'the last by name is left out')
  assert.ok(tree.isUnknown('many/99.txt'))
  assert.deepEqual(tree.notes, [
    { file: 'many', why: 'more than 300 files, not read from here on' },
  ])
})

test('50,001 files are listed up to the limit', async () => {
  await using repository = await createRepository({}, manyFilesFolder)
  const { root } = repository
  execFileSync('sh', ['-c', 'seq 50001 | xargs touch'], { cwd: root })
  const tree = await walkTree(root)
  assert.equal(tree.files.length, 50_000)
  assert.deepEqual(tree.notes, [{ file: '.', why: 'more than 50000 files, not read from here on' }])
})

test('folders below each other beyond the limit are told and not entered', async () => {
  await using repository = await createRepository()
  const deep = Array.from({ length: 40 }, () => 'd').join('/')
  await repository.write(`${deep}/x.txt`, 'x')
  const tree = await walkTree(repository.root)
  assert.deepEqual(tree.files, [])
  const [note] = tree.notes
  assert.match(note?.why ?? '', /deeper than 32 folders/)
  assert.ok(tree.isUnknown(join(deep, 'x.txt')))
})

test('text is read up to a limit of all together, and then told once', async () => {
  const text = 'x'.repeat(1000)
  await using repository = await createRepository({ 'a.txt': text, 'b.txt': text, 'c.txt': text })
  const limits = { readLimitBytes: 1500 }
  const tree = await walkTree(repository.root, { limits })
  assert.equal((await tree.read('a.txt'))?.length, 1000)
  assert.equal((await tree.read('b.txt'))?.length, 1000)
  assert.equal(await tree.read('c.txt'), undefined)
  assert.equal(tree.notes.length, 1)
  assert.match(tree.notes[0]?.why ?? '', /more than 1500 bytes/)
})

test('what is left out is there, and neither listed nor entered', async () => {
  await using repository = await createRepository({ 'legacy/a.txt': '', 'b.txt': '', 'c.txt': '' })
  const leaveOut = (path: string) => path === 'legacy' || path === 'b.txt'
  const tree = await walkTree(repository.root, { leaveOut })
  assert.deepEqual(tree.files, ['c.txt'])
  assert.ok(tree.has('legacy') && tree.has('b.txt') && tree.isUnknown('legacy/a.txt'))
})

test('what is elsewhere is there, and what a folder of it holds is not known', async () => {
  await using repository = await createRepository({
    'README.md': '',
    '.gitmodules': '[submodule "lib"]\n\tpath = lib/other\n\turl = ../other.git\n',
  })
  const tree = await walkTree(repository.root, { alsoExisting: ['a/b.txt', 'closed/'] })
  assert.ok(tree.has('a') && tree.has('a/b.txt') && !tree.isUnknown('a/c.txt'))
  assert.ok(tree.has('closed') && tree.isUnknown('closed/any.txt'))
  assert.ok(tree.has('lib/other') && tree.isUnknown('lib/other/Dockerfile'))
  assert.deepEqual(tree.files, ['.gitmodules', 'README.md'])
})

test('links to submodules of somebody else are not read', async () => {
  await using outside = await createRepository({ modules: '\tpath = lib/other\n' })
  await using repository = await createRepository()
  await symlink(outside.path('modules'), repository.path('.gitmodules'))
  assert.ok(!(await walkTree(repository.root)).has('lib/other'))
})

test('what is not listed in time is told once, and may be there', async () => {
  const files = ['a', 'b', 'c'].flatMap((folder) => [`${folder}/1.txt`, `${folder}/2.txt`])
  await using repository = await createRepository(
    Object.fromEntries(files.map((file) => [file, ''])),
  )
  let asked = 0
  // The root and its three folders take four questions, `a` three more.
  const tree = await walkTree(repository.root, { isLate: () => ++asked > 8 })
  assert.deepEqual(tree.files, ['a/1.txt', 'a/2.txt'])
  assert.deepEqual(tree.notes, [{ file: 'b', why: 'not read in time: files from here on' }])
  assert.ok(tree.isUnknown('b/1.txt') && tree.isUnknown('c/1.txt'))
})
