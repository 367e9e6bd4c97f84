import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expiresAtOf, isUndecided } from './expiry.ts'

const now = Date.parse('2026-11-20T09:00:00.000Z')

test('an end is nothing, some hours from now, or the last second of a day', () => {
  assert.equal(expiresAtOf({ choice: '', day: '2026-12-24' }, now), undefined)
  assert.equal(expiresAtOf({ choice: '2', day: '' }, now), '2026-11-20T11:00:00.000Z')
  const end = new Date(expiresAtOf({ choice: 'date', day: '2026-12-24' }, now) ?? '')
  assert.deepEqual(
    [end.getMonth(), end.getDate(), end.getHours(), end.getMinutes()],
    [11, 24, 23, 59],
  )
})

test('a day that is not named yet is no answer', () => {
  assert.equal(isUndecided({ choice: 'date', day: '' }), true)
  assert.equal(isUndecided({ choice: 'date', day: '2026-12-24' }), false)
  assert.equal(isUndecided({ choice: '', day: '' }), false)
})
