import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { accessExchange, accessOf, answerHeader, passwordOf, people } from '../testing/access.ts'
import { configOf, instanceOf } from '../testing/index.ts'
import { readBasic } from './credentials.ts'
import { basicAuth } from './handler.ts'

const kongPassword = `sha1:${createHash('sha1').update('opensesameid-of-bob').digest('hex')}`

const given = people({
  ada: {
    credentials: [
      { kind: 'basicauth_credentials', username: 'ada', password: passwordOf('ada', 'p:w') },
    ],
  },
  bob: {
    credentials: [{ kind: 'basicauth_credentials', username: 'bob', password: kongPassword }],
  },
  guest: {},
})

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

test('defaults', () => {
  assert.deepEqual(configOf(basicAuth), {
    anonymous: null,
    hide_credentials: false,
    realm: 'service',
  })
  assert.equal(basicAuth.priority, 1100)
})

const cases: { name: string; config?: object; headers: string[]; is: string }[] = [
  { name: 'a colon in the password', headers: ['Authorization', basic('ada:p:w')], is: 'ada' },
  { name: "a hash of Kong's", headers: ['Authorization', basic('bob:opensesame')], is: 'bob' },
  {
    name: 'the scheme in another case',
    headers: ['Authorization', basic('bob:opensesame').replace('Basic', 'bAsIc')],
    is: 'bob',
  },
  { name: 'for a proxy', headers: ['Proxy-Authorization', basic('ada:p:w')], is: 'ada' },
  {
    name: 'for a proxy and nobody there',
    headers: ['Proxy-Authorization', basic('eve:x'), 'Authorization', basic('ada:p:w')],
    is: 'ada',
  },
  {
    name: 'for a proxy and wrong',
    headers: ['Proxy-Authorization', basic('bob:x'), 'Authorization', basic('ada:p:w')],
    is: '401 Unauthorized',
  },
  { name: 'nothing', headers: [], is: '401 Unauthorized' },
  { name: 'a wrong password', headers: ['Authorization', basic('ada:x')], is: '401 Unauthorized' },
  { name: 'an unknown name', headers: ['Authorization', basic('eve:x')], is: '401 Unauthorized' },
  { name: 'another scheme', headers: ['Authorization', 'Bearer x'], is: '401 Unauthorized' },
  { name: 'no base64', headers: ['Authorization', 'Basic a_b-'], is: '401 Unauthorized' },
  { name: 'anonymous', config: { anonymous: 'guest' }, headers: [], is: 'guest' },
]

describe('name and password', () => {
  for (const { name, config, headers, is } of cases) {
    test(name, async () => {
      const exchange = accessExchange(given, { headers })
      assert.equal(await accessOf(instanceOf(basicAuth, config), exchange), is)
    })
  }
})

test('says how to authenticate', async () => {
  const exchange = accessExchange(given)
  await accessOf(instanceOf(basicAuth), exchange)
  assert.equal(answerHeader(exchange, 'WWW-Authenticate'), 'Basic realm="service"')
})

test('hide_credentials takes the header away, also from those who fail', async () => {
  const hiding = instanceOf(basicAuth, { hide_credentials: true, anonymous: 'guest' })
  for (const password of ['p:w', 'wrong']) {
    const exchange = accessExchange(given, { headers: ['Authorization', basic(`ada:${password}`)] })
    await accessOf(hiding, exchange)
    assert.equal(exchange.request.headers.has('authorization'), false)
  }
})

describe('the header', () => {
  const cases: [value: string, read: ReturnType<typeof readBasic>][] = [
    [basic('a:b'), { username: 'a', password: 'b' }],
    ['  basic\tYTo=  ', { username: 'a', password: '' }],
    ['Basic YTpi', { username: 'a', password: 'b' }],
    [basic('ä:ö'), { username: 'ä', password: 'ö' }],
    [basic(':b'), null],
    [basic('ab'), null],
    ['Basic', null],
    ['Basic ', null],
    ['Basic =', null],
    ['Basic YTpi YTpi', null],
    ['Basically YTpi', null],
    ['x Basic YTpi', null],
  ]
  for (const [value, read] of cases) {
    test(JSON.stringify(value), () => assert.deepEqual(readBasic(value), read))
  }

  test('any name without a colon and any password come back', () => {
    const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !text.includes(':'))
    fc.assert(
      fc.property(name, fc.string({ unit: 'grapheme' }), (username, password) => {
        assert.deepEqual(readBasic(basic(`${username}:${password}`)), { username, password })
      }),
    )
  })

  test('anything else is read or refused, and never throws', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void readBasic(`Basic ${text}`)))
  })
})
