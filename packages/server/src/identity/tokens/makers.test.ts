import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stackObject } from '@keelson/contract'
import { localActor, type Actor } from '../../kernel/actor.ts'
import { isError } from '../testing/open-identity.ts'
import { openTokens } from '../testing/open-tokens.ts'

/** A token for somebody else is worth no more than who made it. */

const shop = stackObject('shop')
const mayRestart = (actor: Actor): boolean => actor.may('services:restart', shop)

/** The service account `deploy`, which may nothing, and `mallory`, who may but make tokens. */
const open = async () => {
  const keelson = await openTokens()
  const { roles } = keelson.identity
  await roles.put('host', { permissions: ['users:read', 'users:write'] }, localActor)
  await keelson.addPerson('mallory', 'host')
  const account = await keelson.accounts.create({ name: 'deploy' }, localActor)
  const give = (user: string, role: string) =>
    keelson.identity.grants.create({ user, role }, localActor)
  return { ...keelson, account, give, mallory: await keelson.enter('mallory') }
}
type Opened = Awaited<ReturnType<typeof open>>

test('a token does not grow with its account beyond its maker', async () => {
  await using keelson = await open()
  const hers = await keelson.make('deploy', {}, keelson.mallory)
  const roots = await keelson.make('deploy', {}, keelson.root)
  const machines = await keelson.make('deploy')
  assert.deepEqual(
    [hers, roots, machines].map(({ token }) => token.boundedBy),
    [['mallory'], ['root'], []],
  )
  await keelson.give('deploy', 'operator')
  const actor = await keelson.present(hers.secret)
  assert.equal(mayRestart(actor), false)
  assert.equal(actor.permissions.has('services:restart'), false)
  assert.ok(mayRestart(await keelson.present(roots.secret)))
  assert.ok(mayRestart(await keelson.present(machines.secret)))
  await keelson.give('mallory', 'operator')
  assert.ok(mayRestart(await keelson.present(hers.secret)))
})

test('what a token makes is bounded by all who stand behind it', async () => {
  await using keelson = await open()
  const chief = await keelson.accounts.create({ name: 'chief' }, localActor)
  const { secret } = await keelson.make('chief', {}, keelson.mallory)
  await keelson.give('chief', 'administrator')
  await keelson.give('mallory', 'viewer')
  const byHers = await keelson.present(secret)
  const child = await keelson.make('deploy', {}, byHers)
  assert.deepEqual(child.token.boundedBy, ['chief', 'mallory'])
  const again = await keelson.make('chief', {}, byHers)
  assert.deepEqual(again.token.boundedBy, ['mallory'])
  await keelson.give('deploy', 'operator')
  assert.equal(mayRestart(await keelson.present(child.secret)), false)
  const { people, grants } = keelson.identity
  await assert.rejects(people.startReset('root', byHers), isError('forbidden'))
  const more = grants.create({ user: chief.name, role: 'operator' }, byHers)
  await assert.rejects(more, isError('forbidden'))
})

test('a new secret is worth what its maker may, and the one before stays what it was', async () => {
  await using keelson = await open()
  const { token, secret } = await keelson.make('deploy', {}, keelson.mallory)
  await keelson.give('deploy', 'operator')
  const rotation = { overlapMinutes: 30 }
  const next = await keelson.tokens.rotate(token.owner, token.id, rotation, keelson.root)
  assert.ok(mayRestart(await keelson.present(next.secret)))
  assert.equal(mayRestart(await keelson.present(secret)), false)
})

test('a maker who is disabled stops no program', async () => {
  await using keelson = await open()
  await keelson.give('mallory', 'operator')
  const { secret } = await keelson.make('deploy', {}, keelson.mallory)
  await keelson.give('deploy', 'operator')
  await keelson.identity.people.update('mallory', { disabled: true }, keelson.root)
  assert.ok(mayRestart(await keelson.present(secret)))
})

const deleters: [string, (keelson: Opened) => Promise<void>][] = [
  ['an administrator', ({ identity, root }) => identity.people.remove('mallory', null, root)],
  ['the machine', ({ identity }) => identity.people.remove('mallory', null, localActor)],
  [
    'the machine, with a mightier heir',
    ({ identity }) => identity.people.remove('mallory', 'root', localActor),
  ],
]
for (const [who, remove] of deleters) {
  test(`tokens end with their maker, who is deleted by ${who}`, async () => {
    await using keelson = await open()
    const { token, secret } = await keelson.make('deploy', {}, keelson.mallory)
    const roots = await keelson.make('deploy', {}, keelson.root)
    await keelson.give('deploy', 'operator')
    await remove(keelson)
    await assert.rejects(keelson.present(secret), isError('unauthenticated'))
    assert.ok(mayRestart(await keelson.present(roots.secret)))
    const revoked = await keelson.audited('token.revoked')
    assert.equal(revoked.length, 1)
    assert.match(revoked.join(), new RegExp(`about ${token.name}`))
  })
}

test('of a token that somebody else rotated, the secret of a deleted maker ends alone', async () => {
  await using keelson = await open()
  const { token, secret } = await keelson.make('deploy', {}, keelson.mallory)
  const rotation = { overlapMinutes: 30 }
  const next = await keelson.tokens.rotate(token.owner, token.id, rotation, keelson.root)
  await keelson.present(secret)
  await keelson.identity.people.remove('mallory', null, keelson.root)
  await assert.rejects(keelson.present(secret), isError('unauthenticated'))
  await keelson.present(next.secret)
})

test('tokens that a service account made for others end with it', async () => {
  await using keelson = await open()
  const chief = await keelson.program('chief', 'administrator')
  const { secret } = await keelson.make('deploy', {}, chief)
  await keelson.present(secret)
  await keelson.accounts.remove('chief', keelson.root)
  await assert.rejects(keelson.present(secret), isError('unauthenticated'))
})

test('a token of somebody mightier is revoked by nobody who may less', async () => {
  await using keelson = await open()
  const { token } = await keelson.make('deploy')
  await keelson.give('deploy', 'operator')
  const revoked = keelson.tokens.revoke(null, token.id, keelson.mallory)
  await assert.rejects(revoked, isError('forbidden'))
  await keelson.tokens.revoke(null, token.id, keelson.root)
})

test('a token that its maker bounds ends none of its account that they do not bound', async () => {
  await using keelson = await open()
  const { tokens, account } = keelson
  const hers = await keelson.make('deploy', {}, keelson.mallory)
  const sibling = await keelson.make('deploy', {}, keelson.mallory)
  const machines = await keelson.make('deploy')
  await keelson.give('deploy', 'operator')
  const actor = await keelson.present(hers.secret)
  const rotation = { overlapMinutes: 0 }
  const ways = (id: string) => [
    () => tokens.revoke(account.id, id, actor),
    () => tokens.rotate(machines.token.owner, id, rotation, actor),
  ]
  for (const way of ways(machines.token.id)) await assert.rejects(way, isError('forbidden'))
  await keelson.present(machines.secret)
  await tokens.revoke(account.id, sibling.token.id, actor)
  const next = await tokens.rotate(hers.token.owner, hers.token.id, rotation, actor)
  assert.equal(mayRestart(await keelson.present(next.secret)), false)

  const again = await keelson.present(next.secret)
  await keelson.give('mallory', 'operator')
  await tokens.revoke(account.id, machines.token.id, again)
})
