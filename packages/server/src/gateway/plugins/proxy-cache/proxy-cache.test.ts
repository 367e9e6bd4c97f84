import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test, type TestContext } from 'node:test'
import { gzipSync } from 'node:zlib'
import { systemClock } from '../../../kernel/clock.ts'
import {
  aConfig,
  aPlugin,
  aRoute,
  aService,
  openGateway,
  startOrigin,
} from '../../testing/gateway.ts'
import { configOf, testExchange, type AskedExchange } from '../testing/index.ts'
import { cacheKey } from './cache-key.ts'
import { proxyCache } from './handler.ts'
import { matchesMediaType, parseMediaType } from './media-type.ts'

void test("defaults are Kong's", () => {
  assert.deepEqual(configOf(proxyCache, { strategy: 'memory' }), {
    response_code: [200, 301, 404],
    request_method: ['GET', 'HEAD'],
    content_type: ['text/plain', 'application/json'],
    cache_ttl: 300,
    strategy: 'memory',
    cache_control: false,
    ignore_uri_case: null,
    storage_ttl: null,
    memory: { dictionary_name: 'kong_db_cache' },
    vary_query_params: null,
    vary_headers: null,
    response_headers: { age: true, 'X-Cache-Status': true, 'X-Cache-Key': true },
  })
  assert.throws(() => configOf(proxyCache, {}), /strategy/)
  assert.throws(() => configOf(proxyCache, { strategy: 'redis' }))
  assert.throws(() => configOf(proxyCache, { strategy: 'memory', cache_ttl: 0 }))
})

const config = configOf(proxyCache, { strategy: 'memory' })

const ada = { id: 'c', tags: [], username: 'c', custom_id: null }
const varied = { vary_headers: ['a', 'b'] }
/** Pairs of requests; Kong takes those of most kinds that are apart here for the same. */
const pairs: readonly {
  about: string
  one: AskedExchange
  other: AskedExchange
  more?: object
  same: boolean
}[] = [
  {
    about: 'the order of names',
    one: { query: '?y=2&x=1' },
    other: { query: '?x=1&y=2' },
    same: true,
  },
  {
    about: 'escapes in parameters',
    one: { query: '?x=%41+b' },
    other: { query: '?x=A%20b' },
    same: true,
  },
  { about: 'the case of a host', one: { host: 'A.test' }, other: { host: 'a.test' }, same: true },
  { about: 'hosts', one: { host: 'a.test' }, other: { host: 'b.test' }, same: false },
  {
    about: 'a value like two',
    one: { query: '?a=1:b=2' },
    other: { query: '?a=1&b=2' },
    same: false,
  },
  { about: 'a comma', one: { query: '?a=1,2' }, other: { query: '?a=1&a=2' }, same: false },
  {
    about: 'the order of values',
    one: { query: '?a=1&a=2' },
    other: { query: '?a=2&a=1' },
    same: false,
  },
  { about: 'a name without a value', one: { query: '?a' }, other: { query: '?a=' }, same: false },
  {
    about: 'a bar in a path',
    one: { path: '/a|b=1' },
    other: { path: '/a', query: '?b=1' },
    same: false,
  },
  { about: 'routes', one: {}, other: { route: null }, same: false },
  { about: 'consumers', one: {}, other: { consumer: ada }, same: false },
  {
    about: 'a field like two',
    ...{ one: { headers: ['a', '1:b=2'] }, other: { headers: ['a', '1', 'b', '2'] } },
    ...{ more: varied, same: false },
  },
]

void test('keys tell requests apart', () => {
  for (const { about, one, other, more, same } of pairs) {
    const keyed = { ...config, ...more }
    const keyOf = (asked: AskedExchange) => cacheKey(testExchange({ path: '/a', ...asked }), keyed)
    assert.equal(keyOf(one) === keyOf(other), same, about)
  }
})

void test('a request whose body might choose the answer passes', async (t) => {
  let asked = 0
  const { get, raw } = await stand(t, {}, (_request, answer) => answer.end(String((asked += 1))))
  await get()
  const answer = await raw(
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx',
  )
  assert.match(answer, /x-cache-status: Bypass\r\n[^]*\r\n2$/i)
})

