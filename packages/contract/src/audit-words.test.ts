import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditWords } from './audit-words.ts'

const grant = {
  holder: { kind: 'user', id: '0193a000-0000-7000-8000-000000000001', name: 'leo' },
  ...{ role: 'viewer', effect: 'allow', on: { name: 'stack:shop' }, expiresAt: null },
}

test('a row of a grant says which role went to whom and on what', () => {
  const told = (after: unknown) => auditWords({ action: 'grant.created', before: null, after })
  assert.equal(told(grant), 'granted viewer to leo on stack:shop')
  assert.equal(told({ ...grant, effect: 'deny', on: {} }), 'denied viewer to leo on everything')
  const team = { kind: 'team', id: 't', name: 'payments' }
  assert.equal(told({ ...grant, holder: team }), 'granted viewer to team payments on stack:shop')
})

test('one that was revoked is told by what it was', () => {
  const row = { action: 'grant.revoked', before: grant, after: null } as const
  assert.equal(auditWords(row), 'revoked the grant of viewer to leo on stack:shop')
})

test('rows that tell less, or of something else, have the words of their action', () => {
  const words = (action: 'grant.revoked' | 'user.disabled', before: unknown) =>
    auditWords({ action, before, after: null })
  assert.equal(words('grant.revoked', { grants: [grant] }), 'revoked a grant')
  assert.equal(words('grant.revoked', { holder: 'leo', role: 'viewer' }), 'revoked a grant')
  assert.equal(words('user.disabled', grant), 'disabled a user')
})
