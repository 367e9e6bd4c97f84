import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { hasParameter, parameterValues, withoutParameter } from './query.ts'

describe('a parameter', () => {
  const cases: { query: string; values: string[]; without: string }[] = [
    { query: '', values: [], without: '' },
    { query: '?', values: [], without: '?' },
    { query: '?a=1', values: ['1'], without: '' },
    { query: '?a=1&b=2&a=3', values: ['1', '3'], without: '?b=2' },
    { query: '?a', values: [], without: '' },
    { query: '?a=', values: [''], without: '' },
    { query: '?b=a&&c', values: [], without: '?b=a&&c' },
    { query: '?%61=x%20y+z', values: ['x y z'], without: '' },
    { query: '?a=%zz', values: ['%zz'], without: '' },
    { query: '?a=b=c', values: ['b=c'], without: '' },
    { query: '?b=%62&a=1', values: ['1'], without: '?b=%62' },
  ]
  for (const { query, values, without } of cases) {
    test(query === '' ? 'of no query' : query, () => {
      assert.deepEqual(parameterValues(query, 'a'), values)
      assert.equal(withoutParameter(query, 'a'), without)
    })
  }

  test('at the end of four megabytes of names is found in one walk, not in one for each name', () => {
    const form = `?${'a&'.repeat(2_000_000)}b=1`
    assert.deepEqual(parameterValues(form, 'b'), ['1'])
    assert.equal(withoutParameter(form, 'a'), '?b=1')
  })

  test('is found as URLSearchParams finds it', () => {
    const name = fc.string({ minLength: 1, unit: 'grapheme' })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, fc.string({ unit: 'grapheme' }))),
        name,
        (pairs, more) => {
          const params = new URLSearchParams([...pairs, [more, 'x']])
          const query = `?${params.toString()}`
          assert.deepEqual(parameterValues(query, more), params.getAll(more))
          assert.equal(hasParameter(withoutParameter(query, more), more), false)
        },
      ),
    )
  })
})
