import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTotp, codeOf, here } from '../testing/factors.ts'
import { isError, openIdentity, password } from '../testing/open-identity.ts'

const next = 'oboe gravel lantern'

const open = async () => {
  const keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  const ana = await keelson.authenticate(token)
  return { ...keelson, token, ana, account: keelson.identity.account }
}

test('ASVS 6.2.2, 6.2.3: one changes one’s password by the present one; other sessions end', async () => {
  await using keelson = await open()
  const other = (await keelson.signIn('ana')).token
  await keelson.account.changePassword(keelson.ana, { present: password, next })
  assert.equal(await keelson.kindOf(keelson.token), 'user')
  assert.equal(await keelson.kindOf(other), 'anonymous')
  await assert.rejects(keelson.signIn('ana'), isError('sign_in_refused'))
  await keelson.signIn('ana', { password: next })
  assert.deepEqual(await keelson.audited('password.changed'), [
    'password.changed done by ana about ana',
  ])
})

test('without the present password it stays, and that is told', async () => {
  await using keelson = await open()
  const wrong = keelson.account.changePassword(keelson.ana, { present: 'a guess', next })
  await assert.rejects(wrong, isError('sign_in_refused'))
  await keelson.signIn('ana')
  assert.deepEqual(await keelson.audited('password.changed'), [
    'password.changed denied by ana about ana',
  ])
})

test('where there is a present password it is not left out', async () => {
  await using keelson = await open()
  await assert.rejects(
    keelson.account.changePassword(keelson.ana, { next }),
    isError('bad_request'),
  )
  await keelson.signIn('ana')
})

test('a stolen session cannot try passwords without end', async () => {
  await using keelson = await open()
  const guess = () => keelson.account.changePassword(keelson.ana, { present: 'a guess', next })
  for (let time = 0; time < 10; time += 1) await assert.rejects(guess(), isError('sign_in_refused'))
  await assert.rejects(guess(), isError('sign_in_delayed'))
})

test('a weak password is refused, and the present one stays', async () => {
  await using keelson = await open()
  const weak = keelson.account.changePassword(keelson.ana, { present: password, next: 'password' })
  await assert.rejects(weak, isError('password_refused'))
  await keelson.signIn('ana')
})

test('ASVS 7.5.1: who has a second factor changes the password after a fresh proof alone', async () => {
  await using keelson = await open()
  const { secret } = await addTotp(keelson, keelson.ana)
  await keelson.later(16 * 60_000)
  const change = async () =>
    keelson.account.changePassword(await keelson.authenticate(keelson.token), {
      ...{ present: password, next },
    })
  await assert.rejects(change(), isError('reauthentication_required'))
  const proof = { password, code: codeOf(keelson, secret) }
  await keelson.identity.factors.confirm(keelson.ana, proof, () => here)
  await change()
})

test('ASVS 6.2.10: a password is good until it is changed', async () => {
  await using keelson = await open()
  await keelson.later(3 * 365 * 24 * 3_600_000)
  await keelson.signIn('ana')
})

test('preferences are kept, one without the others', async () => {
  await using keelson = await open()
  await keelson.account.update(keelson.ana, { preferences: { theme: 'dark', locale: 'de' } })
  await keelson.account.update(keelson.ana, { displayName: 'Ana', preferences: { theme: 'light' } })
  const { preferences, display_name } = await keelson.identity.people.find('ana')
  assert.deepEqual(preferences, { theme: 'light', locale: 'de' })
  assert.equal(display_name, 'Ana')
  await keelson.account.update(keelson.ana, { displayName: 'Ana', preferences: { locale: 'de' } })
  assert.equal((await keelson.audited('preferences.changed')).length, 2, 'the last changed nothing')
})

test('signing out ends this session at once, and no other', async () => {
  await using keelson = await open()
  const other = (await keelson.signIn('ana')).token
  await keelson.account.signOut(keelson.ana)
  assert.equal(await keelson.kindOf(keelson.token), 'anonymous')
  assert.equal(await keelson.kindOf(other), 'user')
  await keelson.account.signOut(keelson.ana)
  assert.deepEqual(await keelson.audited('session.ended'), ['session.ended done by ana about ana'])
})

test('ASVS 7.5.2: one ends a session of one’s own, all others at once, and nobody else’s', async () => {
  await using keelson = await open()
  const id = await keelson.addPerson('leo')
  const theirs = (await keelson.signIn('leo')).token
  const [leos] = await keelson.identity.sessions.list(id)
  const { account, ana } = keelson
  await assert.rejects(account.endSession(ana, leos?.id ?? '', ana), isError('not_found'))
  assert.equal(await keelson.kindOf(theirs), 'user')
  const another = (await keelson.signIn('ana')).token
  const [shown] = (await keelson.identity.sessions.list(ana.id)).filter(
    (row) => `session:${row.id}` !== ana.origin.credential,
  )
  await account.endSession(ana, shown?.id ?? '', ana)
  assert.equal(await keelson.kindOf(another), 'anonymous')
  await keelson.signIn('ana')
  await account.endSessions(ana, shown?.id ?? '', ana)
  assert.equal((await keelson.identity.sessions.list(ana.id)).length, 0)
})
