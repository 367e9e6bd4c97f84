import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions, platformObject } from '@keelson/contract'
import { localActor, type Actor } from '../../kernel/actor.ts'
import { addPasskey, addTotp } from '../testing/factors.ts'
import { isError, openIdentity, type Opened } from '../testing/open-identity.ts'

const hourMs = 3_600_000

const enter = async (keelson: Opened, name: string, role?: string) => {
  await keelson.addPerson(name, role)
  return (await keelson.signIn(name)).token
}
const ask = async (keelson: Opened, ...factorRoles: string[]) => {
  await keelson.identity.factors.policy.put({ factorRoles }, localActor)
  await keelson.authenticate('anything') // by then it is the present policy
}

/** What it may, by both ways in which it is asked. */
const rightsOf = (actor: Actor): string[] => {
  const may = permissions.filter((permission) => actor.may(permission, platformObject))
  assert.deepEqual([...actor.permissions].toSorted(), may.toSorted())
  return may.toSorted()
}
const ofEverybody = ['account:own', 'public', 'status:read']

test('ASVS 6.3.3: who holds a role of the policy may do nothing until there is a second factor', async () => {
  await using keelson = await openIdentity()
  const token = await enter(keelson, 'ana', 'operator')
  const other = await enter(keelson, 'leo', 'viewer')
  await ask(keelson, 'operator')
  const ana = await keelson.authenticate(token)
  assert.deepEqual([ana.factorNeeded, rightsOf(ana)], [true, ofEverybody])
  const leo = await keelson.authenticate(other)
  assert.equal(leo.factorNeeded, false)
  assert.ok(leo.permissions.has('services:read'))

  await addTotp(keelson, ana)
  const after = await keelson.authenticate(token)
  assert.equal(after.factorNeeded, false)
  assert.ok(rightsOf(after).includes('services:restart'))
})

test('ASVS 6.3.3: a passkey is enough, and the policy takes effect in sessions that are open', async () => {
  await using keelson = await openIdentity()
  const token = await enter(keelson, 'ana', 'operator')
  await addPasskey(keelson, await keelson.authenticate(token))
  await ask(keelson, 'operator')
  assert.equal((await keelson.authenticate(token)).factorNeeded, false)
})

test('a role that is held by a team, or for some time, asks as well, for as long as it is held', async () => {
  await using keelson = await openIdentity()
  const { teams, access } = keelson.identity
  const token = await enter(keelson, 'ana', 'viewer')
  const needs = async () => (await keelson.authenticate(token)).factorNeeded
  await ask(keelson, 'operator')
  assert.equal(await needs(), false)
  const { id } = await keelson.authenticate(token)
  const expiresAt = new Date(keelson.clock.now().getTime() + hourMs)
  await keelson.db.transaction((tx) =>
    access.grantIn(tx, localActor, { principalId: id, role: 'operator', expiresAt }),
  )
  assert.equal(await needs(), true)
  await keelson.later(hourMs)
  assert.equal(await needs(), false)
  await teams.create({ name: 'crew' }, localActor)
  await teams.addMember('crew', 'ana', localActor)
  const [crew] = await teams.list()
  await keelson.db.transaction((tx) =>
    access.grantIn(tx, localActor, { teamId: crew?.id ?? '', role: 'operator' }),
  )
  assert.equal(await needs(), true)
})

test('a role that is denied asks for nothing', async () => {
  await using keelson = await openIdentity()
  const token = await enter(keelson, 'ana', 'viewer')
  const { id } = await keelson.authenticate(token)
  await keelson.db.transaction((tx) =>
    keelson.identity.access.grantIn(tx, localActor, {
      ...{ principalId: id, role: 'operator', effect: 'deny' },
    }),
  )
  await ask(keelson, 'operator')
  assert.equal((await keelson.authenticate(token)).factorNeeded, false)
})

test('ASVS 6.8.4: a provider that is trusted to have asked is enough, for its own sessions', async () => {
  await using keelson = await openIdentity()
  const token = await enter(keelson, 'ana', 'operator')
  await ask(keelson, 'operator')
  const { secondStep } = keelson.identity.factors
  const ana = await keelson.authenticate(token)
  const by = async (methods: string[]) => {
    const user = { id: ana.id, name: 'ana' }
    const opened = await keelson.db.transaction((tx) =>
      secondStep.finishFirstFactor(tx, { user, methods, actor: localActor, userAgent: null }),
    )
    assert.ok('token' in opened)
    return (await keelson.authenticate(opened.token)).factorNeeded
  }
  assert.equal(await by(['provider:corp']), true)
  assert.equal(await by(['provider:corp', 'provider_factor']), false)
  assert.equal((await keelson.authenticate(token)).factorNeeded, true)
})

