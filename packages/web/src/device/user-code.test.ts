import assert from 'node:assert/strict'
import { test } from 'node:test'
import { userCodeOf, userCodeOfHash } from './user-code.ts'

test('a code is the same however it is typed', () => {
  for (const typed of ['BCDF-GHJK', 'bcdfghjk', ' bcdf ghjk ', 'bcdf–ghjk', 'BCDFGHJKLM']) {
    assert.equal(userCodeOf(typed), 'BCDF-GHJK')
  }
  assert.equal(userCodeOf('bcd'), 'BCD')
  assert.equal(userCodeOf('bcdf-'), 'BCDF')
})

test('a fragment holds a code and nothing else', () => {
  assert.equal(userCodeOfHash('#BCDF-GHJK'), 'BCDF-GHJK')
  assert.equal(userCodeOfHash(''), '')
  assert.equal(userCodeOfHash('#<b>'), 'B')
})
