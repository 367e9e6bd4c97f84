import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindCounts, kindName } from './gateway-kinds.ts'

test('kinds of entities as people say them, one and several', () => {
  assert.equal(kindName('keyauth_credentials'), 'key-auth credential')
  const counts = { services: 2, plugins: 1, acls: 1, keyauth_credentials: 2, jwt_secrets: 1 }
  assert.equal(
    kindCounts({ ...counts, ca_certificates: 1, snis: 0 }),
    '2 services, 1 plugin, 1 ACL group, 2 key-auth credentials, 1 JWT secret, 1 CA certificate',
  )
})
