import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { unifiedDiff } from './changes.ts'
import { lineChanges, splitLines } from './line-diff.ts'

const apply = (before: string, after: string): string => {
  const lines = splitLines(before)
  for (const { from, to, text } of lineChanges(before, after).toReversed()) {
    lines.splice(from - 1, to - from + 1, text)
  }
  return lines.join('')
}

const text = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'c', '')), fc.boolean())
  .map(([lines, isEnded]) => lines.join('\n') + (isEnded ? '\n' : ''))

test('the changes make one text of the other', () => {
  fc.assert(
    fc.property(text, text, (before, after) => {
      assert.equal(apply(before, after), after)
    }),
  )
  assert.deepEqual(lineChanges('a\nb\nc\n', 'a\nx\nc\n'), [{ from: 2, to: 2, text: 'x\n' }])
  assert.deepEqual(lineChanges('a\nb\n', 'a\nx\nb\n'), [{ from: 2, to: 1, text: 'x\n' }])
})

test('two texts with nothing in common are replaced as a whole, in bounded time', () => {
  const before = Array.from({ length: 20_000 }, (_, at) => `a${at}\n`).join('')
  const after = Array.from({ length: 20_000 }, (_, at) => `b${at}\n`).join('')
  assert.equal(lineChanges(before, after).length, 1)
})

test('a unified diff: hunks, a last line without an end, a new file', () => {
  const before = Array.from({ length: 20 }, (_, at) => `${at}\n`).join('')
  const after = before.replace('1\n', '1\nx\n').replace('19\n', '19')
  assert.equal(
    unifiedDiff('a.yaml', before, after),
    `--- a/a.yaml
+++ b/a.yaml
@@ -1,5 +1,6 @@
 0
 1
+x
 2
 3
 4
@@ -17,4 +18,4 @@
 16
 17
 18
-19
+19
\\ No newline at end of file
`,
  )
  assert.equal(
    unifiedDiff('a', '', 'x\n', { isNew: true }),
    '--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+x\n',
  )
  assert.equal(unifiedDiff('a', before, before), '')
})

test('secrets are not shown', () => {
  const before = 'POSTGRES_PASSWORD: hunter2hunter2\na: 1\n'
  const diff = unifiedDiff('a', before, `${before}b: 2\n`)
  assert.doesNotMatch(diff, /hunter2/)
  assert.match(diff, /^ POSTGRES_PASSWORD: …\n/m)
})
