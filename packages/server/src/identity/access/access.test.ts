import assert from 'node:assert/strict'
import { test } from 'node:test'
import { platformObject, serviceObject, stackObject, type ObjectRef } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { isError, openIdentity, type Opened } from '../testing/open-identity.ts'

const known = (object: ObjectRef) => ({ ...object, isThere: true })
const shop = stackObject('shop')
const noTell = async (): Promise<void> => undefined

test('a team gives its members what it holds, until they leave it', async () => {
  await using keelson = await openIdentity()
  const { identity } = keelson
  await keelson.addPerson('leo')
  const team = await identity.teams.create({ name: 'payments' }, localActor)
  await identity.teams.addMember('payments', 'leo', localActor)
  const grant = { team: team.id, role: 'operator', on: { owner: 'payments' } }
  await identity.grants.create(grant, localActor)
  const { token } = await keelson.signIn('leo')
  const leo = await keelson.authenticate(token)
  const theirs = serviceObject('shop', 'checkout', { owner: 'payments' })
  assert.equal(leo.may('services:restart', theirs), true)
  assert.equal(leo.may('services:restart', serviceObject('shop', 'web')), false)
  const [listed] = await identity.teams.list()
  assert.deepEqual(
    listed?.members.map(({ name }) => name),
    ['leo'],
  )
  assert.deepEqual(listed?.roles, ['operator'])
  await identity.teams.removeMember('payments', 'leo', localActor)
  assert.equal((await keelson.authenticate(token)).may('services:restart', theirs), false)
})

test('a role of one’s own can be changed, and deleted once nobody holds it', async () => {
  await using keelson = await openIdentity()
  const { identity } = keelson
  await keelson.addPerson('leo')
  await identity.roles.put('restarter', { permissions: ['services:restart'] }, localActor)
  const given = { user: 'leo', role: 'restarter' }
  const grant = await identity.grants.create(given, localActor)
  const { token } = await keelson.signIn('leo')
  assert.equal((await keelson.authenticate(token)).may('services:restart', shop), true)
  await identity.roles.put('restarter', { permissions: ['services:write'] }, localActor)
  const leo = await keelson.authenticate(token)
  assert.equal(leo.may('services:restart', shop), false)
  assert.equal(leo.may('services:write', shop), true)
  const remove = () => identity.roles.remove('restarter', localActor)
  await assert.rejects(remove, isError('role_in_use'))
  await identity.grants.revoke(grant.id, localActor)
  await remove()
  await assert.rejects(identity.grants.create(given, localActor), isError('not_found'))
  assert.deepEqual(await keelson.audited('role.created', 'role.changed', 'role.deleted'), [
    'role.created done by local command line about restarter',
    'role.changed done by local command line about restarter',
    'role.deleted done by local command line about restarter',
  ])
})

test('what changes nothing is told nowhere', async () => {
  await using keelson = await openIdentity()
  const { roles, teams } = keelson.identity
  await keelson.addPerson('leo')
  const restarter = { description: 'restarts', permissions: ['services:restart'] as const }
  await roles.put('restarter', restarter, localActor)
  await roles.put('restarter', restarter, localActor)
  await teams.create({ name: 'crew', description: 'nights' }, localActor)
  await teams.update('crew', { name: 'crew', description: 'nights' }, localActor)
  await teams.addMember('crew', 'leo', localActor)
  const { members } = await teams.addMember('crew', 'leo', localActor)
  assert.equal(members.length, 1)
  assert.deepEqual(await keelson.audited('role.changed', 'team.changed'), [
    'team.changed done by local command line about crew',
  ])
})

test('a built-in role stays as it is', async () => {
  await using keelson = await openIdentity()
  const { roles } = keelson.identity
  const change = roles.put('viewer', { permissions: [] }, localActor)
  await assert.rejects(change, isError('built_in_role'))
  await assert.rejects(roles.remove('administrator', localActor), isError('built_in_role'))
})

