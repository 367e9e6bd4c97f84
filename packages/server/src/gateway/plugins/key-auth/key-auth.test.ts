import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { accessExchange, accessOf, answerHeader, people } from '../testing/access.ts'
import { configOf, instanceOf } from '../testing/index.ts'
import { keyAuth } from './handler.ts'

const given = people({
  ada: { credentials: [{ kind: 'keyauth_credentials', key: 'k1' }] },
  guest: {},
})

test('defaults', () => {
  assert.deepEqual(configOf(keyAuth), {
    key_names: ['apikey'],
    hide_credentials: false,
    anonymous: null,
    key_in_header: true,
    key_in_query: true,
    key_in_body: false,
    run_on_preflight: true,
    realm: null,
  })
  assert.equal(keyAuth.priority, 1250)
})

const cases: {
  name: string
  config?: object
  headers?: string[]
  query?: string
  method?: string
  is: string
}[] = [
  { name: 'in a header', headers: ['apikey', 'k1'], is: 'ada' },
  { name: 'in a header of another case', headers: ['ApiKey', 'k1'], is: 'ada' },
  { name: 'in the query', query: '?a=b&apikey=k1', is: 'ada' },
  { name: 'encoded in the query', query: '?api%6bey=%6b1', is: 'ada' },
  { name: 'none', is: '401 No API key found in request' },
  { name: 'empty', headers: ['apikey', ''], is: '401 No API key found in request' },
  { name: 'without a value', query: '?apikey', is: '401 No API key found in request' },
  { name: 'unknown', headers: ['apikey', 'k2'], is: '401 Unauthorized' },
  {
    name: 'twice among the headers',
    headers: ['apikey', 'k1', 'apikey', 'k1'],
    is: '401 Duplicate API key found',
  },
  { name: 'twice in the query', query: '?apikey=k1&apikey=k1', is: '401 Duplicate API key found' },
  {
    name: 'a wrong header goes before a right query',
    headers: ['apikey', 'k2'],
    query: '?apikey=k1',
    is: '401 Unauthorized',
  },
  {
    name: 'not looked for among the headers',
    config: { key_in_header: false },
    headers: ['apikey', 'k1'],
    is: '401 No API key found in request',
  },
  {
    name: 'not looked for in the query',
    config: { key_in_query: false },
    query: '?apikey=k1',
    is: '401 No API key found in request',
  },
  {
    name: 'a dash for an underscore',
    config: { key_names: ['x_api_key'] },
    headers: ['X-Api-Key', 'k1'],
    is: 'ada',
  },
  {
    name: 'the second of two names',
    config: { key_names: ['key', 'apikey'] },
    headers: ['apikey', 'k1'],
    is: 'ada',
  },
  {
    name: 'names of objects are no keys',
    headers: ['apikey', '__proto__'],
    is: '401 Unauthorized',
  },
  { name: 'a failure runs as guest', config: { anonymous: 'guest' }, is: 'guest' },
  {
    name: 'a guest nobody knows',
    config: { anonymous: 'nobody' },
    is: "500 anonymous consumer nobody is configured but doesn't exist",
  },
  { name: 'preflights too', method: 'OPTIONS', is: '401 No API key found in request' },
  {
    name: 'not preflights',
    config: { run_on_preflight: false },
    method: 'OPTIONS',
    is: 'nobody',
  },
]

describe('a key', () => {
  for (const { name, config, is, ...asked } of cases) {
    test(name, async () => {
      assert.equal(await accessOf(instanceOf(keyAuth, config), accessExchange(given, asked)), is)
    })
  }
})

