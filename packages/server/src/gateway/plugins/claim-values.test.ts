import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authenticateByClaims, claimText, type Claims } from './claim-values.ts'
import { accessExchange, people } from './testing/access.ts'

describe('a claim', () => {
  const claims: Claims = {
    sub: 'ada',
    age: 36,
    admin: true,
    list: ['a', 1, 'b'],
    realm_access: { roles: ['ops'], name: 'x' },
    'https://example.com/team': 'red',
  }
  const cases: [path: string, text: string | null][] = [
    ['sub', 'ada'],
    ['age', '36'],
    ['admin', 'true'],
    ['list', 'a,b'],
    ['realm_access.name', 'x'],
    ['realm_access.roles', 'ops'],
    ['https://example.com/team', 'red'],
    ['realm_access', null],
    ['realm_access.none.none', null],
    ['constructor.name', null],
    ['none', null],
  ]
  for (const [path, text] of cases) {
    test(path, () => assert.equal(claimText(claims, path), text))
  }
})

describe('somebody', () => {
  const given = people({ ada: { customId: 'ada@example', groups: ['staff'] } })
  const names = { consumer_claim: null, groups_claim: 'groups' }

  const groups: [value: unknown, groups: readonly string[] | undefined][] = [
    [
      ['ops', 'dev'],
      ['ops', 'dev'],
    ],
    ['ops dev', ['ops', 'dev']],
    ['ops, dev', ['ops', 'dev']],
    [[], []],
    [7, undefined],
    [undefined, undefined],
  ]
  for (const [value, expected] of groups) {
    test(`with the groups ${JSON.stringify(value)}`, () => {
      const exchange = accessExchange(given)
      assert.ok(authenticateByClaims(exchange, { sub: 'x', groups: value }, names))
      assert.deepEqual(exchange.who?.groups, expected)
    })
  }

  test('is the consumer that a claim names, or nobody', () => {
    const byEmail = { ...names, consumer_claim: 'email' }
    const exchange = accessExchange(given)
    assert.ok(authenticateByClaims(exchange, { email: 'ada@example' }, byEmail))
    assert.equal(exchange.consumer?.username, 'ada')
    assert.ok(!authenticateByClaims(accessExchange(given), { email: 'eve@example' }, byEmail))
    assert.ok(!authenticateByClaims(accessExchange(given), {}, byEmail))
  })

  test('cannot smuggle a header in by a subject', () => {
    const exchange = accessExchange(given)
    authenticateByClaims(exchange, { sub: 'a\r\nX-Admin: 1' }, names)
    assert.equal(exchange.who?.credential?.name, 'a X-Admin: 1')
  })
})