test('a grant ends when its time is over, without anybody doing anything', async () => {
  await using keelson = await openIdentity()
  const { identity, clock } = keelson
  await keelson.addPerson('leo')
  const expiresAt = new Date(clock.now().getTime() + 60_000).toISOString()
  await identity.grants.create({ user: 'leo', role: 'operator', expiresAt }, localActor)
  const { token } = await keelson.signIn('leo')
  assert.equal((await keelson.authenticate(token)).permissions.has('services:restart'), true)
  await keelson.later(60_000)
  const leo = await keelson.authenticate(token)
  assert.equal(leo.permissions.has('services:restart'), false)
  assert.equal(leo.may('services:restart', shop), false)
  const over = { user: 'leo', role: 'operator', expiresAt }
  await assert.rejects(identity.grants.create(over, localActor), isError('bad_request'))
})

const losses: [string, (keelson: Opened, grantId: string) => Promise<unknown>][] = [
  ['revoking the grant', ({ identity }, id) => identity.grants.revoke(id, localActor)],
  ['disabling', ({ identity }) => identity.people.update('ada', { disabled: true }, localActor)],
  ['deleting', ({ identity }) => identity.people.remove('ada', 'leo', localActor)],
  [
    'a deny',
    ({ identity }) =>
      identity.grants.create({ user: 'ada', role: 'administrator', effect: 'deny' }, localActor),
  ],
  [
    'a deny of a team that is joined',
    async ({ identity }) => {
      await identity.teams.create({ name: 'locked' }, localActor)
      const deny = { team: 'locked', role: 'administrator', effect: 'deny' } as const
      await identity.grants.create(deny, localActor)
      await identity.teams.addMember('locked', 'ada', localActor)
    },
  ],
]
for (const [what, lose] of losses) {
  test(`the last administrator is not lost by ${what}`, async () => {
    await using keelson = await openIdentity()
    await keelson.addPerson('leo', 'editor')
    await keelson.addPerson('ada', 'administrator')
    const { items } = await keelson.identity.grants.list({ user: 'ada', limit: 10 })
    const id = items[0]?.id ?? ''
    await assert.rejects(lose(keelson, id), isError('last_administrator'))
    const ada = await keelson.authenticate((await keelson.signIn('ada')).token)
    assert.equal(ada.may('access:write', platformObject), true)
  })
}

