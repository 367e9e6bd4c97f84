import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stackObject } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { signedIn } from '../../kernel/testing/index.ts'
import { isError } from '../testing/open-identity.ts'
import { openTokens } from '../testing/open-tokens.ts'

const missing = isError('not_found')

test('ASVS 13.2.1: a program has an account of its own, with rights and tokens of its own', async () => {
  await using keelson = await openTokens()
  const { accounts, root } = keelson
  const made = await accounts.create(
    { name: 'deploy', description: 'rolls out', role: 'operator' },
    root,
  )
  assert.deepEqual(made, {
    ...{ id: made.id, name: 'deploy', description: 'rolls out', disabledAt: null },
    ...{ owner: { id: root.id, name: 'root' }, createdAt: '2026-01-01T00:00:00.000Z' },
    ...{ lastSeenAt: null, roles: ['operator'], teams: [], tokens: 0 },
  })
  const { secret } = await keelson.make('deploy')
  const actor = await keelson.present(secret)
  assert.deepEqual([actor.kind, actor.id, actor.name], ['service_account', made.id, 'deploy'])
  assert.ok(actor.may('services:restart', stackObject('shop')))
  assert.equal(actor.may('users:read', stackObject('shop')), false)
  assert.equal((await accounts.get('Deploy')).tokens, 1)
  assert.deepEqual(await keelson.audited('service_account.created', 'grant.created'), [
    'grant.created done by local command line about administrator',
    'service_account.created done by root about deploy',
    'grant.created done by root about operator',
  ])
})

test('a service account cannot sign in, is no user, and nobody’s last administrator', async () => {
  await using keelson = await openTokens()
  const { id } = await keelson.accounts.create(
    { name: 'deploy', role: 'administrator' },
    localActor,
  )
  await assert.rejects(keelson.signIn('deploy'), isError('sign_in_refused'))
  const { people } = keelson.identity
  for (const way of [id, 'deploy']) await assert.rejects(people.find(way), missing)
  await assert.rejects(people.invite({ name: 'deploy' }, keelson.root), isError('name_taken'))
  await assert.rejects(people.remove('root', null, localActor), isError('last_administrator'))
})

test('one name is one, of users and service accounts together', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const taken = isError('name_taken')
  for (const name of ['ana', 'ANA', 'аnа']) {
    await assert.rejects(keelson.accounts.create({ name }, localActor), taken, name)
  }
  await keelson.accounts.create({ name: 'deploy' }, localActor)
  await assert.rejects(keelson.accounts.create({ name: 'Déploy' }, localActor), taken)
})

test('a user answers for it: whoever made it, or is named', async () => {
  await using keelson = await openTokens()
  const { accounts } = keelson
  await keelson.addPerson('ana')
  const ownerOf = async (made: ReturnType<typeof accounts.create>) => (await made).owner?.name
  assert.equal(await ownerOf(accounts.create({ name: 'a' }, keelson.root)), 'root')
  assert.equal(await ownerOf(accounts.create({ name: 'b', owner: 'Ana' }, keelson.root)), 'ana')
  assert.equal(await ownerOf(accounts.create({ name: 'c' }, localActor)), undefined)
  await accounts.create({ name: 'robot', role: 'administrator', owner: 'ana' }, localActor)
  const robot = await keelson.present((await keelson.make('robot')).secret)
  assert.equal(await ownerOf(accounts.create({ name: 'd' }, robot)), 'ana', 'as for its maker')
  for (const owner of ['nobody', 'robot']) {
    await assert.rejects(accounts.create({ name: 'e', owner }, localActor), missing, owner)
  }
  assert.equal(await ownerOf(accounts.update('d', { owner: 'root' }, localActor)), 'root')
  assert.deepEqual(
    (await accounts.list()).map(({ name }) => name),
    ['a', 'b', 'c', 'd', 'robot'],
  )
})

test('what a user answers for goes to the heir, to whoever deletes them, or to nobody', async () => {
  await using keelson = await openTokens()
  const { accounts } = keelson
  const { people } = keelson.identity
  const owner = async () => (await accounts.get('deploy')).owner?.name
  for (const name of ['ana', 'ben', 'cleo']) await keelson.addPerson(name)
  await accounts.create({ name: 'deploy', owner: 'ana' }, localActor)
  const { secret } = await keelson.make('deploy')
  await assert.rejects(people.remove('ana', 'nobody', keelson.root), missing)
  await assert.rejects(people.remove('ana', 'deploy', keelson.root), missing)
  await people.remove('ana', 'ben', keelson.root)
  assert.equal(await owner(), 'ben')
  await people.remove('ben', null, keelson.root)
  assert.equal(await owner(), 'root')
  await accounts.update('deploy', { owner: 'cleo' }, localActor)
  await people.remove('cleo', null, localActor)
  assert.equal(await owner(), undefined)
  await keelson.present(secret)
})

