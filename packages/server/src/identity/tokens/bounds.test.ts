import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions, type NewApiToken, type Permission } from '@keelson/contract'
import { localActor, type Actor } from '../../kernel/actor.ts'
import { isError } from '../testing/open-identity.ts'
import { after, hourMs, openTokens } from '../testing/open-tokens.ts'

/** What is made by a token: never more than the token itself. */

const refused = isError('token_refused')
const minting: Permission[] = ['users:read', 'users:write', 'logs:read']

const narrow: [string, Partial<NewApiToken>, Partial<NewApiToken>, boolean][] = [
  ['of all scopes, one of all', {}, {}, true],
  ['of all scopes, one of some', {}, { scopes: ['logs:read'] }, true],
  ['of some scopes, one of all', { scopes: minting }, {}, false],
  ['of some scopes, one of fewer', { scopes: minting }, { scopes: ['logs:read'] }, true],
  ['of some scopes, one of others', { scopes: minting }, { scopes: ['audit:read'] }, false],
  ['for a network, one from everywhere', { networks: ['192.0.2.0/24'] }, {}, false],
  [
    'for a network, one for a part of it',
    { networks: ['192.0.2.0/24'] },
    { networks: ['192.0.2.128/25', '::ffff:192.0.2.1'] },
    true,
  ],
  [
    'for a network, one for another beside',
    { networks: ['192.0.2.0/24'] },
    { networks: ['192.0.2.1', '10.0.0.0/8'] },
    false,
  ],
  ['for an hour, one for ever', { expiresAt: after(hourMs) }, {}, false],
  [
    'for an hour, one for longer',
    { expiresAt: after(hourMs) },
    { expiresAt: after(hourMs + 1) },
    false,
  ],
  [
    'for an hour, one for an hour',
    { expiresAt: after(hourMs) },
    { expiresAt: after(hourMs) },
    true,
  ],
]

test('a service account makes, by a token', async (t) => {
  await using keelson = await openTokens()
  await keelson.accounts.create({ name: 'other' }, keelson.root)
  let count = 0
  for (const [what, own, asked, isMade] of narrow) {
    await t.test(`${what}: ${isMade ? 'made' : 'refused'}`, async () => {
      const maker = await keelson.program(`robot-${(count += 1)}`, 'administrator', own)
      for (const owner of [maker.name, 'other']) {
        const made = keelson.make(owner, asked, maker)
        await (isMade ? made : assert.rejects(made, refused))
      }
    })
  }
})

test('a narrow token gets no wide one by giving it another secret', async () => {
  await using keelson = await openTokens()
  const rotate = (actor: Actor, token: { id: string; owner: { id: string; name: string } }) =>
    keelson.tokens.rotate(token.owner, token.id, { overlapMinutes: 5 }, actor)
  const maker = await keelson.program('robot', 'administrator', { scopes: minting })
  const wide = await keelson.make('robot')
  await assert.rejects(rotate(maker, wide.token), refused)
  const same = await keelson.make('robot', { scopes: minting })
  await keelson.present((await rotate(maker, same.token)).secret)

  const short = await keelson.program('brief', 'administrator', { expiresAt: after(hourMs) })
  await assert.rejects(rotate(short, wide.token), refused)
  const [own] = await keelson.tokens.listOf(short.id)
  assert.ok(own !== undefined)
  const renewed = await rotate(short, own)
  assert.equal(renewed.token.expiresAt, after(hourMs), 'itself, and no longer')
  const longer = { overlapMinutes: 5, expiresAt: after(2 * hourMs) }
  await assert.rejects(keelson.tokens.rotate(own.owner, own.id, longer, short), refused)
})

test('a secret that is on its way out makes nothing that outlives it', async () => {
  await using keelson = await openTokens()
  await keelson.accounts.create({ name: 'robot', role: 'administrator' }, keelson.root)
  const { token, secret } = await keelson.make('robot')
  await keelson.tokens.rotate(token.owner, token.id, { overlapMinutes: 60 }, localActor)
  const former = await keelson.present(secret)
  await assert.rejects(keelson.make('robot', {}, former), refused)
  const again = keelson.tokens.rotate(token.owner, token.id, { overlapMinutes: 60 }, former)
  await assert.rejects(again, refused)
})

test('a program a person signed in makes tokens of its own scopes alone', async () => {
  await using keelson = await openTokens()
  const { origin, ...root } = keelson.root
  const program = { ...root, origin: { ...origin, scopes: ['logs:read', 'account:own'] as const } }
  await assert.rejects(keelson.make('root', {}, program), refused)
  const { token } = await keelson.make('root', { scopes: ['logs:read'] }, program)
  assert.deepEqual([token.scopes, token.expiresAt], [['logs:read'], null])
})

