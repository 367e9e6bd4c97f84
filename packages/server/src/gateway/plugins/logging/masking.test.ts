import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HeaderList } from '../../proxy/header-list.ts'
import { isSecretName, shownHeaders, shownParameters, shownTarget } from './masking.ts'

const names: [name: string, isSecret: boolean][] = [
  ['Authorization', true],
  ['Proxy-Authorization', true],
  ['Cookie', true],
  ['Set-Cookie', true],
  ['apikey', true],
  ['X-Api-Key', true],
  ['x_api_key', true],
  ['ApiKey-Of-Shop', true],
  ['access_token', true],
  ['accessToken', true],
  ['client_secret', true],
  ['X-Auth-Token', true],
  ['password', true],
  ['jwt', true],
  ['X-Amz-Signature', true],
  ['Host', false],
  ['User-Agent', false],
  ['Idempotency-Key', false],
  ['X-Credential-Identifier', false],
  ['Access-Control-Allow-Credentials', false],
  ['keyboard', false],
  ['author', false],
  ['monkey', false],
]

describe('a credential by its name:', () => {
  for (const [name, isSecret] of names) {
    test(`${name}: ${isSecret ? 'yes' : 'no'}`, () => assert.equal(isSecretName(name), isSecret))
  }
})

test('headers by lower-case name, several as a list', () => {
  const headers = new HeaderList([
    ...['Accept', 'a', 'accept', 'b', 'ACCEPT', 'c', 'Cookie', 'session=1', 'apikey', 'k'],
    ...['Referer', 'https://shop.example/?token=t&a=b', '__proto__', 'x'],
  ])
  assert.deepEqual(
    Object.entries(shownHeaders(headers)),
    Object.entries({
      accept: ['a', 'b', 'c'],
      cookie: 'REDACTED',
      apikey: 'REDACTED',
      referer: 'https://shop.example/?token=REDACTED&a=b',
      ['__proto__']: 'x',
    }),
  )
})

const targets: [target: string, shown: string][] = [
  ['/', '/'],
  ['/a?b=c', '/a?b=c'],
  ['/a?', '/a?'],
  ['/a?apikey=k&b=c', '/a?apikey=REDACTED&b=c'],
  ['/a?api%6bey=k', '/a?api%6bey=REDACTED'],
  ['/a?apikey', '/a?apikey'],
  ['/a?b=%zz&token=x&token=y', '/a?b=%zz&token=REDACTED&token=REDACTED'],
]

describe('a target', () => {
  for (const [target, shown] of targets) {
    test(target, () => assert.equal(shownTarget(target), shown))
  }
})

test('parameters as Kong shows them', () => {
  assert.deepEqual(
    { ...shownParameters('?a=b&c&d=1&d=2&e=x+y%21&apikey=k&__proto__=p') },
    { a: 'b', c: true, d: ['1', '2'], e: 'x y!', apikey: 'REDACTED', ['__proto__']: 'p' },
  )
  assert.deepEqual({ ...shownParameters('') }, {})
})
