import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isError } from '../testing/open-identity.ts'
import { openOAuth, type Tokens } from './testing/open-oauth.ts'

const tellOf = (answer: { statusCode: number; json(): { error?: string } }): string =>
  `${answer.statusCode} ${answer.json().error ?? ''}`

test('a program shows a code, a person approves it, and the program acts as them', async () => {
  await using opened = await openOAuth()
  const { keelson, clock, begin, poll, ask, browserOf, identity } = opened
  const id = await keelson.addPerson('ana', 'viewer')
  const begun = await begin()
  assert.match(begun.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  const { device_code: _code, user_code: code, ...told } = { ...begun }
  assert.deepEqual(told, {
    verification_uri: 'http://127.0.0.1:7070/device',
    verification_uri_complete: `http://127.0.0.1:7070/device#${code}`,
    ...{ expires_in: 600, interval: 5 },
  })
  assert.equal(tellOf(await poll(begun.device_code)), '400 authorization_pending')

  const ana = await browserOf('ana')
  const typed = code.toLowerCase().replace('-', ' ')
  const request = await identity.oauth.devices.read(ana, typed)
  assert.equal(request.client, 'keelson')
  await identity.oauth.devices.decide(ana, typed, true)
  clock.advance(5000)
  const answer = await poll(begun.device_code)
  assert.equal(answer.headers['cache-control'], 'no-store')
  const tokens = answer.json<Tokens>()
  assert.equal(tokens.expires_in, 600)

  const listed = await ask(tokens.access_token)
  assert.equal(listed.statusCode, 200, listed.body)
  const { items } = listed.json<{ items: { current: boolean; client: string }[] }>()
  assert.deepEqual(
    items.map(({ current, client }) => ({ current, client })),
    [{ current: true, client: 'keelson' }],
  )
  const actor = await authenticated(opened, tokens.access_token)
  assert.deepEqual([actor.kind, actor.id, actor.origin.provenBy], ['user', id, 'bearer'])
  assert.deepEqual(
    actor.origin.authenticatedAt,
    ana.origin.authenticatedAt,
    'as fresh as the browser was',
  )
  assert.deepEqual(await keelson.audited('client.approved', 'client.issued'), [
    'client.approved done by ana about keelson',
    'client.issued done by ana about keelson',
  ])
})

const authenticated = ({ identity }: Awaited<ReturnType<typeof openOAuth>>, token: string) =>
  identity.authenticate({
    ...{ headers: { authorization: `Bearer ${token}` }, protocol: 'http' },
    ...{ id: 'r-1', ip: '192.0.2.7' },
  } as never)

test('a program that is refused hears so, and gets nothing', async () => {
  await using opened = await openOAuth()
  const { keelson, begin, poll, browserOf, identity } = opened
  await keelson.addPerson('ana')
  const { device_code: deviceCode, user_code: code } = await begin()
  await identity.oauth.devices.decide(await browserOf('ana'), code, false)
  assert.equal(tellOf(await poll(deviceCode)), '400 access_denied')
  assert.equal(tellOf(await poll(deviceCode)), '400 invalid_grant')
  assert.deepEqual(await keelson.audited('client.refused'), [
    'client.refused done by ana about keelson',
  ])
})

test('a program that asks more often than every five seconds is told to slow down', async () => {
  await using opened = await openOAuth()
  const { clock, begin, poll } = opened
  const { device_code: deviceCode } = await begin()
  assert.equal(tellOf(await poll(deviceCode)), '400 authorization_pending')
  clock.advance(4999)
  assert.equal(tellOf(await poll(deviceCode)), '400 slow_down')
  clock.advance(5000)
  assert.equal(tellOf(await poll(deviceCode)), '400 authorization_pending')
})

test('ASVS 10.4.2, better-auth June 2026 (code redemption): a device code is redeemed once, also by many at once', async () => {
  await using opened = await openOAuth()
  const { keelson, begin, poll, browserOf, identity } = opened
  await keelson.addPerson('ana')
  const { device_code: deviceCode, user_code: code } = await begin()
  await identity.oauth.devices.decide(await browserOf('ana'), code, true)
  const answers = await Promise.all(Array.from({ length: 8 }, () => poll(deviceCode)))
  assert.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  assert.equal(tellOf(await poll(deviceCode)), '400 invalid_grant')
})

test('ASVS 10.4.3: a device code is for the program that asked, and for ten minutes', async () => {
  await using opened = await openOAuth()
  const { keelson, clock, begin, poll, browserOf, identity } = opened
  await keelson.addPerson('ana')
  const { device_code: deviceCode, user_code: code } = await begin()
  assert.equal(tellOf(await poll(deviceCode, {}, 'another')), '400 invalid_grant')
  const ana = await browserOf('ana')
  clock.advance(600_000)
  assert.equal(tellOf(await poll(deviceCode)), '400 expired_token')
  await keelson.later(0)
  await assert.rejects(identity.oauth.devices.decide(ana, code, true), isError('not_found'))
})

test('only a browser signs a program in: no token, and nobody without their second factor', async () => {
  await using opened = await openOAuth()
  const { keelson, begin, browserOf, identity, login } = opened
  await keelson.addPerson('ana')
  const { access_token: token } = await login('ana')
  const { user_code: code } = await begin()
  const program = await authenticated(opened, token)
  const { devices } = identity.oauth
  await assert.rejects(devices.decide(program, code, true), isError('forbidden'))
  await assert.rejects(devices.read(program, code), isError('forbidden'))
  const ana = { ...(await browserOf('ana')), factorNeeded: true }
  await assert.rejects(devices.decide(ana, code, true), isError('factor_required'))
})

test('a code is decided once', async () => {
  await using opened = await openOAuth()
  const { keelson, begin, browserOf, identity } = opened
  await keelson.addPerson('ana')
  await keelson.addPerson('eve')
  const { user_code: code } = await begin()
  const { devices } = identity.oauth
  await devices.decide(await browserOf('ana'), code, true)
  await assert.rejects(devices.decide(await browserOf('eve'), code, true), isError('not_found'))
})

test('ASVS 6.3.1: whoever guesses codes waits, and can still sign in', async () => {
  await using opened = await openOAuth()
  const { keelson, begin, browserOf, identity } = opened
  await keelson.addPerson('eve')
  const eve = await browserOf('eve')
  const { devices } = identity.oauth
  for (let time = 0; time < 4; time += 1) {
    await assert.rejects(devices.read(eve, 'BCDF-BCDF'), isError('not_found'))
  }
  const { user_code: code } = await begin()
  await assert.rejects(devices.read(eve, code), isError('sign_in_delayed'))
  await keelson.signIn('eve')
})

test('open requests are bounded, of one network and altogether', async () => {
  await using opened = await openOAuth()
  const { clock, post, begin } = opened
  const ask = (address: string) =>
    post('/oauth/device_authorization', { client_id: 'keelson' }, { address })
  for (let at = 1; at <= 20; at += 1) await begin({}, { address: `198.51.100.${at}` })
  assert.equal(tellOf(await ask('198.51.100.21')), '400 slow_down')
  assert.equal((await ask('203.0.113.1')).statusCode, 200)
  clock.advance(600_000)
  assert.equal((await ask('198.51.100.21')).statusCode, 200)
})

test('a /48 of many networks does not take the room of all others', async () => {
  await using opened = await openOAuth()
  const { clock, post, begin } = opened
  const ask = (address: string) =>
    post('/oauth/device_authorization', { client_id: 'keelson' }, { address })
  for (let at = 0; at < 100; at += 1) {
    await begin({}, { address: `2001:db8:1:${Math.floor(at / 20)}::${at}` })
  }
  assert.equal(tellOf(await ask('2001:db8:1:ffff::1')), '400 slow_down')
  assert.equal((await ask('2001:db8:2::1')).statusCode, 200)
  clock.advance(600_000)
  assert.equal((await ask('2001:db8:1:ffff::1')).statusCode, 200)
})

test('nor does a /24 whose requests somebody decides, one after the other', async () => {
  await using opened = await openOAuth()
  const { keelson, post, begin, browserOf, identity } = opened
  await keelson.addPerson('eve')
  const eve = await browserOf('eve')
  const address = '198.51.100.1'
  for (let at = 0; at < 100; at += 1) {
    const { user_code: code } = await begin({}, { address })
    await identity.oauth.devices.decide(eve, code, false)
  }
  const answer = await post('/oauth/device_authorization', { client_id: 'keelson' }, { address })
  assert.equal(tellOf(answer), '400 slow_down')
})

test('a request that is decided keeps no other program of its network waiting', async () => {
  await using opened = await openOAuth()
  const { keelson, begin, browserOf, identity } = opened
  await keelson.addPerson('ana')
  const ana = await browserOf('ana')
  const address = '198.51.100.1'
  for (let at = 1; at <= 20; at += 1) {
    const { user_code: code } = await begin({}, { address })
    await identity.oauth.devices.decide(ana, code, at % 2 === 0)
  }
  await begin({}, { address })
})

test('a program gets no more than it asked for, and no more than the person may', async () => {
  await using opened = await openOAuth()
  const { keelson, login } = opened
  await keelson.addPerson('ana', 'viewer')
  const { access_token: token } = await login('ana', { scope: 'services:read users:write' })
  const actor = await authenticated(opened, token)
  assert.ok(actor.permissions.has('services:read'))
  for (const beyond of ['users:write', 'stacks:read', 'account:own'] as const) {
    assert.ok(!actor.permissions.has(beyond), beyond)
  }
})

test('what was approved and not fetched is gone when the password is reset', async () => {
  await using opened = await openOAuth()
  const { keelson, begin, poll, browserOf, identity } = opened
  const id = await keelson.addPerson('ana')
  const { device_code: deviceCode, user_code: code } = await begin()
  await identity.oauth.devices.decide(await browserOf('ana'), code, true)
  await keelson.db.transaction((tx) => identity.sessions.endAll(tx, id, null))
  assert.equal(tellOf(await poll(deviceCode)), '400 invalid_grant')
})

for (const [what, form] of [
  ['no name', {}],
  ['a name of 65 letters', { client_id: 'x'.repeat(65) }],
  ['a name that reorders text', { client_id: 'keelson \u202eilc' }],
  ['a name with a line break', { client_id: 'keel\nson' }],
] as const) {
  test(`a program with ${what} is refused`, async () => {
    await using opened = await openOAuth()
    const answer = await opened.post('/oauth/device_authorization', form)
    assert.equal(tellOf(answer), '400 invalid_request')
  })
}

test('a scope that is no permission is refused', async () => {
  await using opened = await openOAuth()
  const form = { client_id: 'keelson', scope: 'services:read everything' }
  const answer = await opened.post('/oauth/device_authorization', form)
  assert.equal(tellOf(answer), '400 invalid_scope')
})