test('tokens of programs and service accounts are not asked', async () => {
  await using keelson = await openIdentity()
  const token = await enter(keelson, 'ana', 'operator')
  const { id } = await keelson.authenticate(token)
  await ask(keelson, 'operator')
  const origin = { requestId: null, address: null, via: 'api' as const }
  const principal = {
    ...{ id, name: 'ana', credential: 'token:x', provenBy: 'bearer' as const },
    ...{ scopes: null, expiresAt: null, authenticatedAt: null },
  }
  const { access } = keelson.identity
  assert.equal(access.actorOf({ ...principal, kind: 'user' }, origin).factorNeeded, false)
  const signedIn = { ...principal, kind: 'user' as const, authenticatedAt: keelson.clock.now() }
  const program = access.actorOf(signedIn, origin)
  assert.deepEqual([program.factorNeeded, rightsOf(program)], [true, ofEverybody])
  const account = { ...signedIn, kind: 'service_account' as const }
  assert.equal(access.actorOf(account, origin).factorNeeded, false)
})

test('whoever makes the policy has what it asks for', async () => {
  await using keelson = await openIdentity()
  const { policy } = keelson.identity.factors
  const token = await enter(keelson, 'ada', 'administrator')
  const ada = await keelson.authenticate(token)
  const factorRoles = ['administrator']
  await assert.rejects(policy.put({ factorRoles }, ada), isError('factor_required'))
  assert.deepEqual(await policy.get(), { factorRoles: [] })
  assert.equal((await keelson.authenticate(token)).factorNeeded, false)
  await policy.put({ factorRoles: ['viewer', 'operator'] }, ada)
  await addTotp(keelson, ada)
  await policy.put({ factorRoles }, ada)
  assert.deepEqual(await policy.get(), { factorRoles })
  assert.deepEqual(await keelson.audited('sign_in_policy.changed'), [
    'sign_in_policy.changed done by ada about keelson',
    'sign_in_policy.changed done by ada about keelson',
  ])
})

test('a role there is not is refused; one that was deleted is asked for no more', async () => {
  await using keelson = await openIdentity()
  const { roles, factors } = keelson.identity
  await assert.rejects(ask(keelson, 'captain'), isError('not_found'))
  await roles.put('captain', { description: '', permissions: ['logs:read'] }, localActor)
  await ask(keelson, 'captain', 'viewer')
  await roles.remove('captain', localActor)
  assert.deepEqual(await factors.policy.get(), { factorRoles: ['viewer'] })
})

test('the last factor that a role asks for stays', async () => {
  await using keelson = await openIdentity()
  const token = await enter(keelson, 'ana', 'operator')
  const ana = await keelson.authenticate(token)
  const { own } = keelson.identity.factors
  await addTotp(keelson, ana)
  const { id } = await addPasskey(keelson, ana)
  await ask(keelson, 'operator')
  assert.equal((await own.describe(ana)).required, true)
  await own.deleteTotp(ana)
  await assert.rejects(own.deletePasskey(ana, id), isError('factor_required'))
  assert.equal((await own.describe(ana)).passkeys.length, 1)
  await ask(keelson)
  await own.deletePasskey(ana, id)
})

test('ASVS 6.4.6: an administrator forgets lost factors, which signs the person out', async () => {
  await using keelson = await openIdentity()
  const { factors, people } = keelson.identity
  const token = await enter(keelson, 'ana', 'viewer')
  await addTotp(keelson, await keelson.authenticate(token))
  await addPasskey(keelson, await keelson.authenticate(token))
  await factors.forget(await people.find('ana'), localActor)
  assert.equal(await keelson.kindOf(token), 'anonymous')
  const ana = await keelson.authenticate((await keelson.signIn('ana')).token)
  const facts = await factors.own.describe(ana)
  assert.deepEqual([facts.totp, facts.passkeys, facts.recoveryCodesLeft], [null, [], 0])
  assert.deepEqual(await keelson.audited('factor.removed'), [
    'factor.removed done by local command line about ana',
  ])
})

test('nobody forgets the factors of somebody who may more', async () => {
  await using keelson = await openIdentity()
  const { factors, people, roles } = keelson.identity
  await roles.put('people', { description: '', permissions: ['users:write'] }, localActor)
  const clerk = await keelson.authenticate(await enter(keelson, 'cleo', 'people'))
  const token = await enter(keelson, 'ada', 'administrator')
  await addTotp(keelson, await keelson.authenticate(token))
  await assert.rejects(factors.forget(await people.find('ada'), clerk), isError('forbidden'))
  assert.equal(await keelson.kindOf(token), 'user')
})

test('the last administrator keeps the passkey that is the only way in', async () => {
  await using keelson = await openIdentity()
  const { factors, people } = keelson.identity
  const token = await enter(keelson, 'ada', 'administrator')
  await addPasskey(keelson, await keelson.authenticate(token))
  await keelson.db.execute('delete from identity.password')
  assert.equal(await keelson.identity.isSetUp(), true)
  const forgetting = factors.forget(await people.find('ada'), localActor)
  await assert.rejects(forgetting, isError('last_administrator'))
  assert.equal(await keelson.kindOf(token), 'user')
})
