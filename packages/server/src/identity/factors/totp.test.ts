import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isError, openIdentity, type Opened } from '../testing/open-identity.ts'
import { addTotp, codeOf, giveCode } from '../testing/factors.ts'

const stepMs = 30_000
const dayMs = 24 * 3_600_000

const open = async () => {
  const keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  const ana = await keelson.authenticate(token)
  return { ...keelson, token, ana, own: keelson.identity.factors.own }
}

/** Signs in by password and this code, from somewhere nobody guessed at yet. */
let network = 0
const signInBy = async (keelson: Opened, code: string) => {
  network += 1
  const from = { address: `198.51.${network}.1` }
  const { challenge } = await keelson.askedAfterPassword('ana', from)
  return giveCode(keelson, { challenge, code }, from)
}

test('an authenticator app counts once a code of it was given, and its secret is kept sealed', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  const { secret, uri } = await own.startTotp(ana)
  assert.match(secret, /^[A-Z2-7]{32}$/, '160 bits')
  assert.equal(uri, `otpauth://totp/Keelson:ana?secret=${secret}&issuer=Keelson`)
  await keelson.signIn('ana')
  assert.equal((await own.describe(ana)).totp, null)
  const { sealed_secret } = await keelson.db.one<{ sealed_secret: string }>(
    'select sealed_secret from identity.totp',
  )
  assert.ok(!sealed_secret.includes(secret))
  const opened = keelson.deps.keyring.open('totp', sealed_secret, `totp|${ana.id}`)
  assert.equal(opened.toString(), secret)
  assert.throws(() => keelson.deps.keyring.open('totp', sealed_secret, 'totp|another'))

  await own.confirmTotp(ana, codeOf(keelson, secret))
  await keelson.askedAfterPassword('ana')
  assert.notEqual((await own.describe(ana)).totp, null)
  assert.deepEqual(await keelson.audited('factor.added', 'recovery_codes.created'), [
    'factor.added done by ana about ana',
    'recovery_codes.created done by ana about ana',
  ])
})

test('beginning again replaces a secret that was not confirmed', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  const first = await own.startTotp(ana)
  const second = await own.startTotp(ana)
  await assert.rejects(
    own.confirmTotp(ana, codeOf(keelson, first.secret)),
    isError('factor_refused'),
  )
  await own.confirmTotp(ana, codeOf(keelson, second.secret))
})

test('another app takes over once it is proved; the one before goes on until then', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  const { secret } = await addTotp(keelson, ana)
  const next = await own.startTotp(ana)
  await signInBy(keelson, codeOf(keelson, secret))
  await keelson.later(stepMs)
  await assert.rejects(signInBy(keelson, codeOf(keelson, next.secret)), isError('factor_refused'))
  const { recoveryCodes } = await own.confirmTotp(ana, codeOf(keelson, next.secret))
  assert.equal(recoveryCodes, null, 'those from before go on')
  await keelson.later(stepMs)
  await assert.rejects(signInBy(keelson, codeOf(keelson, secret)), isError('factor_refused'))
  await signInBy(keelson, codeOf(keelson, next.secret))
})

test('ASVS 6.5.1: a code works once, also for two who give it at once', async () => {
  await using keelson = await open()
  const { secret } = await addTotp(keelson, keelson.ana)
  const code = codeOf(keelson, secret)
  const tries = await Promise.allSettled([1, 2, 3].map(() => signInBy(keelson, code)))
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const one of tries) {
    if (one.status === 'rejected') assert.ok(isError('factor_refused')(one.reason))
  }
  await assert.rejects(signInBy(keelson, code), isError('factor_refused'))
})

test('ASVS 6.5.1: with a code all before it are used up, and so is the one that confirmed', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  const { secret } = await own.startTotp(ana)
  const confirming = codeOf(keelson, secret)
  await own.confirmTotp(ana, confirming)
  await assert.rejects(signInBy(keelson, confirming), isError('factor_refused'))
  await signInBy(keelson, codeOf(keelson, secret, 30))
  await assert.rejects(signInBy(keelson, confirming), isError('factor_refused'))
})

test('ASVS 6.5.5: a code is good for its half minute and the one beside it, no longer', async () => {
  for (const [seconds, isTaken] of [
    [-60, false],
    [-30, true],
    [0, true],
    [30, true],
    [60, false],
  ] as const) {
    await using keelson = await open()
    const { secret } = await addTotp(keelson, keelson.ana)
    const entering = signInBy(keelson, codeOf(keelson, secret, seconds))
    if (isTaken) await entering
    else await assert.rejects(entering, isError('factor_refused'), `${seconds} s`)
  }
})

test('a clock that jumps takes no code from outside its window, and none twice when it is back', async () => {
  await using keelson = await open()
  const { secret } = await addTotp(keelson, keelson.ana)
  const phone = codeOf(keelson, secret)
  const now = keelson.clock.now.bind(keelson.clock)
  const jumped = (ms: number) => {
    keelson.clock.now = () => new Date(now().getTime() + ms)
  }
  const refused = isError('factor_refused')
  jumped(dayMs)
  await assert.rejects(signInBy(keelson, phone), refused)
  jumped(0)
  await signInBy(keelson, phone)
  jumped(-10 * stepMs)
  await assert.rejects(signInBy(keelson, phone), refused)
  const past = codeOf(keelson, secret)
  await assert.rejects(signInBy(keelson, past), refused, 'its step is behind one that was taken')
  jumped(0)
  await assert.rejects(signInBy(keelson, past), refused)
  await keelson.later(stepMs)
  await signInBy(keelson, codeOf(keelson, secret))
})

test('ASVS 7.4.3: with an authenticator app all other sessions end', async () => {
  await using keelson = await open()
  const other = (await keelson.signIn('ana')).token
  await addTotp(keelson, keelson.ana)
  assert.equal(await keelson.kindOf(keelson.token), 'user')
  assert.equal(await keelson.kindOf(other), 'anonymous')
})

test('guessing at the code that confirms is slowed down', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  await own.startTotp(ana)
  const guess = () => own.confirmTotp(ana, '000000')
  for (let time = 0; time < 10; time += 1) await assert.rejects(guess(), isError('factor_refused'))
  await assert.rejects(guess(), isError('sign_in_delayed'))
  assert.deepEqual(await keelson.audited('factor.added'), ['factor.added denied by ana about ana'])
})

test('an authenticator app can be removed, and the recovery codes go with the last factor', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  await addTotp(keelson, ana)
  await own.deleteTotp(ana)
  const facts = await own.describe(ana)
  assert.deepEqual([facts.totp, facts.recoveryCodesLeft], [null, 0])
  await keelson.signIn('ana')
  await assert.rejects(own.deleteTotp(ana), isError('not_found'))
})
