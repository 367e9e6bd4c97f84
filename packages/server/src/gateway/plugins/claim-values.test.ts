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
      assert.equal(authenticateByClaims(exchange, { sub: 'x', groups: value }, names), null)
      assert.deepEqual(exchange.who?.groups, expected)
    })
  }

  test('is the consumer that a claim names, or nobody', () => {
    const byEmail = { ...names, consumer_claim: 'email' }
    const exchange = accessExchange(given)
    assert.equal(authenticateByClaims(exchange, { email: 'ada@example' }, byEmail), null)
    assert.equal(exchange.consumer?.username, 'ada')
    for (const claims of [{ email: 'eve@example' }, {}]) {
      const missing = authenticateByClaims(accessExchange(given), claims, byEmail)
      assert.equal(missing, "No consumer found for given 'email'")
    }
  })

  test('is told from everybody else: by issuer, and by every byte of the subject', () => {
    const ids = [
      { iss: 'https://a', sub: 'x' },
      { iss: 'https://b', sub: 'x' },
      { iss: 'https://a', client_id: 'x' },
      { iss: 'https://a', sub: 'x\n' },
      { iss: 'https://a', sub: 'x\t' },
      { sub: 'x' },
    ].map((claims) => {
      const exchange = accessExchange(given)
      assert.equal(authenticateByClaims(exchange, claims, names), null)
      return exchange.who?.credential?.id
    })
    assert.equal(new Set(ids).size, ids.length)
  })

  test('without a name is nobody: all of them would share a cache and a limit', () => {
    const exchange = accessExchange(given)
    const missing = authenticateByClaims(exchange, { iss: 'https://a', sub: '' }, names)
    assert.equal(missing, "No mandatory 'sub' or 'client_id' in claims")
    assert.equal(exchange.who, null)
  })

  test('cannot smuggle a header in by a subject', () => {
    const exchange = accessExchange(given)
    authenticateByClaims(exchange, { sub: 'a\r\nX-Admin: 1' }, names)
    assert.equal(exchange.who?.credential?.name, 'a X-Admin: 1')
  })
})
