import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Consumer } from '../../config/model.ts'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  type AskedExchange,
  type TestExchange,
} from '../testing/index.ts'
import { requestTransformer } from './handler.ts'

const transform = async (config: object, asked: AskedExchange = {}): Promise<TestExchange> => {
  const exchange = testExchange(asked)
  await instanceOf(requestTransformer, config).access?.(exchange)
  return exchange
}

test('defaults are those of Kong: nothing is changed', async () => {
  const nothing = { headers: [], querystring: [], body: [] }
  assert.deepEqual(configOf(requestTransformer), {
    remove: nothing,
    rename: nothing,
    replace: nothing,
    add: nothing,
    append: nothing,
  })
  const exchange = await transform({}, { query: '?b=%20&a', headers: ['A', '1'] })
  assert.equal(exchange.request.upstreamQuery, '?b=%20&a')
  assert.deepEqual(exchange.request.headers.raw, ['A', '1'])
})

test('header fields', async () => {
  const given = ['X-A', '1', 'X-B', '2', 'x-a', '3']
  const cases: [config: object, raw: string[]][] = [
    [{ remove: { headers: ['x-a'] } }, ['X-B', '2']],
    [{ rename: { headers: ['x-a:X-C'] } }, ['X-C', '1', 'X-B', '2', 'X-C', '3']],
    [{ rename: { headers: ['X-A:x-b'] } }, ['x-b', '1', 'x-b', '3']],
    [{ rename: { headers: ['X-B:x-b'] } }, ['X-A', '1', 'x-b', '2', 'x-a', '3']],
    [{ replace: { headers: ['x-a:9', 'x-z:9'] } }, ['x-a', '9', 'X-B', '2']],
    [{ replace: { headers: ['x-b:'] } }, ['X-A', '1', 'x-a', '3']],
    [{ add: { headers: ['x-a:9', 'x-z:a:b'] } }, [...given, 'x-z', 'a:b']],
    [{ append: { headers: ['X-B:9'] } }, [...given, 'X-B', '9']],
  ]
  for (const [config, raw] of cases) {
    const { request } = await transform(config, { headers: given })
    assert.deepEqual(request.headers.raw, raw, JSON.stringify(config))
  }
})

test('the host is replaced only, and only by a host', async () => {
  const cases: [config: object, host: string][] = [
    [{ replace: { headers: ['Host:other.test:81'] } }, 'other.test:81'],
    [{ add: { headers: ['host:other.test'] } }, 'service.test'],
    [{ replace: { headers: ['host:$(headers.x)'] } }, 'service.test'],
  ]
  for (const [config, host] of cases) {
    const { request } = await transform(config, { headers: ['x', 'a b/c'] })
    assert.equal(request.upstreamHost, host)
    assert.equal(request.headers.has('host'), false)
  }
})

test('the query', async () => {
  const query = '?a=1&b=2&a=3&c'
  const cases: [config: object, query: string][] = [
    [{ remove: { querystring: ['a'] } }, '?b=2&c'],
    [{ rename: { querystring: ['a:z'] } }, '?z=1&b=2&z=3&c'],
    [{ replace: { querystring: ['a:9', 'z:9'] } }, '?a=9&b=2&c'],
    [{ add: { querystring: ['a:9', 'z:x y&'] } }, '?a=1&b=2&a=3&c&z=x%20y%26'],
    [{ append: { querystring: ['b:9'] } }, '?a=1&b=2&a=3&c&b=9'],
    [{ remove: { querystring: ['a', 'b', 'c'] } }, ''],
  ]
  for (const [config, expected] of cases) {
    const { request } = await transform(config, { query })
    assert.equal(request.upstreamQuery, expected, JSON.stringify(config))
  }
})

