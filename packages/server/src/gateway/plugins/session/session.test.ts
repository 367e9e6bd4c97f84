import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createManualClock, type ManualClock } from '../../../kernel/testing/clock.ts'
import { accessExchange, accessOf, people, type AccessExchange } from '../testing/access.ts'
import {
  configOf,
  faultsOf,
  instanceOf,
  testHost,
  testResponse,
  type AskedExchange,
} from '../testing/index.ts'
import { session } from './handler.ts'

const given = people({ ada: { customId: 'lovelace' }, bob: {} })

test('defaults', () => {
  assert.deepEqual(configOf(session), {
    ...{ secret: null, storage: 'cookie', audience: 'default' },
    ...{ idling_timeout: 900, rolling_timeout: 3600, absolute_timeout: 86_400, stale_ttl: 10 },
    ...{ cookie_name: 'session', cookie_path: '/', cookie_domain: null },
    ...{ cookie_same_site: 'Strict', cookie_http_only: true, cookie_secure: true },
    ...{ remember: false, remember_cookie_name: 'remember' },
    ...{ remember_rolling_timeout: 604_800, remember_absolute_timeout: 2_592_000 },
    ...{ response_headers: null, request_headers: null, read_body_for_logout: false },
    ...{ logout_methods: ['POST', 'DELETE'] },
    ...{ logout_query_arg: 'session_logout', logout_post_arg: 'session_logout' },
    ...{ hash_subject: false, store_metadata: false },
  })
  assert.equal(session.priority, 1900)
})

test('refuses what needs a database', () => {
  const faults = faultsOf(session, { storage: 'kong', store_metadata: true })
  assert.deepEqual(
    faults.map(({ path }) => path),
    [['storage'], ['store_metadata']],
  )
})

/** A browser: it keeps the cookies that it is given. */
const browser = (config: object = {}, clock: ManualClock = createManualClock()) => {
  const jar = new Map<string, string>()
  const instance = instanceOf(session, { secret: 's', ...config }, testHost({ clock }))
  const ask = async (asked: AskedExchange = {}, login: string | null = null) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers = [...(asked.headers ?? []), ...(cookie === '' ? [] : ['Cookie', cookie])]
    const exchange = accessExchange(given, { ...asked, headers })
    const is = await accessOf(instance, exchange)
    if (login !== null) logIn(exchange, login)
    const response = testResponse()
    await instance.response?.(exchange, response)
    const set = [...exchange.answerHeaders.all('set-cookie'), ...response.headers.all('set-cookie')]
    for (const line of set) keep(jar, line)
    return { is, set, exchange, response }
  }
  return { jar, clock, ask }
}

const logIn = (exchange: AccessExchange, name: string): void =>
  exchange.authenticate({
    consumer: given.consumers.find(({ username }) => username === name) ?? null,
    credential: { id: `key-of-${name}`, name: null },
  })

const keep = (jar: Map<string, string>, line: string): void => {
  const [pair = '', ...attributes] = line.split('; ')
  const equals = pair.indexOf('=')
  if (attributes.includes('Max-Age=0')) jar.delete(pair.slice(0, equals))
  else jar.set(pair.slice(0, equals), pair.slice(equals + 1))
}

