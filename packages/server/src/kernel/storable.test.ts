import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storableJson, storableText } from './storable.ts'

const cut = '😀'.slice(0, 1)

test('what PostgreSQL refuses in a text is replaced, and nothing else', () => {
  assert.equal(storableText(`a\0b${cut}c`), 'a\uFFFDb\uFFFDc')
  assert.equal(storableText('ü 😀\n'), 'ü 😀\n')
})

test('in every depth of a document', () => {
  const document = { list: [`x${cut}`, { reason: 'a\0' }], count: 1, none: null }
  assert.equal(
    storableJson(document),
    '{"list":["x\uFFFD",{"reason":"a\uFFFD"}],"count":1,"none":null}',
  )
})

test('names of members as well, and what only looks like an escape is none', () => {
  assert.equal(storableJson({ [`a\0${cut}`]: 1 }), '{"a\uFFFD\uFFFD":1}')
  const harmless = { '\\u0000': '\\\\ud800 \u001f "\\" 😀' }
  assert.deepEqual(JSON.parse(storableJson(harmless)), harmless)
})
