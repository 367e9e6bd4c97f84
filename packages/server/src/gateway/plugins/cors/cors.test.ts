import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { configOf, faultsOf, instanceOf, testExchange, testResponse } from '../testing/index.ts'
import { cors } from './handler.ts'
import { normalOrigin } from './origins.ts'

test('defaults', () => {
  assert.deepEqual(configOf(cors), {
    origins: null,
    headers: null,
    exposed_headers: null,
    methods: ['GET', 'HEAD', 'PUT', 'PATCH', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'],
    max_age: null,
    credentials: false,
    private_network: false,
    preflight_continue: false,
    allow_origin_absent: true,
  })
  assert.equal(cors.priority, 2000)
})

test('refuses what RE2 cannot do, by its place', () => {
  assert.deepEqual(faultsOf(cors, { origins: ['*', 'a.example', '(.*)\\.example'] }), [])
  const [fault] = faultsOf(cors, { origins: ['ok.example', '(?<=x)y'] })
  assert.deepEqual(fault?.path, ['origins', 1])
})

const shop = 'https://shop.example'
const others = ['https://other.example', shop]

const answers: { name: string; config: object; origin?: string; adds: string[] }[] = [
  { name: 'all', config: {}, origin: shop, adds: ['Access-Control-Allow-Origin', '*'] },
  { name: 'all without Origin', config: {}, adds: ['Access-Control-Allow-Origin', '*'] },
  {
    name: 'only with Origin',
    config: { allow_origin_absent: false },
    adds: [],
  },
  {
    name: 'one plain origin, whoever asks',
    config: { origins: ['other.example'] },
    origin: shop,
    adds: ['Vary', 'Origin', 'Access-Control-Allow-Origin', 'other.example'],
  },
  {
    name: 'one of several',
    config: { origins: others },
    origin: shop,
    adds: ['Vary', 'Origin', 'Access-Control-Allow-Origin', shop],
  },
  {
    name: 'the usual port',
    config: { origins: others },
    origin: `${shop}:443`,
    adds: ['Vary', 'Origin', 'Access-Control-Allow-Origin', shop],
  },
  {
    name: 'none of several',
    config: { origins: others },
    origin: 'https://evil.example',
    adds: ['Vary', 'Origin'],
  },
  { name: 'several without Origin', config: { origins: others }, adds: ['Vary', 'Origin'] },
  {
    name: 'a regex of hosts',
    config: { origins: ['(.*)\\.example'] },
    origin: shop,
    adds: ['Vary', 'Origin', 'Access-Control-Allow-Origin', shop],
  },
  {
    name: 'a regex is anchored at its end',
    config: { origins: ['(.*)\\.example'] },
    origin: 'https://shop.example.evil',
    adds: ['Vary', 'Origin'],
  },
  {
    name: 'a regex is anchored at its start',
    config: { origins: ['shop\\.example|x'] },
    origin: 'https://evilshop.example',
    adds: ['Vary', 'Origin'],
  },
  {
    name: 'a regex of origins',
    config: { origins: ['^https?://shop\\.example(:\\d+)?$'] },
    origin: 'http://shop.example:8080',
    adds: ['Vary', 'Origin', 'Access-Control-Allow-Origin', 'http://shop.example:8080'],
  },
  {
    name: 'a star among others',
    config: { origins: ['https://other.example', '*'] },
    origin: shop,
    adds: ['Vary', 'Origin', 'Access-Control-Allow-Origin', '*'],
  },
  {
    name: 'all with credentials',
    config: { credentials: true },
    origin: shop,
    adds: [
      ...['Access-Control-Allow-Origin', shop, 'Vary', 'Origin'],
      ...['Access-Control-Allow-Credentials', 'true'],
    ],
  },
  {
    name: 'all with credentials, without Origin',
    config: { credentials: true },
    adds: ['Access-Control-Allow-Origin', '*'],
  },
  {
    name: 'exposed headers',
    config: { exposed_headers: ['x-a', 'x-b'] },
    origin: shop,
    adds: ['Access-Control-Allow-Origin', '*', 'Access-Control-Expose-Headers', 'x-a,x-b'],
  },
]

describe('an answer', () => {
  for (const { name, config, origin, adds } of answers) {
    test(name, async () => {
      const exchange = testExchange({ headers: origin === undefined ? [] : ['Origin', origin] })
      const response = testResponse()
      const instance = instanceOf(cors, config)
      await instance.access?.(exchange)
      await instance.response?.(exchange, response)
      assert.deepEqual(response.headers.raw, adds)
      assert.equal(exchange.answer, null)
    })
  }

  test('replaces what the service says of itself, and keeps its Vary', async () => {
    const response = testResponse({
      headers: ['Vary', 'Accept', 'Access-Control-Allow-Origin', 'https://evil.example'],
    })
    const exchange = testExchange({ headers: ['Origin', 'https://evil.example'] })
    await instanceOf(cors, { origins: others }).response?.(exchange, response)
    assert.deepEqual(response.headers.raw, ['Vary', 'Accept', 'Vary', 'Origin'])
  })
})

const methods = 'GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS,TRACE,CONNECT'

const preflights: { name: string; config: object; headers?: string[]; answer: string[] }[] = [
  {
    name: 'of everybody',
    config: {},
    answer: ['Access-Control-Allow-Origin', '*', 'Access-Control-Allow-Methods', methods],
  },
  {
    name: 'allows the headers it asks for',
    config: {},
    headers: ['Access-Control-Request-Headers', 'x-a, x-b'],
    answer: [
      ...['Access-Control-Allow-Origin', '*', 'Access-Control-Allow-Headers', 'x-a, x-b'],
      ...['Access-Control-Allow-Methods', methods],
    ],
  },
  {
    name: 'with everything configured',
    config: {
      ...{ origins: others, headers: ['x-a', 'x-c'], methods: ['GET', 'POST'] },
      ...{ max_age: 3600, credentials: true, private_network: true },
    },
    headers: [
      ...['Access-Control-Request-Headers', 'x-b'],
      ...['Access-Control-Request-Private-Network', 'true'],
    ],
    answer: [
      ...['Vary', 'Origin', 'Access-Control-Allow-Origin', shop],
      ...['Access-Control-Allow-Credentials', 'true', 'Access-Control-Allow-Headers', 'x-a,x-c'],
      ...['Access-Control-Allow-Methods', 'GET,POST', 'Access-Control-Max-Age', '3600'],
      ...['Access-Control-Allow-Private-Network', 'true'],
    ],
  },
]

describe('a preflight', () => {
  for (const { name, config, headers = [], answer } of preflights) {
    test(name, async () => {
      const exchange = testExchange({
        method: 'OPTIONS',
        headers: ['Origin', shop, 'Access-Control-Request-Method', 'POST', ...headers],
      })
      const instance = instanceOf(cors, config)
      await instance.access?.(exchange)
      assert.deepEqual(exchange.answer, { status: 200, headers: answer, body: null })
      const response = testResponse({ source: 'gateway' })
      await instance.response?.(exchange, response)
      assert.deepEqual(response.headers.raw, [])
    })
  }

  test('goes on to the service, whose headers count', async () => {
    const instance = instanceOf(cors, { preflight_continue: true })
    const exchange = testExchange({
      method: 'OPTIONS',
      headers: ['Origin', shop, 'Access-Control-Request-Method', 'POST'],
    })
    const response = testResponse()
    await instance.access?.(exchange)
    await instance.response?.(exchange, response)
    assert.equal(exchange.answer, null)
    assert.deepEqual(response.headers.raw, [])
  })

  for (const headers of [
    ['Origin', shop],
    ['Access-Control-Request-Method', 'GET'],
  ]) {
    test(`is none with ${headers[0]} alone`, async () => {
      const exchange = testExchange({ method: 'OPTIONS', headers })
      await instanceOf(cors).access?.(exchange)
      assert.equal(exchange.answer, null)
    })
  }
})

describe('an origin', () => {
  const cases: [text: string, origin: string, host: string][] = [
    ['https://a.example', 'https://a.example', 'a.example'],
    ['https://a.example:443/path', 'https://a.example', 'a.example'],
    ['http://a.example:443', 'http://a.example:443', 'a.example'],
    ['http://[::1]:80', 'http://[::1]', '[::1]'],
    ['http://[::1]', 'http://[::1]', '[::1]'],
    ['https://user@a.example?x', 'https://a.example', 'a.example'],
    ['a.example', 'a.example', 'a.example'],
    ['null', 'null', 'null'],
  ]
  for (const [text, origin, host] of cases) {
    test(text, () => assert.deepEqual(normalOrigin(text), { origin, host }))
  }
})
