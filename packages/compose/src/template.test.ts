import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingConformance, readCases } from './conformance.ts'
import { substitute, TemplateError } from './template.ts'

type TemplateCase = {
  test: string
  template: string
  env: Record<string, string>
  expected?: string
  error?: string
  kind?: 'invalid' | 'required'
  warnings: number
}

const table = 'compose/template.json'

test('interpolates like compose-go', { skip: missingConformance(table) }, () => {
  const cases = readCases<TemplateCase>(table)
  assert.equal(cases.length, 69)
  for (const { template, env, expected, error, kind, warnings } of cases) {
    if (expected === undefined) {
      assert.throws(
        () => substitute(template, (name) => env[name]),
        (thrown: unknown) =>
          thrown instanceof TemplateError && thrown.kind === kind && thrown.message === error,
        template,
      )
      continue
    }
    const result = substitute(template, (name) => env[name])
    assert.equal(result.value, expected, template)
    assert.equal(result.unset.length, warnings, `warnings of ${template}`)
  }
})

test('names what was used and what had no value', () => {
  const result = substitute('${A}-$B-${C:-x}', (name) => (name === 'A' ? '1' : undefined))
  assert.deepEqual(result, {
    ...{ value: '1--x', used: ['A'], unset: ['B'] },
    defaulted: ['${C:-…}'],
  })
})

test('a value is not interpolated again', () => {
  assert.equal(substitute('${A}', () => '${B}$$').value, '${B}$$')
})

test('a text that grows beyond the bound is refused', () => {
  const big = 'x'.repeat(1000)
  assert.throws(() => substitute('$A$A$A', () => big, 2000), { kind: 'too_long' })
})

test('defaults nested deeper than the bound are refused', () => {
  const deep = '${A:-'.repeat(200) + '}'.repeat(200)
  assert.throws(() => substitute(deep, () => undefined), { kind: 'invalid' })
})
