import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { request as httpRequest } from 'node:http'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../kernel/clock.ts'
import { until } from '../../../kernel/testing/index.ts'
import { cacheStates, openCaches, purgeCaches, warmCaches, warmUrls } from '../../cache/index.ts'
import {
  aConfig,
  aConsumer,
  aKey,
  aPlugin,
  aRoute,
  aService,
  openGateway,
  startOrigin,
} from '../../testing/gateway.ts'
import type { PluginEntity } from '../../config/model.ts'
import { cors } from '../cors/handler.ts'
import { responseTransformer } from '../response-transformer/handler.ts'
import { configOf } from '../testing/index.ts'
import { keyAuth } from '../key-auth/handler.ts'
import { httpCache } from './handler.ts'

type Listener = (request: IncomingMessage, answer: ServerResponse, count: number) => void

let caches = 0

/** A gateway with this plugin in front of an origin; time moves on by `later`. */
const stand = async (
  t: TestContext,
  listener: Listener,
  options: { config?: object; plugins?: readonly PluginEntity[] } = {},
) => {
  let count = 0
  let shiftMs = 0
  const name = `test-${++caches}`
  const origin = await startOrigin((request, answer) => {
    request.resume()
    answer.setHeader('Date', new Date(Date.now() + shiftMs).toUTCString())
    listener(request, answer, ++count)
  })
  t.after(() => origin.kill())
  const gateway = await openGateway({
    clock: { ...systemClock, now: () => new Date(Date.now() + shiftMs) },
    config: aConfig({
      services: [aService('origin', { port: origin.port, retries: 0 })],
      routes: [aRoute('all', 'origin')],
      consumers: [aConsumer('ann'), aConsumer('bob')],
      credentials: [aKey('ann', 'a'), aKey('bob', 'b')],
      plugins: [
        ...(options.plugins ?? []),
        aPlugin('http-cache', configOf(httpCache, { cache: name, ...options.config })),
      ],
    }),
  })
  t.after(() => gateway[Symbol.asyncDispose]())
  const cache = openCaches().find(({ cache }) => cache.name === name)?.cache
  assert.ok(cache !== undefined)
  return {
    gateway,
    origin,
    cache,
    asked: () => count,
    later: (seconds: number) => void (shiftMs += seconds * 1000),
    /** Body and what the cache did. */
    get: async (path = '/', init: RequestInit = {}) => {
      const answer = await gateway.fetch(path, init)
      const text = await answer.text()
      return { status: answer.status, text, did: answer.headers.get('cache-status'), answer }
    },
  }
}

const fresh = { 'Cache-Control': 'max-age=60' }

void test('500 at once make one request to the service', async (t) => {
  const open: ServerResponse[] = []
  const { get, asked, cache } = await stand(t, (_request, answer) => void open.push(answer))
  const answers = Array.from({ length: 500 }, () => get('/popular'))
  await until('all but one wait', () => cache.states().waiting === 499)
  open[0]?.writeHead(200, fresh).end('here')
  const texts = new Set((await Promise.all(answers)).map(({ text }) => text))
  assert.deepEqual([asked(), [...texts], cache.states().collapsed], [1, ['here'], 499])
  assert.equal(cache.states().waiting, 0)
})

void test('what may not be shared is asked for by each, all at once', async (t) => {
  const open: ServerResponse[] = []
  const { get, asked, cache } = await stand(t, (_request, answer) => void open.push(answer))
  const answers = Array.from({ length: 50 }, () => get('/basket'))
  await until('all but one wait', () => cache.states().waiting === 49)
  open[0]?.writeHead(200, { 'Cache-Control': 'private' }).end('0')
  await until('all are under way', () => open.length === 50)
  open.slice(1).forEach((answer, number) => answer.end(`${number + 1}`))
  const texts = new Set((await Promise.all(answers)).map(({ text }) => text))
  assert.deepEqual([texts.size, asked()], [50, 50])
  // For a while nobody waits there any more.
  const next = get('/basket')
  const another = get('/basket')
  await until('both are under way', () => open.length === 52)
  open.slice(50).forEach((answer) => answer.end('x'))
  await Promise.all([next, another])
})

