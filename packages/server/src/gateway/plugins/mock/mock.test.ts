import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/index.ts'
import {
  configOf,
  faultsOf,
  instanceOf,
  testExchange,
  testHost,
  type AskedExchange,
  textOf,
} from '../testing/index.ts'
import { mock } from './handler.ts'

const answerTo = async (config: object, asked: AskedExchange = {}) => {
  const exchange = testExchange(asked)
  await instanceOf(mock, config).access?.(exchange)
  return exchange.answer
}

test('defaults', async () => {
  assert.deepEqual(configOf(mock), {
    status: 200,
    headers: {},
    content_type: 'application/json',
    base_path: '',
    delay_ms: 0,
  })
  assert.deepEqual(await answerTo({}), { status: 200, headers: [], body: null })
})

test('a fixed answer', async () => {
  const config = { status: 201, headers: { 'X-A': '1' }, body: '{}' }
  const headers = ['Content-Type', 'application/json', 'X-A', '1']
  assert.deepEqual(await answerTo(config), { status: 201, headers, body: '{}' })
})

const openapi = {
  openapi: '3.1.0',
  paths: {
    '/pets/{id}': {
      get: {
        responses: {
          '404': { content: { 'application/json': { example: { no: 'pet' } } } },
          '200': {
            content: {
              'text/plain': { example: 'text' },
              'application/json': {
                examples: { cat: { value: { name: 'Tom' } }, dog: { value: { name: 'Rex' } } },
              },
            },
          },
        },
      },
      delete: { responses: { '204': {} } },
      put: {
        responses: {
          default: {
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } },
          },
        },
      },
    },
  },
  components: {
    schemas: {
      Pet: {
        allOf: [
          {
            properties: {
              name: { type: 'string', example: 'Tom' },
              age: { type: 'integer', minimum: 1 },
            },
          },
          {
            type: 'object',
            properties: {
              kind: { enum: ['cat', 'dog'] },
              born: { type: 'string', format: 'date' },
              tags: { type: 'array', items: { type: ['string', 'null'] } },
              wild: { type: 'boolean' },
            },
          },
        ],
      },
    },
  },
}

test('examples of an OpenAPI document', async () => {
  const path = '/pets/1'
  const pet = { name: 'Tom', age: 1, kind: 'cat', born: '2026-01-01', tags: ['text'], wild: true }
  const cases: [asked: AskedExchange, status: number, body: unknown][] = [
    [{ path }, 200, { name: 'Tom' }],
    [{ path, headers: ['Prefer', 'example=dog'] }, 200, { name: 'Rex' }],
    [{ path, headers: ['Prefer', 'code=404'] }, 404, { no: 'pet' }],
    [{ path, method: 'DELETE' }, 204, null],
    [{ path, method: 'PUT' }, 200, pet],
    [{ path, method: 'PUT', headers: ['Prefer', 'code=500'] }, 500, pet],
  ]
  for (const [asked, status, body] of cases) {
    const answer = await answerTo({ openapi }, asked)
    assert.equal(answer?.status, status, JSON.stringify(asked))
    assert.deepEqual(JSON.parse(textOf(answer) || 'null'), body)
  }
  assert.equal((await answerTo({ openapi }, { path: '/other' }))?.status, 404)
})

test('a schema that contains itself has an end', async () => {
  const node = { type: 'object', properties: { next: { $ref: '#/components/schemas/Node' } } }
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Node' } } }
  const endless = {
    openapi: '3.1.0',
    paths: { '/a': { get: { responses: { '200': { content } } } } },
    components: { schemas: { Node: node } },
  }
  const answer = await answerTo({ openapi: endless }, { path: '/a' })
  assert.ok(textOf(answer).length < 200)
})

test('a delayed answer comes in its time, and on closing at once', async () => {
  const clock = createManualClock()
  const plugin = instanceOf(mock, { delay_ms: 1000 }, testHost({ clock }))
  const exchange = testExchange()
  const done = plugin.access?.(exchange)
  clock.advance(999)
  assert.equal(exchange.answered, false)
  clock.advance(1)
  await done
  assert.equal(exchange.answered, true)
  const waiting = plugin.access?.(testExchange())
  await plugin.close?.()
  await waiting
})

test('what is no document is refused', () => {
  assert.deepEqual(faultsOf(mock, { openapi: {} })[0]?.path, ['openapi'])
  assert.deepEqual(faultsOf(mock, { openapi, body: 'x' })[0]?.path, ['openapi'])
  assert.deepEqual(faultsOf(mock, { openapi_file: '/nowhere' })[0]?.path, ['openapi_file'])
})
