import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { addPasskey, addTotp, codeOf, giveCode, here, passkeyAnswer } from '../testing/factors.ts'
import { isError, openIdentity, password } from '../testing/open-identity.ts'

const hourMs = 3_600_000

const open = async () => {
  const keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  const ana = await keelson.authenticate(token)
  const { confirm: confirmBy } = keelson.identity.factors
  const confirm = (proof: Parameters<typeof confirmBy>[1], actor = ana) =>
    confirmBy(actor, proof, () => here)
  /** How long ago the session proved whose it is. */
  const age = async (): Promise<number> => {
    const { origin } = await keelson.authenticate(token)
    return keelson.clock.now().getTime() - (origin.authenticatedAt?.getTime() ?? 0)
  }
  return { ...keelson, token, ana, confirm, age }
}

test('ASVS 7.5.1: a session is confirmed by the password, and stays the same one', async () => {
  await using keelson = await open()
  await keelson.later(hourMs)
  assert.equal(await keelson.age(), hourMs)
  await keelson.confirm({ password })
  assert.equal(await keelson.age(), 0)
  assert.deepEqual(await keelson.audited('session.confirmed'), [
    'session.confirmed done by ana about ana',
  ])
})

test('ASVS 7.5.1: where there is an authenticator app its code is asked for, once each', async () => {
  await using keelson = await open()
  const { secret } = await addTotp(keelson, keelson.ana)
  await keelson.later(hourMs)
  await assert.rejects(keelson.confirm({ password }), isError('factor_refused'))
  await assert.rejects(keelson.confirm({ password, code: '000000' }), isError('factor_refused'))
  assert.ok((await keelson.age()) >= hourMs)
  const code = codeOf(keelson, secret)
  await assert.rejects(
    keelson.confirm({ password: 'a guess', code }),
    isError('sign_in_refused'),
    'and does not use the code up',
  )
  await keelson.confirm({ password, code })
  assert.equal(await keelson.age(), 0)
  await assert.rejects(keelson.confirm({ password, code }), isError('factor_refused'))
})

test('ASVS 7.5.1: who has a passkey does not confirm by the password alone', async () => {
  await using keelson = await open()
  const { recoveryCodes, authenticator } = await addPasskey(keelson, keelson.ana)
  await keelson.later(hourMs)
  await assert.rejects(keelson.confirm({ password }), {
    code: 'factor_refused',
    message: /a recovery code too, or confirm it with a passkey/,
  })
  await assert.rejects(keelson.confirm({ password, code: '000000' }), isError('factor_refused'))
  assert.ok((await keelson.age()) >= hourMs)
  const [code = ''] = recoveryCodes
  await keelson.confirm({ password, code })
  assert.equal(await keelson.age(), 0)
  await keelson.later(hourMs)
  await keelson.confirm({ passkey: await passkeyAnswer(keelson, authenticator) })
  assert.equal(await keelson.age(), 0)
})

test('ASVS 6.3.1: codes are counted together with those of signing in', async () => {
  await using keelson = await open()
  const { secret } = await addTotp(keelson, keelson.ana)
  const asked = await keelson.askedAfterPassword('ana')
  for (let time = 0; time < 4; time += 1) {
    const giving = giveCode(keelson, { ...asked, code: '000000' })
    await assert.rejects(giving, isError('factor_refused'))
  }
  const code = codeOf(keelson, secret)
  await assert.rejects(keelson.confirm({ password, code }), isError('sign_in_delayed'))
})

test('a recovery code stands in for the app', async () => {
  await using keelson = await open()
  const { recoveryCodes } = await addTotp(keelson, keelson.ana)
  const [code = ''] = recoveryCodes
  await keelson.confirm({ password, code })
  await assert.rejects(keelson.confirm({ password, code }), isError('factor_refused'))
})

test('ASVS 7.5.1: a passkey of one’s own confirms by itself, another’s does not', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  await keelson.addPerson('leo')
  const leo = await keelson.authenticate((await keelson.signIn('leo')).token)
  await keelson.later(hourMs)
  const theirs = await passkeyAnswer(keelson, authenticator)
  await assert.rejects(keelson.confirm({ passkey: theirs }, leo), isError('factor_refused'))
  await keelson.confirm({ passkey: await passkeyAnswer(keelson, authenticator) })
  assert.equal(await keelson.age(), 0)
  assert.deepEqual(await keelson.audited('session.confirmed'), [
    'session.confirmed denied by leo about leo',
    'session.confirmed done by ana about ana',
  ])
})

test('who found the browser open cannot try passwords without end', async () => {
  await using keelson = await open()
  const guess = () => keelson.confirm({ password: 'a guess' })
  for (let time = 0; time < 10; time += 1) await assert.rejects(guess(), isError('sign_in_refused'))
  await assert.rejects(guess(), isError('sign_in_delayed'))
  assert.deepEqual(await keelson.audited('session.confirmed'), [
    'session.confirmed denied by ana about ana',
  ])
})

test('who has no password is told what confirms it instead', async () => {
  await using keelson = await open()
  await keelson.db.execute('delete from identity.password')
  await assert.rejects(keelson.confirm({ password }), {
    code: 'factor_refused',
    message: /neither password nor passkey/,
  })
  await addPasskey(keelson, keelson.ana)
  await assert.rejects(keelson.confirm({ password }), {
    code: 'factor_refused',
    message: /confirm it with a passkey/,
  })
})

test('the command line has no session to confirm', async () => {
  await using keelson = await open()
  await assert.rejects(keelson.confirm({ password }, localActor), isError('forbidden'))
})
