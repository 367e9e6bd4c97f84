import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions, platformObject } from '@keelson/contract'
import { localActor, type Actor } from '../../kernel/actor.ts'
import { addPasskey, addTotp } from '../testing/factors.ts'
import {
  entered,
  isError,
  openIdentity,
  password,
  tokenIn,
  visitor,
  type Opened,
} from '../testing/open-identity.ts'

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

/** `cleo` may grant, holds `viewer` on everything besides, and has a second factor. */
const withClerk = async () => {
  const keelson = await openIdentity()
  const { roles, grants } = keelson.identity
  await roles.put('clerk', { permissions: ['access:write', 'users:write'] }, localActor)
  const token = await enter(keelson, 'cleo', 'viewer')
  await grants.create({ user: 'cleo', role: 'clerk' }, localActor)
  await addPasskey(keelson, await keelson.authenticate(token))
  const ada = await enter(keelson, 'ada', 'administrator')
  return { ...keelson, ada, cleo: await keelson.authenticate(token) }
}

test('what is asked of a role is changed by who holds all it gives, and by nobody else', async () => {
  await using keelson = await withClerk()
  const { policy } = keelson.identity.factors
  const put = (...factorRoles: string[]) => policy.put({ factorRoles }, keelson.cleo)
  await assert.rejects(put('administrator', 'editor', 'viewer'), isError('forbidden'))
  assert.equal((await keelson.authenticate(keelson.ada)).factorNeeded, false)
  await ask(keelson, 'administrator')
  await assert.rejects(put(), isError('forbidden'))
  await put('administrator', 'viewer')
  assert.deepEqual(await policy.get(), { factorRoles: ['administrator', 'viewer'] })
})

test('who holds a role for a while does not change for good what is asked of it', async () => {
  await using keelson = await withClerk()
  const { grants, factors } = keelson.identity
  const expiresAt = new Date(keelson.clock.now().getTime() + hourMs).toISOString()
  await grants.create({ user: 'cleo', role: 'administrator', expiresAt }, localActor)
  const put = factors.policy.put({ factorRoles: ['operator'] }, keelson.cleo)
  await assert.rejects(put, isError('forbidden'))
})

const lockouts: [string, (keelson: Opened, by: Actor) => Promise<unknown>][] = [
  [
    'by the policy',
    async (keelson, by) => {
      await keelson.identity.grants.create({ user: 'ada', role: 'viewer' }, localActor)
      await keelson.identity.factors.policy.put({ factorRoles: ['viewer'] }, by)
    },
  ],
  [
    'by a grant',
    async (keelson, by) => {
      await ask(keelson, 'viewer')
      await keelson.identity.grants.create({ user: 'ada', role: 'viewer' }, by)
    },
  ],
  [
    'by a team',
    async (keelson, by) => {
      const { teams, grants } = keelson.identity
      await ask(keelson, 'viewer')
      await teams.create({ name: 'crew' }, localActor)
      await grants.create({ team: 'crew', role: 'viewer' }, localActor)
      await teams.addMember('crew', 'ada', by)
    },
  ],
]
for (const [how, attempt] of lockouts) {
  test(`nobody locks somebody who may more out ${how}, with a role that asks for a factor`, async () => {
    await using keelson = await withClerk()
    await assert.rejects(attempt(keelson, keelson.cleo), isError('forbidden'))
    assert.equal((await keelson.authenticate(keelson.ada)).factorNeeded, false)
  })
}

test('who may less, or has a factor, is given a role that asks for one', async () => {
  await using keelson = await withClerk()
  const { grants } = keelson.identity
  await ask(keelson, 'viewer')
  const leo = await enter(keelson, 'leo')
  await grants.create({ user: 'leo', role: 'viewer' }, keelson.cleo)
  assert.equal((await keelson.authenticate(leo)).factorNeeded, true)
  await addPasskey(keelson, await keelson.authenticate(keelson.ada))
  await grants.create({ user: 'ada', role: 'viewer' }, keelson.cleo)
})

test('the same policy again changes nothing, and nothing is told', async () => {
  await using keelson = await openIdentity()
  await ask(keelson, 'viewer', 'operator')
  await ask(keelson, 'operator', 'viewer')
  assert.equal((await keelson.audited('sign_in_policy.changed')).length, 1)
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

const withPasskeyAlone = async (keelson: Opened, name: string) => {
  const token = await enter(keelson, name, 'viewer')
  await addPasskey(keelson, await keelson.authenticate(token))
  await keelson.db.execute(
    'delete from identity.password where principal_id = (select id from identity.principal where name = $1)',
    [name],
  )
}

test('who has nothing left to sign in by joins anew by a link', async () => {
  await using keelson = await openIdentity()
  const { factors, people, linkForms } = keelson.identity
  await withPasskeyAlone(keelson, 'ana')
  const { found, link } = await factors.forget(await people.find('ana'), localActor)
  assert.ok(found && link !== null)
  assert.equal((await people.find('ana')).can_sign_in, false, 'is invited, as the list shows it')
  const caller = { actor: visitor(), userAgent: null, party: () => assert.fail('no passkey') }
  entered(await linkForms.use({ token: tokenIn(link), password }, caller))
  await keelson.signIn('ana')
  assert.deepEqual(await keelson.audited('factor.removed', 'user.invited', 'user.joined'), [
    'factor.removed done by local command line about ana',
    'user.invited done by local command line about ana',
    'user.joined done by ana about ana',
  ])
})

test('who has a password, or is disabled, gets no link with it', async () => {
  await using keelson = await openIdentity()
  const { factors, people } = keelson.identity
  const token = await enter(keelson, 'ana', 'viewer')
  await addTotp(keelson, await keelson.authenticate(token))
  const forget = async (name: string) => factors.forget(await people.find(name), localActor)
  assert.deepEqual(await forget('ana'), { found: true, link: null })
  await withPasskeyAlone(keelson, 'leo')
  await people.update('leo', { disabled: true }, localActor)
  assert.deepEqual(await forget('leo'), { found: true, link: null })
})

test('where there is no factor nothing is forgotten, nobody signed out, and nothing told', async () => {
  await using keelson = await openIdentity()
  const { factors, people } = keelson.identity
  const token = await enter(keelson, 'ana', 'viewer')
  const told = await factors.forget(await people.find('ana'), localActor)
  assert.deepEqual(told, { found: false, link: null })
  assert.equal(await keelson.kindOf(token), 'user')
  assert.deepEqual(await keelson.audited('factor.removed'), [])
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
