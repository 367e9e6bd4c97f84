import assert from 'node:assert/strict'
import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { SignJWT, type JWK } from 'jose'
import { openOAuth, partsOf } from './testing/open-oauth.ts'

const signedIn = async () => {
  const opened = await openOAuth()
  await opened.keelson.addPerson('ana', 'viewer')
  const { access_token: token } = await opened.login('ana')
  return { ...opened, token, ...partsOf(token) }
}
type SignedIn = Awaited<ReturnType<typeof signedIn>>

/** The platform's own key: with it, all but what is changed is right. */
const ownKey = async ({ keelson }: SignedIn): Promise<KeyObject> => {
  const row = await keelson.db.one<{ id: string; sealed_private: string }>(
    'select id, sealed_private from identity.signing_key',
  )
  const key = keelson.deps.keyring.open('signing-key', row.sealed_private, row.id)
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}

const encode = (part: object | string): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

const resigned = async (
  opened: SignedIn,
  change: { header?: object; payload?: object; key?: KeyObject },
): Promise<string> => {
  const header = { ...opened.header, ...change.header } as { alg: string }
  return new SignJWT({ ...opened.payload, ...change.payload })
    .setProtectedHeader(header)
    .sign(change.key ?? (await ownKey(opened)))
}

const publicPem = async ({ http }: SignedIn): Promise<string> => {
  const { keys } = (
    await http.app.inject({ url: '/.well-known/jwks.json', headers: { host: 'localhost' } })
  ).json<{ keys: JWK[] }>()
  return JSON.stringify(keys[0])
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('ed25519')
const strangerJwk = stranger.publicKey.export({ format: 'jwk' })
const now = Date.parse('2026-01-01T00:00:00Z') / 1000

test('ASVS 9.2.1: an access token says who, by which program, from whom, for whom and how long', async () => {
  await using opened = await signedIn()
  const { header, payload } = opened
  assert.deepEqual(Object.keys(header).sort(), ['alg', 'kid', 'typ'])
  assert.deepEqual([header['alg'], header['typ']], ['EdDSA', 'at+jwt'])
  const { sub, jti, sid, ...rest } = payload
  for (const one of [sub, jti, sid]) assert.equal(typeof one, 'string')
  assert.deepEqual(rest, {
    ...{ iss: 'http://127.0.0.1:7070', aud: 'keelson', client_id: 'keelson' },
    ...{ iat: now, exp: now + 600, auth_time: now },
  })
})

test('the same token with nothing changed is taken: the tests below refuse what they change', async () => {
  await using opened = await signedIn()
  assert.equal(await opened.statusOf(opened.token), 200)
  assert.equal(await opened.statusOf(await resigned(opened, { payload: { jti: 'other' } })), 200)
})

const forgeries: Record<string, (opened: SignedIn) => Promise<string> | string> = {
  'ASVS 9.1.2: algorithm none': ({ header, payload }) =>
    `${encode({ ...header, alg: 'none' })}.${encode(payload)}.`,
  'ASVS 9.1.2: algorithm none, with the signature': ({ header, token }) =>
    [encode({ ...header, alg: 'none' }), ...token.split('.').slice(1)].join('.'),
  'ASVS 9.1.2: HS256 with the public key as its secret': async (opened) => {
    const head = `${encode({ ...opened.header, alg: 'HS256' })}.${encode(opened.payload)}`
    const mac = createHmac('sha256', await publicPem(opened))
      .update(head)
      .digest('base64url')
    return `${head}.${mac}`
  },
  'ASVS 9.1.2: RS256': (opened) =>
    resigned(opened, { header: { alg: 'RS256' }, key: rsa.privateKey }),
  'ASVS 9.1.1: a key that is not ours, under the kid of ours': (opened) =>
    resigned(opened, { key: stranger.privateKey }),
  'ASVS 9.1.3: a kid that is not there': (opened) => resigned(opened, { header: { kid: 'other' } }),
  'ASVS 9.1.3: no kid': (opened) => resigned(opened, { header: { kid: undefined } }),
  'ASVS 9.1.3: a jku that leads elsewhere': (opened) =>
    resigned(opened, {
      header: { jku: 'http://127.0.0.1:1/jwks.json', kid: 'other' },
      key: stranger.privateKey,
    }),
  'ASVS 9.1.3: a jwk of its own': (opened) =>
    resigned(opened, { header: { jwk: strangerJwk }, key: stranger.privateKey }),
  'ASVS 9.1.3: an x5u and an x5c': (opened) =>
    resigned(opened, {
      header: { x5u: 'http://127.0.0.1:1/cert.pem', x5c: ['AAAA'] },
      key: stranger.privateKey,
    }),
  'ASVS 9.2.2: the type of a service token': (opened) =>
    resigned(opened, { header: { typ: 'service+jwt' } }),
  'ASVS 9.2.2: the type JWT': (opened) => resigned(opened, { header: { typ: 'JWT' } }),
  'ASVS 9.2.2: no type': (opened) => resigned(opened, { header: { typ: undefined } }),
  'ASVS 9.2.3: another audience': (opened) =>
    resigned(opened, { payload: { aud: 'service:shop/web' } }),
  'ASVS 9.2.3: no audience': (opened) => resigned(opened, { payload: { aud: undefined } }),
  'another issuer': (opened) => resigned(opened, { payload: { iss: 'https://elsewhere.test' } }),
  'no issuer': (opened) => resigned(opened, { payload: { iss: undefined } }),
  'ASVS 9.2.1: no expiry': (opened) => resigned(opened, { payload: { exp: undefined } }),
  'ASVS 9.2.1: an expiry that is over by more than the tolerance': (opened) =>
    resigned(opened, { payload: { iat: now - 100, exp: now - 31 } }),
  'ASVS 9.2.1: a time before which it is not valid': (opened) =>
    resigned(opened, { payload: { nbf: now + 31 } }),
  'ASVS 9.2.1: a time of issue that is to come': (opened) =>
    resigned(opened, { payload: { iat: now + 31 } }),
  'ASVS 9.2.1: a longer life than any token of ours has': (opened) =>
    resigned(opened, { payload: { iat: now - 700, exp: now + 9000 } }),
  'another subject than its family has': (opened) =>
    resigned(opened, { payload: { sub: 'somebody-else' } }),
  'a family there is not': (opened) => resigned(opened, { payload: { sid: 'other' } }),
  'no origin': (opened) => resigned(opened, { payload: { sid: undefined } }),
  'two origins': (opened) => resigned(opened, { payload: { svc: 'shop/web' } }),
  'critical extensions': (opened) =>
    resigned(opened, { header: { crit: ['b64'], b64: true }, payload: { jti: '1' } }).then(
      (token) => token.replace(/^[^.]+/, encode({ ...opened.header, crit: ['x'], x: 1 })),
    ),
  'a payload that was changed': ({ token, payload }) =>
    token.replace(/\.[^.]+\./, `.${encode({ ...payload, sub: 'other' })}.`),
  'a signature that is cut': ({ token }) => token.slice(0, -2),
}
for (const [what, forge] of Object.entries(forgeries)) {
  test(`a token is refused: ${what}`, async () => {
    await using opened = await signedIn()
    assert.equal(await opened.statusOf(await forge(opened)), 401)
  })
}

test('ASVS 9.2.1: a token ends ten minutes later, and thirty seconds for clocks that differ', async () => {
  await using opened = await signedIn()
  const { statusOf, token, clock, keelson } = opened
  assert.equal(await statusOf(token), 200)
  clock.advance(629_000)
  await keelson.later(0)
  assert.equal(await statusOf(token), 200)
  clock.advance(1000)
  await keelson.later(0)
  assert.equal(await statusOf(token), 401)
})

test('a refresh token, a session and an API token are no access tokens', async () => {
  await using opened = await signedIn()
  const { refresh_token: token } = await opened.login('ana')
  assert.equal(await opened.statusOf(token), 401)
  assert.equal(await opened.statusOf(await opened.cookieOf('ana')), 401)
})

test('a token that is believed costs no query and no signature', async () => {
  await using opened = await signedIn()
  const { identity, token, keelson } = opened
  const { accessTokens } = identity.oauth
  const seen = { address: '192.0.2.7' }
  const first = await accessTokens.authenticate(token, seen)
  // Whatever would be asked of the database now is not there.
  await keelson.db.execute('alter table identity.token_family rename to token_family_away')
  assert.deepEqual(await accessTokens.authenticate(token, seen), first)
})