void test('when the one in front leaves, the others do not', async (t) => {
  const open: ServerResponse[] = []
  const { get, gateway, cache } = await stand(t, (_request, answer) => void open.push(answer))
  const leaver = httpRequest(`${gateway.url}/x`)
  leaver.on('error', () => {})
  leaver.end()
  await until('it is under way', () => open.length === 1)
  const answers = [get('/x'), get('/x'), get('/x')]
  await until('three wait', () => cache.states().waiting === 3)
  leaver.destroy()
  await until('they ask for themselves', () => open.length === 4)
  open.slice(1).forEach((answer) => answer.writeHead(200, fresh).end('there'))
  for (const { text } of await Promise.all(answers)) assert.equal(text, 'there')
})

void test('fresh, then validated, then served again', async (t) => {
  const { get, asked, later } = await stand(t, (request, answer) => {
    const known = request.headers['if-none-match'] === '"v1"'
    answer.writeHead(known ? 304 : 200, { ...fresh, ETag: '"v1"' })
    answer.end(known ? undefined : 'text')
  })
  const steps = [await get(), await get()]
  later(61)
  steps.push(await get(), await get())
  assert.deepEqual(
    steps.map(({ status, text, did }) => [status, text, did]),
    [
      [200, 'text', 'Keelson; fwd=uri-miss; stored'],
      [200, 'text', 'Keelson; hit; ttl=60'],
      [200, 'text', 'Keelson; fwd=stale; fwd-status=304; stored'],
      [200, 'text', 'Keelson; hit; ttl=60'],
    ],
  )
  assert.equal(asked(), 2)
})

void test('stale while it is being refreshed', async (t) => {
  const headers = { 'Cache-Control': 'max-age=60, stale-while-revalidate=600' }
  const { get, later, cache } = await stand(t, (_request, answer, count) => {
    answer.writeHead(200, headers).end(`${count}`)
  })
  await get()
  later(61)
  assert.deepEqual([(await get()).text, cache.states().stale], ['1', 1])
  await until('it is refreshed', () => cache.states().replaced === 1)
  assert.equal((await get()).text, '2')
})

void test('a stale answer stands in for a service that is away, unless it forbids that', async (t) => {
  const { get, later, origin } = await stand(t, (request, answer) => {
    const strict = request.url === '/strict' ? ', must-revalidate' : ''
    answer.writeHead(200, { 'Cache-Control': `max-age=60${strict}` }).end('kept')
  })
  await get('/')
  await get('/strict')
  later(61)
  await origin.kill()
  const { status, text, did } = await get('/')
  assert.deepEqual([status, text, did], [200, 'kept', 'Keelson; hit; ttl=-1; detail=unreachable'])
  assert.equal((await get('/strict')).status, 502)
  later(3600)
  assert.equal((await get('/')).status, 502)
})

void test('stale-if-error is for answers that are errors', async (t) => {
  const { get, later } = await stand(t, (request, answer, count) => {
    const more = request.url === '/told' ? ', stale-if-error=600' : ''
    answer.writeHead(count <= 2 ? 200 : 503, { 'Cache-Control': `max-age=60${more}` }).end('x')
  })
  await get('/told')
  await get('/untold')
  later(61)
  assert.deepEqual([(await get('/told')).status, (await get('/untold')).status], [200, 503])
})

void test('a stampede on a service that fails is one request, and all get the stale answer', async (t) => {
  const open: ServerResponse[] = []
  const { get, later, cache } = await stand(t, (_request, answer, count) => {
    if (count > 1) return void open.push(answer)
    answer.writeHead(200, { 'Cache-Control': 'max-age=60, stale-if-error=600' }).end('old')
  })
  await get()
  later(61)
  const answers = Array.from({ length: 100 }, () => get())
  await until('all but one wait', () => cache.states().waiting === 99)
  open[0]?.writeHead(503).end()
  for (const { text } of await Promise.all(answers)) assert.equal(text, 'old')
  assert.equal(open.length, 1)
})

void test('WebSocket handshakes pass, and wait for nobody', async (t) => {
  const { get, asked, cache } = await stand(t, (_request, answer) => {
    answer.writeHead(200, fresh).end('no socket here')
  })
  const headers = { 'Sec-WebSocket-Key': 'x' }
  await get('/', { headers })
  await get('/', { headers })
  assert.deepEqual([asked(), cache.states().bypassed, cache.states().entries], [2, 2, 0])
})

void test('an answer without a lifetime is never shown to others, whoever is away', async (t) => {
  const { get, origin } = await stand(t, (_request, answer) => {
    answer.writeHead(200, { ETag: '"mine"' }).end('for one person')
  })
  await get()
  await origin.kill()
  assert.equal((await get()).status, 502)
})

