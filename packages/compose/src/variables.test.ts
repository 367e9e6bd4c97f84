import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingConformance, readCases } from './conformance.ts'
import { listVariables } from './index.ts'
import type { VariableUse } from './index.ts'

type VariablesCase = { name: string; document: unknown; expected: Record<string, VariableUse> }

const table = 'compose/variables.json'

test(
  'variables are listed as compose-go lists them',
  { skip: missingConformance(table) },
  async (t) => {
    await Promise.all(
      readCases<VariablesCase>(table).map(({ name, document, expected }) =>
        t.test(name, () => assert.deepEqual(listVariables(document), expected)),
      ),
    )
  },
)

test('a dollar sign without a name, and one that is doubled, are no variables', () => {
  assert.deepEqual(listVariables(['$', '$$A', '${', '$1', { a: 'x$' }, 7, null]), {})
})
