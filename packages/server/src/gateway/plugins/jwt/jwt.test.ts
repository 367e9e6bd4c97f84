import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import { accessExchange, accessOf, answerHeader, people } from '../testing/access.ts'
import { configOf, faultsOf, instanceOf, testHost, type AskedExchange } from '../testing/index.ts'
import { jwt } from './handler.ts'
import { parseToken } from './token.ts'

const pem = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const ed25519 = generateKeyPairSync('ed25519')

const secret = (key: string, algorithm: 'HS256' | 'HS512', value: string | null) =>
  ({ kind: 'jwt_secrets', key, algorithm, secret: value, rsa_public_key: null }) as const
const published = (key: string, algorithm: 'RS256' | 'ES256' | 'EdDSA', publicKey: KeyObject) =>
  ({ kind: 'jwt_secrets', key, algorithm, secret: 'x', rsa_public_key: pem(publicKey) }) as const

const given = people({
  ada: {
    credentials: [
      ...[secret('ada', 'HS256', 's3cret'), secret('ada512', 'HS512', 's3cret')],
      ...[secret('base64', 'HS256', Buffer.from('s3cret').toString('base64'))],
      ...[secret('empty', 'HS256', null), secret('1', 'HS256', 's3cret')],
      ...[published('rsa', 'RS256', rsa.publicKey), published('p256', 'ES256', p256.publicKey)],
      ...[published('ed', 'EdDSA', ed25519.publicKey), published('odd', 'ES256', p384.publicKey)],
    ],
  },
  guest: {},
})

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const signedBy = (
  claims: object,
  header: { alg: string } & Record<string, unknown>,
  signer: (data: Buffer) => Buffer,
): string => {
  const data = `${encode(header)}.${encode(claims)}`
  return `${data}.${signer(Buffer.from(data)).toString('base64url')}`
}

const hs = (claims: object, alg = 'HS256', key: string | Buffer = 's3cret', header: object = {}) =>
  signedBy(claims, { alg, ...header }, (data) =>
    createHmac(`sha${alg.slice(2)}`, key)
      .update(data)
      .digest(),
  )

const now = Date.parse('2026-01-01T00:00:00Z') / 1000
const clock = () => createManualClock(new Date(now * 1000))
const bearer = (token: string): string[] => ['Authorization', `Bearer ${token}`]
const good = hs({ iss: 'ada' })