describe('a session', () => {
  test('begins with an authentication, and stands for it from then on', async () => {
    const { ask, jar } = browser()
    assert.equal((await ask()).is, 'nobody')
    const { set } = await ask({}, 'ada')
    assert.match(set.join(), /^session=[\w.-]+; Path=\/; SameSite=Strict; Secure; HttpOnly$/)
    assert.doesNotMatch(jar.get('session') ?? '', /ada/)
    const next = await ask()
    assert.equal(next.is, 'ada')
    assert.deepEqual(next.exchange.who?.credential, { id: 'key-of-ada', name: 'key-of-ada' })
    assert.deepEqual(next.set, [])
  })

  test('is none for somebody anonymous', async () => {
    const { ask, jar } = browser()
    await ask()
    assert.equal(jar.size, 0)
  })

  test('changes hands with the authentication', async () => {
    const { ask } = browser()
    await ask({}, 'ada')
    await ask({}, 'bob')
    assert.equal((await ask()).is, 'bob')
  })

  test('ends when nobody uses it, and not while somebody does', async () => {
    const { ask, clock } = browser()
    await ask({}, 'ada')
    for (let times = 0; times < 5; times += 1) {
      clock.advance(800_000)
      assert.equal((await ask()).is, 'ada')
    }
    clock.advance(900_000)
    assert.equal((await ask()).is, 'nobody')
  })

  test('ends in any case after a day', async () => {
    const { ask, clock } = browser({ absolute_timeout: 1000 })
    await ask({}, 'ada')
    clock.advance(600_000)
    assert.equal((await ask()).is, 'ada')
    clock.advance(400_000)
    assert.equal((await ask()).is, 'nobody')
  })

  test('ends with its cookie not renewed in time', async () => {
    const { ask, clock } = browser({ rolling_timeout: 100, idling_timeout: 0 })
    await ask({}, 'ada')
    clock.advance(74_000)
    assert.deepEqual((await ask()).set, [])
    clock.advance(1_000)
    assert.equal((await ask()).set.length, 1)
    clock.advance(99_000)
    assert.equal((await ask()).is, 'ada')
    clock.advance(100_000)
    assert.equal((await ask()).is, 'nobody')
  })

  test('is not taken from another secret, another audience, or when it was changed', async () => {
    const first = browser()
    await first.ask({}, 'ada')
    const cookie = first.jar.get('session') ?? ''
    for (const config of [{ secret: 'other' }, { audience: 'other' }]) {
      const other = browser(config)
      other.jar.set('session', cookie)
      assert.equal((await other.ask()).is, 'nobody')
    }
    const letter = cookie.at(-10) === 'A' ? 'B' : 'A'
    first.jar.set('session', `${cookie.slice(0, -10)}${letter}${cookie.slice(-9)}`)
    assert.equal((await first.ask()).is, 'nobody')
  })

  for (const [name, asked, is] of [
    ['by the query', { method: 'POST', query: '?session_logout=true' }, '200'],
    ['by the body', { method: 'POST', body: 'session_logout=1' }, '200'],
    ['not by GET', { method: 'GET', query: '?session_logout=true' }, 'ada'],
    ['not by another parameter', { method: 'POST', query: '?logout' }, 'ada'],
  ] as const) {
    test(`ends ${name}`, async () => {
      const { ask, jar } = browser({ read_body_for_logout: true })
      await ask({}, 'ada')
      const headers = ['Content-Type', 'application/x-www-form-urlencoded']
      assert.equal((await ask({ ...asked, headers })).is, is)
      assert.equal(jar.has('session'), is === 'ada')
    })
  }

  test('is remembered beyond it, in a cookie of its own', async () => {
    const { ask, clock, jar } = browser({ remember: true })
    const { set } = await ask({}, 'ada')
    assert.match(set.join('\n'), /^remember=.*Max-Age=604800;/m)
    clock.advance(86_400_000)
    jar.delete('session')
    const next = await ask()
    assert.equal(next.is, 'ada')
    assert.ok(jar.has('session'))
    clock.advance(604_800_000)
    assert.equal((await ask()).is, 'nobody')
  })

  test('is told of in headers, and forged ones go', async () => {
    const { ask } = browser({
      request_headers: ['subject', 'audience', 'idling-timeout'],
      response_headers: ['timeout', 'absolute-timeout'],
    })
    const begun = await ask({ headers: ['Session-Subject', 'forged'] }, 'ada')
    assert.equal(begun.exchange.request.headers.get('session-subject'), undefined)
    const { exchange } = await ask()
    const { request, answerHeaders } = exchange
    assert.equal(request.headers.get('session-subject'), 'ada')
    assert.equal(request.headers.get('session-audience'), 'default')
    assert.equal(request.headers.get('session-idling-timeout'), '900')
    assert.equal(answerHeaders.get('session-timeout'), '900')
    assert.equal(answerHeaders.get('session-absolute-timeout'), '86400')
  })
})
