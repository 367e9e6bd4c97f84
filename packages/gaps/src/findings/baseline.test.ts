import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import { createRepository } from '../testing/repository.ts'
import { compareBaseline, readBaseline, writeBaseline } from './baseline.ts'
import { GapsInputError } from './input-error.ts'

const onlyHealth = rules.filter(({ id }) => id === 'health/no-check')
const find = async (root: string) => (await audit({ root, rules: onlyHealth })).findings

test('edits elsewhere in the file leave a finding known; another service is new', async () => {
  const db = '  db:\n    image: postgres:17\n'
  await using repository = await createRepository({ 'compose.yaml': `services:\n${db}` })
  const { root, write, path } = repository
  const file = path('.keelson/baseline.json')
  await writeBaseline(file, await find(root))
  const other = '  other:\n    image: postgres:17\n'
  await write('compose.yaml', `# moved down\n\nservices:\n${other}${db}`)
  const baseline = (await readBaseline(file)) ?? []
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
  const { path } = repository
  assert.equal(await readBaseline(path('none.json')), undefined)
  for (const name of ['not.json', 'list.json', 'entry.json']) {
    await assert.rejects(readBaseline(path(name)), GapsInputError)
  }
})
