import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  type AskedExchange,
  textOf,
} from '../testing/index.ts'
import { requestValidation } from './handler.ts'

/** What is told to a client: the status, and `place path` of each fault. */
const verdictOf = async (config: object, asked: AskedExchange) => {
  const exchange = testExchange(asked)
  await instanceOf(requestValidation, config).access?.(exchange)
  const { answer } = exchange
  if (answer === null) return 'passes'
  const told = JSON.parse(textOf(answer)) as { faults?: { in: string; path: string }[] }
  const faults = told.faults?.map((fault) => `${fault.in} ${fault.path}`.trim()) ?? []
  return [answer.status, ...faults.sort()].join(' · ')
}

const json = (body: unknown, more: AskedExchange = {}): AskedExchange => ({
  method: 'POST',
  headers: ['Content-Type', 'application/json'],
  body: typeof body === 'string' ? body : JSON.stringify(body),
  ...more,
})

test('defaults', () => {
  assert.deepEqual(configOf(requestValidation, { body_schema: {} }), {
    body_schema: {},
    draft: '2020-12',
    base_path: '',
    unknown_operations: 'refuse',
    max_body_size: 1_048_576,
    list_faults: true,
  })
})

test('JSON Schemas of body, query and header fields', async () => {
  const config = {
    body_schema: {
      type: 'object',
      required: ['name'],
      properties: { name: { type: 'string', pattern: '^[a-z]+$' }, age: { type: 'integer' } },
      additionalProperties: false,
    },
    query_schema: { type: 'object', properties: { page: { type: 'integer', minimum: 1 } } },
    header_schema: { type: 'object', required: ['x-tenant'] },
    max_body_size: 100,
  }
  const tenant = ['Content-Type', 'application/json', 'X-Tenant', 'a']
  const cases: [asked: AskedExchange, verdict: string][] = [
    [json({ name: 'ann' }, { headers: tenant, query: '?page=2' }), 'passes'],
    [json({ name: 'ann' }, { query: '?page=0' }), '400 · header /x-tenant · query /page'],
    [json({ age: '7', x: 1 }, { headers: tenant }), '400 · body · body /age · body /name'],
    [json({ name: 'ANN' }, { headers: tenant }), '400 · body /name'],
    [json('{broken', { headers: tenant }), '400 · body'],
    [json('', { headers: tenant }), '400 · body'],
    [json({ name: 'a'.repeat(200) }, { headers: tenant }), '413 · body'],
    [json({}, { headers: ['X-Tenant', 'a', 'Content-Type', 'text/xml'] }), '415 · body'],
    [json({}, { headers: [...tenant, 'Content-Encoding', 'gzip'] }), '415 · body'],
    [
      json({ name: 'ann' }, { headers: ['x-tenant', 'a', 'content-type', 'application/a+json'] }),
      '415 · body',
    ],
  ]
  for (const [asked, verdict] of cases) {
    const expected = asked.headers?.includes('application/a+json') === true ? 'passes' : verdict
    assert.equal(await verdictOf(config, asked), expected, JSON.stringify(asked))
  }
})

const api = {
  openapi: '3.0.3',
  paths: {
    '/pets/{id}': {
      parameters: [{ $ref: '#/components/parameters/Id' }],
      get: {
        parameters: [
          { name: 'fields', in: 'query', schema: { type: 'array', items: { enum: ['a', 'b'] } } },
          {
            name: 'ids',
            in: 'query',
            explode: false,
            schema: { type: 'array', items: { type: 'integer' } },
          },
          { name: 'X-Trace', in: 'header', required: true, schema: { type: 'string' } },
        ],
      },
      put: {
        requestBody: {
          required: true,
          content: {
            'application/json': { schema: { $ref: '#/components/schemas/Pet' } },
            'application/x-www-form-urlencoded': { schema: { $ref: '#/components/schemas/Pet' } },
            'image/*': {},
          },
        },
      },
    },
    '/pets/mine': { get: {} },
    '/files/{name}.json': {
      get: { parameters: [{ name: 'name', in: 'path', required: true, schema: { maxLength: 3 } }] },
    },
  },
  components: {
    parameters: { Id: { name: 'id', in: 'path', required: true, schema: { type: 'integer' } } },
    schemas: {
      Pet: {
        type: 'object',
        required: ['age'],
        properties: {
          age: { type: 'integer', minimum: 0, exclusiveMinimum: true },
          tag: { type: 'string', nullable: true },
          parent: { $ref: '#/components/schemas/Pet' },
        },
      },
    },
  },
}

