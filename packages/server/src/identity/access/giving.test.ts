import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceObject, stackObject, type Selector } from '@keelson/contract'
import { localActor, type Actor } from '../../kernel/actor.ts'
import { isError } from '../testing/open-identity.ts'
import { after, hourMs, minuteMs, openTokens } from '../testing/open-tokens.ts'

/** Nobody gives or takes away what they do not hold themselves, there and for as long. */

const forbidden = isError('forbidden')
const shop: Selector = { name: 'stack:shop' }

/** `mallory` may grant, and is operator of the stack shop but for its bank; `leo` may nothing. */
const open = async () => {
  const keelson = await openTokens()
  const { roles, grants, teams } = keelson.identity
  await roles.put('granter', { permissions: ['access:write', 'users:write'] }, localActor)
  await keelson.addPerson('mallory')
  await keelson.addPerson('leo')
  const on = { name: 'platform' }
  await grants.create({ user: 'mallory', role: 'granter', on }, localActor)
  await grants.create({ user: 'mallory', role: 'operator', on: shop }, localActor)
  const bank = { name: 'service:shop/bank' }
  await grants.create({ user: 'mallory', role: 'operator', effect: 'deny', on: bank }, localActor)
  await teams.create({ name: 'chiefs' }, localActor)
  await grants.create({ team: 'chiefs', role: 'administrator' }, localActor)
  return { ...keelson, mallory: await keelson.enter('mallory') }
}
type Opened = Awaited<ReturnType<typeof open>>

const beyond: [string, (keelson: Opened, by: Actor) => Promise<unknown>][] = [
  ['a role on everything', ({ identity }, by) => give(identity, by, 'viewer', {})],
  [
    'a role on the platform',
    ({ identity }, by) => give(identity, by, 'viewer', { name: 'platform' }),
  ],
  [
    'a role on another stack',
    ({ identity }, by) => give(identity, by, 'viewer', { name: 'stack:blog' }),
  ],
  [
    'a role on stacks of many names',
    ({ identity }, by) => give(identity, by, 'viewer', { name: 'stack:sh*' }),
  ],
  [
    'a wider role on one’s own stack',
    ({ identity }, by) => give(identity, by, 'editor', { name: 'service:shop/web' }),
  ],
  [
    'a role where some of it is denied to oneself',
    ({ identity }, by) => give(identity, by, 'operator', shop),
  ],
  ['to oneself', ({ identity }, by) => give(identity, by, 'administrator', {}, by.id)],
  [
    'membership of a mightier team',
    ({ identity }, by) => identity.teams.addMember('chiefs', 'leo', by),
  ],
  [
    'a role with an invitation',
    ({ identity }, by) => identity.people.invite({ name: 'mia', role: 'viewer' }, by),
  ],
  [
    'a role to a new service account',
    ({ accounts }, by) => accounts.create({ name: 'robot', role: 'viewer' }, by),
  ],
  [
    'more permissions by a role that is held elsewhere',
    async ({ identity }, by) => {
      await identity.roles.put('own', { permissions: ['services:read'] }, localActor)
      await identity.grants.create(
        { user: 'leo', role: 'own', on: { name: 'stack:blog' } },
        localActor,
      )
      await identity.roles.put('own', { permissions: ['services:read', 'services:restart'] }, by)
    },
  ],
  [
    'what a denial keeps from somebody',
    async ({ identity }, by) => {
      const deny = { user: 'leo', role: 'editor', effect: 'deny', on: shop } as const
      const { id } = await identity.grants.create(deny, localActor)
      await identity.grants.revoke(id, by)
    },
  ],
]
for (const [what, attempt] of beyond) {
  test(`nobody gives beyond their own: ${what}`, async () => {
    await using keelson = await open()
    await assert.rejects(attempt(keelson, keelson.mallory), forbidden)
  })
}

const give = (
  { grants }: Opened['identity'],
  by: Actor,
  role: string,
  on: Selector,
  user = 'leo',
) => grants.create({ user, role, on }, by)

test('what one holds oneself is given, on all of it or less', async () => {
  await using keelson = await open()
  const { identity, mallory } = keelson
  await give(identity, mallory, 'operator', { name: 'service:shop/web' })
  await give(identity, mallory, 'granter', { name: 'platform' })
  const leo = await keelson.enter('leo')
  assert.ok(leo.may('services:restart', serviceObject('shop', 'web')))
  assert.ok(!leo.may('services:restart', stackObject('shop')))
})

const taking: [string, (keelson: Opened, by: Actor) => Promise<unknown>][] = [
  [
    'by revoking a grant',
    async ({ identity }, by) => {
      const { items } = await identity.grants.list({ user: 'root', limit: 1 })
      await identity.grants.revoke(items[0]?.id ?? '', by)
    },
  ],
  [
    'by a denial',
    ({ identity }, by) =>
      identity.grants.create({ user: 'root', role: 'viewer', effect: 'deny' }, by),
  ],
  ['by deleting a team', ({ identity }, by) => identity.teams.remove('chiefs', by)],
  [
    'by calling a team something else',
    ({ identity }, by) => identity.teams.update('chiefs', { name: 'old-chiefs' }, by),
  ],
  [
    'by a role that becomes narrower',
    async ({ identity }, by) => {
      await identity.roles.put('own', { permissions: ['stacks:write'] }, localActor)
      await identity.grants.create({ user: 'leo', role: 'own' }, localActor)
      await identity.roles.put('own', { permissions: [] }, by)
    },
  ],
]
for (const [what, attempt] of taking) {
  test(`nobody takes away ${what} what they do not hold`, async () => {
    await using keelson = await open()
    await keelson.addPerson('bea', 'administrator')
    await assert.rejects(attempt(keelson, keelson.mallory), forbidden)
    await attempt(keelson, await keelson.enter('bea'))
  })
}

