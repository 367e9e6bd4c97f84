import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatHttpDate } from './http-date.ts'
import { aRequest, aStored, keptOrNot, nowMs, type AskedAnswer } from './testing/stored.ts'

const fresh = ['Cache-Control', 'max-age=60']
const cacheControl = (text: string): string[] => ['Cache-Control', text]
const authorized = aRequest(['Authorization', 'Basic x'])

const cases: readonly [about: string, asked: AskedAnswer, kept: boolean][] = [
  ['told how long', { fields: fresh }, true],
  ['told nothing', {}, false],
  ['to be validated', { fields: ['ETag', '"a"'] }, true],
  ['no-cache, to be validated', { fields: [...cacheControl('no-cache'), 'ETag', '"a"'] }, true],
  ['no-cache, without a validator', { fields: cacheControl('no-cache') }, false],
  ['no-store', { fields: cacheControl('max-age=60, no-store') }, false],
  ['private', { fields: cacheControl('max-age=60, private') }, false],
  ['private in one field', { fields: cacheControl('max-age=60, private="x"') }, true],
  ['authorized', { fields: fresh, request: authorized }, false],
  ['authorized, public', { fields: cacheControl('max-age=60, public'), request: authorized }, true],
  ['authorized, s-maxage', { fields: cacheControl('s-maxage=60'), request: authorized }, true],
  [
    'authorized, must-revalidate',
    { fields: cacheControl('max-age=60, must-revalidate'), request: authorized },
    true,
  ],
  ['varies by anything', { fields: [...fresh, 'Vary', '*'] }, false],
  ['a failure that says how long', { status: 503, fields: fresh }, true],
  ['an unknown status', { status: 599, fields: fresh }, true],
  [
    'one that must be understood',
    { status: 599, fields: cacheControl('max-age=60, must-understand') },
    false,
  ],
  ['one that is', { fields: cacheControl('max-age=60, no-store, must-understand') }, true],
  ['a 304', { status: 304, fields: fresh }, false],
  ['a part', { status: 206, fields: [...fresh, 'Content-Range', 'bytes 0-9/20'] }, true],
  ['several parts', { status: 206, fields: fresh }, false],
  ['a cookie and a lifetime', { fields: [...fresh, 'Set-Cookie', 'a=b'] }, false],
  [
    'a cookie and a guess',
    { fields: ['Last-Modified', formatHttpDate(nowMs - 9e7), 'Set-Cookie', 'a=b'] },
    false,
  ],
  [
    'a cookie and a lifetime, where they are kept',
    { fields: [...fresh, 'Set-Cookie', 'a=b'], policy: { storeSetCookie: true } },
    true,
  ],
]

void test('what may be kept', () => {
  for (const [about, asked, kept] of cases) {
    const found = keptOrNot(asked)
    assert.equal(
      typeof found !== 'string',
      kept,
      `${about}: ${typeof found === 'string' ? found : 'kept'}`,
    )
  }
})

void test('fields of one connection, one proxy, or withheld ones are left out', () => {
  const { headers } = aStored({
    fields: [
      ...['Cache-Control', 'max-age=60, no-cache="Secret"', 'Secret', '1', 'Age', '5'],
      ...['Proxy-Authenticate', 'x', 'Keep-Alive', 'x', 'Content-Length', '10', 'A', '1'],
    ],
  })
  assert.deepEqual(headers, [
    ...['Cache-Control', 'max-age=60, no-cache="Secret"', 'A', '1'],
    ...['Date', formatHttpDate(nowMs)],
  ])
})

void test('groups come from both fields, within bounds', () => {
  const many = Array.from({ length: 500 }, (_, at) => `t${at}`).join(' ')
  const { tags } = aStored({
    fields: [...fresh, 'Cache-Tag', `a, b c,${'x'.repeat(300)}`, 'Surrogate-Key', `b ${many}`],
  })
  assert.deepEqual(tags.slice(0, 4), ['a', 'b c', 'b', 't0'])
  assert.equal(tags.length, 128)
})
