import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGlobs } from './glob.ts'

const cases: [pattern: string, path: string, expected: boolean][] = [
  ['legacy', 'legacy', true],
  ['legacy', 'legacy/a/b.yaml', true],
  ['legacy/', 'legacy/a', true],
  ['./legacy', 'legacy/a', true],
  ['legacy/**', 'legacy/a/b', true],
  ['legacy/**', 'legacy', true],
  ['legacy', 'app/legacy', false],
  ['**/legacy', 'app/x/legacy/y', true],
  ['**/*.test.yaml', 'a/b.test.yaml', true],
  ['**/*.test.yaml', 'b.test.yaml', true],
  ['*.yaml', 'a/b.yaml', false],
  ['a/*/c', 'a/b/c', true],
  ['a/*/c', 'a/b/d/c', false],
  ['a/**/c', 'a/b/d/c', true],
  ['a?c', 'abc', true],
  ['a?c', 'a/c', false],
  ['*', 'anything/below', true],
]

for (const [pattern, path, expected] of cases) {
  test(`${pattern} ${expected ? 'matches' : 'does not match'} ${path}`, () => {
    assert.equal(createGlobs([pattern])(path), expected)
  })
}

test('one of several patterns is enough, and none matches nothing', () => {
  const matches = createGlobs(['a/*.yaml', 'legacy'])
  assert.deepEqual(['a/x.yaml', 'legacy/x', 'b'].map(matches), [true, true, false])
  assert.equal(createGlobs([])('a'), false)
})

test('a pattern of many stars ends', () => {
  const pattern = `${'*a'.repeat(200)}b`
  assert.equal(createGlobs([pattern])('a'.repeat(2000)), false)
  assert.equal(createGlobs([`${'**/a/'.repeat(100)}b`])('a/'.repeat(1000) + 'c'), false)
})
