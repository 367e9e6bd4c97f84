import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTo, bitsFor, mayHold } from './filter.ts'

test('whatever was added is found, and hardly anything else', () => {
  const texts = Array.from({ length: 5000 }, (_, at) => `text ${at}`)
  const filter = Buffer.alloc(bitsFor(texts.length) / 8)
  for (const text of texts) addTo(filter, text)
  assert.deepEqual(
    texts.filter((text) => !mayHold(filter, text)),
    [],
  )
  const mistaken = texts.filter((text) => mayHold(filter, `other ${text}`))
  assert.ok(mistaken.length < 50, `${mistaken.length} of 5000`)
})