test('bodies by their type', async () => {
  const json = ['Content-Type', 'application/json; charset=utf-8']
  const form = ['Content-Type', 'application/x-www-form-urlencoded']
  const cases: [config: object, headers: string[], body: string, expected: string][] = [
    [{ remove: { body: ['a'] } }, json, '{"a":1,"b":2}', '{"b":2}'],
    [{ rename: { body: ['a:c'] } }, json, '{"a":[1],"b":2}', '{"b":2,"c":[1]}'],
    [{ replace: { body: ['a:9', 'z:9'] } }, json, '{"a":1}', '{"a":"9"}'],
    [{ add: { body: ['a:9', 'z:9'] } }, json, '{"a":1}', '{"a":1,"z":"9"}'],
    [{ add: { body: ['a:9'] } }, json, '', '{"a":"9"}'],
    [
      { append: { body: ['a:9', 'b:8', 'c:7'] } },
      json,
      '{"a":"1","b":["2"]}',
      '{"a":["1","9"],"b":["2","8"],"c":["7"]}',
    ],
    [{ add: { body: ['__proto__:x'] } }, json, '{"a":1}', '{"a":1,"__proto__":"x"}'],
    [{ remove: { body: ['a'] } }, json, '{broken', '{broken'],
    [{ remove: { body: ['a'] } }, json, '[1]', '[1]'],
    [{ remove: { body: ['a'] }, add: { body: ['c:x y'] } }, form, 'a=1&b=2', 'b=2&c=x%20y'],
    [{ remove: { body: ['a'] } }, ['Content-Type', 'text/plain'], 'a=1', 'a=1'],
  ]
  for (const [config, headers, body, expected] of cases) {
    const { sentBody } = await transform(config, { method: 'POST', headers, body })
    assert.equal(sentBody?.toString(), expected, `${JSON.stringify(config)} ${body}`)
  }
})

