import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countsSentence, diffSentence, placeInText, valueText } from './configuration-text.ts'

test('what a document holds is told by kind', () => {
  assert.equal(
    countsSentence({ keyauth_credentials: 2, acls: 1, routes: 1200, plugins: 0, services: 1 }),
    '1 service, 1,200 routes, 1 ACL group, 2 key-auth credentials',
  )
  assert.equal(countsSentence({}), 'nothing')
})

test('a difference is told by what becomes of the objects', () => {
  const change = (change: 'created' | 'deleted') => ({
    ...{ change, kind: 'route', name: 'a', fields: [] },
  })
  const changes = [change('created'), change('deleted'), change('created')]
  assert.equal(diffSentence({ changes, more: 0 }), '2 created, 1 deleted')
  assert.equal(diffSentence({ changes, more: 1500 }), '2 created, 1 deleted, 1,500 more')
  assert.equal(diffSentence({ changes: [], more: 0 }), '')
})

test('a value is one line, and nothing says so', () => {
  assert.deepEqual([null, undefined, '', 'a', 0, false, ['x', 1]].map(valueText), [
    ...['not set', 'not set', 'empty', 'a', '0', 'false', '["x",1]'],
  ])
})

test('a fault is found in the text by its line and column', () => {
  const text = 'services:\n  - name: a\n    brken: 1'
  const { from, to } = placeInText(text, 3, 5)
  assert.equal(text.slice(from, to), 'brken: 1')
  assert.deepEqual(placeInText(text, 1, 1), { from: 0, to: 9 })
  assert.deepEqual(placeInText(text, 9, 1), { from: text.length, to: text.length })
  assert.deepEqual(placeInText('', 1, 1), { from: 0, to: 0 })
})
