import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient } from './client.ts'
import { ProblemError } from './problem.ts'

type Sent = { url: string; init: RequestInit }

const createRecordedClient = (answer: () => Response, headers?: Record<string, string>) => {
  const sent: Sent[] = []
  const client = createClient({
    baseUrl: 'http://keelson',
    ...(headers === undefined ? {} : { headers }),
    fetch: async (url, init = {}) => {
      sent.push({ url: url instanceof Request ? url.url : url.toString(), init })
      return answer()
    },
  })
  return { client, sent }
}

const json =
  (value: unknown, status = 200, type = 'application/json') =>
  () =>
    new Response(JSON.stringify(value), { status, headers: { 'content-type': type } })

test('path, query and headers are made of the input', async () => {
  const { client, sent } = createRecordedClient(json({ items: [] }), { authorization: 'Bearer x' })
  await client('getService', { params: { name: 'shop/web & co' } })
  await client('listServices', { query: { stack: 'a b', limit: 5 }, headers: { accept: 'x' } })
  await client('listServices', { query: { limit: 5 } })
  assert.deepEqual(
    sent.map(({ url }) => url),
    [
      'http://keelson/api/v1/services/shop%2Fweb%20%26%20co',
      'http://keelson/api/v1/services?stack=a+b&limit=5',
      'http://keelson/api/v1/services?limit=5',
    ],
  )
  assert.deepEqual(sent[0]?.init, {
    method: 'GET',
    headers: { accept: 'application/json', authorization: 'Bearer x' },
  })
  assert.deepEqual(sent[1]?.init.headers, { accept: 'x', authorization: 'Bearer x' })
})

test('a body is sent as JSON, and its absence without a type', async () => {
  const { client, sent } = createRecordedClient(json({}))
  await client('createSession', { body: { name: 'ana', password: 'p' } })
  await client('createSetupLink')
  assert.equal(sent[0]?.init.body, '{"name":"ana","password":"p"}')
  assert.equal(new Headers(sent[0].init.headers).get('content-type'), 'application/json')
  assert.equal(new Headers(sent[1]?.init.headers).get('content-type'), null)
})

test('204 is nothing', async () => {
  const { client } = createRecordedClient(() => new Response(null, { status: 204 }))
  assert.equal(await client('deleteSession'), undefined)
})

test('a problem is thrown as it was sent', async () => {
  const problem = {
    type: 'urn:keelson:problem:forbidden',
    title: 'No',
    status: 403,
    detail: 'Not for you',
    code: 'forbidden',
    hint: 'Ask',
  }
  const { client } = createRecordedClient(
    json(problem, 403, 'application/problem+json; charset=utf-8'),
  )
  await assert.rejects(client('getSystem'), (error: unknown) => {
    assert.ok(error instanceof ProblemError)
    assert.deepEqual(error.problem, problem)
    assert.equal(error.message, 'Not for you')
    return true
  })
})

test('an answer of somebody else is a problem too', async () => {
  const { client } = createRecordedClient(() => new Response('<html>', { status: 502 }))
  await assert.rejects(client('getSystem'), (error: unknown) => {
    assert.ok(error instanceof ProblemError)
    assert.equal(error.problem.status, 502)
    assert.match(error.problem.detail, /is not Keelson/)
    return true
  })
})

test('a call can be given up', async () => {
  const { client, sent } = createRecordedClient(json({}))
  const { signal } = new AbortController()
  await client('getSystem', { signal })
  assert.equal(sent[0]?.init.signal, signal)
})
