import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { createChallenges } from '../challenges/challenges.ts'
import { createDevices } from '../people/devices.ts'
import { isAsked } from './second-step.ts'
import { addPasskey, addTotp, codeOf, giveCode, here, signInByPasskey } from '../testing/factors.ts'
import {
  isError,
  openIdentity,
  password,
  requestWith,
  tokenIn,
  visitor,
} from '../testing/open-identity.ts'

const minuteMs = 60_000

const open = async (role?: string) => {
  const keelson = await openIdentity()
  const id = await keelson.addPerson('ana', role)
  const { token, deviceMark } = await keelson.signIn('ana')
  const ana = await keelson.authenticate(token)
  const { secret, recoveryCodes } = await addTotp(keelson, ana)
  const code = () => codeOf(keelson, secret)
  return { ...keelson, id, token, deviceMark, ana, secret, recoveryCodes, code }
}
const wrong = '000000'

test('ASVS 6.3.3: a password asks for the second factor, and both open a session', async () => {
  await using keelson = await open()
  const asked = await keelson.askedAfterPassword('ana')
  assert.deepEqual(asked.factors, ['totp', 'recovery_code'])
  assert.equal(Date.parse(asked.expiresAt) - keelson.clock.now().getTime(), 5 * minuteMs)
  const { token, deviceMark } = await giveCode(keelson, { ...asked, code: keelson.code() })
  assert.equal((await keelson.authenticate(token)).name, 'ana')
  assert.match(deviceMark, /^[\w-]{22}\./)
  assert.deepEqual(await keelson.audited('session.challenged', 'session.created'), [
    'session.created done by ana about ana',
    'session.challenged done by ana about ana',
    'session.created done by ana about ana',
  ])
  const { detail } = await keelson.db.one<{ detail: string }>(
    `select detail from kernel.audit_entry where action = 'session.created' order by at desc limit 1`,
  )
  assert.match(detail, /"methods":\["password","totp"\]/)
})

test('GHSA-xg6x-h9c9-2m83: with the first factor alone one gets nothing, wherever one shows it', async () => {
  await using keelson = await open('administrator')
  const { count: before } = await keelson.db.one<{ count: string }>(
    'select count(*) from identity.session',
  )
  const asked = await keelson.askedAfterPassword('ana')
  assert.deepEqual(Object.keys(asked).toSorted(), ['challenge', 'expiresAt', 'factors'])
  const { count } = await keelson.db.one<{ count: string }>('select count(*) from identity.session')
  assert.equal(count, before, 'no session is made, so none can be cached')
  const { challenge } = asked
  for (let time = 0; time < 2; time += 1) {
    assert.equal(await keelson.kindOf(challenge), 'anonymous')
    for (const name of ['keelson_device', '__Host-keelson_session']) {
      const request = requestWith({ cookie: `${name}=${challenge}` })
      assert.equal((await keelson.identity.authenticate(request)).kind, 'anonymous', name)
    }
    const bearer = requestWith({ authorization: `Bearer ${challenge}` })
    await assert.rejects(keelson.identity.authenticate(bearer), isError('unauthenticated'))
  }
})

test('a challenge is of its purpose alone', async () => {
  await using keelson = await open()
  const { challenge } = await keelson.askedAfterPassword('ana')
  const challenges = createChallenges(keelson.deps)
  for (const purpose of ['passkey_sign_in', 'link_passkey', 'provider_sign_in'] as const) {
    await assert.rejects(challenges.peek(challenge, purpose), isError('challenge_invalid'))
  }
  const { own } = keelson.identity.factors
  const begun = await own.startPasskey(keelson.ana, here)
  const giving = giveCode(keelson, { challenge: begun.challenge, code: keelson.code() })
  await assert.rejects(giving, isError('challenge_invalid'))
})

