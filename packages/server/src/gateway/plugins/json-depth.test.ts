import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isNestedTooDeeply } from './json-depth.ts'

const lists = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

test('JSON may be nested 512 deep, and as long and as full of brackets in texts as it likes', () => {
  const cases: [text: string, tooDeep: boolean][] = [
    ['', false],
    ['{"a":[1,{"b":[]}]}', false],
    [lists(512), false],
    [lists(513), true],
    ['{"a":'.repeat(513), true],
    [`[${`${lists(500)},`.repeat(100)}1]`, false],
    [`"${'['.repeat(1000)}"`, false],
    [`["\\"${'['.repeat(1000)}"]`, false],
    [`["\\\\",${lists(512)}]`, true],
    [`"${'['.repeat(1000)}`, false],
  ]
  for (const [text, tooDeep] of cases) {
    assert.equal(isNestedTooDeeply(text), tooDeep, text.slice(0, 40))
  }
})