test('multipart bodies', async () => {
  const part = (name: string, value: string) =>
    `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const headers = ['Content-Type', 'multipart/form-data; boundary=x']
  const body = `${part('a', '1')}${part('b', '\r\n--y')}--x--\r\n`
  const cases: [config: object, expected: string][] = [
    [{ remove: { body: ['a'] } }, `${part('b', '\r\n--y')}--x--\r\n`],
    [{ rename: { body: ['a:c'] } }, `${part('c', '1')}${part('b', '\r\n--y')}--x--\r\n`],
    [{ replace: { body: ['b:2'] } }, `${part('a', '1')}${part('b', '2')}--x--\r\n`],
    [
      { add: { body: ['a:9', 'c:3'] } },
      `${part('a', '1')}${part('b', '\r\n--y')}${part('c', '3')}--x--\r\n`,
    ],
  ]
  for (const [config, expected] of cases) {
    const { sentBody } = await transform(config, { method: 'POST', headers, body })
    assert.equal(sentBody?.toString(), expected)
  }
  const broken = await transform({ remove: { body: ['a'] } }, { headers, body: '--x\r\nno end' })
  assert.equal(broken.sentBody?.toString(), '--x\r\nno end')
})

test('method: a form becomes a query when the new method has no body', async () => {
  const { request } = await transform(
    { http_method: 'GET' },
    {
      method: 'POST',
      query: '?a=1',
      headers: ['Content-Type', 'application/x-www-form-urlencoded'],
      body: 'a=2&b=3',
    },
  )
  assert.equal(request.method, 'GET')
  assert.equal(request.upstreamQuery, '?a=1&a=2&b=3')
})

test('templates', async () => {
  const consumer: Consumer = { id: 'c1', username: 'ann', custom_id: null, tags: [] }
  const asked: AskedExchange = {
    headers: ['X-One', '1', 'X-Empty', ''],
    query: '?q=a%20b&flag',
    captures: { '1': 'first', id: '42' },
    consumer,
  }
  const cases: [template: string, text: string][] = [
    ['plain', 'plain'],
    ['$(headers.x_one)', '1'],
    ['$(headers["X-One"])', '1'],
    ["<$(headers['x-one'])|$( query_params.q )>", '<1|a b>'],
    ['$(uri_captures.id)-$(uri_captures[1])-$(uri_captures["id"])', '42-first-42'],
    ['$(headers.none)', ''],
    ['$(headers.none or query_params.none or "dflt)")', 'dflt)'],
    ["$(headers.x_one or 'no')", '1'],
    ['$(consumer.username)/$(consumer.custom_id or 0)', 'ann/0'],
    ['$(query_params.flag)', 'true'],
    ['costs 5$ (net)', 'costs 5$ (net)'],
  ]
  for (const [template, text] of cases) {
    const { request } = await transform({ add: { querystring: [`t:${template}`] } }, asked)
    assert.equal(new URLSearchParams(request.upstreamQuery).get('t'), text, template)
  }
})

test('other Lua is refused by name, with its place', () => {
  const sources = [
    '$(string.upper(headers.x))',
    '$(headers.x .. "y")',
    '$(shared.x)',
    '$(headers)',
    '$(headers.x and 1)',
    '$(headers.x or)',
    '$(or headers.x)',
    '$()',
    '$(headers.x',
    '$((function() while true do end end)())',
    '$(consumer.tags)',
  ]
  for (const source of sources) {
    const [fault] = faultsOf(requestTransformer, { add: { headers: ['a:b', `x:${source}`] } })
    assert.deepEqual(fault?.path, ['add', 'headers', 1], source)
  }
  const [uri] = faultsOf(requestTransformer, { replace: { uri: '/$(os.time())' } })
  assert.deepEqual(uri?.path, ['replace', 'uri'])
})

test('what Kong’s schema refuses is refused, and fields that frame a message', () => {
  const cases: [config: object, message: string][] = [
    [{ add: { body: ['a'] } }, "key 'a' has no value"],
    [{ add: { querystring: ['a:'] } }, "key 'a' has no value"],
    [{ add: { headers: ['a b:c'] } }, "'a b' is not a valid header"],
    [{ rename: { headers: ['a:b c'] } }, "'b c' is not a valid header"],
    [
      { append: { headers: ['Transfer-Encoding:chunked'] } },
      "'Transfer-Encoding' frames the message and is set by the gateway alone",
    ],
  ]
  for (const [config, message] of cases) {
    assert.equal(faultsOf(requestTransformer, config)[0]?.message, message)
  }
})

test('nothing of a client can leave its place', async () => {
  const evil: AskedExchange = {
    query: '?x=a%0d%0aX-Evil:%201%00%e2%82%ac',
    headers: ['x', '/../../admin?y=1#z'],
  }
  const { request } = await transform(
    { add: { headers: ['X-Copy:$(query_params.x)'] }, replace: { uri: '/v1/$(headers.x)' } },
    evil,
  )
  const euro = Buffer.from('€').toString('latin1')
  assert.equal(request.headers.get('x-copy'), `a  X-Evil: 1 ${euro}`)
  assert.equal(request.upstreamPath, '/v1/%2F..%2F..%2Fadmin%3Fy=1%23z')
})

test('a value in a path is one segment of it, and no dot segment', async () => {
  const uri = '/users/$(query_params.x or uri_captures.rest)/orders'
  const cases: [asked: AskedExchange, path: string][] = [
    [{ query: '?x=a%20b' }, '/users/a%20b/orders'],
    [{ query: '?x=a/b' }, '/users/a%2Fb/orders'],
    [{ query: '?x=..' }, '/users/%252E%252E/orders'],
    [{ query: '?x=%252e.' }, '/users/%252E%252E/orders'],
    [{ query: '?x=../../admin' }, '/users/..%2F..%2Fadmin/orders'],
    [{ captures: { rest: 'a/b' } }, '/users/a/b/orders'],
    [{ captures: { rest: 'a/..' } }, '/users/a/%252E%252E/orders'],
  ]
  for (const [asked, path] of cases) {
    const { request } = await transform({ replace: { uri } }, asked)
    assert.equal(request.upstreamPath, path, JSON.stringify(asked))
  }
})

test('JSON that is nested too deeply to be written anew is refused', async () => {
  const depth = 100_000
  const { answer } = await transform(
    { remove: { body: ['b'] } },
    {
      method: 'POST',
      headers: ['Content-Type', 'application/json'],
      body: `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    },
  )
  assert.equal(answer?.status, 400)
})
