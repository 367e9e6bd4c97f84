import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { signedIn } from '../../kernel/testing/index.ts'
import { isError, openIdentity, tokenIn, type Opened } from '../testing/open-identity.ts'

const open = async () => {
  const keelson = await openIdentity()
  await keelson.addPerson('root', 'administrator')
  const root = await keelson.authenticate((await keelson.signIn('root')).token)
  return { ...keelson, root, people: keelson.identity.people }
}

const names = async ({ identity }: Pick<Opened, 'identity'>, contains = '') =>
  (await identity.people.list({ contains, after: '', limit: 10 })).map(({ name }) => name)

test('a user is found by id, and by a name that looks like it', async () => {
  await using keelson = await open()
  const id = await keelson.addPerson('José')
  for (const way of [id, 'José', 'jose', 'JOSÉ'])
    assert.equal((await keelson.people.find(way)).id, id)
  await assert.rejects(keelson.people.find('leo'), isError('not_found'))
})

test('the list is in the order of names, by pages, and can be searched', async () => {
  await using keelson = await open()
  for (const name of ['Zoe', 'ana', 'Leo']) await keelson.addPerson(name)
  assert.deepEqual(await names(keelson), ['ana', 'Leo', 'root', 'Zoe'])
  assert.deepEqual(await names(keelson, 'O'), ['Leo', 'root', 'Zoe'])
  const rest = await keelson.people.list({ contains: '', after: 'leo', limit: 10 })
  assert.deepEqual(
    rest.map(({ name }) => name),
    ['root', 'Zoe'],
  )
})

test('a name that looks like one of a user is taken', async () => {
  await using keelson = await open()
  await keelson.addPerson('paypal')
  for (const name of ['paypal', 'PAYPAL', 'раураӏ']) {
    await assert.rejects(keelson.people.invite({ name }, keelson.root), isError('name_taken'), name)
  }
})

test('inviting again makes a fresh link, and the one before works no more', async () => {
  await using keelson = await open()
  const first = await keelson.people.invite({ name: 'leo', role: 'viewer' }, keelson.root)
  const second = await keelson.people.invite({ name: 'Leo', role: 'viewer' }, keelson.root)
  const { links } = keelson.identity
  await assert.rejects(links.read(tokenIn(first)), isError('link_invalid'))
  assert.equal((await links.read(tokenIn(second))).name, 'leo')
  assert.deepEqual((await keelson.people.find('leo')).roles, ['viewer'])
})

test('inviting again takes the new e-mail address, keeps it where none is given, and tells all roles', async () => {
  await using keelson = await open()
  const invite = (more: { email?: string; role?: string }) =>
    keelson.people.invite({ name: 'mia', ...more }, keelson.root)
  const email = async () => (await keelson.people.find('mia')).email
  assert.deepEqual((await invite({ role: 'viewer', email: 'mia@example.com' })).roles, ['viewer'])
  const second = await invite({ role: 'editor', email: 'mia@example.org' })
  assert.deepEqual(second.roles.toSorted(), ['editor', 'viewer'])
  assert.equal(await email(), 'mia@example.org')
  await invite({})
  assert.equal(await email(), 'mia@example.org')
})

test('who may not give roles invites without one, and raises nobody by a reset', async () => {
  await using keelson = await open()
  const host = signedIn(['account:own', 'users:read', 'users:write'])
  await keelson.people.invite({ name: 'leo' }, host)
  const forbidden = isError('forbidden')
  await assert.rejects(
    keelson.people.invite({ name: 'eve', role: 'administrator' }, host),
    forbidden,
  )
  await assert.rejects(
    names(keelson, 'eve').then(() => keelson.people.find('eve')),
    isError('not_found'),
  )
  await assert.rejects(keelson.people.startReset('root', host), forbidden)
  await keelson.addPerson('mia')
  await keelson.people.startReset('mia', host)
})

test('a role there is not is refused, and nobody invited', async () => {
  await using keelson = await open()
  const invited = keelson.people.invite({ name: 'leo', role: 'emperor' }, keelson.root)
  await assert.rejects(invited, isError('not_found'))
  assert.deepEqual(await names(keelson), ['root'])
})

test('ASVS 7.4.2: who is disabled is out at once, and in again once enabled', async () => {
  await using keelson = await open()
  await keelson.addPerson('leo', 'viewer')
  const { token } = await keelson.signIn('leo')
  await keelson.people.update('leo', { disabled: true }, keelson.root)
  assert.equal(await keelson.kindOf(token), 'anonymous')
  await assert.rejects(keelson.signIn('leo'), isError('sign_in_refused'))
  await keelson.people.update('leo', { disabled: false }, keelson.root)
  assert.equal(await keelson.kindOf(token), 'anonymous')
  await keelson.signIn('leo')
  assert.deepEqual(await keelson.audited('user.disabled', 'user.enabled', 'user.changed'), [
    'user.disabled done by root about leo',
    'user.enabled done by root about leo',
  ])
})

