import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions } from '@keelson/contract'
import { anonymous, can, isFresh, localActor, type Actor } from './actor.ts'
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

const ages: [what: string, seconds: number, fresh: boolean][] = [
  ['just now', 0, true],
  ['a quarter of an hour ago', 15 * 60, true],
  ['longer ago', 15 * 60 + 1, false],
  ['a moment ahead of a clock that was set right', -30, true],
  ['tomorrow, while the clock was wrong', -24 * 3600, false],
]
for (const [what, seconds, fresh] of ages) {
  test(`a proof given ${what} ${fresh ? 'counts' : 'is asked for again'}`, () => {
    const now = new Date('2026-11-22T12:00:00Z')
    const authenticatedAt = new Date(now.getTime() - seconds * 1000)
    const asker: Actor = signedIn()
    const origin: Actor['origin'] = { ...asker.origin, provenBy: 'cookie', authenticatedAt }
    assert.equal(isFresh({ ...asker, origin }, now), fresh)
  })
}
