import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import { startOidcProvider, type OidcProvider } from '../../testing/oidc-provider.ts'
import { accessExchange, accessOf, answerHeader, people } from '../testing/access.ts'
import { instanceOf, testHost } from '../testing/index.ts'
import { jwt } from './handler.ts'

const given = people({ grace: { customId: 'grace@example' } })

const now = Date.parse('2026-01-01T00:00:00Z') / 1000
const bearer = (token: string): string[] => ['Authorization', `Bearer ${token}`]

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** What somebody makes who takes a public key for a secret. */
const signedBySecret = (iss: string): string => {
  const data = `${encode({ alg: 'HS256' })}.${encode({ iss, exp: now + 60 })}`
  return `${data}.${createHmac('sha256', 'public').update(data).digest('base64url')}`
}

describe('a token of an issuer', () => {
  const time = createManualClock(new Date(now * 1000))
  let provider: OidcProvider
  before(async () => {
    provider = await startOidcProvider(() => time.now())
  })
  after(() => provider.close())

  const instance = (config: object = {}) =>
    instanceOf(
      jwt,
      {
        ...{ issuer: provider.issuer, allow_http: true, allow_internal: true },
        ...{ groups_claim: 'groups', ...config },
      },
      testHost({ clock: time }),
    )
  const ask = async (plugin: ReturnType<typeof instance>, token: string) =>
    accessOf(plugin, accessExchange(given, { headers: bearer(token) }))

  test('is taken by the keys it publishes, which are fetched once', async () => {
    const plugin = instance()
    const before = provider.asked.get('/keys') ?? 0
    const token = await provider.sign({ sub: 'ada' })
    const all = await Promise.all([ask(plugin, token), ask(plugin, token), ask(plugin, token)])
    assert.deepEqual(new Set(all), new Set(['ada without a consumer']))
    assert.equal((provider.asked.get('/keys') ?? 0) - before, 1)
  })

  test('names a consumer, and brings groups along', async () => {
    const plugin = instance({ consumer_claim: 'email' })
    const token = await provider.sign({ sub: '7', email: 'grace@example', groups: ['ops'] })
    const exchange = accessExchange(given, { headers: bearer(token) })
    assert.equal(await accessOf(plugin, exchange), 'grace')
    assert.deepEqual(exchange.who?.groups, ['ops'])
    const unknown = await provider.sign({ sub: '8', email: 'eve@example' })
    assert.equal(await ask(plugin, unknown), "401 No consumer found for given 'email'")
  })

  test('is refused when it is not for us, over, or of somebody else', async () => {
    const plugin = instance({ audience: ['shop'] })
    const cases: [token: string, is: string][] = [
      [await provider.sign({ sub: 'ada' }, { audience: 'shop' }), 'ada without a consumer'],
      [
        await provider.sign({}, { audience: 'shop' }),
        "401 No mandatory 'sub' or 'client_id' in claims",
      ],
      [await provider.sign({}), "401 Invalid 'aud' in claims"],
      [await provider.sign({}, { audience: 'shop', issuer: 'x' }), "401 Invalid 'iss' in claims"],
      [
        await provider.sign({}, { audience: 'shop', expires: now - 1 }),
        '401 {"exp":"token expired"}',
      ],
      [signedBySecret(provider.issuer), '401 Invalid algorithm'],
    ]
    for (const [token, is] of cases) assert.equal(await ask(plugin, token), is)
  })

  test('follows a change of keys, and does not ask for more than one in half a minute', async () => {
    const plugin = instance()
    assert.equal(await ask(plugin, await provider.sign({ sub: 'ada' })), 'ada without a consumer')
    await provider.rotateKeys()
    const rotated = await provider.sign({ sub: 'ada' })
    assert.equal(await ask(plugin, rotated), '401 No key of the issuer fits')
    time.advance(30_000)
    assert.equal(await ask(plugin, rotated), 'ada without a consumer')
    const before = provider.asked.get('/keys')
    await provider.rotateKeys()
    const next = await provider.sign({ sub: 'ada' })
    for (let times = 0; times < 10; times += 1) await ask(plugin, next)
    assert.equal(provider.asked.get('/keys'), before)
  })

  test('waits for an issuer that is away, and works by old keys meanwhile', async () => {
    const plugin = instance({ keys_ttl: 60 })
    const token = await provider.sign({ sub: 'ada' })
    provider.away = true
    const exchange = accessExchange(given, { headers: bearer(token) })
    assert.equal(await accessOf(plugin, exchange), '503 The keys of the issuer cannot be fetched')
    assert.equal(answerHeader(exchange, 'Retry-After'), '5')
    provider.away = false
    time.advance(5_000)
    assert.equal(await ask(plugin, token), 'ada without a consumer')
    provider.away = true
    time.advance(120_000)
    assert.equal(await ask(plugin, token), 'ada without a consumer')
    provider.away = false
  })

  test('is not asked for inside unless that is allowed', async () => {
    const plugin = instance({ allow_internal: false })
    const token = await provider.sign({ sub: 'ada' })
    assert.equal(await ask(plugin, token), '503 The keys of the issuer cannot be fetched')
  })
})