test('a second step is over after five minutes, five attempts, or once it succeeded', async () => {
  await using keelson = await open()
  const first = await keelson.askedAfterPassword('ana')
  await keelson.later(5 * minuteMs)
  const late = giveCode(keelson, { ...first, code: keelson.code() })
  await assert.rejects(late, isError('challenge_invalid'))

  const second = await keelson.askedAfterPassword('ana')
  for (let time = 0; time < 5; time += 1) {
    const guess = giveCode(keelson, { ...second, code: wrong })
    await assert.rejects(guess, isError('factor_refused'))
    await keelson.later(10_000)
  }
  const sixth = giveCode(keelson, { ...second, code: keelson.code() })
  await assert.rejects(sixth, isError('challenge_invalid'))

  await keelson.later(minuteMs)
  const third = await keelson.askedAfterPassword('ana')
  await giveCode(keelson, { ...third, code: keelson.code() })
  await keelson.later(minuteMs)
  const again = giveCode(keelson, { ...third, code: keelson.code() })
  await assert.rejects(again, isError('challenge_invalid'))
})

test('ASVS 6.3.1: a right password forgets no wrong code: codes cannot be guessed five at a time', async () => {
  await using keelson = await open()
  let refused = 0
  let delayed = 0
  for (let round = 0; round < 20; round += 1) {
    try {
      const asked = await keelson.askedAfterPassword('ana')
      await giveCode(keelson, { ...asked, code: wrong })
    } catch (error) {
      if (isError('sign_in_delayed')(error)) delayed += 1
      else if (isError('factor_refused')(error)) refused += 1
      else throw error
    }
  }
  assert.deepEqual({ refused, delayed }, { refused: 4, delayed: 16 })
})

test('ASVS 6.3.1: marks of devices give no more codes to whoever has the password', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const ana = await keelson.authenticate((await keelson.signIn('ana')).token)
  const before = await Promise.all(Array.from({ length: 4 }, () => keelson.signIn('ana')))
  const { secret } = await addTotp(keelson, ana)
  const marks = before.map(({ deviceMark }) => deviceMark)
  for (let device = 0; device < 4; device += 1) {
    const asked = await keelson.askedAfterPassword('ana')
    const code = codeOf(keelson, secret)
    marks.push((await giveCode(keelson, { ...asked, code })).deviceMark)
    await keelson.later(minuteMs)
  }
  const outcomes: string[] = []
  for (const deviceMark of marks.toReversed()) {
    const asked = await keelson.askedAfterPassword('ana', { deviceMark })
    for (let time = 0; time < 5; time += 1) {
      await giveCode(keelson, { ...asked, code: wrong }, { deviceMark }).catch(
        (error: { code: string }) => outcomes.push(error.code),
      )
    }
  }
  assert.equal(outcomes.filter((code) => code === 'factor_refused').length, 4)
  assert.equal(outcomes.filter((code) => code === 'sign_in_delayed').length, 36)
})

const changes: [string, (keelson: Awaited<ReturnType<typeof open>>) => Promise<unknown>][] = [
  [
    'another password',
    ({ identity, ana }) =>
      identity.account.changePassword(ana, { present: password, next: 'oboe gravel lantern' }),
  ],
  ['a passkey more', (keelson) => addPasskey(keelson, keelson.ana)],
  ['an app less', ({ identity, ana }) => identity.factors.own.deleteTotp(ana)],
  ['forgotten factors', ({ identity, ana }) => identity.factors.forget(ana, localActor)],
  [
    'having been disabled',
    async ({ identity }) => {
      await identity.people.update('ana', { disabled: true }, localActor)
      await identity.people.update('ana', { disabled: false }, localActor)
    },
  ],
]
for (const [what, change] of changes) {
  test(`marks of devices end with ${what}`, async () => {
    await using keelson = await open()
    const devices = createDevices(keelson.deps)
    const asked = await keelson.askedAfterPassword('ana')
    const { deviceMark } = await giveCode(keelson, { ...asked, code: keelson.code() })
    assert.notEqual(await devices.known('ana', deviceMark), null)
    await change(keelson)
    assert.equal(await devices.known('ana', deviceMark), null)
  })
}

