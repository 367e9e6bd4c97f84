import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { createManualClock, type ManualClock } from '../../../kernel/testing/clock.ts'
import { startOidcProvider, type OidcProvider } from '../../testing/oidc-provider.ts'
import { accessExchange, accessOf, answerHeader } from '../testing/access.ts'
import { configOf, faultsOf, instanceOf, testExchange } from '../testing/index.ts'
import { isNavigation, returnPath } from './addresses.ts'
import { oidc } from './handler.ts'
import { browsersOf, follow, given } from './testing/browser.ts'

const minimal = { issuer: 'https://id.example', client_id: 'gateway' }

test('defaults', () => {
  assert.deepEqual(configOf(oidc, minimal), {
    ...minimal,
    ...{ client_secret: null, client_auth: 'client_secret_basic', scopes: ['openid'] },
    ...{ flows: ['authorization_code', 'bearer'], redirect_uri: null },
    ...{ redirect_path: '/oidc/callback', logout_path: '/oidc/logout' },
    ...{ post_logout_redirect_uri: null, backchannel_logout_path: null },
    redis: { port: 6379, timeout: 2000, database: 0, ssl: false, ssl_verify: false },
    ...{ audience: [], introspection: false, introspection_ttl: 5, clock_skew: 30 },
    ...{ algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    ...{ consumer_claim: null, groups_claim: null, claim_headers: {} },
    ...{ forward_access_token: false, hide_credentials: false, anonymous: null, realm: null },
    ...{ session_secret: null, session_cookie: 'oidc_session' },
    ...{ session_idle: 3600, session_absolute: 86_400, cookie_secure: null },
    ...{ allow_http: false, allow_internal: false, timeout_ms: 5000, keys_ttl: 600 },
  })
  assert.deepEqual(faultsOf(oidc, minimal), [])
  assert.equal(faultsOf(oidc, { ...minimal, issuer: 'x', logout_path: '/oidc/callback' }).length, 2)
})

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

const page = ['Accept', 'text/html']
const browser = browsersOf(() => ({ provider, clock }))

describe('a login', () => {
  test('leads to the provider, back to the page, and lasts', async () => {
    const { ask, logIn, jar } = browser({ claim_headers: { 'X-User-Email': 'email' } })
    const { sent, returned } = await logIn()
    const url = new URL(answerHeader(sent.exchange, 'Location') ?? '')
    assert.equal(url.pathname, '/authorize')
    assert.equal(url.searchParams.get('redirect_uri'), 'http://example.test/oidc/callback')
    assert.equal(url.searchParams.get('code_challenge_method'), 'S256')
    assert.equal(returned.is, '302')
    assert.equal(answerHeader(returned.exchange, 'Location'), '/orders?page=2')
    assert.deepEqual([...jar.keys()], ['oidc_session'])
    const { exchange, is } = await ask({ headers: ['X-User-Email', 'forged'] })
    assert.equal(is, 'ada')
    assert.deepEqual(exchange.who?.groups, ['ops', 'dev'])
    assert.deepEqual(exchange.request.headers.raw, ['X-User-Email', 'ada@example'])
  })

  test('is kept in cookies that scripts cannot read, and nobody else either', async () => {
    const { logIn, jar } = browser({ cookie_secure: true })
    const { returned } = await logIn()
    const lines = returned.exchange.answerHeaders.all('set-cookie')
    for (const line of lines) assert.match(line, /; SameSite=Lax; Secure; HttpOnly$/)
    assert.doesNotMatch(Buffer.from(jar.get('oidc_session') ?? '', 'base64').toString(), /ada/)
  })

  test('is taken back by the browser that began it, once', async () => {
    const first = browser()
    const { back } = await first.logIn()
    const { pathname: path, search: query } = new URL(back)
    assert.equal((await browser().ask({ path, query })).is, '400')
    assert.equal((await first.ask({ path, query })).is, '400')
  })

  test('takes no longer than ten minutes', async () => {
    const { ask } = browser()
    const sent = await ask()
    const back = new URL(await follow(answerHeader(sent.exchange, 'Location') ?? ''))
    clock.advance(601_000)
    assert.equal((await ask({ path: back.pathname, query: back.search })).is, '400')
  })

  test('that the provider refuses ends there', async () => {
    const { ask } = browser()
    const sent = await ask()
    const state = new URL(answerHeader(sent.exchange, 'Location') ?? '').searchParams.get('state')
    const query = `?error=access_denied&state=${state}`
    assert.equal((await ask({ path: '/oidc/callback', query })).is, '401')
  })

  test('needs a code that the provider gave', async () => {
    const { ask } = browser()
    const sent = await ask()
    const state = new URL(answerHeader(sent.exchange, 'Location') ?? '').searchParams.get('state')
    const query = `?code=guess&state=${state}`
    assert.equal((await ask({ path: '/oidc/callback', query })).is, '401')
  })

  test('is begun for pages only', async () => {
    const { ask } = browser()
    const { exchange, is } = await ask({ headers: ['Accept', 'application/json'] })
    assert.equal(is, '401')
    assert.equal(answerHeader(exchange, 'WWW-Authenticate'), 'Bearer')
    assert.equal((await browser({ anonymous: 'guest' }).ask()).is, 'guest')
  })

  test('is begun in four tabs at most', async () => {
    const { ask, jar } = browser()
    for (let tabs = 0; tabs < 10; tabs += 1) await ask()
    assert.equal(jar.size, 4)
  })

  test('maps to a consumer, or is refused', async () => {
    const { ask, logIn } = browser({ consumer_claim: 'email' })
    await logIn()
    assert.equal((await ask()).exchange.who?.consumer?.username, 'ada')
    provider.claims = { sub: 'eve', email: 'eve@example' }
    const eve = browser({ consumer_claim: 'email' })
    await eve.logIn()
    assert.equal((await eve.ask()).is, '403')
  })

  test('with a large token goes into several cookies, and one too large is refused', async () => {
    provider.claims = { sub: 'ada', groups: Array.from({ length: 300 }, (_, n) => `group-${n}`) }
    const { ask, logIn, jar } = browser()
    await logIn()
    assert.ok(jar.size > 1 && jar.size <= 4)
    assert.equal((await ask()).exchange.groups.length, 300)
    const { exchange } = await ask({ headers: ['Accept', 'x'] })
    assert.equal(exchange.request.headers.has('cookie'), false)
    provider.claims = { sub: 'ada', groups: Array.from({ length: 3000 }, (_, n) => `group-${n}`) }
    assert.equal((await browser().logIn()).returned.is, '500')
  })
})

describe('a session', () => {
  test('is renewed by one request for all that come at once', async () => {
    const { ask, logIn } = browser({ forward_access_token: true })
    await logIn()
    const old = (await ask()).exchange.request.headers.get('authorization')
    assert.match(old ?? '', /^Bearer ey/)
    clock.advance(301_000)
    provider.claims = { ...provider.claims, groups: ['audit'] }
    const before = provider.asked.get('/token') ?? 0
    const all = await Promise.all([ask(), ask(), ask()])
    assert.deepEqual(
      all.map(({ exchange }) => exchange.groups),
      [['audit'], ['audit'], ['audit']],
    )
    assert.equal((provider.asked.get('/token') ?? 0) - before, 1)
    assert.notEqual(all[0]?.exchange.request.headers.get('authorization'), old)
    assert.equal((await ask()).is, 'ada')
  })

  test('goes on while the provider is away', async () => {
    const { ask, logIn } = browser()
    await logIn()
    clock.advance(301_000)
    provider.away = true
    assert.equal((await ask()).is, 'ada')
    provider.away = false
    clock.advance(15_000)
    assert.equal((await ask()).is, 'ada')
  })

  test('ends with somebody else in it', async () => {
    const { ask, logIn } = browser()
    await logIn()
    clock.advance(301_000)
    provider.claims = { sub: 'eve' }
    assert.equal((await ask({ headers: ['Accept', 'x'] })).is, '401')
  })

  test('ends when nobody uses it, and after a day', async () => {
    for (const config of [{ session_idle: 100 }, { session_absolute: 100 }]) {
      const { ask, logIn, jar } = browser(config)
      await logIn()
      clock.advance(100_000)
      assert.equal((await ask({ headers: ['Accept', 'x'] })).is, '401')
      assert.equal(jar.has('oidc_session'), false)
    }
  })

  test('ends here and at the provider', async () => {
    const { ask, logIn, jar } = browser({ post_logout_redirect_uri: 'https://shop.example/' })
    await logIn()
    const { exchange } = await ask({ path: '/oidc/logout' })
    const url = new URL(answerHeader(exchange, 'Location') ?? '')
    assert.equal(url.pathname, '/logout')
    assert.match(url.searchParams.get('id_token_hint') ?? '', /^ey/)
    assert.equal(jar.has('oidc_session'), false)
  })
})

describe('a bearer token', () => {
  const bearer = async (config: object, claims: object, options = {}) => {
    const token = await provider.sign({ sub: 'ada', ...claims }, options)
    return (await browser(config).ask({ headers: ['Authorization', `Bearer ${token}`] })).is
  }

  test('is taken when it is for us', async () => {
    assert.equal(await bearer({}, {}), 'ada')
    assert.equal(await bearer({ audience: ['shop'] }, {}, { audience: 'shop' }), 'ada')
    assert.equal(await bearer({ audience: ['shop'] }, {}), '401')
    assert.equal(await bearer({}, {}, { issuer: 'https://evil.example' }), '401')
    const now = clock.now().getTime() / 1000
    assert.equal(await bearer({}, {}, { expires: now - 29 }), 'ada')
    assert.equal(await bearer({}, {}, { expires: now - 31 }), '401')
  })

  test('is refused with how to do better', async () => {
    const { exchange } = await browser({ realm: 'shop' }).ask({
      headers: ['Authorization', 'Bearer nonsense', ...page],
    })
    assert.equal(
      answerHeader(exchange, 'WWW-Authenticate'),
      'Bearer realm="shop", error="invalid_token"',
    )
  })

  test('waits for the provider', async () => {
    provider.away = true
    const is = await bearer({}, {})
    provider.away = false
    assert.equal(is, '503')
  })

  test('is hidden', async () => {
    const token = await provider.sign({ sub: 'ada' })
    const headers = ['Authorization', `Bearer ${token}`]
    const { exchange } = await browser({ hide_credentials: true }).ask({ headers })
    assert.deepEqual(exchange.request.headers.raw, [])
  })
})

test('a page is never the name of another host', () => {
  for (const [path, query, page] of [
    ['/a', '?b', '/a?b'],
    ['//evil.example', '', '/evil.example'],
    ['/\\evil.example', '', '/evil.example'],
    ['/', '', '/'],
  ] as const) {
    assert.equal(returnPath({ path, query }), page)
  }
})

test('a navigation is what Fetch Metadata says, else what asks for a page', () => {
  for (const [method, headers, is] of [
    ['GET', ['Accept', 'text/html,*/*'], true],
    ['GET', ['Accept', '*/*'], false],
    ['POST', ['Accept', 'text/html'], false],
    ['GET', ['Accept', 'text/html', 'Sec-Fetch-Mode', 'cors'], false],
    ['GET', ['Accept', '*/*', 'Sec-Fetch-Mode', 'navigate'], true],
  ] as const) {
    assert.equal(isNavigation(testExchange({ method, headers }).request), is)
  }
})

test('the access hook says by a message why it refuses', async () => {
  const instance = instanceOf(oidc, { ...minimal, flows: ['bearer'] })
  assert.equal(await accessOf(instance, accessExchange(given)), '401 Unauthorized')
})