test('what changes is told, and nothing else; two changes at once both stay', async () => {
  await using keelson = await openTokens()
  const { accounts } = keelson
  await accounts.create({ name: 'deploy' }, keelson.root)
  await Promise.all([
    accounts.update('deploy', { disabled: true }, keelson.root),
    accounts.update('deploy', { description: 'rolls out' }, keelson.root),
  ])
  await accounts.update('deploy', { disabled: true }, keelson.root)
  const after = await accounts.get('deploy')
  assert.deepEqual([after.description, after.disabledAt !== null], ['rolls out', true])
  const details = await keelson.db.many<{ detail: string }>(
    `select detail from kernel.audit_entry where action = 'service_account.changed'`,
  )
  const told = details.map(({ detail }) => (JSON.parse(detail) as { after: object }).after)
  assert.deepEqual(
    told.toSorted(
      (a, b) => Object.keys(a).length - Object.keys(b).length || +('disabled' in b) - 1,
    ),
    [{ disabled: true }, { description: 'rolls out' }],
  )
})

test('to give a role takes access:write', async () => {
  await using keelson = await openTokens()
  const host = { ...signedIn(['users:read', 'users:write']), id: keelson.root.id }
  const made = keelson.accounts.create({ name: 'deploy', role: 'viewer' }, host)
  await assert.rejects(made, isError('forbidden'))
  await keelson.accounts.create({ name: 'deploy' }, host)
  const unknown = keelson.accounts.create({ name: 'other', role: 'emperor' }, keelson.root)
  await assert.rejects(unknown, missing)
  await assert.rejects(keelson.accounts.get('other'), missing)
})

test('service accounts hold grants, are in teams, and their rights are explained', async () => {
  await using keelson = await openTokens()
  const { teams, grants, explain } = keelson.identity
  const { id } = await keelson.accounts.create({ name: 'deploy' }, keelson.root)
  const on = { name: 'stack:shop' }
  const grant = await grants.create({ user: 'deploy', role: 'viewer', on }, keelson.root)
  assert.deepEqual(grant.holder, { kind: 'service_account', id, name: 'deploy' })
  await teams.create({ name: 'robots' }, keelson.root)
  const team = await teams.addMember('robots', 'deploy', keelson.root)
  assert.deepEqual(team.members, [{ id, name: 'deploy', kind: 'service_account' }])
  await grants.create({ team: 'robots', role: 'operator' }, keelson.root)
  const answer = await explain(
    { who: 'deploy', permission: 'services:restart', object: 'stack:shop' },
    (object) => ({ ...object, isThere: true }),
  )
  assert.deepEqual(
    [answer.allowed, answer.who.kind, answer.sentence],
    [
      true,
      'service_account',
      'deploy may services:restart on stack:shop: holds the role operator through a team',
    ],
  )
  const { roles, teams: its } = await keelson.accounts.get('deploy')
  assert.deepEqual([roles, its.map(({ name }) => name)], [['viewer'], ['robots']])
})

test('a deleted service account leaves nothing that works, and its name is free again', async () => {
  await using keelson = await openTokens()
  const { accounts } = keelson
  const { id } = await accounts.create({ name: 'deploy', role: 'operator' }, keelson.root)
  const { secret } = await keelson.make('deploy')
  await keelson.present(secret)
  await accounts.remove('deploy', keelson.root)
  await assert.rejects(keelson.present(secret), isError('unauthenticated'))
  await assert.rejects(accounts.remove(id, keelson.root), missing)
  await assert.rejects(accounts.remove('root', keelson.root), missing, 'no user goes by this')
  const { items } = await keelson.identity.grants.list({ role: 'operator', limit: 10 })
  assert.deepEqual(items, [])
  await accounts.create({ name: 'deploy' }, keelson.root)
  assert.deepEqual(await keelson.audited('service_account.deleted'), [
    'service_account.deleted done by root about deploy',
  ])
})
