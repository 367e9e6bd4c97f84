import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAuthenticator } from '../testing/authenticator.ts'
import { addPasskey, addTotp, here, passkeyAnswer, signInByPasskey } from '../testing/factors.ts'
import { isError, openIdentity, visitor, type Opened } from '../testing/open-identity.ts'

const minuteMs = 60_000

const open = async () => {
  const keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  const ana = await keelson.authenticate(token)
  return { ...keelson, token, ana, own: keelson.identity.factors.own }
}

/** A second person, signed in. */
const enter = async (keelson: Opened, name: string) => {
  await keelson.addPerson(name)
  return keelson.authenticate((await keelson.signIn(name)).token)
}

test('ASVS 6.3.3: a passkey signs in by itself, and both factors are in it', async () => {
  await using keelson = await open()
  const { authenticator, recoveryCodes } = await addPasskey(keelson, keelson.ana)
  assert.equal(recoveryCodes.length, 8)
  const { token, deviceMark } = await signInByPasskey(keelson, authenticator)
  const actor = await keelson.authenticate(token)
  assert.deepEqual([actor.kind, actor.name, actor.factorNeeded], ['user', 'ana', false])
  assert.match(deviceMark, /^[\w-]{22}\.\d+\.\d+\.[\w-]{43}$/)
  const [passkey] = (await keelson.own.describe(actor)).passkeys
  assert.equal(passkey?.name, 'Laptop')
  assert.notEqual(passkey?.lastUsedAt, null)
  const { methods } = await keelson.db.one<{ methods: string[] }>(
    `select methods from identity.session order by id desc limit 1`,
  )
  assert.deepEqual(methods, ['passkey'])
})

test('with the first passkey all other sessions end; with the second they do not', async () => {
  await using keelson = await open()
  const other = (await keelson.signIn('ana')).token
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  assert.equal(await keelson.kindOf(other), 'anonymous')
  const another = (await signInByPasskey(keelson, authenticator)).token
  const { recoveryCodes } = await addPasskey(keelson, keelson.ana, createAuthenticator())
  assert.deepEqual(recoveryCodes, [])
  assert.equal(await keelson.kindOf(another), 'user')
  assert.equal(await keelson.kindOf(keelson.token), 'user')
})

test('a browser is told which passkeys there are, and who they are of', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  assert.equal(
    Buffer.from(authenticator.keys[0]?.userHandle ?? '', 'base64url').toString(),
    keelson.ana.id,
  )
  const { options } = await keelson.own.startPasskey(keelson.ana, here)
  assert.throws(() => authenticator.create(options), /InvalidStateError/)
  const { options: asked } = await keelson.identity.factors.beginProof(here)
  assert.deepEqual([(asked as { userVerification?: string }).userVerification], ['required'])
})

type Twist = NonNullable<Parameters<ReturnType<typeof createAuthenticator>['get']>[1]>
const refused: [string, Twist][] = [
  ['another origin', { origin: 'http://localhost:8080' }],
  ['another name', { rpId: 'example.com' }],
  ['another challenge', { challenge: 'AAAA' }],
  ['nobody at it', { isVerified: false }],
  ['a signature of something else', { signature: Buffer.alloc(70) }],
  ['the handle of somebody else', { userHandle: 'AAAA' }],
]
for (const [what, twist] of refused) {
  test(`a passkey with ${what} does not sign in, and that is told`, async () => {
    await using keelson = await open()
    const { authenticator } = await addPasskey(keelson, keelson.ana)
    await assert.rejects(signInByPasskey(keelson, authenticator, twist), isError('sign_in_refused'))
    assert.deepEqual(await keelson.audited('session.refused'), [
      'session.refused denied by anonymous about ana',
    ])
    await signInByPasskey(keelson, authenticator)
  })
}

test('a passkey that nobody has answers like one that is wrong', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  await keelson.own.deletePasskey(keelson.ana, authenticator.keys[0]?.id ?? '')
  await assert.rejects(signInByPasskey(keelson, authenticator), isError('sign_in_refused'))
})

test('a copy of a passkey is found out by its counter', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  await signInByPasskey(keelson, authenticator, { counter: 7 })
  for (const counter of [7, 6, 0]) {
    await assert.rejects(
      signInByPasskey(keelson, authenticator, { counter }),
      isError('sign_in_refused'),
    )
  }
  const { detail } = await keelson.db.one<{ detail: string }>(
    `select detail from kernel.audit_entry where action = 'session.refused' limit 1`,
  )
  assert.match(detail, /its counter went back: there is a copy of it/)
  await signInByPasskey(keelson, authenticator, { counter: 8 })
})

test('a passkey that does not count may stay at nought', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  for (let time = 0; time < 2; time += 1) {
    await signInByPasskey(keelson, authenticator, { counter: 0 })
  }
})

test('an answer signs in once, and only for five minutes', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  const { secondStep } = keelson.identity.factors
  const caller = { actor: visitor(), userAgent: null, deviceMark: undefined }
  const answer = await passkeyAnswer(keelson, authenticator)
  await secondStep.byPasskey(answer, here, caller)
  await assert.rejects(secondStep.byPasskey(answer, here, caller), isError('challenge_invalid'))
  const late = await passkeyAnswer(keelson, authenticator)
  await keelson.later(5 * minuteMs)
  await assert.rejects(secondStep.byPasskey(late, here, caller), isError('challenge_invalid'))
})