const bodies: { type: string; body: string; is: string }[] = [
  { type: 'application/x-www-form-urlencoded', body: 'a=b&apikey=k1', is: 'ada' },
  { type: 'application/json; charset=utf-8', body: '{"apikey":"k1","a":1}', is: 'ada' },
  {
    type: 'multipart/form-data; boundary=x',
    body: '--x\r\ncontent-disposition: form-data; name="apikey"\r\n\r\nk1\r\n--x--\r\n',
    is: 'ada',
  },
  {
    type: 'application/x-www-form-urlencoded',
    body: 'apikey=k1&apikey=k1',
    is: '401 Duplicate API key found',
  },
  { type: 'application/json', body: '{"apikey":["k1"]}', is: '401 Duplicate API key found' },
  { type: 'application/json', body: '{"apikey":1}', is: '401 No API key found in request' },
  { type: 'application/json', body: '[', is: '401 No API key found in request' },
  { type: 'multipart/form-data; boundary=y', body: 'x', is: '401 No API key found in request' },
  { type: 'constructor', body: 'apikey=k1', is: '401 No API key found in request' },
  {
    type: 'application/json',
    body: `{"apikey":"k1","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    is: '401 No API key found in request',
  },
  { type: 'text/plain', body: 'apikey=k1', is: '401 No API key found in request' },
  {
    type: 'application/x-www-form-urlencoded',
    body: `apikey=k1&x=${'x'.repeat(1024 * 1024)}`,
    is: '401 No API key found in request',
  },
]

describe('a key in the body', () => {
  for (const { type, body, is } of bodies) {
    test(`${type}: ${body.slice(0, 40)}`, async () => {
      const asked = { method: 'POST', headers: ['Content-Type', type], body }
      const instance = instanceOf(keyAuth, { key_in_body: true })
      assert.equal(await accessOf(instance, accessExchange(given, asked)), is)
    })
  }
})

describe('hide_credentials', () => {
  const hiding = instanceOf(keyAuth, { hide_credentials: true, key_in_body: true })

  test('takes the key off headers and query', async () => {
    const exchange = accessExchange(given, {
      headers: ['a', 'b', 'Apikey', 'k1'],
      query: '?apikey=k1&a=%62',
    })
    await accessOf(hiding, exchange)
    assert.deepEqual(exchange.request.headers.raw, ['a', 'b'])
    assert.equal(exchange.request.upstreamQuery, '?a=%62')
  })

  for (const [type, body, sent] of [
    ['application/x-www-form-urlencoded', 'a=%62&apikey=k1', 'a=%62'],
    ['application/json', '{"apikey":"k1","a":1}', '{"a":1}'],
  ] as const) {
    test(`takes the key off ${type}`, async () => {
      const asked = { method: 'POST', headers: ['Content-Type', type], body }
      const exchange = accessExchange(given, asked)
      assert.equal(await accessOf(hiding, exchange), 'ada')
      assert.equal(exchange.sentBody?.toString(), sent)
    })
  }

  test('takes the key off a multipart body, whose boundary changes', async () => {
    const part = (name: string, value: string) =>
      `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const exchange = accessExchange(given, {
      method: 'POST',
      headers: ['Content-Type', 'multipart/form-data; boundary=x'],
      body: `${part('apikey', 'k1')}${part('a', 'b')}--x--\r\n`,
    })
    assert.equal(await accessOf(hiding, exchange), 'ada')
    const contentType = exchange.request.headers.get('content-type') ?? ''
    const form = await new Response(new Uint8Array(exchange.sentBody ?? []), {
      headers: { 'content-type': contentType },
    }).formData()
    assert.deepEqual([...form.entries()], [['a', 'b']])
  })
})

describe('with several authentications', () => {
  test('anonymous leaves a request alone that another one has recognised', async () => {
    const exchange = accessExchange(given, { headers: ['apikey', 'wrong'] })
    const [ada] = given.consumers
    exchange.authenticate({ consumer: ada ?? null, credential: { id: 'other', name: null } })
    await accessOf(instanceOf(keyAuth, { anonymous: 'guest' }), exchange)
    assert.equal(exchange.who?.credential?.id, 'other')
  })

  test('without anonymous each must succeed', async () => {
    const exchange = accessExchange(given)
    const [ada] = given.consumers
    exchange.authenticate({ consumer: ada ?? null, credential: { id: 'other', name: null } })
    assert.equal(await accessOf(instanceOf(keyAuth), exchange), '401 No API key found in request')
  })
})

test('says how to authenticate, and by which credential somebody did', async () => {
  const plain = accessExchange(given)
  await accessOf(instanceOf(keyAuth), plain)
  assert.equal(answerHeader(plain, 'WWW-Authenticate'), 'Key')
  const named = accessExchange(given)
  await accessOf(instanceOf(keyAuth, { realm: 'shop' }), named)
  assert.equal(answerHeader(named, 'WWW-Authenticate'), 'Key realm="shop"')
  const known = accessExchange(given, { headers: ['apikey', 'k1'] })
  await accessOf(instanceOf(keyAuth), known)
  const id = 'credential-1-of-ada'
  assert.deepEqual(known.who?.credential, { id, name: id })
})

test('waits for nothing as long as bodies are left alone', () => {
  const exchange = accessExchange(given, { headers: ['apikey', 'k1'] })
  assert.equal(instanceOf(keyAuth).access?.(exchange), undefined)
})
