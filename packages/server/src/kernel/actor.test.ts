import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions } from '@keelson/contract'
import { anonymous, can, localActor } from './actor.ts'
import { signedIn } from './testing/index.ts'

test('who is not signed in sees the state of services and nothing else', () => {
  assert.deepEqual(
    permissions.filter((permission) => can(anonymous, permission)),
    ['public', 'status:read'],
  )
})

test('administrator and command line may do everything there is', () => {
  for (const actor of [signedIn(), localActor]) {
    assert.deepEqual(
      permissions.filter((permission) => !can(actor, permission)),
      [],
    )
  }
})
