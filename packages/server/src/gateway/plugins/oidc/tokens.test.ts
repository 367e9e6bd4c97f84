import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createManualClock, type ManualClock } from '../../../kernel/testing/clock.ts'
import { startRedis, withoutRedis } from '../../redis/testing.ts'
import { freePort } from '../../testing/gateway.ts'
import { startOidcProvider, type OidcProvider } from '../../testing/oidc-provider.ts'
import { answerHeader } from '../testing/access.ts'
import { browsersOf, follow } from './testing/browser.ts'
import { checkIdToken } from './token-checks.ts'

let clock: ManualClock
let provider: OidcProvider
before(async () => {
  provider = await startOidcProvider(() => clock.now())
})
after(() => provider.close())
beforeEach(() => {
  clock = createManualClock()
  provider.claims = { sub: 'ada', email: 'ada@example', groups: ['ops', 'dev'] }
})

const browser = browsersOf(() => ({ provider, clock }))

describe('an ID token', () => {
  const cases: [why: string, claims: object, is: string][] = [
    ['of another client', { azp: 'other' }, '401'],
    ['of this client, by name', { azp: 'gateway' }, '302'],
    ['that belongs to another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, '401'],
    ['of nobody', { sub: '' }, '401'],
  ]
  for (const [why, claims, is] of cases) {
    test(`${why}: ${is}`, async () => {
      provider.claims = { ...provider.claims, ...claims }
      assert.equal((await browser().logIn()).returned.is, is)
    })
  }

  test('for several has to name this client', () => {
    const facts = { clientId: 'gateway', nonce: null, accessToken: 'x' }
    const claims = { sub: 'ada', aud: ['gateway', 'other'] }
    assert.throws(() => checkIdToken('', claims, facts), /none of them named/)
    checkIdToken('', { ...claims, azp: 'gateway' }, facts)
  })

  test('answers its own login', () => {
    const facts = { clientId: 'gateway', nonce: 'ours', accessToken: 'x' }
    const claims = { sub: 'ada', aud: 'gateway' }
    assert.throws(() => checkIdToken('', { ...claims, nonce: 'other' }, facts), /another nonce/)
    assert.throws(() => checkIdToken('', claims, facts), /another nonce/)
    checkIdToken('', { ...claims, nonce: 'ours' }, facts)
  })

  test('comes with a code of the same issuer', async () => {
    const { ask } = browser()
    const back = new URL(await follow(answerHeader((await ask()).exchange, 'Location') ?? ''))
    back.searchParams.set('iss', 'https://evil.example')
    assert.equal((await ask({ path: back.pathname, query: back.search })).is, '401')
  })
})

describe('an opaque token', () => {
  const ask = async (instance: ReturnType<typeof browser>, token: string) =>
    (await instance.ask({ headers: ['Authorization', `Bearer ${token}`] })).is
  const asked = () => provider.asked.get('/introspect') ?? 0

  test('is asked about, once for a while', async () => {
    const gateway = browser({ introspection: true })
    provider.opaque.set('good', { sub: 'ada' })
    const before = asked()
    const all = await Promise.all([ask(gateway, 'good'), ask(gateway, 'good')])
    assert.deepEqual([...all, asked() - before], ['ada', 'ada', 1])
    provider.opaque.delete('good')
    clock.advance(5_000)
    assert.equal(await ask(gateway, 'good'), '401')
  })

  test('is refused when it is unknown, or for others', async () => {
    const gateway = browser({ introspection: true })
    const now = clock.now().getTime() / 1000
    const claims = { sub: 'ada', aud: 'gateway' }
    provider.opaque.set('for others', { ...claims, aud: 'shop' })
    provider.opaque.set('of others', { ...claims, iss: 'https://evil.example' })
    provider.opaque.set('ended', { ...claims, exp: now - 31 })
    provider.opaque.set('of later', { ...claims, nbf: now + 31 })
    for (const token of ['unknown', 'for others', 'of others', 'ended', 'of later']) {
      assert.equal(await ask(gateway, token), '401', token)
    }
    provider.opaque.set('without audience', { sub: 'ada' })
    const strict = browser({ introspection: true, audience: ['shop'] })
    assert.equal(await ask(strict, 'without audience'), '401')
    assert.equal(await ask(strict, 'for others'), 'ada')
  })

  test('waits for a provider that is away or does not know us', async () => {
    const gateway = browser({ introspection: true, client_secret: 'wrong' })
    assert.equal(await ask(gateway, 'good'), '503')
  })
})

describe('a logout that the provider tells', () => {
  const path = '/oidc/backchannel'
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const scripted = { headers: ['Accept', 'application/json'] }
  const tell = async (instance: ReturnType<typeof browser>, token: string) => {
    const form = new URLSearchParams({ logout_token: token }).toString()
    const headers = ['Content-Type', 'application/x-www-form-urlencoded']
    return (await instance.ask({ method: 'POST', path, headers, body: form })).is
  }
  /** A person in a session, and the channel of the provider, which has no cookies. */
  const open = async (claims: object) => {
    provider.claims = { ...provider.claims, ...claims }
    const person = browser({ backchannel_logout_path: path })
    await person.logIn()
    const channel = browser({ backchannel_logout_path: path })
    return { person, channel }
  }

  for (const [what, session, logout, is] of [
    ['ends the session', { sid: 's1' }, { sid: 's1' }, '401'],
    ['ends all sessions of a person', { sid: 's1' }, { sub: 'ada' }, '401'],
    ['ends a session that has no name', {}, { sub: 'ada', sid: 's1' }, '401'],
    ['leaves other sessions of the person', { sid: 's2' }, { sub: 'ada', sid: 's1' }, 'ada'],
    ['leaves other people', { sid: 's2' }, { sub: 'eve' }, 'ada'],
  ] as const) {
    test(what, async () => {
      const { person } = await open(session)
      assert.equal((await person.ask(scripted)).is, 'ada')
      assert.equal(await tell(person, await provider.sign({ events, ...logout })), '200')
      assert.equal((await person.ask(scripted)).is, is)
    })
  }

  test('ends what has begun, not what begins after it', async () => {
    const { person } = await open({ sid: 's1' })
    await tell(person, await provider.sign({ events, sub: 'ada' }))
    clock.advance(1000)
    await person.logIn()
    assert.equal((await person.ask(scripted)).is, 'ada')
  })

  test('is believed only when its token holds', async () => {
    const { person, channel } = await open({ sid: 's1' })
    const logout = { events, sub: 'ada', sid: 's1' }
    const tokens = [
      'nonsense',
      await provider.sign({ ...logout, nonce: 'n' }),
      await provider.sign({ sub: 'ada', sid: 's1' }),
      await provider.sign({ events }),
      await provider.sign(logout, { audience: 'shop' }),
      await provider.sign(logout, { issuer: 'https://evil.example' }),
      await provider.sign(logout, { expires: clock.now().getTime() / 1000 - 31 }),
    ]
    for (const token of tokens) assert.equal(await tell(channel, token), '400')
    assert.equal((await person.ask(scripted)).is, 'ada')
  })

  test('is no key to anything', async () => {
    const token = await provider.sign({ events, sub: 'ada' })
    const headers = ['Authorization', `Bearer ${token}`]
    assert.equal((await browser().ask({ headers })).is, '401')
  })

  test('waits while Redis is away, and is not acknowledged', async () => {
    const redis = { host: '127.0.0.1', port: await freePort(), timeout: 100 }
    const channel = browser({ backchannel_logout_path: path, redis })
    assert.equal(await tell(channel, await provider.sign({ events, sub: 'ada' })), '503')
    await channel.close()
  })
  test('is kept in Redis for all hosts', { skip: withoutRedis }, async () => {
    await using stack = new AsyncDisposableStack()
    const server = await startRedis()
    stack.defer(() => server.remove())
    const config = {
      backchannel_logout_path: path,
      redis: { host: '127.0.0.1', port: server.port },
    }
    const [person, channel] = [browser(config), browser(config)]
    stack.defer(() => person.close())
    stack.defer(() => channel.close())
    await person.logIn()
    assert.equal((await person.ask(scripted)).is, 'ada')
    assert.equal(await tell(channel, await provider.sign({ events, sub: 'ada' })), '200')
    assert.equal((await person.ask(scripted)).is, '401')
  })
})
