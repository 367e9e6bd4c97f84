import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { createAuthenticator } from '../testing/authenticator.ts'
import { addTotp, codeOf, giveCode, here, signInByPasskey } from '../testing/factors.ts'
import {
  entered,
  isError,
  openIdentity,
  password,
  tokenIn,
  visitor,
  type Opened,
} from '../testing/open-identity.ts'
import { isAsked } from './second-step.ts'

const caller = { actor: visitor(), userAgent: null, party: () => here }

/** What the browser makes for this link. */
const made = async ({ identity }: Opened, token: string, name?: string) => {
  const authenticator = createAuthenticator()
  const form = { token, ...(name === undefined ? {} : { name }) }
  const { challenge, options } = await identity.linkForms.startPasskey(form, here)
  const passkey = { challenge, response: authenticator.create(options), name: 'Phone' }
  return { authenticator, passkey }
}

const invite = async ({ identity }: Opened, name = 'leo'): Promise<string> =>
  tokenIn(await identity.people.invite({ name }, localActor))

test('the administrator sets Keelson up with a passkey and no password', async () => {
  await using keelson = await openIdentity()
  const { linkForms } = keelson.identity
  const token = tokenIn(await linkForms.createSetupLink(localActor))
  const { authenticator, passkey } = await made(keelson, token, 'ada')
  const opened = entered(await linkForms.use({ token, name: 'ada', passkey }, caller))
  const ada = await keelson.authenticate(opened.token)
  assert.ok(ada.permissions.has('access:write'))
  assert.equal(await keelson.identity.isSetUp(), true)
  assert.equal(Buffer.from(authenticator.keys[0]?.userHandle ?? '', 'base64url').toString(), ada.id)
  const again = await signInByPasskey(keelson, authenticator)
  assert.equal((await keelson.authenticate(again.token)).id, ada.id)
  const { hasPassword } = await keelson.identity.factors.own.describe(ada)
  assert.equal(hasPassword, false)
  await assert.rejects(keelson.signIn('ada'), isError('sign_in_refused'))
})

test('who is invited joins with a passkey, and is a user from then on', async () => {
  await using keelson = await openIdentity()
  const { linkForms, people } = keelson.identity
  const token = await invite(keelson)
  const { authenticator, passkey } = await made(keelson, token)
  entered(await linkForms.use({ token, displayName: 'Leo B.', passkey }, caller))
  await signInByPasskey(keelson, authenticator)
  await assert.rejects(people.invite({ name: 'leo' }, localActor), isError('name_taken'))
  assert.deepEqual(await keelson.audited('factor.added', 'user.joined', 'session.created'), [
    'factor.added done by leo about leo',
    'user.joined done by leo about leo',
    'session.created done by leo about leo',
    'session.created done by leo about leo',
  ])
})

test('who joined with a passkey alone sets a password once they have proved themselves', async () => {
  await using keelson = await openIdentity()
  const { linkForms, account } = keelson.identity
  const token = await invite(keelson)
  const { passkey } = await made(keelson, token)
  const opened = entered(await linkForms.use({ token, passkey }, caller))
  const leo = await keelson.authenticate(opened.token)
  await account.changePassword(leo, { next: password })
  const asked = await keelson.askedAfterPassword('leo')
  assert.deepEqual(asked.factors, ['passkey'])
  await keelson.later(16 * 60_000)
  await assert.rejects(
    account.changePassword(leo, { present: password, next: 'oboe gravel lantern' }),
    isError('reauthentication_required'),
  )
})

test('a ceremony is of use with the link it was begun with, and once', async () => {
  await using keelson = await openIdentity()
  const { linkForms } = keelson.identity
  const [leos, evas] = [await invite(keelson, 'leo'), await invite(keelson, 'eva')]
  const { passkey } = await made(keelson, evas)
  const invalid = isError('challenge_invalid')
  await assert.rejects(linkForms.use({ token: leos, passkey }, caller), invalid)
  entered(await linkForms.use({ token: evas, passkey }, caller))
  await assert.rejects(linkForms.use({ token: leos, passkey }, caller), invalid)
  const other = await keelson.identity.factors.beginProof(here)
  const borrowed = { ...passkey, challenge: other.challenge }
  await assert.rejects(linkForms.use({ token: leos, passkey: borrowed }, caller), invalid)
  assert.equal((await keelson.identity.links.read(leos)).purpose, 'invitation', 'not used up')
})

test('a form that is refused uses neither the link nor the passkey up', async () => {
  await using keelson = await openIdentity()
  const { linkForms } = keelson.identity
  await keelson.addPerson('leo')
  const token = tokenIn(await linkForms.createSetupLink(localActor))
  const { passkey } = await made(keelson, token, 'Leo')
  await assert.rejects(
    linkForms.use({ token, name: 'Leo', passkey }, caller),
    isError('name_taken'),
  )
  entered(await linkForms.use({ token, name: 'ada', passkey }, caller))
})