test('a team that holds less than oneself gets another name, and any team another description', async () => {
  await using keelson = await open()
  const { teams, grants } = keelson.identity
  await teams.create({ name: 'waiters' }, localActor)
  const on = { name: 'service:shop/web' }
  await grants.create({ team: 'waiters', role: 'operator', on }, localActor)
  await teams.update('waiters', { name: 'hosts' }, keelson.mallory)
  const chiefs = { name: 'chiefs', description: 'who answer for all' }
  assert.equal(
    (await teams.update('chiefs', chiefs, keelson.mallory)).description,
    chiefs.description,
  )
})

test('the last who may everything is not lost, though others may grant', async () => {
  await using keelson = await open()
  const { items } = await keelson.identity.grants.list({ user: 'root', limit: 1 })
  const revoked = keelson.identity.grants.revoke(items[0]?.id ?? '', localActor)
  await assert.rejects(revoked, isError('last_administrator'))
})

/** `ana` is viewer for good, and broke the glass. */
const inEmergency = async () => {
  const keelson = await open()
  const { roles, grants } = keelson.identity
  await roles.put('on-call', { permissions: ['access:break-glass'] }, localActor)
  await keelson.addPerson('ana', 'viewer')
  await grants.create({ user: 'ana', role: 'on-call', on: { name: 'platform' } }, localActor)
  const given = { role: 'administrator', reason: 'the shop is down', minutes: 60 }
  await grants.breakGlass(given, await keelson.enter('ana'), async () => undefined)
  return { ...keelson, ana: await keelson.enter('ana') }
}

const lasting: [string, (keelson: Opened, by: Actor) => Promise<unknown>][] = [
  ['a grant for good', ({ identity }, by) => give(identity, by, 'operator', {})],
  ['a grant of what they hold for good', ({ identity }, by) => give(identity, by, 'viewer', {})],
  [
    'a grant that is longer',
    ({ identity: { grants } }, by) =>
      grants.create({ user: 'leo', role: 'operator', expiresAt: after(hourMs + 1) }, by),
  ],
  [
    'an invitation with a role',
    ({ identity }, by) => identity.people.invite({ name: 'mia', role: 'operator' }, by),
  ],
  [
    'a service account with a role',
    ({ accounts }, by) => accounts.create({ name: 'robot', role: 'operator' }, by),
  ],
  ['a link of somebody who may more', ({ identity }, by) => identity.people.startReset('root', by)],
]
for (const [what, attempt] of lasting) {
  test(`who broke the glass makes nothing that outlasts it: ${what}`, async () => {
    await using keelson = await inEmergency()
    await assert.rejects(attempt(keelson, keelson.ana), forbidden)
  })
}

test('who broke the glass gives until its end, and takes away at once', async () => {
  await using keelson = await inEmergency()
  const { grants, people } = keelson.identity
  await grants.create({ user: 'leo', role: 'editor', expiresAt: after(hourMs) }, keelson.ana)
  await keelson.addPerson('bea', 'administrator')
  await people.update('bea', { disabled: true }, keelson.ana)
})

test('a token that was made behind broken glass is worth what its maker may, also after it', async () => {
  await using keelson = await inEmergency()
  const account = await keelson.accounts.create({ name: 'deploy', role: 'operator' }, localActor)
  const { secret } = await keelson.tokens.create(account, { name: 'x' }, keelson.ana)
  const shopWeb = serviceObject('shop', 'web')
  assert.ok((await keelson.present(secret)).may('services:restart', shopWeb))
  await keelson.later(hourMs)
  const token = await keelson.present(secret)
  assert.deepEqual(
    [token.may('services:restart', shopWeb), token.may('services:read', shopWeb)],
    [false, true],
  )
})

test('who may break the glass for a while does so no longer than that', async () => {
  await using keelson = await open()
  const { grants } = keelson.identity
  const expiresAt = after(10 * minuteMs)
  await grants.create({ user: 'leo', role: 'administrator', expiresAt }, localActor)
  const given = { role: 'administrator', reason: 'a little longer', minutes: 60 }
  const grant = await grants.breakGlass(given, await keelson.enter('leo'), async () => undefined)
  assert.equal(grant.expiresAt, expiresAt)
})

test('nobody holds more than a thousand grants of their own, and those that are over do not count', async () => {
  await using keelson = await open()
  const { grants, people } = keelson.identity
  const { id } = await people.find('leo')
  const fill = (prefix: string, count: number, expiresAt: Date | null) =>
    keelson.db.execute(
      `insert into identity.grant_held
         (id, principal_id, role, effect, selector, created_by, created_at, expires_at)
       select $2 || at, $1, 'viewer', 'allow', jsonb_build_object('name', 'stack:s' || at), 'root', now(), $4
       from generate_series(1, $3::integer) at`,
      [id, prefix, count, expiresAt],
    )
  await fill('over', 5, new Date(0))
  await fill('held', 999, null)
  const grant = (name: string) =>
    grants.create({ user: 'leo', role: 'viewer', on: { name } }, localActor)
  const made = await grant('stack:shop')
  await assert.rejects(grant('stack:blog'), /leo has 1000 grants/)
  await grants.revoke(made.id, localActor)
  await grant('stack:blog')
})