test('the passkey of somebody disabled does not sign in', async () => {
  await using keelson = await open()
  const { authenticator } = await addPasskey(keelson, keelson.ana)
  await keelson.db.execute('update identity.principal set disabled_at = now()')
  await assert.rejects(signInByPasskey(keelson, authenticator), isError('sign_in_refused'))
})

const badlyMade: [string, Parameters<ReturnType<typeof createAuthenticator>['create']>[1]][] = [
  ['made for another origin', { origin: 'http://evil.example' }],
  ['made for another name', { rpId: 'example.com' }],
  ['made for another challenge', { challenge: 'AAAA' }],
  ['made with nobody at it', { isVerified: false }],
  ['with a certificate that names its own issuer', { format: 'packed' }],
]
for (const [what, twist] of badlyMade) {
  test(`a passkey ${what} is not kept`, async () => {
    await using keelson = await open()
    const { own, ana } = keelson
    const { challenge, options } = await own.startPasskey(ana, here)
    const response = createAuthenticator().create(options, twist)
    const making = own.createPasskey(ana, { challenge, response, name: 'x' }, here)
    await assert.rejects(making, isError('factor_refused'))
    assert.deepEqual((await own.describe(ana)).passkeys, [])
  })
}

for (const [what, response] of [
  ['nothing', {}],
  ['a text', { id: 'a', rawId: 'a', type: 'public-key', response: 'x' }],
  ['no CBOR', { id: 'a', response: { attestationObject: 'AAAA', clientDataJSON: 'AAAA' } }],
] as const) {
  test(`an answer that is ${what} is refused calmly`, async () => {
    await using keelson = await open()
    const { own, ana, identity } = keelson
    const { challenge } = await own.startPasskey(ana, here)
    const making = own.createPasskey(ana, { challenge, response, name: 'x' }, here)
    await assert.rejects(making, isError('factor_refused'))
    const begun = await identity.factors.beginProof(here)
    const caller = { actor: visitor(), userAgent: null, deviceMark: undefined }
    const entering = identity.factors.secondStep.byPasskey(
      { challenge: begun.challenge, response },
      here,
      caller,
    )
    await assert.rejects(entering, isError('sign_in_refused'))
  })
}

test('the ceremony of one person makes no passkey of another, and one is of one person', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  const leo = await enter(keelson, 'leo')
  const { challenge, options } = await own.startPasskey(ana, here)
  const answer = { challenge, response: createAuthenticator().create(options), name: 'x' }
  await assert.rejects(own.createPasskey(leo, answer, here), isError('challenge_invalid'))
  await own.createPasskey(ana, answer, here)
  await assert.rejects(own.createPasskey(ana, answer, here), isError('challenge_invalid'))
  const { challenge: theirs, options: asked } = await own.startPasskey(leo, here)
  const stolen = createAuthenticator().create(asked)
  await keelson.db.execute('update identity.passkey set id = $1', [stolen.id])
  const again = own.createPasskey(leo, { challenge: theirs, response: stolen, name: 'x' }, here)
  await assert.rejects(again, isError('factor_refused'))
})

test('there are twenty passkeys of one person at most', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  const { challenge, options } = await own.startPasskey(ana, here)
  const begun = { challenge, response: createAuthenticator().create(options), name: 'late' }
  await keelson.db.execute(
    `insert into identity.passkey (id, principal_id, name, public_key, counter, created_at)
     select 'key-' || n, $1, 'key', '', 0, now() from generate_series(1, 20) n`,
    [ana.id],
  )
  await assert.rejects(own.startPasskey(ana, here), isError('factor_refused'))
  await assert.rejects(own.createPasskey(ana, begun, here), isError('factor_refused'))
})

test('one renames and removes passkeys of one’s own, and nobody else’s', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  const leo = await enter(keelson, 'leo')
  const { id } = await addPasskey(keelson, ana)
  await own.renamePasskey(ana, id, ' Phone ')
  assert.equal((await own.describe(ana)).passkeys[0]?.name, 'Phone')
  await assert.rejects(own.renamePasskey(leo, id, 'mine'), isError('not_found'))
  await assert.rejects(own.deletePasskey(leo, id), isError('not_found'))
  await own.deletePasskey(ana, id)
  assert.deepEqual((await own.describe(ana)).passkeys, [])
  assert.deepEqual(await keelson.audited('factor.added', 'factor.removed', 'preferences.changed'), [
    'factor.added done by ana about ana',
    'preferences.changed done by ana about Laptop',
    'factor.removed done by ana about ana',
  ])
})

test('the last way to sign in stays', async () => {
  await using keelson = await open()
  const { own, ana } = keelson
  const { id } = await addPasskey(keelson, ana)
  await addTotp(keelson, ana)
  await keelson.db.execute('delete from identity.password')
  await assert.rejects(own.deletePasskey(ana, id), isError('last_credential'))
  assert.equal((await own.describe(ana)).passkeys.length, 1)
})
