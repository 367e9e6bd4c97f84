import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProviderIdentity } from '@keelson/contract'
import { startHostileProvider } from './testing/hostile-provider.ts'
import { openKeelson, type Answer } from './testing/open-keelson.ts'

const open = async () => {
  const provider = await startHostileProvider()
  const keelson = await openKeelson()
  await keelson.putProvider('corp', provider.issuer, { createsUsers: false })
  const signedIn = async (name: string) => {
    const browser = keelson.openBrowser()
    assert.equal((await browser.signInByPassword(name)).statusCode, 200)
    const begin = async (id = 'corp') =>
      browser.send('POST', `/api/v1/account/identities/${id}`, { body: {} })
    /** What the page of the browser finishes; or the problem that it was sent back with. */
    const prove = async (): Promise<string> => {
      const { url } = (await begin()).json<{ url: string }>()
      const back = await browser.visit(url)
      return provedIn(await browser.send('GET', back, { otherSite: true }))
    }
    const finish = async (challenge: string) =>
      browser.send('POST', '/api/v1/account/identities', { body: { challenge } })
    const link = async () => finish(await prove())
    const identities = async () =>
      (await browser.send('GET', '/api/v1/account/identities')).json<{
        items: ProviderIdentity[]
      }>().items
    const unlink = () => browser.send('DELETE', '/api/v1/account/identities/corp')
    return { ...browser, begin, prove, finish, link, identities, unlink }
  }
  return {
    ...{ ...keelson, provider, signedIn },
    async [Symbol.asyncDispose]() {
      await keelson[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const provedIn = ({ headers }: Answer): string => {
  const [page, fragment = ''] = String(headers.location).split('#')
  assert.equal(page, '/account/security')
  return new URLSearchParams(fragment).get('link') ?? fragment
}

const codeOf = (answer: { json<T>(): T }): string => answer.json<{ code: string }>().code

test('somebody links an account, signs in by it, and unlinks it again', async () => {
  await using keelson = await open()
  const { signedIn, openBrowser, provider } = keelson
  await keelson.addPerson('leo')
  const leo = await signedIn('leo')
  assert.equal((await leo.link()).statusCode, 204)
  const [linked] = await leo.identities()
  assert.equal(linked?.provider, 'corp')
  assert.equal(linked?.subject, 'ana-1')
  const browser = openBrowser()
  assert.equal(await browser.signIn('corp'), '/')
  assert.equal((await browser.session())['actor'], 'leo')

  // Another account in its place: the one before lets nobody in any more.
  provider.claims = { sub: 'ana-2' }
  assert.equal((await leo.link()).statusCode, 204)
  assert.deepEqual(
    (await leo.identities()).map(({ subject }) => subject),
    ['ana-2'],
  )
  assert.equal((await browser.send('GET', '/api/v1/session')).statusCode, 401)
  provider.claims = {}
  assert.equal(await openBrowser().signIn('corp'), '/sign-in#problem=sign_in_refused')

  assert.equal((await leo.unlink()).statusCode, 204)
  assert.equal(codeOf(await leo.unlink()), 'not_found')
  assert.deepEqual(await leo.identities(), [])
  assert.deepEqual(await keelson.audited('identity.linked', 'identity.unlinked'), [
    'identity.linked done by leo about leo',
    'identity.unlinked done by leo about leo',
    'identity.linked done by leo about leo',
    'identity.unlinked done by leo about leo',
  ])
})

test('an account of somebody else is not linked', async () => {
  await using keelson = await open()
  await keelson.addPerson('leo')
  await keelson.addPerson('mia')
  assert.equal((await (await keelson.signedIn('leo')).link()).statusCode, 204)
  const mia = await keelson.signedIn('mia')
  assert.equal(codeOf(await mia.link()), 'name_taken')
  assert.deepEqual(await mia.identities(), [])
  assert.deepEqual(await keelson.audited('identity.linked'), [
    'identity.linked done by leo about leo',
    'identity.linked denied by mia about mia',
  ])
})

test('a link belongs to the browser and the session it was begun in', async () => {
  await using keelson = await open()
  await keelson.addPerson('leo')
  await keelson.addPerson('mia')
  const [leo, mia] = [await keelson.signedIn('leo'), await keelson.signedIn('mia')]
  const begin = async () => leo.visit((await leo.begin()).json<{ url: string }>().url)
  // Mia is made to open the answer that would link leo's account of the provider to hers.
  const stolen = await begin()
  assert.equal(
    (await mia.send('GET', stolen)).headers.location,
    '/sign-in#problem=challenge_invalid',
  )
  const late = await leo.prove()
  await leo.send('DELETE', '/api/v1/session')
  assert.equal(codeOf(await leo.finish(late)), 'unauthenticated')
  await leo.signInByPassword('leo')
  assert.equal(codeOf(await leo.finish(late)), 'challenge_invalid', 'of another session')
  // Nor does the answer to a sign-in link anything, or the other way round.
  const start = await mia.visit(await mia.start('corp'))
  assert.equal((await mia.send('GET', start)).headers.location, '/sign-in#problem=sign_in_refused')
  assert.deepEqual(await mia.identities(), [])
})

test('a trip that was planted in another browser links nothing', async () => {
  await using keelson = await open()
  const { db } = keelson
  await keelson.addPerson('mallory')
  await keelson.addPerson('ana')
  const [mallory, ana] = [await keelson.signedIn('mallory'), await keelson.signedIn('ana')]
  const { url } = (await mallory.begin()).json<{ url: string }>()
  // Another page of this host puts the cookie there, and leads ana to the provider, which knows her.
  ana.own.kept.set('keelson_trip', mallory.own.kept.get('keelson_trip') ?? '')
  const answer = await ana.send('GET', await ana.visit(url), { otherSite: true })
  const challenge = provedIn(answer)
  const none = await db.many('select from identity.provider_identity')
  assert.equal(none.length, 0, 'nobody is anybody by the answer alone')
  assert.equal(codeOf(await ana.finish(challenge)), 'challenge_invalid')
  assert.deepEqual(await ana.identities(), [])
  assert.deepEqual(await mallory.identities(), [])
  assert.deepEqual(await keelson.audited('identity.linked'), [
    'identity.linked denied by ana about ana',
  ])
})

test('a browser that sends the sessions of two people is nobody', async () => {
  await using keelson = await open()
  await keelson.addPerson('mallory')
  await keelson.addPerson('ana')
  const [mallory, ana] = [await keelson.signedIn('mallory'), await keelson.signedIn('ana')]
  const send = (cookie: string) =>
    keelson.http.app.inject({
      ...{ method: 'GET', url: '/api/v1/account/identities' },
      headers: { host: '127.0.0.1:7070', cookie },
    })
  const both = await send(`${mallory.own.header}; ${ana.own.header}`)
  assert.equal(codeOf(both), 'unauthenticated')
  assert.match(both.json<{ detail: string }>().detail, /two people/)
  const again = await keelson.signedIn('ana')
  assert.equal((await send(`${again.own.header}; ${ana.own.header}`)).statusCode, 200)
})

test('ASVS 7.5.1: to link or unlink takes a fresh proof, of a person, at the address that is known', async () => {
  await using keelson = await open()
  await keelson.addPerson('leo')
  const leo = await keelson.signedIn('leo')
  assert.equal(codeOf(await leo.begin('nothing')), 'not_found')
  assert.equal(
    codeOf(await keelson.openBrowser().send('GET', '/api/v1/account/identities')),
    'unauthenticated',
  )
  const elsewhere = await keelson.http.app.inject({
    ...{ method: 'POST', url: '/api/v1/account/identities/corp' },
    headers: { host: 'localhost', cookie: leo.own.header },
  })
  assert.equal(codeOf(elsewhere), 'bad_request')
  await keelson.later(15 * 60_000 + 1)
  assert.equal(codeOf(await leo.begin()), 'reauthentication_required')
  assert.equal(codeOf(await leo.unlink()), 'reauthentication_required')
})

test('the last way to sign in stays', async () => {
  await using keelson = await open()
  const { putProvider, provider, openBrowser, db } = keelson
  await putProvider('corp', provider.issuer, { createsUsers: true })
  const ana = openBrowser()
  assert.equal(await ana.signIn('corp'), '/')
  const unlink = () => ana.send('DELETE', '/api/v1/account/identities/corp')
  assert.equal(codeOf(await unlink()), 'last_credential')
  const { id } = await keelson.identity.people.find('ana')
  await db.execute(
    `insert into identity.password (principal_id, hash, changed_at) values ($1, 'x', now())`,
    [id],
  )
  assert.equal((await unlink()).statusCode, 204)
  assert.equal((await ana.session())['actor'], 'ana', 'this session goes on')
})
