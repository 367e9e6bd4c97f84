import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Factors, PasskeyCeremony, SecondFactorAsked, Session } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { createAuthenticator } from '../testing/authenticator.ts'
import { openBrowser } from '../testing/browser.ts'
import { codeOf } from '../testing/factors.ts'
import { localToken, password, tokenIn } from '../testing/open-identity.ts'

type Browser = Awaited<ReturnType<typeof openBrowser>>

const hourMs = 3_600_000
const codeOfProblem = (answer: { json(): { code?: string } }) => answer.json().code

const enter = async ({ keelson, send }: Browser, name = 'ana', role?: string) => {
  await keelson.addPerson(name, role)
  await send('POST', 'session', { name, password })
}

const makeTotp = async ({ keelson, send }: Browser): Promise<string> => {
  const { secret } = (await send('POST', 'account/totp')).json<{ secret: string }>()
  const code = codeOf(keelson, secret)
  const added = await send('POST', 'account/totp/confirmations', { code })
  assert.equal(added.json<{ recoveryCodes: string[] }>().recoveryCodes.length, 8)
  await keelson.later(60_000)
  return secret
}

test('a password, then a code: no cookie before the second', async () => {
  await using browser = await openBrowser()
  const { send, cookies, keelson } = browser
  await enter(browser)
  const secret = await makeTotp(browser)
  await send('DELETE', 'session')
  cookies.clear()

  const first = await send('POST', 'session', { name: 'ana', password })
  assert.equal(first.statusCode, 200)
  assert.equal(first.headers['set-cookie'], undefined)
  const { challenge } = first.json<SecondFactorAsked>()
  assert.equal((await send('GET', 'session')).statusCode, 401)
  const wrong = await send('POST', 'session/second-factor', { challenge, code: '000000' })
  assert.deepEqual([wrong.statusCode, codeOfProblem(wrong)], [422, 'factor_refused'])
  assert.equal(wrong.headers['set-cookie'], undefined)
  const code = codeOf(keelson, secret)
  const second = await send('POST', 'session/second-factor', { challenge, code })
  assert.equal(second.json<Session>().actor, 'ana')
  assert.deepEqual([...cookies.keys()].toSorted(), ['keelson_device', 'keelson_session'])
})

test('a passkey is made, named, used and removed', async () => {
  await using browser = await openBrowser()
  const { send, cookies } = browser
  await enter(browser)
  const authenticator = createAuthenticator()
  const begun = (await send('POST', 'account/passkeys/challenges')).json<PasskeyCeremony>()
  const made = await send('POST', 'account/passkeys', {
    ...{ challenge: begun.challenge, response: authenticator.create(begun.options) },
    name: 'Laptop',
  })
  assert.equal(made.json<{ recoveryCodes: string[] }>().recoveryCodes.length, 8)
  const id = authenticator.keys[0]?.id ?? ''
  assert.equal((await send('PUT', `account/passkeys/${id}`, { name: 'Phone' })).statusCode, 204)
  await send('DELETE', 'session')
  cookies.clear()

  const asked = (await send('POST', 'session/passkey-challenges')).json<PasskeyCeremony>()
  const entered = await send('POST', 'session/passkey', {
    ...{ challenge: asked.challenge, response: authenticator.get(asked.options) },
  })
  assert.equal(entered.json<Session>().actor, 'ana')
  const factors = (await send('GET', 'account/factors')).json<Factors>()
  assert.deepEqual(
    factors.passkeys.map(({ name, backedUp }) => [name, backedUp]),
    [['Phone', false]],
  )
  assert.equal((await send('POST', 'account/recovery-codes')).statusCode, 200)
  assert.equal((await send('DELETE', `account/passkeys/${id}`)).statusCode, 204)
})

test('somebody joins with a passkey', async () => {
  await using browser = await openBrowser()
  const { send, identity } = browser
  const token = tokenIn(await identity.people.invite({ name: 'leo' }, localActor))
  const authenticator = createAuthenticator()
  const begun = (await send('POST', 'links/passkey-challenges', { token })).json<PasskeyCeremony>()
  const response = authenticator.create(begun.options)
  const passkey = { challenge: begun.challenge, response, name: 'Phone' }
  const joined = await send('POST', 'links/use', { token, passkey })
  assert.equal(joined.json<Session>().actor, 'leo')
})

test('at an address a browser is told where passkeys work', async () => {
  await using browser = await openBrowser({ host: '127.0.0.1:7070' })
  const answer = await browser.send('POST', 'session/passkey-challenges')
  const { code, detail, hint } = answer.json<{ code: string; detail: string; hint: string }>()
  assert.equal(code, 'factor_refused')
  assert.match(detail, /open http:\/\/localhost:7070/)
  assert.match(hint, /http:\/\/localhost:7070/)
})

const sensitive: ['POST' | 'DELETE' | 'PUT', string, object?][] = [
  ['POST', 'account/totp'],
  ['POST', 'account/totp/confirmations', { code: '000000' }],
  ['DELETE', 'account/totp'],
  ['POST', 'account/passkeys/challenges'],
  ['POST', 'account/passkeys', { challenge: 'x', response: {}, name: 'x' }],
  ['DELETE', 'account/passkeys/x'],
  ['POST', 'account/recovery-codes'],
  ['DELETE', 'users/leo/factors'],
  ['PUT', 'sign-in/policy', { factorRoles: [] }],
]
for (const [method, path, body] of sensitive) {
  test(`ASVS 7.5.1: ${method} ${path} takes a fresh proof`, async () => {
    await using browser = await openBrowser()
    const { send, keelson } = browser
    await enter(browser, 'ana', 'administrator')
    await keelson.later(hourMs)
    const stale = await send(method, path, body)
    assert.deepEqual([stale.statusCode, codeOfProblem(stale)], [403, 'reauthentication_required'])
    assert.equal((await send('POST', 'session/confirmations', { password })).statusCode, 204)
    assert.notEqual(codeOfProblem(await send(method, path, body)), 'reauthentication_required')
  })
}

test('ASVS 6.3.3: who lacks the factor of their role is told so, and can add it', async () => {
  await using browser = await openBrowser()
  const { send, identity } = browser
  await enter(browser, 'ana', 'administrator')
  await identity.factors.policy.put({ factorRoles: ['administrator'] }, localActor)
  const session = (await send('GET', 'session')).json<Session>()
  assert.deepEqual(
    [session.factorNeeded, session.permissions.toSorted()],
    [true, ['account:own', 'public', 'status:read']],
  )
  const refused = await send('GET', 'users')
  assert.deepEqual([refused.statusCode, codeOfProblem(refused)], [403, 'factor_required'])
  await makeTotp(browser)
  assert.equal((await send('GET', 'users')).statusCode, 200)
  const policy = await send('GET', 'sign-in/policy')
  assert.deepEqual(policy.json(), { factorRoles: ['administrator'] })
})

test('the command line has no factors of its own', async () => {
  await using browser = await openBrowser()
  const headers = { host: 'localhost', authorization: `Bearer ${localToken.reveal()}` }
  for (const [method, path] of [
    ['GET', 'factors'],
    ['POST', 'totp'],
    ['POST', 'recovery-codes'],
  ] as const) {
    const url = `/api/v1/account/${path}`
    const answer = await browser.http.app.inject({ method, url, headers })
    assert.equal(answer.statusCode, 403, path)
  }
})