test('ASVS 6.4.3: a reset link makes no passkey', async () => {
  await using keelson = await openIdentity()
  const { linkForms, people } = keelson.identity
  await keelson.addPerson('leo')
  const token = tokenIn(await people.startReset('leo', localActor))
  await assert.rejects(linkForms.startPasskey({ token }, here), isError('bad_request'))
  const { passkey } = await made(keelson, await invite(keelson, 'eva'))
  await assert.rejects(linkForms.use({ token, passkey }, caller), isError('bad_request'))
  const both = linkForms.use({ token, passkey, password: 'oboe gravel lantern' }, caller)
  await assert.rejects(both, isError('bad_request'))
  await keelson.signIn('leo')
})

test('GHSA-qq9h-g4jm-xgf3: who held an earlier invitation has nothing once the person has joined', async () => {
  await using keelson = await openIdentity()
  const { linkForms, links } = keelson.identity
  const early = await invite(keelson)
  const begun = await made(keelson, early)
  const later = await invite(keelson)
  await assert.rejects(links.read(early), isError('link_invalid'))
  const { authenticator, passkey } = await made(keelson, later)
  const opened = entered(await linkForms.use({ token: later, passkey }, caller))

  const invalid = isError('link_invalid')
  await assert.rejects(linkForms.use({ token: early, passkey: begun.passkey }, caller), invalid)
  await assert.rejects(linkForms.use({ token: early, password }, caller), invalid)
  await assert.rejects(linkForms.startPasskey({ token: early }, here), invalid)
  await assert.rejects(signInByPasskey(keelson, begun.authenticator), isError('sign_in_refused'))
  const leo = await keelson.authenticate(opened.token)
  const { passkeys } = await keelson.identity.factors.own.describe(leo)
  assert.deepEqual(
    passkeys.map(({ id }) => id),
    [authenticator.keys[0]?.id],
  )
})

test('GHSA-qq9h-g4jm-xgf3: joining and resetting end every session and link from before', async () => {
  await using keelson = await openIdentity()
  const { linkForms, people, links, sessions } = keelson.identity
  const invited = await invite(keelson)
  const leo = await people.find('leo')
  const { token: early } = await keelson.db.transaction((tx) =>
    sessions.open(tx, leo.id, { methods: ['x'], origin: { address: null }, userAgent: null }),
  )
  assert.equal(await keelson.kindOf(early), 'user')
  entered(await linkForms.use({ token: invited, password }, caller))
  assert.equal(await keelson.kindOf(early), 'anonymous')

  const reset = tokenIn(await people.startReset('leo', localActor))
  const left = await keelson.db.transaction((tx) =>
    links.make(tx, 'invitation', leo.id, localActor),
  )
  const next = 'oboe gravel lantern'
  entered(await linkForms.use({ token: reset, password: next }, caller))
  await assert.rejects(links.read(tokenIn(left)), isError('link_invalid'))
})

/** `pat` has an app, and came in by what is gone now: as by a provider that was disabled since. */
const openWithPat = async () => {
  const keelson = await openIdentity()
  await keelson.addPerson('pat')
  const pat = await keelson.authenticate((await keelson.signIn('pat')).token)
  const { secret } = await addTotp(keelson, pat)
  await keelson.db.execute('delete from identity.password')
  return { ...keelson, pat, secret }
}

test('ASVS 6.4.3: who has a factor and no other way in gets a link for a password, and is asked for it', async () => {
  await using keelson = await openWithPat()
  const { linkForms, people } = keelson.identity
  const link = await people.startReset('pat', localActor)
  assert.equal(new URL(link.url).pathname, '/reset')
  const token = tokenIn(link)
  await assert.rejects(linkForms.startPasskey({ token }, here), isError('bad_request'))
  const asked = await linkForms.use({ token, password }, caller)
  assert.ok(isAsked(asked), 'the link alone let them in')
  assert.deepEqual(asked.factors, ['totp', 'recovery_code'])
  await giveCode(keelson, { ...asked, code: codeOf(keelson, keelson.secret) })
})

test('ASVS 6.4.3: no invitation makes a passkey for somebody who has a factor, whoever came first', async () => {
  await using keelson = await openIdentity()
  const { linkForms, people, links, sessions, factors } = keelson.identity
  const invited = await invite(keelson, 'pat')
  const { authenticator, passkey } = await made(keelson, invited)
  const { id } = await people.find('pat')
  const methods = ['provider:corp']
  const { token: session } = await keelson.db.transaction((tx) =>
    sessions.open(tx, id, { methods, origin: { address: null }, userAgent: null }),
  )
  const pat = await keelson.authenticate(session)
  const { secret } = await addTotp(keelson, pat)

  const refused = isError('bad_request')
  await assert.rejects(linkForms.use({ token: invited, passkey }, caller), refused)
  await assert.rejects(linkForms.use({ token: invited, passkey, password }, caller), refused)
  await assert.rejects(linkForms.startPasskey({ token: invited }, here), refused)
  await assert.rejects(signInByPasskey(keelson, authenticator), isError('sign_in_refused'))
  assert.deepEqual((await factors.own.describe(pat)).passkeys, [])
  assert.equal((await links.read(invited)).purpose, 'invitation', 'not used up')

  const asked = await linkForms.use({ token: invited, password }, caller)
  assert.ok(isAsked(asked))
  await giveCode(keelson, { ...asked, code: codeOf(keelson, secret) })
})
