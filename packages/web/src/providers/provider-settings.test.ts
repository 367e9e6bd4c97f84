import type { Provider } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { draftOf, isComplete, settingsOf, withRow } from './provider-settings.ts'

const provider: Provider = {
  ...{ id: 'corp', name: 'Corp', issuer: 'https://id.example', clientId: 'keelson' },
  ...{ scopes: ['openid', 'email'], groupsClaim: 'groups', hasSecret: true, users: 2 },
  roles: [{ group: 'ops', role: 'operator', on: { labels: { tier: 'front' } } }],
  ...{ createsUsers: true, trustsFactors: false, allowsInternal: false, disabled: false },
  redirectUri: 'https://keelson.example/sign-in/corp/callback',
  createdAt: '2026-11-20T09:00:00.000Z',
}

test('what is not changed is sent as it was, and the secret stays where it is', () => {
  const settings = settingsOf(draftOf(provider))
  assert.equal('clientSecret' in settings, false)
  assert.deepEqual(settings.scopes, ['openid', 'email'])
  assert.deepEqual(settings.roles, [
    { group: 'ops', role: 'operator', on: { labels: { tier: 'front' } } },
  ])
  assert.equal('hasSecret' in settings || 'redirectUri' in settings || 'id' in settings, false)
})

test('a secret is replaced or done without when that is chosen', () => {
  const draft = draftOf(provider)
  assert.equal(settingsOf({ ...draft, secret: 'none' }).clientSecret, null)
  assert.equal(settingsOf({ ...draft, secret: 'replace', newSecret: 's3' }).clientSecret, 's3')
  assert.equal(isComplete({ ...draft, secret: 'replace' }), false)
})

test('a form is complete once everything is named', () => {
  const draft = draftOf(undefined)
  assert.equal(isComplete(draft), false)
  const named = { ...draft, id: 'corp', name: 'Corp', clientId: 'keelson', newSecret: 's3' }
  assert.equal(isComplete({ ...named, issuer: 'https://id.example' }), true)
  assert.equal(isComplete({ ...named, issuer: 'https://id.example', id: 'Work' }), false)
  const roles = withRow(withRow([]))
  assert.deepEqual(
    roles.map(({ key }) => key),
    [0, 1],
  )
  assert.equal(isComplete({ ...named, issuer: 'https://id.example', roles }), false)
})