test('an OpenAPI document', async () => {
  const config = { openapi: api, base_path: '/v1' }
  const put = (body: unknown): AskedExchange => json(body, { method: 'PUT', path: '/v1/pets/1' })
  const get = (path: string, query = '', headers = ['x-trace', '1']): AskedExchange => ({
    path,
    query,
    headers,
  })
  const cases: [asked: AskedExchange, verdict: string][] = [
    [get('/v1/pets/7'), 'passes'],
    [get('/v1/pets/seven'), '400 · path /id'],
    [get('/v1/pets/7', '', []), '400 · header /x-trace'],
    [get('/v1/pets/7', '?fields=a&fields=b&ids=1,2'), 'passes'],
    [get('/v1/pets/7', '?fields=c&ids=1,x'), '400 · query /fields/0 · query /ids/1'],
    [get('/v1/pets/mine', '', []), 'passes'],
    [get('/v1/files/abc.json'), 'passes'],
    [get('/v1/files/abcd.json'), '400 · path /name'],
    [get('/pets/7'), '404'],
    [get('/v1/other'), '404'],
    [{ ...get('/v1/pets/7'), method: 'DELETE' }, '405'],
    [put({ age: 1, tag: null, parent: { age: 2 } }), 'passes'],
    [put({ age: 0, tag: 5, parent: {} }), '400 · body /age · body /parent/age · body /tag'],
    [put(''), '400 · body'],
    [{ ...put('age=3'), headers: ['Content-Type', 'application/x-www-form-urlencoded'] }, 'passes'],
    [
      { ...put('age=x'), headers: ['Content-Type', 'application/x-www-form-urlencoded'] },
      '400 · body /age',
    ],
    [{ ...put('…'), headers: ['Content-Type', 'image/png'] }, 'passes'],
    [{ ...put('…'), headers: ['Content-Type', 'text/plain'] }, '415 · body'],
  ]
  for (const [asked, verdict] of cases) {
    assert.equal(await verdictOf(config, asked), verdict, JSON.stringify(asked))
  }
  const passing = { ...config, unknown_operations: 'pass' }
  assert.equal(await verdictOf(passing, get('/elsewhere')), 'passes')
})

test('neither a pattern nor a deep or wide body holds up the process', async () => {
  const pattern = { type: 'object', properties: { a: { pattern: '^(a+)+$' } } }
  const evil = json({ a: `${'a'.repeat(10_000)}!` })
  assert.equal(await verdictOf({ body_schema: pattern }, evil), '400 · body /a')

  const deep = {
    $ref: '#/$defs/list',
    $defs: { list: { type: 'array', items: { $ref: '#/$defs/list' } } },
  }
  const nested = json('['.repeat(100_000) + ']'.repeat(100_000))
  assert.equal(await verdictOf({ body_schema: deep }, nested), '400 · body')

  const unique = { type: 'array', uniqueItems: true }
  const wide = JSON.stringify(Array.from({ length: 60_000 }, (_, at) => ({ at })))
  assert.equal(await verdictOf({ body_schema: unique }, json(wide)), 'passes')
})

test('unique items', async () => {
  const cases: [items: unknown[], verdict: string][] = [
    [[1, '1', true, null, {}, []], 'passes'],
    [[1, 2, 1], '400 · body'],
    [
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      '400 · body',
    ],
    [
      [
        [1, 2],
        [2, 1],
      ],
      'passes',
    ],
  ]
  const config = { body_schema: { uniqueItems: true } }
  for (const [items, verdict] of cases) assert.equal(await verdictOf(config, json(items)), verdict)
})

test('faults can be kept from the client', async () => {
  const config = { body_schema: { type: 'array' }, list_faults: false }
  assert.equal(await verdictOf(config, json({})), '400')
})

test('what is no schema or document is refused with its place', () => {
  const cases: [config: object, path: string, message: RegExp][] = [
    [{}, '', /at least one of/],
    [{ openapi: api, body_schema: {} }, 'openapi', /cannot be used with body_schema/],
    [{ body_schema: { pattern: '(?=a)b' } }, 'body_schema', /./],
    [{ body_schema: { $ref: '#/nowhere' } }, 'body_schema', /nowhere/],
    [{ openapi: { openapi: '2.0' } }, 'openapi', /neither OpenAPI 3.0 nor 3.1/],
    [{ openapi: { openapi: '3.1.0' } }, 'openapi', /no paths/],
    [{ openapi_file: '/nowhere.yaml' }, 'openapi_file', /ENOENT/],
    [
      { openapi: { openapi: '3.1.0', paths: { '/{a}{b}': {} } } },
      'openapi',
      /one parameter per segment/,
    ],
    [
      { openapi: { openapi: '3.1.0', paths: { '/a': { $ref: 'other.yaml#/a' } } } },
      'openapi',
      /outside of the document/,
    ],
  ]
  for (const [config, path, message] of cases) {
    const [fault] = faultsOf(requestValidation, config)
    assert.equal(fault?.path.join('.'), path, JSON.stringify(config))
    assert.match(fault?.message ?? '', message)
  }
})