test('defaults', () => {
  const { uri_param_names, cookie_names, key_claim_name, header_names, ...rest } = configOf(jwt)
  assert.deepEqual(uri_param_names, ['jwt'])
  assert.deepEqual(cookie_names, [])
  assert.equal(key_claim_name, 'iss')
  assert.deepEqual(header_names, ['authorization'])
  assert.deepEqual(rest, {
    ...{ secret_is_base64: false, claims_to_verify: null, anonymous: null, realm: null },
    ...{ run_on_preflight: true, maximum_expiration: 0 },
    ...{ issuer: null, jwks_uri: null, audience: [], consumer_claim: null, groups_claim: null },
    ...{ algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'], keys_ttl: 600, timeout_ms: 5000 },
    ...{ allow_http: false, allow_internal: false },
  })
  assert.equal(jwt.priority, 1450)
})

test('maximum_expiration needs exp', () => {
  assert.equal(faultsOf(jwt, { maximum_expiration: 60 }).length, 1)
  assert.deepEqual(faultsOf(jwt, { maximum_expiration: 60, claims_to_verify: ['exp'] }), [])
})

const exp = { claims_to_verify: ['exp'] }

const cases: ({ name: string; config?: object; is: string } & AskedExchange)[] = [
  { name: 'in a header', headers: bearer(good), is: 'ada' },
  { name: 'in the query', query: `?jwt=${good}`, is: 'ada' },
  {
    name: 'in a cookie',
    config: { cookie_names: ['token'] },
    headers: ['Cookie', `token=${good}`],
    is: 'ada',
  },
  { name: 'the same twice', headers: bearer(good), query: `?jwt=${good}`, is: 'ada' },
  {
    name: 'two different ones',
    headers: bearer(good),
    query: `?jwt=${hs({ iss: 'eve' })}`,
    is: '401 Multiple tokens provided',
  },
  { name: 'none', is: '401 Unauthorized' },
  { name: 'another scheme', headers: ['Authorization', 'Basic x'], is: '401 Unauthorized' },
  { name: 'no token', headers: bearer('x'), is: '401 Bad token; invalid JSON' },
  { name: 'no base64', headers: bearer('x.%.y'), is: '401 Bad token; invalid JSON' },
  {
    name: 'no algorithm',
    headers: bearer(`${encode({})}.${encode({})}.`),
    is: '401 Bad token; invalid alg',
  },
  {
    name: 'the algorithm none',
    headers: bearer(`${encode({ alg: 'none' })}.${encode({ iss: 'ada' })}.`),
    is: '401 Bad token; invalid alg',
  },
  {
    name: 'an extension that must be understood',
    headers: bearer(
      `${encode({ alg: 'HS256', crit: ['exp'] })}.${good.split('.').slice(1).join('.')}`,
    ),
    is: '401 Bad token; invalid crit',
  },
  {
    name: 'a signature that is none',
    headers: bearer(`${good}.x`),
    is: '401 Bad token; invalid signature',
  },
  { name: 'no issuer', headers: bearer(hs({})), is: "401 No mandatory 'iss' in claims" },
  { name: 'an empty issuer', headers: bearer(hs({ iss: '' })), is: "401 Invalid 'iss' in claims" },
  { name: 'an odd issuer', headers: bearer(hs({ iss: [] })), is: "401 Invalid 'iss' in claims" },
  { name: 'an issuer that is a number', headers: bearer(hs({ iss: 1 })), is: 'ada' },
  {
    name: 'an unknown issuer',
    headers: bearer(hs({ iss: 'eve' })),
    is: "401 No credentials found for given 'iss'",
  },
  {
    name: 'the key in the header of the token',
    config: { key_claim_name: 'kid' },
    headers: bearer(hs({}, 'HS256', 's3cret', { kid: 'ada' })),
    is: 'ada',
  },
  {
    name: 'what all objects have is no claim',
    config: { key_claim_name: 'constructor' },
    headers: bearer(good),
    is: "401 No mandatory 'constructor' in claims",
  },
  {
    name: 'another secret',
    headers: bearer(hs({ iss: 'ada' }, 'HS256', 'guess')),
    is: '401 Invalid signature',
  },
  {
    name: 'another algorithm',
    headers: bearer(hs({ iss: 'ada512' })),
    is: '401 Invalid algorithm',
  },
  { name: 'HS512', headers: bearer(hs({ iss: 'ada512' }, 'HS512')), is: 'ada' },
  { name: 'no secret', headers: bearer(hs({ iss: 'empty' })), is: '401 Invalid key/secret' },
  {
    name: 'a secret in base64',
    config: { secret_is_base64: true },
    headers: bearer(hs({ iss: 'base64' })),
    is: 'ada',
  },
  {
    name: 'RS256',
    headers: bearer(
      signedBy({ iss: 'rsa' }, { alg: 'RS256' }, (data) => sign('sha256', data, rsa.privateKey)),
    ),
    is: 'ada',
  },
  {
    name: 'a public key as a secret',
    headers: bearer(hs({ iss: 'rsa' }, 'HS256', pem(rsa.publicKey))),
    is: '401 Invalid algorithm',
  },
  {
    name: 'ES256',
    headers: bearer(
      signedBy({ iss: 'p256' }, { alg: 'ES256' }, (data) =>
        sign('sha256', data, { key: p256.privateKey, dsaEncoding: 'ieee-p1363' }),
      ),
    ),
    is: 'ada',
  },
  {
    name: 'ES256 by another curve',
    headers: bearer(
      signedBy({ iss: 'odd' }, { alg: 'ES256' }, (data) =>
        sign('sha256', data, { key: p384.privateKey, dsaEncoding: 'ieee-p1363' }),
      ),
    ),
    is: '401 Invalid signature',
  },
  {
    name: 'EdDSA',
    headers: bearer(
      signedBy({ iss: 'ed' }, { alg: 'EdDSA' }, (data) => sign(null, data, ed25519.privateKey)),
    ),
    is: 'ada',
  },
  {
    name: 'exp is missing',
    config: exp,
    headers: bearer(good),
    is: '401 {"exp":"must be a number"}',
  },
  {
    name: 'exp is over',
    config: exp,
    headers: bearer(hs({ iss: 'ada', exp: now })),
    is: '401 {"exp":"token expired"}',
  },
  {
    name: 'exp is ahead',
    config: exp,
    headers: bearer(hs({ iss: 'ada', exp: now + 1 })),
    is: 'ada',
  },
  {
    name: 'both are wrong',
    config: { claims_to_verify: ['exp', 'nbf'] },
    headers: bearer(hs({ iss: 'ada', exp: now - 1, nbf: now + 1 })),
    is: '401 {"exp":"token expired","nbf":"token not valid yet"}',
  },
  {
    name: 'exp is too far ahead',
    config: { ...exp, maximum_expiration: 60 },
    headers: bearer(hs({ iss: 'ada', exp: now + 61 })),
    is: '401 {"exp":"exceeds maximum allowed expiration"}',
  },
  { name: 'anonymous', config: { anonymous: 'guest' }, is: 'guest' },
  { name: 'preflights', config: { run_on_preflight: false }, method: 'OPTIONS', is: 'nobody' },
]

describe('a token', () => {
  for (const { name, config, is, ...asked } of cases) {
    test(name, async () => {
      const instance = instanceOf(jwt, config, testHost({ clock: clock() }))
      assert.equal(await accessOf(instance, accessExchange(given, asked)), is)
    })
  }

  test('is answered with how to do better, in JSON', async () => {
    for (const [realm, headers, challenge] of [
      [null, [], 'Bearer'],
      [null, bearer('x'), 'Bearer error="invalid_token"'],
      ['shop', [], 'Bearer realm="shop"'],
      ['shop', bearer('x'), 'Bearer realm="shop", error="invalid_token"'],
    ] as const) {
      const exchange = accessExchange(given, { headers: [...headers] })
      await accessOf(instanceOf(jwt, { realm }), exchange)
      assert.equal(answerHeader(exchange, 'WWW-Authenticate'), challenge)
      assert.equal(answerHeader(exchange, 'Content-Type'), 'application/json; charset=utf-8')
    }
  })

  test('is taken apart or refused, whatever it is', () => {
    const part = fc.oneof(
      fc.base64String(),
      fc.string(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const parsed = parseToken(parts.join('.'))
        assert.ok(typeof parsed === 'string' || parsed.algorithm.length > 0)
      }),
    )
  })
})
