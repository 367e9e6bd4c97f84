import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDiff } from './diff.ts'

const diff = [
  ...['--- a/compose.yaml', '+++ b/compose.yaml', '@@ -3,3 +3,4 @@ services:', '   db:'],
  ...['-    image: a', '+    image: b', '+    mem_limit: 1g', ' ', '@@ -20 +21 @@', '--- x'],
  ...['\\ No newline at end of file', '+++ y', ''],
].join('\n')

test('lines have the numbers they have before and after, also ones that look like headers', () => {
  assert.deepEqual(
    readDiff(diff).map(({ kind, before, after, text }) => [kind, before, after, text]),
    [
      ['hunk', undefined, undefined, '@@ -3,3 +3,4 @@ services:'],
      ['same', 3, 3, '  db:'],
      ['removed', 4, undefined, '    image: a'],
      ['added', undefined, 4, '    image: b'],
      ['added', undefined, 5, '    mem_limit: 1g'],
      ['same', 5, 6, ''],
      ['hunk', undefined, undefined, '@@ -20 +21 @@'],
      ['removed', 20, undefined, '-- x'],
      ['added', undefined, 21, '++ y'],
    ],
  )
})

test('what is no diff has no lines', () => {
  assert.deepEqual(readDiff(''), [])
})
