import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedFields } from './changed-fields.ts'

test('every field named before or after is one line', () => {
  assert.deepEqual(
    changedFields({ replicas: 2, by: 'ana' }, { replicas: 3, services: ['web', 'api'] }),
    [
      { name: 'replicas', before: '2', after: '3' },
      { name: 'by', before: 'ana', after: '' },
      { name: 'services', before: '', after: '["web","api"]' },
    ],
  )
})

test('what was made has nothing before, and nothing changed has no lines', () => {
  assert.deepEqual(changedFields(null, { name: 'ops' }), [
    { name: 'name', before: '', after: 'ops' },
  ])
  assert.deepEqual(changedFields(null, null), [])
})