test('of two administrators who are taken away at once, one stays', async () => {
  await using keelson = await openIdentity()
  const { identity } = keelson
  for (const name of ['ada', 'bea']) await keelson.addPerson(name, 'administrator')
  const disable = (name: string) => identity.people.update(name, { disabled: true }, localActor)
  const both = await Promise.allSettled([disable('ada'), disable('bea')])
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

test('an administrator for an hour is not one who may be the last', async () => {
  await using keelson = await openIdentity()
  const { identity, clock } = keelson
  await keelson.addPerson('ada', 'administrator')
  await keelson.addPerson('bea')
  const expiresAt = new Date(clock.now().getTime() + 3_600_000).toISOString()
  await identity.grants.create({ user: 'bea', role: 'administrator', expiresAt }, localActor)
  const disable = identity.people.update('ada', { disabled: true }, localActor)
  await assert.rejects(disable, isError('last_administrator'))
})

test('who breaks the glass has the role at once, for the time asked, and everybody is told', async () => {
  await using keelson = await openIdentity()
  const { identity } = keelson
  await keelson.addPerson('leo')
  const on = { name: 'platform' }
  await identity.roles.put('on-call', { permissions: ['access:break-glass'] }, localActor)
  await identity.grants.create({ user: 'leo', role: 'on-call', on }, localActor)
  const { token } = await keelson.signIn('leo')
  const told: object[] = []
  const grant = await identity.grants.breakGlass(
    { role: 'administrator', reason: 'the shop is down', minutes: 30 },
    await keelson.authenticate(token),
    async (_tx, what) => void told.push(what),
  )
  assert.equal(grant.expiresAt, '2026-01-01T00:30:00.000Z')
  assert.deepEqual(told, [
    {
      ...{ by: 'leo', role: 'administrator', reason: 'the shop is down' },
      until: '2026-01-01T00:30:00.000Z',
    },
  ])
  assert.equal((await keelson.authenticate(token)).may('stacks:write', shop), true)
  assert.deepEqual(await keelson.audited('grant.break_glass'), [
    'grant.break_glass done by leo about administrator',
  ])
  await keelson.later(30 * 60_000)
  assert.equal((await keelson.authenticate(token)).may('stacks:write', shop), false)
})

test('the command line of the machine breaks no glass: it has all rights already', async () => {
  await using keelson = await openIdentity()
  const given = { role: 'administrator', reason: 'why not', minutes: 5 }
  const glass = keelson.identity.grants.breakGlass(given, localActor, noTell)
  await assert.rejects(glass, isError('forbidden'))
})

test('a decision is explained by the grants that were looked at', async () => {
  await using keelson = await openIdentity()
  const { identity } = keelson
  await keelson.addPerson('leo')
  const on = { name: 'stack:shop' }
  await identity.grants.create({ user: 'leo', role: 'operator', on }, localActor)
  await identity.grants.create(
    { user: 'leo', role: 'operator', effect: 'deny', on: { name: 'service:shop/bank' } },
    localActor,
  )
  const web = { name: 'service:shop/web' }
  await identity.grants.create({ user: 'leo', role: 'operator', on: web }, localActor)
  const ask = (object: string, who = 'leo') =>
    identity.explain({ who, permission: 'services:restart', object }, known)
  const allowed = await ask('service:shop/web')
  assert.equal(
    allowed.sentence,
    'leo may services:restart on service:shop/web: holds the role operator',
  )
  assert.deepEqual(
    allowed.considered.map(({ grant, why }) => `${grant.effect} ${grant.on.name} ${why}`),
    [
      'allow stack:shop decides',
      'allow service:shop/web agrees',
      'deny service:shop/bank other_object',
    ],
  )
  const denied = await ask('service:shop/bank')
  assert.equal(denied.allowed, false)
  assert.deepEqual(
    denied.considered.map(({ why }) => why),
    ['decides', 'overruled', 'other_object'],
  )
  const none = await ask('stack:blog')
  assert.equal(none.sentence, 'leo may not services:restart on stack:blog: no grant says so')
  assert.equal((await ask('platform', 'viewer')).allowed, false)
  assert.equal((await ask('stack:shop', 'role:operator')).allowed, true)
  await assert.rejects(ask('stack:shop', 'nobody'), isError('not_found'))
  await assert.rejects(ask('queue:mail'), isError('bad_request'))
})

test('grants come in pages, oldest first', async () => {
  await using keelson = await openIdentity()
  const { grants } = keelson.identity
  await keelson.addPerson('leo')
  for (const stack of ['a', 'b', 'c']) {
    const on = { name: `stack:${stack}` }
    await grants.create({ user: 'leo', role: 'viewer', on }, localActor)
  }
  const first = await grants.list({ user: 'leo', limit: 2 })
  assert.deepEqual(
    first.items.map(({ on }) => on.name),
    ['stack:a', 'stack:b'],
  )
  const cursor = first.nextCursor ?? ''
  const second = await grants.list({ user: 'leo', limit: 2, cursor })
  assert.deepEqual(
    second.items.map(({ on }) => on.name),
    ['stack:c'],
  )
  assert.equal(second.nextCursor, null)
})

test('the same grant once more is the one that is there; another time, reason or object is another', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('leo')
  const { grants } = keelson.identity
  const give = (more: object = {}) =>
    grants.create(
      { user: 'leo', role: 'viewer', on: { name: 'stack:shop', owner: 'ana' }, ...more },
      localActor,
    )
  const first = await give()
  const again = await give({ on: { owner: 'ana', name: 'stack:shop' } })
  assert.deepEqual(again, { ...first, already: true })
  assert.equal(first.already, false)
  const expiresAt = new Date(keelson.clock.now().getTime() + 60_000).toISOString()
  for (const more of [{ on: {} }, { effect: 'deny' }, { reason: 'on call' }, { expiresAt }]) {
    assert.equal((await give(more)).already, false, JSON.stringify(more))
  }
  assert.equal((await grants.list({ user: 'leo', limit: 10 })).items.length, 5)
})

const wrong: [string, object][] = [
  ['nobody', {}],
  ['a user and a team', { user: 'leo', team: 'x' }],
]
for (const [what, holder] of wrong) {
  test(`a grant to ${what} is refused`, async () => {
    await using keelson = await openIdentity()
    const grant = { ...holder, role: 'viewer' }
    await assert.rejects(keelson.identity.grants.create(grant, localActor), isError('bad_request'))
  })
}
