import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { isAsked, type FinishFirstFactor } from '../factors/second-step.ts'
import { createPasswords, type Passwords } from '../passwords/hash.ts'
import { addPasskey, codeOf, here, passkeyAnswer } from '../testing/factors.ts'
import { callerFrom, isError, openIdentity, password, tokenIn } from '../testing/open-identity.ts'
import { createDevices } from './devices.ts'
import { createSignIn } from './sign-in.ts'
import { createThrottle } from './throttle.ts'

const next = 'oboe gravel lantern'

const open = async () => {
  const keelson = await openIdentity()
  await keelson.addPerson('ana')
  const ana = await keelson.authenticate((await keelson.signIn('ana')).token)

  /** Signs in by her password; `before` is carried out between its verification and the session. */
  const signInAround = (before: () => Promise<unknown>) => {
    const passwords = createPasswords()
    const held: Passwords = {
      hash: (given) => passwords.hash(given),
      verify: async (...given) => {
        const isRight = await passwords.verify(...given)
        await before()
        return isRight
      },
    }
    const signIn = createSignIn({
      ...{ ...keelson.deps, passwords: held, throttle: createThrottle(keelson.clock) },
      devices: createDevices(keelson.deps),
      finishFirstFactor: keelson.identity.factors.secondStep.finishFirstFactor,
    })
    return signIn({ name: 'ana', password }, callerFrom({}))
  }

  const sessions = async (): Promise<number> =>
    (await keelson.db.one<{ count: number }>('select count(*)::int from identity.session')).count
  return { ...keelson, ana, signInAround, sessions }
}
type Keelson = Awaited<ReturnType<typeof open>>

const reset = async ({ identity }: Keelson) => {
  const token = tokenIn(await identity.people.startReset('ana', localActor))
  const caller = { ...callerFrom({}), party: () => here }
  await identity.linkForms.use({ token, password: next }, caller)
}

const changes: [string, (keelson: Keelson) => Promise<unknown>][] = [
  [
    'was changed',
    ({ identity, ana }) => identity.account.changePassword(ana, { present: password, next }),
  ],
  ['was chosen anew by a link', reset],
  [
    'is of somebody who was disabled',
    ({ identity }) => identity.people.update('ana', { disabled: true }, localActor),
  ],
  [
    'is of somebody who was deleted',
    ({ identity }) => identity.people.remove('ana', null, localActor),
  ],
]
for (const [what, change] of changes) {
  test(`ASVS 7.4.3: a password that ${what} while it was verified opens no session`, async () => {
    await using keelson = await open()
    let left = NaN
    const signingIn = keelson.signInAround(async () => {
      await change(keelson)
      left = await keelson.sessions()
    })
    await assert.rejects(signingIn, isError('sign_in_refused'))
    assert.equal(await keelson.sessions(), left)
    assert.equal((await keelson.audited('session.refused')).length, 1)
  })
}

test('ASVS 6.3.3: a sign-in under way while an app is confirmed leaves no session without it', async () => {
  await using keelson = await open()
  const { own } = keelson.identity.factors
  const { secret } = await own.startTotp(keelson.ana)
  const signingIn = keelson.signInAround(() =>
    own.confirmTotp(keelson.ana, codeOf(keelson, secret)),
  )
  await assert.rejects(signingIn, isError('sign_in_refused'))
  assert.equal(await keelson.sessions(), 1, 'the one that confirmed it')
})

test('ASVS 7.4.3: whichever comes first, a sign-in or another password: no session of the old one stays', async () => {
  await using keelson = await open()
  const { account } = keelson.identity
  await Promise.all([
    ...Array.from({ length: 8 }, () => keelson.signIn('ana').catch(() => undefined)),
    account.changePassword(keelson.ana, { present: password, next }),
    ...Array.from({ length: 8 }, () => keelson.signIn('ana').catch(() => undefined)),
  ])
  assert.equal(await keelson.sessions(), 1)
})

/** The first factor is proved, and its transaction waits while the app is confirmed. */
test('ASVS 6.3.3: a session opened at the same moment as an app is confirmed has ended', async () => {
  await using keelson = await open()
  const { own, secondStep } = keelson.identity.factors
  const { secret } = await own.startTotp(keelson.ana)
  const finish = (...given: Parameters<FinishFirstFactor>) => secondStep.finishFirstFactor(...given)
  const { id, name } = keelson.ana
  const first = { ...callerFrom({}), user: { id, name }, methods: ['password'] }
  const [answer] = await Promise.all([
    keelson.db.transaction((tx) => finish(tx, first)),
    own.confirmTotp(keelson.ana, codeOf(keelson, secret)),
  ])
  assert.ok(isAsked(answer) || (await keelson.kindOf(answer.token)) === 'anonymous')
  assert.equal(await keelson.sessions(), 1)
})

test('two who change one password at once: the second is refused', async () => {
  await using keelson = await open()
  const { account } = keelson.identity
  const outcomes = await Promise.allSettled(
    [next, 'lantern oboe gravel'].map((one) =>
      account.changePassword(keelson.ana, { present: password, next: one }),
    ),
  )
  assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

test('ASVS 7.4.3: a passkey that is forgotten while it signs in leaves no session', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  const { factors } = keelson.identity
  const answer = await passkeyAnswer(keelson, authenticator)
  await Promise.all([
    factors.secondStep.byPasskey(answer, here, callerFrom({})).catch(() => undefined),
    factors.forget(keelson.ana, localActor),
  ])
  assert.equal(await keelson.sessions(), 0)
})

test('ASVS 7.4.2: a second step that was begun before somebody was disabled does not go on after', async () => {
  await using keelson = await open()
  const { own } = keelson.identity.factors
  const { secret } = await own.startTotp(keelson.ana)
  await own.confirmTotp(keelson.ana, codeOf(keelson, secret))
  await keelson.later(60_000)
  const { challenge } = await keelson.askedAfterPassword('ana')
  const { people, factors } = keelson.identity
  await people.update('ana', { disabled: true }, localActor)
  await people.update('ana', { disabled: false }, localActor)
  const given = { challenge, code: codeOf(keelson, secret) }
  await assert.rejects(
    factors.secondStep.byCode(given, callerFrom({})),
    isError('challenge_invalid'),
  )
})

test('a profile that is saved while somebody is disabled does not enable them again', async () => {
  await using keelson = await open()
  const { account, people } = keelson.identity
  await Promise.all([
    account.update(keelson.ana, { displayName: 'Ana' }),
    people.update('ana', { disabled: true }, localActor),
    account.update(keelson.ana, { displayName: 'Ana Lima' }),
  ])
  assert.notEqual((await people.find('ana')).disabled_at, null)
})
