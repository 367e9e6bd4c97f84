import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pathPattern } from './path-pattern.ts'

const cases: [pattern: string, matched: string[], others: string[]][] = [
  ['node_modules', ['node_modules', 'node_modules/a/b'], ['a/node_modules', 'node_modulesx']],
  ['*.log', ['a.log', '.log', 'a.log/b'], ['a/b.log', 'a.logs']],
  ['**/*.log', ['a.log', 'a/b/c.log'], ['a.txt']],
  ['a/**', ['a/b', 'a/b/c'], ['a', 'b/a/c']],
  ['**', ['a', 'a/b'], []],
  ['a?c', ['abc', 'abc/d'], ['a/c', 'ac', 'abbc']],
  ['[a-c]x', ['ax', 'cx'], ['dx', 'a/x']],
  ['[^a]x', ['bx'], ['ax']],
  ['a\\*b', ['a*b'], ['axb']],
  ['a.b', ['a.b'], ['axb']],
  ['(a|b)+', ['(a|b)+'], ['a', 'b']],
  // Of more stars than a regular expression is trusted with.
  ['**/a*/**/b*', ['a/b', 'x/a1/y/z/b2', 'a/b/c'], ['a', 'b/a', 'xa/b']],
  ['*a*b*c', ['abc', 'xaxbxc', 'abc/d'], ['a/bc', 'acb', 'abcd']],
  ['**a**/b*', ['xa/b', 'xa/yab', 'a/x/b1'], ['x/b', 'ac']],
  ['**/x/**/**/y', ['x/y', 'a/x/b/c/y', 'x/y/z'], ['xy', 'x/ay', 'y/x']],
]

for (const [pattern, matched, others] of cases) {
  test(`${pattern} matches what Docker's would`, () => {
    const matches = pathPattern(pattern)
    assert.deepEqual([...matched, ...others].filter(matches), matched)
  })
}

test('patterns of many stars match what the regular expression of Docker matches', () => {
  const token = fc.constantFrom('**/', '**', '*', '?', 'a', 'b', '/', '[ab]')
  const expressions: Record<string, string> = {
    '**/': '(.*/)?',
    '**': '.*',
    '*': '[^/]*',
    '?': '[^/]',
  }
  fc.assert(
    fc.property(
      fc.array(token, { minLength: 3, maxLength: 9 }),
      fc.array(fc.constantFrom('a', 'b', '/', '.'), { maxLength: 9 }),
      (tokens, path) => {
        const pattern = tokens.join('')
        const whole = pattern.match(/\*\*\/|\*\*|\*|\?|\[ab\]|[^]/g) ?? []
        const text = whole.map((one) => expressions[one] ?? one).join('')
        const expected = new RegExp(`^${text}(/.*)?$`, 's').test(path.join(''))
        assert.equal(pathPattern(pattern)(path.join('')), expected, `${pattern} ${path.join('')}`)
      },
    ),
    { numRuns: 5000 },
  )
})

test('no pattern takes longer than its length times that of the path', () => {
  // Each of them takes a regular expression years.
  const name = 'a'.repeat(250)
  const deep = `${name}/`.repeat(15)
  for (const [pattern, path] of [
    [`${'*a'.repeat(100)}b`, name],
    [`${'**/'.repeat(100)}b`, deep],
    [`${'**a'.repeat(100)}b`, deep],
    [`${'**/*a'.repeat(60)}/b`, deep],
  ] as const) {
    assert.equal(pathPattern(pattern)(path), false)
  }
})
