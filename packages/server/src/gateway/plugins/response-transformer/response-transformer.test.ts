import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configOf, faultsOf, instanceOf, testExchange, testResponse } from '../testing/index.ts'
import { responseTransformer } from './handler.ts'

const transform = async (config: object, headers: string[], body = '') => {
  const response = testResponse({ headers, body })
  await instanceOf(responseTransformer, config).response?.(testExchange(), response)
  return { raw: response.headers.raw, body: (await response.body()).toString() }
}

test('defaults are those of Kong: nothing is changed', () => {
  const names = { json: [], headers: [] }
  const values = { json: [], json_types: [], headers: [] }
  const expected = { remove: names, rename: names, replace: values, add: values, append: values }
  assert.deepEqual(configOf(responseTransformer), expected)
})

test('header fields', async () => {
  const given = ['A', '1', 'B', '2']
  const cases: [config: object, raw: string[]][] = [
    [{ remove: { headers: ['a', 'B:x'] } }, []],
    [{ rename: { headers: ['a:C'] } }, ['C', '1', 'B', '2']],
    [{ replace: { headers: ['a:9', 'z:9'] } }, ['a', '9', 'B', '2']],
    [{ add: { headers: ['a:9', 'z:9'] } }, [...given, 'z', '9']],
    [{ append: { headers: ['a:9', 'z:9'] } }, [...given, 'a', '9', 'z', '9']],
  ]
  for (const [config, raw] of cases) assert.deepEqual((await transform(config, given)).raw, raw)
})

test('JSON fields with their types', async () => {
  const json = ['Content-Type', 'application/json']
  const cases: [config: object, body: string, expected: string][] = [
    [{ remove: { json: ['a'] } }, '{"a":1,"b":2}', '{"b":2}'],
    [{ rename: { json: ['a:c'] } }, '{"a":1}', '{"c":1}'],
    [{ replace: { json: ['a:9', 'z:9'] } }, '{"a":1}', '{"a":"9"}'],
    [
      {
        add: {
          json: ['s:1', 'n:1.5', 'b:true', 'c:no'],
          json_types: ['string', 'number', 'boolean', 'boolean'],
        },
      },
      '{}',
      '{"s":"1","n":1.5,"b":true,"c":false}',
    ],
    [{ add: { json: ['n:x'], json_types: ['number'] } }, '{}', '{}'],
    [
      { append: { json: ['a:2', 'n:3'], json_types: ['number'] } },
      '{"a":[1]}',
      '{"a":[1,2],"n":["3"]}',
    ],
    [{ remove: { json: ['a'] } }, 'no json', 'no json'],
    [{ remove: { json: ['a'] } }, '', ''],
  ]
  for (const [config, body, expected] of cases) {
    assert.equal((await transform(config, json, body)).body, expected, JSON.stringify(config))
  }
})

test('only what is JSON and not compressed is read', async () => {
  const cases: [headers: string[], changed: boolean][] = [
    [['Content-Type', 'application/json; charset=utf-8'], true],
    [['Content-Type', 'text/html, application/json'], true],
    [['Content-Type', 'application/problem+json'], false],
    [['Content-Type', 'text/plain'], false],
    [[], false],
    [['Content-Type', 'application/json', 'Content-Encoding', 'gzip'], false],
  ]
  for (const [headers, changed] of cases) {
    const { body } = await transform({ remove: { json: ['a'] } }, headers, '{"a":1}')
    assert.equal(body, changed ? '{}' : '{"a":1}', headers.join())
  }
})

test('bad names are refused', () => {
  assert.throws(() => configOf(responseTransformer, { add: { headers: ['a'] } }))
  const cases: [config: object, message: string][] = [
    [{ rename: { headers: ['a:b c'] } }, "'b c' is not a valid header"],
    [{ add: { headers: ['a b:c'] } }, "'a b' is not a valid header"],
    [
      { add: { headers: ['Content-Length:5'] } },
      "'Content-Length' frames the message and is set by the gateway alone",
    ],
  ]
  for (const [config, message] of cases) {
    assert.equal(faultsOf(responseTransformer, config)[0]?.message, message)
  }
})
