import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHostileProvider, type HostileProvider } from './testing/hostile-provider.ts'
import { callbackOf, openKeelson, type Keelson } from './testing/open-keelson.ts'
import { startRealProvider } from './testing/real-provider.ts'

type Opened = Keelson & { provider: HostileProvider }

const open = async (): Promise<Opened> => {
  const provider = await startHostileProvider()
  const keelson = await openKeelson()
  await keelson.putProvider('corp', provider.issuer)
  return {
    ...keelson,
    provider,
    async [Symbol.asyncDispose]() {
      await keelson[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const unusable = '/sign-in#problem=provider_unusable'
const invalid = '/sign-in#problem=challenge_invalid'

const refused = async (keelson: Keelson, as = unusable) => {
  const { identity } = keelson
  const browser = keelson.openBrowser()
  assert.equal(await browser.signIn('corp'), as)
  assert.equal((await browser.send('GET', '/api/v1/session')).statusCode, 401)
  assert.equal(browser.own.kept.size, 0, 'no cookie stays')
  assert.deepEqual(await identity.people.list({ contains: '', after: '', limit: 10 }), [])
  assert.deepEqual(await keelson.audited('session.refused'), [
    'session.refused denied by anonymous about Corp',
  ])
}

test('the opponent of these tests lets people in as long as it is honest', async () => {
  await using keelson = await open()
  const browser = keelson.openBrowser()
  assert.equal(await browser.signIn('corp'), '/')
  assert.equal((await browser.session())['actor'], 'ana')
})

const hour = 3600
const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const dishonest: readonly [string, Record<string, unknown>][] = [
  ['ASVS 10.5.1: an ID token with the nonce of another sign-in', { nonce: 'another' }],
  ['ASVS 10.5.1: an ID token without a nonce', { nonce: undefined }],
  ['ASVS 10.5.4: an ID token for another client', { aud: 'another' }],
  ['ASVS 10.5.4: an ID token for two, by another', { aud: ['keelson', 'b'], azp: 'b' }],
  ['an ID token of another issuer', { iss: 'https://other.example' }],
  // The clock of these tests stands in January; it is old for everybody.
  ['an ID token that is over', { exp: Date.parse('2025-12-31') / 1000 }],
  ['an ID token without an end', { exp: undefined }],
  ['an ID token of nobody', { sub: '' }],
  ['an ID token of a name that is too long', { sub: 'a'.repeat(256) }],
  ['an ID token about no text', { sub: 7 }],
  ['an ID token that holds only later', { nbf: nowSeconds() + hour }],
]
for (const [what, claims] of dishonest) {
  test(`${what} is refused`, async () => {
    await using keelson = await open()
    keelson.provider.claims = claims
    await refused(keelson)
  })
}

for (const by of ['a stranger', 'nobody', 'the secret of the client'] as const) {
  test(`ASVS 6.8.2: an ID token signed by ${by} is refused`, async () => {
    await using keelson = await open()
    keelson.provider.signedBy = by
    await refused(keelson)
  })
}

test('what the provider says of somebody else at its userinfo endpoint is refused', async () => {
  await using keelson = await open()
  keelson.provider.userinfo = { sub: 'ana-2', groups: ['admins'] }
  await keelson.putProvider('corp', keelson.provider.issuer)
  await refused(keelson)
})

test('ASVS 10.2.1: an answer works once, and in the browser that asked', async () => {
  await using keelson = await open()
  const [browser, another] = [keelson.openBrowser(), keelson.openBrowser()]
  const back = await browser.visit(await browser.start('corp'))
  const send = async (who: typeof browser, url: string) =>
    (await who.send('GET', url, { otherSite: true })).headers.location
  // Somebody is made to open the answer to another's sign-in: they would be signed in as the other.
  assert.equal(await send(another, back), invalid)
  const started = keelson.openBrowser()
  await started.start('corp')
  assert.equal(await send(started, back), invalid, 'nor with a trip of its own')
  const trip = browser.own.kept.get('keelson_trip') ?? ''
  assert.equal(await send(browser, back), '/')
  assert.equal(browser.own.kept.has('keelson_trip'), false)
  browser.own.kept.set('keelson_trip', trip)
  assert.equal(await send(browser, back), invalid, 'nor twice, with all it came with')
})

test('an answer with another state, or ten minutes late, is refused', async () => {
  await using keelson = await open()
  const browser = keelson.openBrowser()
  const url = new URL(await browser.visit(await browser.start('corp')), 'http://x')
  const send = async () =>
    (await browser.send('GET', `${url.pathname}${url.search}`)).headers.location
  const state = url.searchParams.get('state') ?? ''
  url.searchParams.set(
    'state',
    state.replace(/^./, (first) => (first === 'a' ? 'b' : 'a')),
  )
  assert.equal(await send(), invalid)
  url.searchParams.delete('state')
  assert.equal(await send(), invalid)
  const late = keelson.openBrowser()
  const back = await late.visit(await late.start('corp'))
  await keelson.later(10 * 60_000 + 1)
  assert.equal((await late.send('GET', back)).headers.location, invalid)
})

test('ASVS 10.2.2: an answer is for the provider that was asked, and no other', async () => {
  await using keelson = await open()
  await using other = await startHostileProvider()
  await keelson.putProvider('evil', other.issuer)
  const browser = keelson.openBrowser()
  // Sent to the evil one, which sends people on to the honest one with its own state.
  const back = await browser.visit(await browser.start('evil'))
  const mixed = back.replace('/sign-in/evil/', '/sign-in/corp/')
  assert.equal((await browser.send('GET', mixed)).headers.location, invalid)
  assert.equal(keelson.provider.asked.includes('/token'), false)
  assert.equal(other.asked.includes('/token'), false)
})

test('ASVS 10.2.2: an answer that names another issuer is refused (RFC 9207)', async () => {
  await using keelson = await open()
  const browser = keelson.openBrowser()
  const back = await browser.visit(await browser.start('corp'))
  const named = `${back}&iss=${encodeURIComponent('https://other.example')}`
  assert.equal((await browser.send('GET', named)).headers.location, unusable)
  assert.equal(keelson.provider.asked.includes('/token'), false)
})

test('a parameter that is there twice is refused, whatever it says', async () => {
  await using keelson = await open()
  for (const twice of ['code=c0de', 'state=x', 'iss=a&iss=b', 'code[]=1&code[]=2']) {
    const browser = keelson.openBrowser()
    const back = await browser.visit(await browser.start('corp'))
    const answer = await browser.send('GET', `${back}&${twice}`)
    assert.equal(answer.headers.location, '/sign-in#problem=bad_request', twice)
  }
  assert.equal(keelson.provider.asked.includes('/token'), false)
})

test('what a provider says in refusing is not shown', async () => {
  await using provider = await startRealProvider({ redirectUris: [callbackOf('corp')] })
  await using keelson = await openKeelson()
  await keelson.putProvider('corp', provider.issuer)
  provider.state.refuses = true
  await refused(keelson, '/sign-in#problem=sign_in_refused')
})

test('ASVS 10.2.1: the code is bound to this browser by PKCE and state, and never seen twice', async () => {
  await using keelson = await open()
  const browser = keelson.openBrowser()
  const url = new URL(await browser.start('corp'))
  const asked = Object.fromEntries(url.searchParams)
  assert.equal(asked['response_type'], 'code')
  assert.equal(asked['code_challenge_method'], 'S256')
  assert.match(asked['code_challenge'] ?? '', /^[\w-]{43}$/)
  assert.match(asked['nonce'] ?? '', /^[\w-]{43}$/)
  assert.match(asked['state'] ?? '', /^[\w-]{43}$/)
  const token = browser.own.kept.get('keelson_trip') ?? ''
  assert.match(token, /^[\w-]{43}$/)
  assert.notEqual(asked['state'], token)
  const again = new URL(await keelson.openBrowser().start('corp'))
  for (const name of ['state', 'nonce', 'code_challenge']) {
    assert.notEqual(again.searchParams.get(name), asked[name], name)
  }
})

test('whoever begins more trips than people do is slowed down', async () => {
  await using keelson = await open()
  const browser = keelson.openBrowser()
  let last = ''
  for (let count = 0; count <= 200; count += 1) last = await browser.start('corp')
  assert.equal(last, '/sign-in#problem=sign_in_delayed')
})

test('a state that is as long as ours in characters and not in bytes is refused as any other', async () => {
  await using keelson = await open()
  const browser = keelson.openBrowser()
  await browser.start('corp')
  const state = `%C3%A9${'a'.repeat(42)}`
  const answer = await browser.send('GET', `/sign-in/corp/callback?code=x&state=${state}`)
  assert.equal(answer.headers.location, invalid)
})
