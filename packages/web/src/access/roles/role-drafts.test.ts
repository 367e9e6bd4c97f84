import type { Role } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changesOf, permissionsIn, withTick, type Drafts } from './role-drafts.ts'

const role: Role = {
  ...{ name: 'restarter', description: '', builtIn: false, grants: 0 },
  permissions: ['services:read'],
}
const none: Drafts = new Map()

test('a tick is kept beside the role, and counts as a change', () => {
  const drafts = withTick(none, role, 'services:restart', true)
  assert.deepEqual(permissionsIn(drafts, role), ['services:read', 'services:restart'])
  assert.deepEqual(permissionsIn(none, role), ['services:read'])
  assert.equal(changesOf(role, permissionsIn(drafts, role)), 1)
  assert.equal(changesOf(role, ['logs:read']), 2)
})

test('what is taken back leaves nothing to save', () => {
  const drafts = withTick(none, role, 'services:restart', true)
  assert.equal(withTick(drafts, role, 'services:restart', false).size, 0)
})
