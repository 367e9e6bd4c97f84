import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import { accessExchange, accessOf, answerHeader, people } from '../testing/access.ts'
import { configOf, instanceOf, testHost, type AskedExchange } from '../testing/index.ts'
import { hmacAuth } from './handler.ts'
import { readHmac } from './signature.ts'

const given = people({
  bob: { credentials: [{ kind: 'hmacauth_credentials', username: 'bob', secret: 'secret' }] },
  guest: {},
})

const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
const old = 'Wed, 31 Dec 2025 00:00:00 GMT'
const host = () => testHost({ clock: createManualClock(new Date('2026-01-01T00:00:00Z')) })

const sign = (text: string, algorithm = 'sha256', secret = 'secret'): string =>
  createHmac(algorithm, secret).update(text).digest('base64')

const header = (
  headers: string,
  signature: string,
  { username = 'bob', algorithm = 'hmac-sha256' } = {},
): string =>
  `hmac username="${username}", algorithm="${algorithm}", headers="${headers}", signature="${signature}"`

const dated = (authorization: string): string[] => ['Date', date, 'Authorization', authorization]
const good = dated(header('date', sign(`date: ${date}`)))

test('defaults', () => {
  assert.deepEqual(configOf(hmacAuth), {
    hide_credentials: false,
    clock_skew: 300,
    anonymous: null,
    validate_request_body: false,
    enforce_headers: [],
    algorithms: ['hmac-sha1', 'hmac-sha256', 'hmac-sha384', 'hmac-sha512'],
    realm: null,
  })
  assert.equal(hmacAuth.priority, 1030)
})

const undated =
  '401 HMAC signature cannot be verified, a valid date or x-date header is required for HMAC Authentication'
const unverifiable = '401 HMAC signature cannot be verified'
const different = '401 HMAC signature does not match'

const cases: ({ name: string; config?: object; is: string } & AskedExchange)[] = [
  { name: 'of the date', headers: good, is: 'bob' },
  {
    name: 'of the date and the request line',
    method: 'POST',
    path: '/orders',
    query: '?a=b',
    headers: dated(header('date request-line', sign(`date: ${date}\nPOST /orders?a=b HTTP/1.1`))),
    is: 'bob',
  },
  {
    name: 'of the request target',
    path: '/Orders',
    headers: dated(header('@request-target', sign('@request-target: get /Orders'))),
    is: 'bob',
  },
  {
    name: 'of the host, which is no ordinary field here',
    headers: dated(header('host', sign('host: example.test'))),
    is: 'bob',
  },
  {
    name: 'of a header that is not there',
    headers: dated(header('x-none', sign('x-none:'))),
    is: 'bob',
  },
  {
    name: 'by SHA-512',
    headers: dated(header('date', sign(`date: ${date}`, 'sha512'), { algorithm: 'hmac-sha512' })),
    is: 'bob',
  },
  {
    name: 'in Proxy-Authorization',
    headers: ['X-Date', date, 'Proxy-Authorization', header('x-date', sign(`x-date: ${date}`))],
    is: 'bob',
  },
  { name: 'nothing', headers: [], is: '401 Unauthorized' },
  { name: 'no date', headers: good.slice(2), is: undated },
  {
    name: 'an old date',
    headers: ['Date', 'Wed, 31 Dec 2025 23:54:59 GMT', ...good.slice(2)],
    is: undated,
  },
  {
    name: 'a date that is none',
    headers: ['Date', '2026-01-01', ...good.slice(2)],
    is: undated,
  },
  {
    name: 'a date of another form',
    headers: [
      ...['Date', 'Thu Jan  1 00:00:00 2026'],
      ...['Authorization', header('date', sign('date: Thu Jan  1 00:00:00 2026'))],
    ],
    is: 'bob',
  },
  {
    name: 'an old date that is signed, beside a new one that is not',
    headers: ['X-Date', date, 'Date', old, 'Authorization', header('date', sign(`date: ${old}`))],
    is: undated,
  },
  {
    name: 'a date that is signed, beside an old one that is not',
    headers: [...good, 'X-Date', old],
    is: 'bob',
  },
  {
    name: 'a field that comes twice, as draft-cavage joins it',
    headers: ['X-A', '1', 'X-A', '2', ...dated(header('x-a', sign('x-a: 1, 2')))],
    is: 'bob',
  },
  {
    name: 'only the first of two fields',
    headers: ['X-A', '1', 'X-A', '2', ...dated(header('x-a', sign('x-a: 1')))],
    is: different,
  },
  { name: 'another scheme', headers: dated('Basic x'), is: unverifiable },
  {
    name: 'an unknown name',
    headers: dated(header('date', sign(`date: ${date}`), { username: 'eve' })),
    is: unverifiable,
  },
  {
    name: 'an unknown algorithm',
    headers: dated(header('date', sign(`date: ${date}`), { algorithm: 'hmac-md5' })),
    is: unverifiable,
  },
  {
    name: 'an algorithm that is not allowed',
    config: { algorithms: ['hmac-sha512'] },
    headers: good,
    is: unverifiable,
  },
  {
    name: 'a header that must be signed',
    config: { enforce_headers: ['host'] },
    headers: good,
    is: unverifiable,
  },
  {
    name: 'another secret',
    headers: dated(header('date', sign(`date: ${date}`, 'sha256', 'guess'))),
    is: different,
  },
  { name: 'no base64', headers: dated(header('date', '%')), is: different },
  { name: 'anonymous', config: { anonymous: 'guest' }, headers: [], is: 'guest' },
]

