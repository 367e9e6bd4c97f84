import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  testResponse,
  type AskedExchange,
} from '../testing/index.ts'
import { transform } from './handler.ts'

const json = ['Content-Type', 'application/json']

const requestAfter = async (request: object, asked: AskedExchange = {}, more: object = {}) => {
  const exchange = testExchange(asked)
  await instanceOf(transform, { request, ...more }).access?.(exchange)
  return exchange
}

test('defaults', () => {
  assert.deepEqual(configOf(transform), {
    request: { query: {}, headers: {} },
    response: { headers: {} },
    max_body_size: 1_048_576,
  })
})

test('requests', async () => {
  const { request, sentBody } = await requestAfter(
    {
      when: "method == 'POST' && body.items[0].id > 1",
      method: "'PUT'",
      path: "'/v2' + path + '/' + captures.id",
      query: { page: 'number(query.page) + 1', old: 'null' },
      headers: {
        'X-Tenant': "headers.x_tenant ?? 'none'",
        'X-Gone': 'null',
        'X-Count': 'length(body.items)',
      },
      body: '{ first: body.items[0], by: consumer.username }',
    },
    {
      method: 'POST',
      path: '/a',
      query: '?page=1&old=1',
      headers: [...json, 'X-Gone', '1'],
      body: '{"items":[{"id":2}]}',
      captures: { id: '../x?y' },
      consumer: { id: 'c', username: 'ann', custom_id: null, tags: [] },
    },
  )
  assert.equal(request.method, 'PUT')
  assert.equal(request.upstreamPath, '/v2/x%3Fy')
  assert.equal(request.upstreamQuery, '?page=2')
  assert.equal(request.headers.get('x-tenant'), 'none')
  assert.equal(request.headers.get('x-count'), '1')
  assert.equal(request.headers.has('x-gone'), false)
  assert.equal(sentBody?.toString(), '{"first":{"id":2},"by":"ann"}')
})

test('what `when` does not hold for stays', async () => {
  const { request } = await requestAfter({ when: 'headers.x', headers: { y: '1' } })
  assert.equal(request.headers.has('y'), false)
})

test('a text becomes the body as it is; a body that is too large is not seen', async () => {
  const text = await requestAfter({ body: "'<' + body + '>'" }, { method: 'POST', body: 'a' })
  assert.equal(text.sentBody?.toString(), '<a>')
  const large = await requestAfter(
    { headers: { x: 'body == null' } },
    { method: 'POST', body: 'abc' },
    { max_body_size: 2 },
  )
  assert.equal(large.request.headers.get('x'), 'true')
})

test('answers', async () => {
  const response = testResponse({ headers: [...json, 'X-Took', '5'], body: '{"a":{"b":1}}' })
  const plugin = instanceOf(transform, {
    response: {
      when: "request.method == 'GET' && status == 200",
      status: 'headers.x_took > "4" ? 203 : null',
      headers: { 'X-Took': 'null', 'X-Path': 'request.path' },
      body: 'merge(body.a, { path: request.path })',
    },
  })
  await plugin.response?.(testExchange({ path: '/p' }), response)
  assert.equal(response.status, 203)
  assert.equal(response.headers.has('x-took'), false)
  assert.equal(response.headers.get('x-path'), '/p')
  assert.equal((await response.body()).toString(), '{"b":1,"path":"/p"}')
})

test('what is wrong is told with its place', () => {
  const cases: [config: object, path: string, message: RegExp][] = [
    [{ request: { headers: { a: '1 +' } } }, 'request.headers.a', /something is missing/],
    [{ response: { status: 'body.x' } }, 'response.status', /there is no 'body'/],
    [{ request: { when: 'status' } }, 'request.when', /there is no 'status'/],
    [
      { request: { headers: { 'Content-Length': '1' } } },
      'request.headers.Content-Length',
      /alone/,
    ],
    [{ response: { headers: { 'a.b': '1' } } }, 'response.headers.a.b', /not a valid header/],
  ]
  for (const [config, path, message] of cases) {
    const [fault] = faultsOf(transform, config)
    assert.equal(fault?.path.join('.'), path)
    assert.match(fault?.message ?? '', message)
  }
})
