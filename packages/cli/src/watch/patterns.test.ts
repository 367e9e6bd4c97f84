import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMatcher } from './patterns.ts'

const cases: [patterns: string[], path: string, expected: boolean][] = [
  [['node_modules'], 'node_modules', true],
  [['node_modules'], 'node_modules/a/b.js', true],
  [['node_modules'], 'src/node_modules', false],
  [['node_modules/'], 'node_modules/a', true],
  [['**/node_modules'], 'src/node_modules/a', true],
  [['*.log'], 'a.log', true],
  [['*.log'], 'src/a.log', false],
  [['**/*.log'], 'a.log', true],
  [['**/*.log'], 'src/deep/a.log', true],
  [['src/**'], 'src/a/b', true],
  [['a?c'], 'abc', true],
  [['a?c'], 'a/c', false],
  [['[a-c].txt'], 'b.txt', true],
  [['[a-c].txt'], 'd.txt', false],
  [['*', '!README.md'], 'README.md', false],
  [['*', '!README.md'], 'other.md', true],
  [['*.md', '!README.md', 'README.md'], 'README.md', true],
  [['./a/../b'], 'b', true],
  [['/b'], 'b', true],
  [['# a comment', '', '  '], 'a', false],
  [['a.b'], 'axb', false],
  [['a\\*b'], 'a*b', true],
  [['a\\*b'], 'axb', false],
  [[], 'a', false],
]

for (const [patterns, path, expected] of cases) {
  test(`${JSON.stringify(patterns)} ${expected ? 'fits' : 'does not fit'} ${path}`, () => {
    assert.equal(createMatcher(patterns)(path), expected)
  })
}