test('ASVS 7.4.5: an administrator ends the sessions of anybody', async () => {
  await using keelson = await open()
  const id = await keelson.addPerson('leo')
  const tokens = [(await keelson.signIn('leo')).token, (await keelson.signIn('leo')).token]
  await keelson.identity.account.endSessions({ id, name: 'leo' }, null, keelson.root)
  for (const token of tokens) assert.equal(await keelson.kindOf(token), 'anonymous')
  assert.deepEqual(await keelson.audited('session.revoked'), [
    'session.revoked done by root about leo',
  ])
})

test('what is changed of a profile is told, and nothing else', async () => {
  await using keelson = await open()
  await keelson.addPerson('leo')
  const user = await keelson.people.update('leo', { email: 'leo@example.org' }, keelson.root)
  assert.equal(user.email, 'leo@example.org')
  await keelson.people.update('leo', { email: 'leo@example.org' }, keelson.root)
  const rows = await keelson.db.many<{ detail: string }>(
    `select detail from kernel.audit_entry where action = 'user.changed'`,
  )
  assert.equal(rows.length, 1)
  assert.match(
    rows[0]?.detail ?? '',
    /"before":\{"email":null\},"after":\{"email":"leo@example.org"\}/,
  )
})

test('what a deleted user answers for is handed over, and their name is free again', async () => {
  await using keelson = await open()
  const leo = await keelson.addPerson('leo')
  const mia = await keelson.addPerson('mia')
  await keelson.db.execute(
    `insert into identity.principal (id, kind, name, name_key, owner_id, created_at)
     values ('bot', 'service_account', 'bot', 'bot', $1, now())`,
    [leo],
  )
  const { token } = await keelson.signIn('leo')
  await assert.rejects(keelson.people.remove('leo', 'leo', keelson.root), isError('bad_request'))
  await keelson.people.remove('leo', 'mia', keelson.root)
  const { owner_id } = await keelson.db.one<{ owner_id: string }>(
    `select owner_id from identity.principal where id = 'bot'`,
  )
  assert.equal(owner_id, mia)
  assert.equal(await keelson.kindOf(token), 'anonymous')
  await keelson.people.invite({ name: 'Leo' }, keelson.root)
  assert.deepEqual(await keelson.audited('user.deleted'), ['user.deleted done by root about leo'])
})

test('the last administrator stays', async () => {
  await using keelson = await open()
  const last = isError('last_administrator')
  await assert.rejects(keelson.people.update('root', { disabled: true }, keelson.root), last)
  await assert.rejects(keelson.people.remove('root', null, localActor), last)
  assert.equal((await keelson.people.find('root')).disabled_at, null)
})

test('of two administrators who remove each other at once, one stays', async () => {
  await using keelson = await open()
  await keelson.addPerson('ana', 'administrator')
  const ends = await Promise.allSettled([
    keelson.people.remove('ana', null, localActor),
    keelson.people.remove('root', null, localActor),
  ])
  const refused = ends.filter((one) => one.status === 'rejected')
  assert.equal(refused.length, 1)
  assert.ok(isError('last_administrator')(refused[0]?.reason))
  assert.equal((await names(keelson)).length, 1)
})

test('while the audit cannot be written nothing changes', async () => {
  await using keelson = await open()
  await keelson.addPerson('leo')
  await keelson.db.execute('alter table kernel.audit_lane rename to away')
  await assert.rejects(keelson.people.update('leo', { disabled: true }, keelson.root))
  assert.equal((await keelson.people.find('leo')).disabled_at, null)
})

test('nothing of somebody who may more is changed: their address may be a way in elsewhere', async () => {
  await using keelson = await open()
  const { roles, teams, serviceAccounts } = keelson.identity
  await roles.put('host', { permissions: ['users:write', 'users:read'] }, localActor)
  await keelson.addPerson('hal', 'host')
  const hal = await keelson.authenticate((await keelson.signIn('hal')).token)
  const forbidden = isError('forbidden')
  for (const profile of [{ displayName: 'Toor' }, { email: 'hal@example.org' }, { email: null }]) {
    await assert.rejects(keelson.people.update('root', profile, hal), forbidden)
  }
  const { display_name, email } = await keelson.people.find('root')
  assert.deepEqual([display_name, email], ['', null])
  await keelson.addPerson('mia')
  const mia = await keelson.people.update('mia', { displayName: 'Mia', email: 'mia@x.org' }, hal)
  assert.deepEqual([mia.display_name, mia.email], ['Mia', 'mia@x.org'])
  await keelson.people.update('hal', { displayName: 'Hal' }, hal)
  await keelson.people.update('root', { displayName: 'Root' }, keelson.root)
  await assert.rejects(keelson.people.invite({ name: 'keelson' }, hal), isError('name_taken'))
  await assert.rejects(keelson.people.invite({ name: hal.id }, hal), isError('name_taken'))
  await assert.rejects(serviceAccounts.create({ name: 'system' }, hal), isError('name_taken'))
  await assert.rejects(teams.create({ name: hal.id }, localActor), isError('name_taken'))
  await teams.create({ name: 'ops' }, localActor)
  await assert.rejects(teams.update('ops', { name: 'local' }, localActor), isError('name_taken'))
})
