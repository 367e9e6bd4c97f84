import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Session, User } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { openBrowser } from '../testing/browser.ts'
import { localToken, password, tokenIn } from '../testing/open-identity.ts'

test('from the printed link to a signed-in administrator, and out again', async () => {
  await using browser = await openBrowser()
  const { send } = browser
  assert.deepEqual((await send('GET', 'sign-in')).json(), { setUp: false, providers: [] })
  const token = tokenIn(await browser.identity.linkForms.createSetupLink(localActor))
  const facts = (await send('POST', 'links/read', { token })).json<{ purpose: string }>()
  assert.equal(facts.purpose, 'setup')
  const entered = await send('POST', 'links/use', { token, name: 'ana', password })
  assert.equal(entered.statusCode, 200)
  assert.ok(browser.cookies.has('keelson_device'), 'as at a sign-in')
  const session = entered.json<Session>()
  assert.ok(session.permissions.includes('users:write'), 'what it may do is known at once')
  assert.deepEqual((await send('GET', 'session')).json(), session)
  assert.deepEqual((await send('GET', 'sign-in')).json(), { setUp: true, providers: [] })
  const out = await send('DELETE', 'session')
  assert.equal(out.statusCode, 204)
  assert.equal(out.headers['clear-site-data'], '"cache"')
  assert.equal((await send('GET', 'session')).statusCode, 401)
})

test('ASVS 3.3.1, 3.3.2, 3.3.4: the session cookie is for this host and no script', async () => {
  await using browser = await openBrowser()
  await browser.keelson.addPerson('ana')
  const answer = await browser.send('POST', 'session', { name: 'ana', password })
  const set = answer.headers['set-cookie'] as string[]
  const session = set.find((one) => one.startsWith('keelson_session='))
  assert.match(
    session ?? '',
    /^keelson_session=[\w-]{43}; Path=\/; Expires=.*; HttpOnly; SameSite=Strict$/,
  )
  assert.ok(set.some((one) => /^keelson_device=.*; HttpOnly; SameSite=Strict$/.test(one)))
  assert.ok(!answer.body.includes(browser.cookies.get('keelson_session') ?? 'none'))
})

test('a user is invited, changed, shown and deleted', async () => {
  await using browser = await openBrowser()
  const { send, keelson } = browser
  await keelson.addPerson('root', 'administrator')
  await send('POST', 'session', { name: 'root', password })
  const made = await send('POST', 'users/invitations', { name: 'leo', role: 'viewer' })
  assert.match(made.json<{ url: string }>().url, /\/join#/)
  await send('PUT', 'users/leo', { displayName: 'Leo B.' })
  const { items } = (await send('GET', 'users?contains=leo')).json<{ items: User[] }>()
  assert.deepEqual(
    items.map(({ name, displayName, hasPassword, canSignIn, roles }) => [
      ...[name, displayName, hasPassword, canSignIn],
      roles,
    ]),
    [['leo', 'Leo B.', false, false, ['viewer']]],
  )
  assert.match((await send('POST', 'users/leo/reset-links')).json<{ url: string }>().url, /\/join#/)
  assert.deepEqual((await send('GET', 'users/leo/sessions')).json(), {
    items: [],
    nextCursor: null,
  })
  assert.equal((await send('DELETE', 'users/leo/sessions')).statusCode, 204)
  assert.equal((await send('DELETE', 'users/leo')).statusCode, 204)
  assert.equal((await send('GET', 'users/leo')).statusCode, 404)
})

test('one’s own account: profile, password, sessions', async () => {
  await using browser = await openBrowser()
  const { send, keelson } = browser
  await keelson.addPerson('ana')
  await keelson.signIn('ana')
  await send('POST', 'session', { name: 'ana', password })
  const preferences = { theme: 'dark', timeZone: 'Europe/Berlin' }
  await send('PUT', 'account', { displayName: 'Ana', preferences })
  const account = (await send('GET', 'account')).json<{ user: User; preferences: object }>()
  assert.deepEqual([account.user.displayName, account.preferences], ['Ana', preferences])
  assert.deepEqual((await send('GET', 'session')).json<Session>().preferences, preferences)
  const listed = () =>
    send('GET', 'account/sessions').then(
      (answer) => answer.json<{ items: { current: boolean }[] }>().items,
    )
  assert.deepEqual(new Set((await listed()).map(({ current }) => current)), new Set([true, false]))
  assert.equal((await send('DELETE', 'account/sessions/others')).statusCode, 204)
  assert.deepEqual(
    (await listed()).map(({ current }) => current),
    [true],
  )
  const change = { present: password, next: 'oboe gravel lantern' }
  assert.equal((await send('PUT', 'account/password', change)).statusCode, 204)
  assert.equal((await send('PUT', 'account/password', change)).statusCode, 401)
})

test('who has no role manages nobody, and the command line has no account', async () => {
  await using browser = await openBrowser()
  await browser.keelson.addPerson('ana')
  await browser.send('POST', 'session', { name: 'ana', password })
  for (const path of ['users', 'users/ana', 'users/ana/sessions']) {
    assert.equal((await browser.send('GET', path)).statusCode, 403, path)
  }
  const headers = { host: 'localhost', authorization: `Bearer ${localToken.reveal()}` }
  const answer = await browser.http.app.inject({ method: 'GET', url: '/api/v1/account', headers })
  assert.equal(answer.statusCode, 403)
})

const bad: [string, object][] = [
  ['session', { name: 'ana' }],
  ['session', { name: 'ana', password: 'x'.repeat(1025) }],
  ['session', { name: 'ana', password: 'x', more: true }],
  ['links/use', { token: '', password: 'x' }],
  ['links/use', { token: 't', name: 'a b', password: 'x' }],
  ['links/read', {}],
]
for (const [path, body] of bad) {
  test(`POST ${path} refuses ${JSON.stringify(body).slice(0, 60)}`, async () => {
    await using browser = await openBrowser()
    const answer = await browser.send('POST', path, body)
    assert.equal(answer.statusCode, 400)
    assert.equal(answer.headers['set-cookie'], undefined)
  })
}

test('a token of a person changes nothing of their account', async () => {
  await using browser = await openBrowser()
  const { keelson, identity, http } = browser
  const id = await keelson.addPerson('ana')
  const ana = await keelson.authenticate((await keelson.signIn('ana')).token)
  const { secret } = await identity.tokens.create({ id, name: 'ana' }, { name: 'ci' }, ana)
  const send = (method: 'GET' | 'PUT' | 'DELETE', path: string, body?: object) =>
    http.app.inject({
      ...{ method, url: `/api/v1/account${path}` },
      headers: { host: 'localhost:7070', authorization: `Bearer ${secret}` },
      ...(body === undefined ? {} : { payload: body }),
    })
  const next = 'oboe gravel lantern'
  for (const refused of [
    await send('PUT', '/password', { present: password, next }),
    await send('PUT', '', { displayName: 'Mallory' }),
    await send('DELETE', '/sessions/others'),
  ]) {
    assert.equal(refused.statusCode, 403)
    assert.match(refused.json<{ detail: string }>().detail, /token changes no account/)
  }
  assert.equal((await send('GET', '')).json<{ user: User }>().user.displayName, '')
  await keelson.signIn('ana')
})