void test('what changes something makes what is stored outdated', async (t) => {
  const { get, asked } = await stand(t, (request, answer) => {
    const moved = request.method === 'POST' ? { Location: '/list' } : fresh
    answer.writeHead(request.method === 'DELETE' ? 500 : 200, moved).end()
  })
  await get('/item')
  await get('/list')
  await get('/item', { method: 'DELETE' }) // it failed: nothing has changed
  await get('/item')
  assert.equal(asked(), 3)
  await get('/item', { method: 'POST', body: 'x' })
  await get('/item')
  await get('/list')
  assert.equal(asked(), 6)
})

void test('consumers have answers of their own', async (t) => {
  const { get, asked } = await stand(
    t,
    (request, answer) => answer.writeHead(200, fresh).end(request.headers['x-consumer-username']),
    { plugins: [aPlugin('key-auth', configOf(keyAuth))] },
  )
  const as = (apikey: string) => get('/me', { headers: { apikey } })
  const texts = [await as('a'), await as('b'), await as('a'), await as('b')]
  assert.deepEqual([texts.map(({ text }) => text), asked()], [['ann', 'bob', 'ann', 'bob'], 2])
})

void test('what other plugins make of an answer is made anew each time, and not kept', async (t) => {
  const appended = { append: { headers: ['X-By: gateway'] } }
  const { get, later } = await stand(
    t,
    (request, answer) => {
      answer.writeHead(request.headers['if-none-match'] === '"v1"' ? 304 : 200, {
        ...fresh,
        ETag: '"v1"',
      })
      answer.end()
    },
    {
      plugins: [
        aPlugin('cors', configOf(cors, { origins: ['http://a.test', 'http://b.test'] })),
        aPlugin('response-transformer', configOf(responseTransformer, appended)),
      ],
    },
  )
  const ask = async (origin: string) => {
    const { answer, did } = await get('/', { headers: { Origin: origin } })
    const { headers } = answer
    return [did, headers.get('access-control-allow-origin'), headers.get('x-by')]
  }
  assert.deepEqual(
    [await ask('http://a.test'), await ask('http://b.test')],
    [
      ['Keelson; fwd=uri-miss; stored', 'http://a.test', 'gateway'],
      ['Keelson; hit; ttl=60', 'http://b.test', 'gateway'],
    ],
  )
  later(61)
  assert.deepEqual(await ask('http://a.test'), [
    'Keelson; fwd=stale; fwd-status=304; stored',
    'http://a.test',
    'gateway',
  ])
})

void test('HEAD and ranges are served from what GET brought', async (t) => {
  const { get, asked, gateway } = await stand(t, (_request, answer) => {
    answer.writeHead(200, fresh).end('0123456789')
  })
  await get()
  const part = await get('/', { headers: { Range: 'bytes=2-4' } })
  assert.deepEqual([part.status, part.text], [206, '234'])
  const head = await gateway.fetch('/', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, '10'])
  const beyond = await get('/', { headers: { Range: 'bytes=20-' } })
  assert.deepEqual([beyond.status, beyond.answer.headers.get('content-range')], [416, 'bytes */10'])
  assert.equal(asked(), 1)
})

void test('parts that belong together become the whole', async (t) => {
  const { get, asked } = await stand(t, (request, answer) => {
    const [first = 0, last = 0] = (request.headers.range ?? '').slice(6).split('-').map(Number)
    answer.writeHead(206, { ...fresh, ETag: '"a"', 'Content-Range': `bytes ${first}-${last}/10` })
    answer.end('0123456789'.slice(first, last + 1))
  })
  const ask = async (range: string) => (await get('/', { headers: { Range: range } })).text
  assert.deepEqual([await ask('bytes=0-4'), await ask('bytes=5-9')], ['01234', '56789'])
  assert.deepEqual([await ask('bytes=3-6'), (await get()).text, asked()], ['3456', '0123456789', 2])
})

void test('only-if-cached without an answer is 504', async (t) => {
  const { get, asked } = await stand(t, (_request, answer) => answer.end())
  const { status } = await get('/', { headers: { 'Cache-Control': 'only-if-cached' } })
  assert.deepEqual([status, asked()], [504, 0])
})

