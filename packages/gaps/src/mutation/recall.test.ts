import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { recallPage } from './recall-page.ts'
import { measureAll } from './recall.ts'

const root = resolve(import.meta.dirname, '../../../..')

test('of healthy stacks that are broken, 98 in 100 are found, and nothing else is blamed', async () => {
  const judged = await measureAll(join(root, 'blueprints'))
  const missed = judged.filter(({ isFound }) => !isFound)
  const strays = judged.flatMap(({ stack, mutant, misattributed }) =>
    misattributed.map(({ rule, message }) => `${stack}, ${mutant.about}: ${rule} ${message}`),
  )
  assert.ok(judged.length >= 300, `${judged.length} mutants`)
  assert.deepEqual(strays, [])
  const told = missed.map(
    ({ stack, operator, mutant }) => `${stack}: ${operator.rule} ${mutant.about}`,
  )
  assert.ok(missed.length <= judged.length * 0.02, told.join('\n'))
  const page = await readFile(join(root, 'docs/gaps-recall.md'), 'utf8')
  assert.equal(page, recallPage(judged), 'run node packages/gaps/scripts/measure-recall.ts')
})
