import assert from 'node:assert/strict'
import { readdir, readFile, symlink } from 'node:fs/promises'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import { createRepository } from '../testing/repository.ts'
import { baselineFile, compareBaseline, readBaseline, writeBaseline } from './baseline.ts'
import { GapsInputError } from './input-error.ts'

const onlyHealth = rules.filter(({ id }) => id === 'health/no-check')
const find = async (root: string) => (await audit({ root, rules: onlyHealth })).findings

test('edits elsewhere in the file leave a finding known; another service is new', async () => {
  const db = '  db:\n    image: postgres:17\n'
  await using repository = await createRepository({ 'compose.yaml': `services:\n${db}` })
  const { root, write, path } = repository
  const file = path('.keelson/baseline.json')
  await writeBaseline(file, await find(root), root)
  const other = '  other:\n    image: postgres:17\n'
  await write('compose.yaml', `# moved down\n\nservices:\n${other}${db}`)
  const baseline = (await readBaseline(file, root)) ?? []
  const { fresh, known, stale } = compareBaseline(await find(root), baseline)
  assert.deepEqual(
    [fresh, known].map((list) => list.map(({ service }) => service)),
    [['other'], ['db']],
  )
  assert.deepEqual(stale, [])
  await write('compose.yaml', `services:\n${other}`)
  const gone = compareBaseline(await find(root), baseline)
  assert.deepEqual(
    gone.stale.map(({ rule, message }) => `${rule} ${message.split(' ')[0]}`),
    ['health/no-check db'],
  )
})

test('what is no baseline is refused, and what is not there is nothing', async () => {
  await using repository = await createRepository({
    'not.json': '{',
    'list.json': '[]',
    'entry.json': '{"findings":[{}]}',
  })
  const { path, root } = repository
  assert.equal(await readBaseline(path('none.json'), root), undefined)
  for (const name of ['not.json', 'list.json', 'entry.json']) {
    await assert.rejects(readBaseline(path(name), root), GapsInputError)
  }
})

test('a baseline in the repository is read and written nowhere else, whatever its links say', async () => {
  const secret = '{"findings":[{"fingerprint":"a","rule":"b","message":"secret"}]}'
  await using outside = await createRepository({ 'gaps-baseline.json': secret })
  await using repository = await createRepository({ 'real/kept.txt': '' })
  const { path, root } = repository
  const refuses = async (file: string, says: RegExp) => {
    await assert.rejects(readBaseline(file, root), says)
    await assert.rejects(writeBaseline(file, [], root), says)
    await assert.rejects(writeBaseline(file, [], root), GapsInputError)
  }
  await symlink(outside.root, path('.keelson'))
  await refuses(path(baselineFile), /a link that leads out of the repository \(put a regular file/)
  await assert.rejects(writeBaseline(path('.keelson/new/b.json'), [], root), /leads out/)
  await symlink(outside.path('gaps-baseline.json'), path('real/linked.json'))
  await refuses(path('real/linked.json'), /linked\.json: is a link/)
  assert.deepEqual(await readdir(outside.root), ['gaps-baseline.json'])
  assert.equal(await readFile(outside.path('gaps-baseline.json'), 'utf8'), secret)
  assert.deepEqual(await readdir(path('real')), ['kept.txt', 'linked.json'])
})

test('links that stay inside, and a baseline that is kept elsewhere, are fine', async () => {
  await using elsewhere = await createRepository()
  await using repository = await createRepository({ 'real/kept.txt': '' })
  const { path, root } = repository
  await symlink('real', path('.keelson'))
  for (const file of [path(baselineFile), path('new/er/b.json'), elsewhere.path('c/b.json')]) {
    await writeBaseline(file, [], root)
    assert.deepEqual(await readBaseline(file, root), [])
  }
  assert.deepEqual(await readdir(path('real')), ['gaps-baseline.json', 'kept.txt'])
})
