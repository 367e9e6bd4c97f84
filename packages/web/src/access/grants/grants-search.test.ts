import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changedGrantsSearch, validateGrantsSearch } from './grants-search.ts'

test('an address keeps what is known, and leaves out what is not', () => {
  assert.deepEqual(
    validateGrantsSearch({ user: 7, role: ' viewer ', can: 'logs:read', on: '', other: 'x' }),
    { user: '7', role: 'viewer', can: 'logs:read' },
  )
  assert.deepEqual(validateGrantsSearch({ can: 'fly' }), {})
})

test('a filter that is no longer asked for is gone', () => {
  assert.deepEqual(changedGrantsSearch({ user: 'leo', role: 'viewer' }, { user: undefined }), {
    role: 'viewer',
  })
})
