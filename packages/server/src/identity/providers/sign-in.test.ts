import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { startHostileProvider } from './testing/hostile-provider.ts'
import { callbackOf, openKeelson } from './testing/open-keelson.ts'
import { startRealProvider } from './testing/real-provider.ts'

const open = async (options: { also?: string[] } = {}) => {
  const providers = ['corp', ...(options.also ?? [])]
  const provider = await startRealProvider({ redirectUris: providers.map(callbackOf) })
  const keelson = await openKeelson()
  return {
    ...keelson,
    provider,
    async [Symbol.asyncDispose]() {
      await keelson[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

test('somebody signs in by a provider, gets an account, and is known the next time', async () => {
  await using keelson = await open()
  const { provider, putProvider, openBrowser } = keelson
  provider.accounts.set('ana-1', {
    ...{ preferred_username: 'ana', name: 'Ana Ortiz' },
    ...{ email: 'ana@corp.example', email_verified: true },
  })
  const made = await putProvider('corp', provider.issuer)
  assert.equal(made.redirectUri, callbackOf('corp'))
  assert.equal(made.hasSecret, true)
  const browser = openBrowser()
  const offered = (await browser.send('GET', '/api/v1/sign-in')).json<object>()
  assert.deepEqual(offered, { setUp: false, providers: [{ id: 'corp', name: 'Corp' }] })

  assert.equal(await browser.signIn('corp'), '/')
  assert.equal((await browser.session())['actor'], 'ana')
  const user = await keelson.identity.people.find('ana')
  assert.equal(user.display_name, 'Ana Ortiz')
  assert.equal(user.email, 'ana@corp.example')
  assert.equal(user.has_password, false)

  // The provider calls her something else now, and she stays who she is.
  provider.accounts.set('ana-1', { preferred_username: 'boss', email: 'boss@corp.example' })
  const other = openBrowser()
  assert.equal(await other.signIn('corp'), '/')
  assert.equal((await other.session())['actor'], 'ana')
  assert.deepEqual(await keelson.audited('user.joined', 'identity.linked', 'session.created'), [
    'user.joined done by ana about ana',
    'identity.linked done by ana about ana',
    'session.created done by ana about ana',
    'session.created done by ana about ana',
  ])
})

test('ASVS 6.8.1: an account is known by provider and subject, and by neither alone', async () => {
  await using keelson = await open({ also: ['other'] })
  await using second = await startRealProvider({ redirectUris: [callbackOf('other')] })
  const { provider, putProvider, openBrowser } = keelson
  await putProvider('corp', provider.issuer)
  await putProvider('other', second.issuer)
  assert.equal(await openBrowser().signIn('corp'), '/')
  // The other one has somebody of the same subject and the same name.
  second.accounts.set('ana-1', { preferred_username: 'ana' })
  assert.equal(await openBrowser().signIn('other'), '/sign-in#problem=name_taken')
  second.accounts.set('ana-1', { preferred_username: 'ana-of-other' })
  const browser = openBrowser()
  assert.equal(await browser.signIn('other'), '/')
  assert.equal((await browser.session())['actor'], 'ana-of-other')
})

test('CVE-2026-110863: a provider of the same issuer under another id knows nobody of the first', async () => {
  await using keelson = await open({ also: ['copy'] })
  const { provider, putProvider, openBrowser } = keelson
  await putProvider('corp', provider.issuer)
  assert.equal(await openBrowser().signIn('corp'), '/')
  await putProvider('copy', provider.issuer, { createsUsers: false })
  assert.equal(await openBrowser().signIn('copy'), '/sign-in#problem=sign_in_refused')
})

const takers = [
  ['by name', { preferred_username: 'leo' }],
  ['by a name that looks like it', { preferred_username: 'lео' }],
  ['by e-mail', { email: 'leo@corp.example' }],
  ['by verified e-mail', { email: 'leo@corp.example', email_verified: true }],
] as const
for (const [how, claims] of takers) {
  test(`ASVS 10.5.2, GHSA-g38m-r43w-p2q7 / CVE-2026-53516: no account is taken over ${how}`, async () => {
    await using keelson = await open()
    const { provider, putProvider, openBrowser, identity } = keelson
    const id = await keelson.addPerson('leo', 'administrator')
    await keelson.db.execute(`update identity.principal set email = $1 where id = $2`, [
      ...['leo@corp.example', id],
    ])
    await putProvider('corp', provider.issuer)
    provider.accounts.set('ana-1', claims)
    const browser = openBrowser()
    assert.equal(await browser.signIn('corp'), '/sign-in#problem=name_taken')
    assert.deepEqual(await identity.providers.identities.list(id), [])
    assert.equal(browser.own.kept.size, 0)
    assert.deepEqual(await keelson.audited('session.refused', 'identity.linked'), [
      'session.refused denied by anonymous about Corp',
    ])
  })
}

test('an address that nobody has proved to be theirs is not kept as theirs', async () => {
  await using keelson = await open()
  keelson.provider.accounts.set('ana-1', { email: 'ana@corp.example', email_verified: false })
  await keelson.putProvider('corp', keelson.provider.issuer)
  assert.equal(await keelson.openBrowser().signIn('corp'), '/')
  const user = await keelson.identity.people.find('ana')
  assert.equal(user.email, null)
  const [linked] = await keelson.identity.providers.identities.list(user.id)
  assert.equal(linked?.email, 'ana@corp.example')
})

test('who is not known gets no account where none are made, nor one who is disabled', async () => {
  await using keelson = await open()
  const { provider, putProvider, openBrowser, identity } = keelson
  await putProvider('corp', provider.issuer, { createsUsers: false })
  assert.equal(await openBrowser().signIn('corp'), '/sign-in#problem=sign_in_refused')
  await putProvider('corp', provider.issuer)
  assert.equal(await openBrowser().signIn('corp'), '/')
  await keelson.addPerson('leo', 'administrator')
  await identity.people.update('ana', { disabled: true }, localActor)
  assert.equal(await openBrowser().signIn('corp'), '/sign-in#problem=account_disabled')
  provider.accounts.set('ana-2', {})
  provider.state.person = 'ana-2'
  assert.equal(await openBrowser().signIn('corp'), '/sign-in#problem=provider_unusable')
})

test('a provider that is disabled, or is not there, lets nobody in, and its sessions end', async () => {
  await using keelson = await open()
  const { provider, putProvider, openBrowser } = keelson
  await putProvider('corp', provider.issuer)
  const [browser, late] = [openBrowser(), openBrowser()]
  assert.equal(await browser.signIn('corp'), '/')
  const back = await late.visit(await late.start('corp'))
  await putProvider('corp', provider.issuer, { disabled: true })
  assert.equal((await browser.send('GET', '/api/v1/session')).statusCode, 401)
  assert.equal((await late.send('GET', back)).headers.location, '/sign-in#problem=not_found')
  assert.equal(await late.start('corp'), '/sign-in#problem=not_found')
  assert.equal(await late.start('nothing'), '/sign-in#problem=not_found')
  assert.equal(await late.start('%3Cscript%3E'), '/sign-in#problem=not_found')
  const offered = (await late.send('GET', '/api/v1/sign-in')).json<{ providers: [] }>()
  assert.deepEqual(offered.providers, [])
  await putProvider('corp', provider.issuer, { disabled: false })
  assert.equal(await browser.signIn('corp'), '/')
  await keelson.identity.providers.providers.remove('corp', localActor)
  assert.equal((await browser.send('GET', '/api/v1/session')).statusCode, 401)
  assert.deepEqual(
    await keelson.audited('provider.created', 'provider.changed', 'provider.deleted'),
    [
      'provider.created done by local command line about Corp',
      'provider.changed done by local command line about Corp',
      'provider.changed done by local command line about Corp',
      'provider.deleted done by local command line about Corp',
    ],
  )
})

test('keys that the provider changes are found, and old ones end', async () => {
  await using keelson = await open()
  const { provider, putProvider, openBrowser } = keelson
  await putProvider('corp', provider.issuer)
  assert.equal(await openBrowser().signIn('corp'), '/')
  await provider.rotateKey()
  // Two fetches are a minute apart, so that no token can make us ask without end.
  const fetched = () => provider.paths.filter((path) => path === '/jwks').length
  const before = fetched()
  assert.equal(await openBrowser().signIn('corp'), '/sign-in#problem=provider_unusable')
  assert.equal(fetched(), before)
  await keelson.later(60_001)
  assert.equal(await openBrowser().signIn('corp'), '/')
  assert.equal(fetched(), before + 1)
})

test('ASVS 6.8.4: a provider is trusted with the second factor if it is told to be, and says no less', async () => {
  await using keelson = await open()
  const { provider, putProvider, openBrowser, db } = keelson
  await putProvider('corp', provider.issuer)
  assert.equal(await openBrowser().signIn('corp'), '/')
  const { id } = await keelson.identity.people.find('ana')
  await db.execute(
    `insert into identity.totp (principal_id, sealed_secret, created_at, confirmed_at)
     values ($1, '1.AAAA', now(), now())`,
    [id],
  )
  const asked = openBrowser()
  assert.match(await asked.signIn('corp'), /^\/sign-in#challenge=[\w-]{43}$/)
  assert.equal(asked.own.kept.has('keelson_session'), false, 'nothing before the second step')
  assert.match(
    await openBrowser().signIn('corp', '?to=%2Fservices%3Fq%3Dx'),
    /^\/sign-in#challenge=[\w-]{43}&to=%2Fservices%3Fq%3Dx$/,
  )
  await putProvider('corp', provider.issuer, { trustsFactors: true })
  assert.equal(await openBrowser().signIn('corp'), '/')
  provider.state.amr = ['pwd']
  assert.match(await openBrowser().signIn('corp'), /^\/sign-in#challenge=/)
  provider.state.amr = ['pwd', 'otp', 'mfa']
  const browser = openBrowser()
  assert.equal(await browser.signIn('corp'), '/')
  const { methods } = await db.one<{ methods: string[] }>(
    'select methods from identity.session order by created_at desc, id desc limit 1',
  )
  assert.deepEqual(methods, ['provider:corp', 'provider_factor'])
})

test('ASVS 7.2.4: a new sign-in ends the session it began with, and asks for a fresh proof', async () => {
  await using keelson = await open()
  const { provider, putProvider, openBrowser } = keelson
  await putProvider('corp', provider.issuer)
  const browser = openBrowser()
  const first = new URL(await browser.start('corp'))
  assert.equal(first.searchParams.get('max_age'), String(15 * 60))
  assert.equal(await browser.signIn('corp'), '/')
  const former = browser.own.kept.get('keelson_session') ?? ''
  const again = new URL(await browser.start('corp'))
  assert.equal(again.searchParams.get('max_age'), '0')
  assert.equal(await browser.signIn('corp'), '/')
  assert.notEqual(browser.own.kept.get('keelson_session'), former)
  assert.equal(await keelson.kindOf(former), 'anonymous')
})

test('a proof that is old at the provider is old here', async () => {
  await using provider = await startHostileProvider()
  await using keelson = await openKeelson()
  await keelson.putProvider('corp', provider.issuer)
  const proved = async (): Promise<Date | undefined> => {
    const browser = keelson.openBrowser()
    assert.equal(await browser.signIn('corp'), '/')
    const actor = await keelson.authenticate(browser.own.kept.get('keelson_session') ?? '')
    return actor.origin.authenticatedAt ?? undefined
  }
  const now = keelson.clock.now()
  assert.deepEqual(await proved(), now, 'not said')
  const before = new Date(now.getTime() - 3_600_000)
  provider.claims = { auth_time: before.getTime() / 1000 }
  assert.deepEqual(await proved(), before)
  provider.claims = { auth_time: now.getTime() / 1000 + 3600 }
  assert.deepEqual(await proved(), now, 'never to come')
})

const elsewhere = [
  '//evil.example',
  '/%5Cevil.example',
  'https://evil.example',
  '/%09/evil.example',
]
for (const to of elsewhere) {
  test(`GHSA-36rg-gfq2-3h56 / CVE-2025-53535: ?to=${to} leads nowhere else`, async () => {
    await using keelson = await open()
    await keelson.putProvider('corp', keelson.provider.issuer)
    assert.equal(await keelson.openBrowser().signIn('corp', `?to=${to}`), '/')
  })
}

test('a path of the page is gone back to', async () => {
  await using keelson = await open()
  await keelson.putProvider('corp', keelson.provider.issuer)
  const to = '/services/shop/web?tab=logs#now'
  assert.equal(await keelson.openBrowser().signIn('corp', `?to=${encodeURIComponent(to)}`), to)
})

test('who comes by another name of the machine is sent to the one the provider knows', async () => {
  await using keelson = await open()
  await keelson.putProvider('corp', keelson.provider.issuer)
  const from = (url: string) =>
    keelson.http.app.inject({ method: 'GET', url, headers: { host: 'localhost:7070' } })
  const { location } = (await from('/sign-in/corp?to=/map')).headers
  assert.equal(location, 'http://127.0.0.1:7070/sign-in/corp?moved&to=%2Fmap')
  const { location: further } = (await from('/sign-in/corp?moved&to=/map')).headers
  assert.ok(further?.startsWith(keelson.provider.issuer), 'only once')
})