test('a chain of tokens by tokens never reaches further than the first', async () => {
  await using keelson = await openTokens()
  const first = await keelson.program('robot', 'administrator', {
    ...{ scopes: minting, networks: ['192.0.2.0/24'], expiresAt: after(hourMs) },
  })
  let maker = first
  for (const scopes of [minting, minting.slice(0, 2), minting]) {
    const given = { scopes, networks: ['192.0.2.7'], expiresAt: after(hourMs) }
    const made = await keelson.make('robot', given, maker).catch((error: unknown) => {
      assert.ok(refused(error))
      return null
    })
    if (made === null) continue
    maker = await keelson.present(made.secret)
    const more = permissions.filter((one) => maker.permissions.has(one))
    assert.ok(more.every((one) => first.permissions.has(one)))
  }
  assert.deepEqual(maker.origin.scopes, minting.slice(0, 2))
})

for (const [what, given] of [
  ['for some networks', { networks: ['192.0.2.0/24'] }],
  ['that ends', { expiresAt: after(hourMs) }],
  ['with scopes', { scopes: ['users:write', 'users:read'] }],
] as const satisfies [string, Partial<NewApiToken>][]) {
  test(`a token ${what} makes no link, which would lead further than it`, async () => {
    await using keelson = await openTokens()
    const { people } = keelson.identity
    await keelson.addPerson('leo')
    const program = await keelson.program('ci', 'administrator', given)
    const tooWide = isError('forbidden')
    await assert.rejects(people.invite({ name: 'eve' }, program), tooWide)
    await assert.rejects(people.startReset('leo', program), tooWide)
    await assert.rejects(people.find('eve'), isError('not_found'))
  })
}

test('a token without bounds makes links', async () => {
  await using keelson = await openTokens()
  const program = await keelson.program('ci', 'administrator')
  const { url } = await keelson.identity.people.invite({ name: 'eve' }, program)
  assert.match(url, /join#/)
})

test('a secret that was replaced neither takes its token back nor ends it', async () => {
  await using keelson = await openTokens()
  await keelson.accounts.create({ name: 'robot', role: 'administrator' }, keelson.root)
  for (const given of [{}, { expiresAt: after(hourMs) }]) {
    const { token, secret } = await keelson.make('robot', given)
    const { owner, id } = token
    const rotate = (actor: Actor, more: { expiresAt?: string } = {}) =>
      keelson.tokens.rotate(owner, id, { overlapMinutes: 90, ...more }, actor)
    const second = await rotate(await keelson.present(secret))
    const former = await keelson.present(secret)
    await assert.rejects(rotate(former), refused)
    await assert.rejects(rotate(former, { expiresAt: after(hourMs / 2) }), refused)
    await assert.rejects(keelson.tokens.revoke(owner.id, id, former), refused)
    await assert.rejects(keelson.tokens.revoke(null, id, former), refused)
    const other = await keelson.make('robot', given)
    await assert.rejects(keelson.tokens.revoke(owner.id, other.token.id, former), refused)

    const present = await keelson.present(second.secret)
    const third = await rotate(present)
    await assert.rejects(rotate(present), refused, 'it was the present one when it was shown')
    await keelson.tokens.revoke(owner.id, id, await keelson.present(third.secret))
    await assert.rejects(keelson.present(third.secret), isError('unauthenticated'))
  }
})

const siblings: [string, Partial<NewApiToken>, Partial<NewApiToken>, boolean][] = [
  ['of one scope, one of all', { scopes: ['account:own'] }, {}, false],
  ['of one scope, one of another', { scopes: ['account:own'] }, { scopes: ['logs:read'] }, false],
  [
    'of two scopes, one of them',
    { scopes: ['account:own', 'logs:read'] },
    { scopes: ['logs:read'] },
    true,
  ],
  ['for a network, one from everywhere', { networks: ['192.0.2.0/24'] }, {}, false],
  ['for an hour, one for ever', { expiresAt: after(hourMs) }, {}, false],
  ['of all that its owner may, one of a scope', {}, { scopes: ['logs:read'] }, true],
]
test('a program ends, by a token, of its own', async (t) => {
  await using keelson = await openTokens()
  let count = 0
  for (const [what, own, other, isEnded] of siblings) {
    await t.test(`${what}: ${isEnded ? 'ended' : 'refused'}`, async () => {
      const actor = await keelson.program(`robot-${(count += 1)}`, 'administrator', own)
      const { token, secret } = await keelson.make(actor.name, other)
      const revoked = keelson.tokens.revoke(actor.id, token.id, actor)
      const short = { overlapMinutes: 0, expiresAt: after(hourMs / 2) }
      if (isEnded) return revoked
      await assert.rejects(revoked, refused)
      await assert.rejects(keelson.tokens.rotate(token.owner, token.id, short, actor), refused)
      await keelson.present(secret)
    })
  }
})