describe('a signature', () => {
  for (const { name, config, is, ...asked } of cases) {
    test(name, async () => {
      const exchange = accessExchange(given, asked)
      assert.equal(await accessOf(instanceOf(hmacAuth, config, host()), exchange), is)
    })
  }
})

describe('validate_request_body', () => {
  const digest = (body: string) => `SHA-256=${createHash('sha256').update(body).digest('base64')}`
  const cases: {
    name: string
    body: string
    digest?: string
    unsigned?: boolean
    is: string
  }[] = [
    { name: 'the right digest', body: 'hello', digest: digest('hello'), is: 'bob' },
    { name: 'no body and no digest', body: '', is: 'bob' },
    { name: 'another body', body: 'hallo', digest: digest('hello'), is: different },
    {
      name: 'the right digest, which nobody has signed',
      ...{ body: 'hello', digest: digest('hello'), unsigned: true, is: different },
    },
    { name: 'no digest', body: 'hello', is: different },
    { name: 'a digest of strange letters', body: 'hello', digest: 'ü', is: different },
  ]
  for (const { name, body, digest, unsigned = false, is } of cases) {
    test(name, async () => {
      const signed = dated(
        header('date digest', sign(`date: ${date}\ndigest: ${digest ?? ''}`), {}),
      )
      const headers =
        digest === undefined ? good : [...(unsigned ? good : signed), 'Digest', digest]
      const exchange = accessExchange(given, { method: 'POST', headers, body })
      const instance = instanceOf(hmacAuth, { validate_request_body: true }, host())
      assert.equal(await accessOf(instance, exchange), is)
    })
  }
})

test('says how to authenticate, and hides the credential', async () => {
  const refused = accessExchange(given)
  await accessOf(instanceOf(hmacAuth, { realm: 'shop' }, host()), refused)
  assert.equal(answerHeader(refused, 'WWW-Authenticate'), 'hmac realm="shop"')
  const exchange = accessExchange(given, { headers: good })
  await accessOf(instanceOf(hmacAuth, { hide_credentials: true }, host()), exchange)
  assert.deepEqual(exchange.request.headers.raw, ['Date', date])
})

describe('the header', () => {
  const read = { username: 'bob', algorithm: 'hmac-sha1', headers: ['a', 'b'], signature: 'xy=' }
  const cases: [value: string, read: ReturnType<typeof readHmac>][] = [
    ['hmac username="bob", algorithm="hmac-sha1", headers="a b", signature="xy="', read],
    ['Hmac username="bob",algorithm="hmac-sha1",headers="a b",signature="xy="', read],
    ['hmac signature="xy=", headers="a b", algorithm="hmac-sha1", username="bob"', read],
    ['hmac username="bob", algorithm="hmac-sha1", headers="a b"', null],
    ['hmac username="bob", username="eve", algorithm="a", headers="a", signature="x"', null],
    ['hmac username="bob" algorithm="a", headers="a", signature="x"', null],
    ['hmac username="bob', null],
    ['hmac', null],
  ]
  for (const [value, read] of cases) {
    test(value, () => assert.deepEqual(readHmac(value), read))
  }

  test('anything is read or refused, and never throws', () => {
    const part = fc.constantFrom('username', 'headers', '="', '"', ',', ' ', '=', 'x', 'signature')
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const found = readHmac(`hmac ${parts.join('')}`)
        assert.ok(found === null || found.username !== '')
      }),
    )
  })
})
