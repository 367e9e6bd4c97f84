import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rememberVerdicts } from './verdicts.ts'

test('decides once for each text, and forgets the oldest beyond its bound', () => {
  const decided: string[] = []
  const verdictOf = rememberVerdicts((text) => {
    decided.push(text)
    return { text }
  }, 10)
  for (const text of ['aaaa', 'bbbb', 'aaaa', 'cccc', 'aaaa', 'bbbb', 'x'.repeat(100)]) {
    assert.equal(verdictOf(text).text, text)
  }
  assert.deepEqual(decided, ['aaaa', 'bbbb', 'cccc', 'bbbb', 'x'.repeat(100)])
})