test('ASVS 6.3.1: codes guessed from many networks are counted together; other ways in stay open', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  const outcomes: string[] = []
  for (let network = 0; network < 12; network += 1) {
    const from = { address: `198.51.${network}.1` }
    const asked = await keelson.askedAfterPassword('ana', from)
    await giveCode(keelson, { ...asked, code: wrong }, from).catch((error: { code: string }) =>
      outcomes.push(error.code),
    )
  }
  assert.deepEqual(
    outcomes,
    outcomes.map((_, at) => (at < 4 ? 'factor_refused' : 'sign_in_delayed')),
  )
  const from = { address: '203.0.113.1' }
  const [code = ''] = keelson.recoveryCodes
  await giveCode(keelson, { ...(await keelson.askedAfterPassword('ana', from)), code }, from)
  await signInByPasskey(keelson, authenticator)
  await keelson.later(1000)
  const own = await keelson.askedAfterPassword('ana', from)
  await giveCode(keelson, { ...own, code: keelson.code() }, from)
})

test('ASVS 6.3.8: of a wrong password nobody learns that there is a second factor', async () => {
  await using keelson = await open()
  await keelson.addPerson('leo')
  const answers = await Promise.all(
    ['ana', 'leo', 'nobody'].map((name) =>
      keelson.signIn(name, { password: 'a guess' }).catch((error: unknown) => String(error)),
    ),
  )
  assert.equal(new Set(answers).size, 1)
})

test('a device is marked as known after the whole sign-in alone', async () => {
  await using keelson = await open()
  const asked = await keelson.identity.signIn(
    { name: 'ana', password },
    { actor: visitor(), userAgent: null, deviceMark: undefined },
  )
  assert.ok(isAsked(asked) && !('deviceMark' in asked))
})

test('what was begun ends with a new password, and when the person is disabled', async () => {
  await using keelson = await open()
  const { ana } = keelson
  const before = await keelson.askedAfterPassword('ana')
  const next = 'oboe gravel lantern'
  await keelson.identity.account.changePassword(ana, { present: password, next })
  const giving = giveCode(keelson, { ...before, code: keelson.code() })
  await assert.rejects(giving, isError('challenge_invalid'))
  const after = await keelson.askedAfterPassword('ana', { password: next })
  await keelson.db.execute('update identity.principal set disabled_at = now()')
  const late = giveCode(keelson, { ...after, code: keelson.code() })
  await assert.rejects(late, isError('sign_in_refused'))
})

test('ASVS 6.4.3: a reset link does not go around the second factor', async () => {
  await using keelson = await open()
  const { people, linkForms } = keelson.identity
  const token = tokenIn(await people.startReset('ana', localActor))
  const caller = { actor: visitor(), userAgent: null, party: () => here }
  const next = 'oboe gravel lantern'
  const asked = await linkForms.use({ token, password: next }, caller)
  assert.ok(isAsked(asked))
  assert.equal(await keelson.kindOf(keelson.token), 'anonymous', 'what was open has ended')
  await assert.rejects(giveCode(keelson, { ...asked, code: wrong }), isError('factor_refused'))
  const opened = await giveCode(keelson, { ...asked, code: keelson.code() })
  assert.equal(await keelson.kindOf(opened.token), 'user')
  await keelson.askedAfterPassword('ana', { password: next })
})

test('ASVS 6.8.4: a provider opens a session only where it is trusted to have asked for more', async () => {
  await using keelson = await open()
  const { finishFirstFactor } = keelson.identity.factors.secondStep
  const user = { id: keelson.id, name: 'ana' }
  const by = (methods: readonly string[]) =>
    keelson.db.transaction((tx) =>
      finishFirstFactor(tx, { user, methods, actor: visitor(), userAgent: null }),
    )
  const asked = await by(['provider:corp'])
  assert.ok(isAsked(asked))
  await giveCode(keelson, { ...asked, code: keelson.code() })
  assert.ok(!isAsked(await by(['provider:corp', 'provider_factor'])))
})