const types: readonly [wanted: string, given: string, matches: boolean][] = [
  ['application/json', 'application/json', true],
  ['application/json', 'Application/JSON', true],
  ['application/json', 'application/json; charset=utf-8', false],
  ['application/json; charset=utf-8', 'application/json;charset=utf-8', true],
  ['application/json; charset=utf-8', 'application/json; charset=latin1', false],
  ['text/*', 'text/css', true],
  ['*/*', 'text/css', true],
  ['*', 'text/css', true],
  ['text/plain', 'text/css', false],
]

void test('media types match with their parameters', () => {
  for (const [wanted, given, matches] of types) {
    const [one, other] = [parseMediaType(wanted), parseMediaType(given)]
    assert.ok(one !== null && other !== null)
    assert.equal(matchesMediaType(one, other), matches, `${wanted} and ${given}`)
  }
  for (const text of ['', 'text', 'text/', 'text/plain; x', 'a b/c']) {
    assert.equal(parseMediaType(text), null, text)
  }
})

type Listener = (request: IncomingMessage, answer: ServerResponse) => void

let dictionaries = 0

const stand = async (t: TestContext, given: object, listener: Listener) => {
  let asked = 0
  let shiftMs = 0
  const origin = await startOrigin((request, answer) => {
    asked += 1
    request.resume()
    answer.setHeader('Content-Type', 'text/plain')
    listener(request, answer)
  })
  t.after(() => origin.kill())
  const memory = { dictionary_name: `dictionary-${++dictionaries}` }
  const gateway = await openGateway({
    clock: { ...systemClock, now: () => new Date(Date.now() + shiftMs) },
    config: aConfig({
      services: [aService('origin', { port: origin.port })],
      routes: [aRoute('all', 'origin')],
      plugins: [
        aPlugin('proxy-cache', configOf(proxyCache, { strategy: 'memory', memory, ...given })),
      ],
    }),
  })
  t.after(() => gateway[Symbol.asyncDispose]())
  return {
    asked: () => asked,
    raw: (text: string) => gateway.raw(text),
    later: (seconds: number) => void (shiftMs += seconds * 1000),
    get: async (path = '/', init: RequestInit = {}) => {
      const answer = await gateway.fetch(path, init)
      return { answer, text: await answer.text(), did: answer.headers.get('x-cache-status') }
    },
  }
}

void test('miss, hit with its age, refresh after cache_ttl', async (t) => {
  const given = { cache_ttl: 60, storage_ttl: 600 }
  const { get, later, asked } = await stand(t, given, (_request, answer) => answer.end('text'))
  const first = await get('/?x=1')
  later(5)
  const second = await get('/?x=1')
  assert.deepEqual([first.did, second.did, second.text], ['Miss', 'Hit', 'text'])
  assert.deepEqual(
    [first.answer.headers.has('age'), second.answer.headers.get('age')],
    [false, '5'],
  )
  const key = first.answer.headers.get('x-cache-key')
  assert.match(key ?? '', /^[0-9a-f]{64}$/)
  assert.equal(second.answer.headers.get('x-cache-key'), key)
  later(56)
  assert.deepEqual([(await get('/?x=1')).did, asked()], ['Refresh', 2])
  later(601)
  assert.equal((await get('/?x=1')).did, 'Miss')
})

void test('other methods, statuses and media types pass', async (t) => {
  const { get } = await stand(t, {}, (request, answer) => {
    if (request.url === '/json') answer.setHeader('Content-Type', 'application/json; charset=utf-8')
    answer.statusCode = request.url === '/500' ? 500 : 200
    answer.end()
  })
  for (const path of ['/500', '/json']) {
    await get(path)
    assert.equal((await get(path)).did, 'Bypass', path)
  }
  assert.equal((await get('/', { method: 'POST', body: 'x' })).did, 'Bypass')
})

void test('Cache-Control counts only where it is asked for', async (t) => {
  const listener: Listener = (_request, answer) =>
    answer.setHeader('Cache-Control', 'no-store').end()
  const deaf = await stand(t, {}, listener)
  await deaf.get()
  assert.equal((await deaf.get('/', { headers: { 'Cache-Control': 'no-cache' } })).did, 'Hit')
  const hearing = await stand(t, { cache_control: true }, listener)
  await hearing.get()
  assert.equal((await hearing.get()).did, 'Bypass')
})

