import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UserName } from '@keelson/contract'
import fc from 'fast-check'
import { Value } from 'typebox/value'
import { groupsIn, nameIn, saysOneFactor, subjectIn, verifiedEmailIn } from './claims.ts'

const groups = (claims: object, name: string): string[] | null => {
  const found = groupsIn({ ...claims }, name)
  return found === null ? null : [...found]
}

test('groups are a list or one name, inside of other claims or not', () => {
  assert.deepEqual(groups({ groups: ['a', 'b', 'a'] }, 'groups'), ['a', 'b'])
  assert.deepEqual(groups({ groups: 'a' }, 'groups'), ['a'])
  assert.deepEqual(groups({ realm: { roles: ['a'] } }, 'realm.roles'), ['a'])
  assert.deepEqual(groups({ 'https://x.example/groups': ['a'] }, 'https://x.example/groups'), ['a'])
  assert.deepEqual(groups({ groups: ['a', 7, null, ['b']] }, 'groups'), ['a'])
  for (const odd of [null, 7, {}, true]) assert.deepEqual(groups({ groups: odd }, 'groups'), [])
  assert.deepEqual(groups({}, 'constructor.name'), [])
  const many = Array.from({ length: 1001 }, (_, at) => `g${at}`)
  assert.deepEqual(groups({ groups: many.slice(1) }, 'groups')?.length, 1000)
  assert.equal(
    groups({ groups: many }, 'groups'),
    null,
    'a list that is cut would take rights away',
  )
})

test('a name is made of what is said, and is one that people could have', () => {
  assert.equal(nameIn({ preferred_username: 'ana' }), 'ana')
  assert.equal(nameIn({ preferred_username: 'Ana Ortiz@corp.example' }), 'Ana-Ortiz')
  assert.equal(nameIn({ email: 'ana+ops@corp.example' }), 'ana-ops')
  assert.equal(nameIn({ preferred_username: '@', email: 'ana@corp.example' }), 'ana')
  assert.equal(nameIn({ preferred_username: '<script>' }), 'script')
  assert.equal(nameIn({ preferred_username: 7, email: '' }), null)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (text) => {
      const name = nameIn({ preferred_username: text })
      assert.ok(name === null || Value.Check(UserName, name), `${text} became ${name}`)
    }),
  )
})

test('what the database cannot hold, or nobody can be known by, is not taken', () => {
  assert.equal(subjectIn({ sub: 'ana-1' }), 'ana-1')
  for (const sub of ['', 'a\0b', 'a\ud800b', 'a'.repeat(256), 7, null, undefined]) {
    assert.equal(subjectIn({ sub }), null)
  }
})

test('an e-mail address is the person’s own only where the provider says it is', () => {
  const email = 'ana@corp.example'
  assert.equal(verifiedEmailIn({ email, email_verified: true }), email)
  for (const email_verified of [false, undefined, 'true', 1]) {
    assert.equal(verifiedEmailIn({ email, email_verified }), null)
  }
})

test('ASVS 6.8.4: a second factor is one that is named, or that a provider without amr is trusted for', () => {
  assert.equal(saysOneFactor({}), false)
  for (const amr of [['pwd', 'otp'], ['mfa'], ['hwk'], 'mfa', ['PWD', 'OTP'], ['x', 'fpt']]) {
    assert.equal(saysOneFactor({ amr }), false, JSON.stringify(amr))
  }
})

const oneFactor = [
  ...[['pwd'], ['pin', 'pwd'], 'pwd', ['PWD'], ['password'], ['pwd', 'user', 'rba']],
  ...[[], '', null, 7, true, { 0: 'mfa' }, ['mfa', null], [['mfa']], ['pwd', { mfa: true }]],
]
for (const amr of oneFactor) {
  test(`ASVS 6.8.4: amr ${JSON.stringify(amr)} is one factor`, () => {
    assert.equal(saysOneFactor({ amr }), true)
  })
}
