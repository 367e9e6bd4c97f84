import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lengthen } from './canonical.ts'
import { missingConformance, readCases } from './conformance.ts'
import { decode } from './decode.ts'
import { createReport } from './diagnostics.ts'
import { canonicalModel, defaultLimits } from './index.ts'
import { dropResets, mergeTrees } from './merge.ts'
import { projectForm } from './model-forms.ts'
import { readYaml } from './read-yaml.ts'
import { keepLastOfEach } from './unique.ts'

type MergeCase = { test: string; kind: string; base: string; override?: string; expected: string }

const table = 'compose/override.json'

/** The texts merged in their order and nothing else: some results are no valid stacks. */
function merge(texts: string[]): unknown {
  const report = createReport(100)
  const [base, ...overrides] = texts.flatMap((text) =>
    readYaml('a.yaml', text, defaultLimits, report),
  )
  assert.ok(base !== undefined)
  const merged = overrides.reduce((tree, over) => mergeTrees(tree, over, report), base)
  const long = lengthen(keepLastOfEach(dropResets(merged)), report)
  report.throwIfErrors()
  return canonicalModel({ tree: decode(keepLastOfEach(long), projectForm, report) })
}

test('merges files like compose-go', { skip: missingConformance(table) }, async (t) => {
  for (const [index, entry] of readCases<MergeCase>(table).entries()) {
    await t.test(`override.json[${index}] ${entry.test}`, () => {
      const { base, override, expected } = entry
      const texts = override === undefined ? [base] : [base, override]
      assert.deepEqual(merge(texts), merge([expected]))
    })
  }
})