void test('a body above the bound passes, and is not kept', async (t) => {
  const { get, asked, cache } = await stand(
    t,
    (_request, answer) => answer.writeHead(200, fresh).end('x'.repeat(5000)),
    { config: { max_body_bytes: 4096 } },
  )
  assert.deepEqual([(await get()).text.length, (await get()).text.length, asked()], [5000, 5000, 2])
  assert.equal(cache.states().entries, 0)
})

void test('a body that breaks off is not kept', async (t) => {
  const { get, cache } = await stand(t, (_request, answer, count) => {
    answer.writeHead(200, { ...fresh, 'Content-Length': '10' })
    answer.write('01234')
    if (count > 1) answer.end('56789')
    else setImmediate(() => answer.destroy())
  })
  await assert.rejects(get())
  assert.equal(cache.states().entries, 0)
  assert.equal((await get()).text, '0123456789')
})

void test('memory stays below its bound under load', { timeout: 60_000 }, async (t) => {
  const bytes = 256 * 1024
  const { get, cache } = await stand(
    t,
    (request, answer) => answer.writeHead(200, fresh).end(request.url?.padEnd(3000, 'x')),
    { config: { memory_bytes: bytes } },
  )
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 50 }, (_, at) => get(`/${round}/${at}`)))
    assert.ok(cache.states().memory.bytes <= bytes)
  }
  assert.ok(cache.states().memory.evictions > 0)
})

void test('purges by group, and refuses to be shared without a Redis', async (t) => {
  const { get, asked, cache } = await stand(t, (request, answer) => {
    answer.writeHead(200, { ...fresh, 'Cache-Tag': request.url === '/a' ? 'one' : 'two' }).end()
  })
  await get('/a')
  await get('/b')
  assert.equal(await cache.purge({ by: 'tag', tag: 'one' }), 1)
  await get('/a')
  await get('/b')
  assert.equal(asked(), 3)
  const faults = httpCache.check?.(configOf(httpCache, { shared: true })) ?? []
  assert.deepEqual(
    faults.map(({ path }) => path),
    [['redis', 'host']],
  )
})

void test('plugins that say the same share a cache; it closes with the last of them', async (t) => {
  const { gateway, cache } = await stand(t, (_request, answer) => answer.end())
  const same = configOf(httpCache, { cache: cache.name })
  await gateway.apply(
    aConfig({
      services: [aService('s')],
      routes: [aRoute('a', 's', { paths: ['/a'] }), aRoute('b', 's', { paths: ['/b'] })],
      plugins: [
        aPlugin('http-cache', same, { route: 'a' }),
        aPlugin('http-cache', same, { route: 'b' }),
      ],
    }),
  )
  assert.equal(openCaches().filter((open) => open.cache.name === cache.name).length, 1)
  await gateway.apply(aConfig())
  await until('it is closed', () => openCaches().every((open) => open.cache.name !== cache.name))
})

void test('a gateway tells of its caches, purges and warms them', async (t) => {
  const { gateway, asked } = await stand(t, (request, answer) => {
    answer
      .writeHead(request.url === '/gone' ? 500 : 200, { ...fresh, 'Cache-Tag': 'shop' })
      .end('x')
  })
  const doors = { http: { host: '127.0.0.1', port: gateway.port }, https: null }
  const host = `127.0.0.1:${gateway.port}`
  const urls = warmUrls('127.0.0.1', ['/a', '/b', `http://${host}/gone`, 'https://a.test/'], {
    ...{ http: gateway.port, https: null },
  })
  assert.deepEqual(await warmCaches(doors, urls), {
    stored: 2,
    failed: 2,
    failures: [
      { url: 'https://a.test/', reason: 'the gateway speaks no TLS' },
      { url: `http://${host}/gone`, reason: 'answered 500' },
    ],
  })
  const states = () => cacheStates().filter(({ plugin }) => plugin === 'http-cache')
  assert.deepEqual(
    states().map(({ entries, misses, shared, tags }) => [entries, misses, shared, tags]),
    [[3, 3, 'none', [{ tag: 'shop', entries: 3 }]]],
  )
  assert.deepEqual(await purgeCaches({}), { removed: 0 })
  assert.deepEqual(await purgeCaches({ plugin: 'another', all: true }), { removed: 0 })
  assert.deepEqual(await purgeCaches({ url: `http://${host}/a` }), { removed: 1 })
  assert.deepEqual(await purgeCaches({ plugin: 'http-cache', tag: 'shop' }), { removed: 2 })
  assert.equal(asked(), 3)
})