void test('with cache_control, requests say how old and how fresh', async (t) => {
  const { get, later } = await stand(t, { cache_control: true, storage_ttl: 600 }, (_r, answer) =>
    answer.setHeader('Cache-Control', 'max-age=60').end(),
  )
  const ask = async (directive: string) =>
    (await get('/', { headers: directive === '' ? {} : { 'Cache-Control': directive } })).did
  assert.equal(
    (await get('/', { headers: { 'Cache-Control': 'only-if-cached' } })).answer.status,
    504,
  )
  await ask('')
  later(10)
  assert.deepEqual([await ask('max-age=10'), await ask('min-fresh=50')], ['Hit', 'Hit'])
  assert.equal(await ask('no-cache'), 'Bypass')
  assert.equal(await ask('max-age=9'), 'Refresh')
  later(10)
  assert.equal(await ask('min-fresh=51'), 'Refresh')
  later(70)
  assert.equal(await ask('max-stale=11'), 'Hit')
  assert.equal(await ask('max-stale=9'), 'Refresh')
})

void test('vary_headers and vary_query_params make the key', async (t) => {
  const given = { vary_headers: ['X-Lang'], vary_query_params: ['page'] }
  const { get } = await stand(t, given, (_request, answer) => answer.end())
  await get('/?page=1&noise=1', { headers: { 'X-Lang': 'en' } })
  const again = await get('/?page=1&noise=2', { headers: { 'x-lang': 'en' } })
  const other = await get('/?page=1&noise=1', { headers: { 'X-Lang': 'de' } })
  const page = await get('/?page=2', { headers: { 'X-Lang': 'en' } })
  assert.deepEqual([again.did, other.did, page.did], ['Hit', 'Miss', 'Miss'])
})

void test('fields can be hidden, and Kong-Debug shows them', async (t) => {
  const hidden = { age: false, 'X-Cache-Status': false, 'X-Cache-Key': false }
  const { get } = await stand(t, { response_headers: hidden }, (_request, answer) => answer.end())
  await get()
  const { answer } = await get()
  const debugged = await get('/', { headers: { 'Kong-Debug': '1' } })
  for (const name of ['age', 'x-cache-status', 'x-cache-key']) {
    assert.deepEqual(
      [answer.headers.has(name), debugged.answer.headers.has(name)],
      [false, true],
      name,
    )
  }
})

void test('HEAD has an entry of its own, with the length the service told', async (t) => {
  const { get } = await stand(t, {}, (_request, answer) => {
    answer.setHeader('Content-Length', '4').end('text')
  })
  await get('/', { method: 'HEAD' })
  const again = await get('/', { method: 'HEAD' })
  assert.deepEqual([again.did, again.answer.headers.get('content-length')], ['Hit', '4'])
  assert.equal((await get()).did, 'Miss')
})

void test('what others may do is not remembered', async (t) => {
  const { get } = await stand(t, {}, (_request, answer) => {
    answer.setHeader('X-RateLimit-Remaining-Minute', '3').setHeader('X-Kept', '1').end()
  })
  await get()
  const { answer } = await get()
  assert.deepEqual(
    [answer.headers.has('x-ratelimit-remaining-minute'), answer.headers.get('x-kept')],
    [false, '1'],
  )
})

void test('nobody gets a coding it did not ask for', async (t) => {
  const { get } = await stand(t, {}, (request, answer) => {
    if (request.headers['accept-encoding'] === 'gzip') {
      answer.setHeader('Content-Encoding', 'gzip').end(gzipSync('text'))
    } else answer.end('text')
  })
  const ask = async (coding: string) =>
    (await get('/', { headers: { 'Accept-Encoding': coding } })).did
  assert.deepEqual(
    [await ask('gzip'), await ask('gzip'), await ask('identity'), await ask('identity')],
    ['Miss', 'Hit', 'Refresh', 'Hit'],
  )
})
