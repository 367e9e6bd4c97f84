import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openGateway, startOrigin } from '../../testing/gateway.ts'
import { startCollector } from '../logging/testing.ts'
import { configOf, faultsOf, instanceOf, testExchange, testHost } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { httpLog } from './handler.ts'

const http_endpoint = 'http://127.0.0.1:1/logs'

test('defaults', () => {
  assert.deepEqual(configOf(httpLog, { http_endpoint }), {
    http_endpoint,
    method: 'POST',
    content_type: 'application/json',
    timeout: 10_000,
    keepalive: 60_000,
    headers: null,
    ssl_verify: true,
    queue: {
      max_batch_size: 1,
      max_coalescing_delay: 1,
      max_entries: 10_000,
      max_bytes: null,
      max_retry_time: 60,
      initial_retry_delay: 0.01,
      max_retry_delay: 60,
      concurrency_limit: 1,
    },
    custom_fields_by_lua: null,
  })
  assert.equal(httpLog.priority, 12)
})

const mistakes: { name: string; config: object; path: string }[] = [
  {
    name: 'Lua',
    config: { custom_fields_by_lua: { a: 'return 1' } },
    path: 'custom_fields_by_lua',
  },
  {
    name: 'a length',
    config: { headers: { 'Content-Length': '1' } },
    path: 'headers.Content-Length',
  },
  { name: 'a host', config: { headers: { host: 'a' } }, path: 'headers.host' },
  { name: 'a type', config: { headers: { 'content-type': 'a' } }, path: 'headers.content-type' },
  {
    name: 'two ways to say who asks',
    config: { http_endpoint: 'http://a:b@127.0.0.1/', headers: { Authorization: 'a' } },
    path: 'headers.Authorization',
  },
  { name: 'no URL', config: { http_endpoint: 'http://[' }, path: 'http_endpoint' },
]

describe('refuses', () => {
  for (const { name, config, path } of mistakes) {
    test(name, () => {
      const faults = faultsOf(httpLog, { http_endpoint, ...config })
      assert.deepEqual(
        faults.map((fault) => fault.path.join('.')),
        [path],
      )
    })
  }

  test('header values with line ends', () => {
    assert.throws(() => configOf(httpLog, { http_endpoint, headers: { a: 'b\r\nc: d' } }))
  })
})

test('no field of Lua is as good as an empty one', () => {
  assert.deepEqual(faultsOf(httpLog, { http_endpoint, custom_fields_by_lua: {} }), [])
})

const log = (instance: ReturnType<typeof instanceOf>, requestId: string) =>
  instance.log?.(testExchange({ requestId }), testRecord())

type Entry = { request: { id: string }; response: { status: number } }

const idsOf = (bodies: readonly { body: string }[]): string[] =>
  bodies.flatMap(({ body }) =>
    [JSON.parse(body) as Entry | Entry[]].flat().map((one) => one.request.id),
  )

describe('entries', () => {
  test('go one by one, with the fields that are configured', async () => {
    await using collector = await startCollector()
    const instance = instanceOf(httpLog, {
      http_endpoint: `${collector.url.replace('//', '//me:p%40ss@')}/in?a=b`,
      method: 'PUT',
      headers: { 'X-Tenant': 'shop' },
    })
    log(instance, 'a')
    const [{ method, url, headers, body } = assert.fail()] = await collector.until(1)
    assert.equal(method, 'PUT')
    assert.equal(url, '/in?a=b')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['x-tenant'], 'shop')
    assert.equal(headers.authorization, `Basic ${Buffer.from('me:p@ss').toString('base64')}`)
    assert.equal((JSON.parse(body) as Entry).response.status, 200)
    await instance.close?.()
  })

  test('go as a list when several may go at once', async () => {
    await using collector = await startCollector()
    const instance = instanceOf(httpLog, {
      http_endpoint: collector.url,
      queue: { max_batch_size: 2 },
    })
    for (const id of ['a', 'b', 'c']) log(instance, id)
    await instance.close?.()
    assert.deepEqual(
      collector.received.map((one) => idsOf([one])),
      [['a', 'b'], ['c']],
    )
  })

  test('are sent again when they were refused, and then again', async () => {
    let asked = 0
    await using collector = await startCollector(() => ((asked += 1) < 4 ? 503 : 200))
    const instance = instanceOf(httpLog, { http_endpoint: collector.url })
    log(instance, 'a')
    log(instance, 'b')
    assert.deepEqual(idsOf(await collector.until(2)), ['a', 'b'])
    assert.equal(asked, 5)
    await instance.close?.()
  })

  test('arrive although the receiver was killed and started again meanwhile', async () => {
    const first = await startCollector()
    const { port } = first
    const instance = instanceOf(httpLog, { http_endpoint: `${first.url}/` })
    log(instance, 'before')
    await first.until(1)
    await first[Symbol.asyncDispose]()
    for (let n = 0; n < 100; n += 1) log(instance, `${n}`)
    await using second = await startCollector(() => 200, { port })
    const ids = idsOf(await second.until(100))
    assert.deepEqual(
      ids,
      Array.from({ length: 100 }, (_, n) => `${n}`),
    )
    await instance.close?.()
  })
})

describe('a receiver that', () => {
  for (const [name, answer] of [
    ['never answers', () => new Promise<number>(() => {})],
    ['always fails', () => 500],
  ] as const) {
    test(`${name} delays no request and fails none, and what waits stays bounded`, async () => {
      await using collector = await startCollector(answer)
      await using origin = await startOrigin((_, response) => response.end('hello'))
      await using gateway = await openGateway({
        config: `
_format_version: "3.0"
services:
- name: shop
  url: http://127.0.0.1:${origin.port}
  routes: [{ name: orders, paths: [/] }]
plugins:
- name: http-log
  config:
    http_endpoint: ${collector.url}
    queue: { max_entries: 5, max_retry_time: 0 }
`,
      })
      const answers = await Promise.all(Array.from({ length: 50 }, () => gateway.fetch('/')))
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
      const waiting = /keelson_gateway_log_entries_waiting\{[^}]*} (\d+)/.exec(gateway.metrics())
      assert.ok(Number(waiting?.[1]) <= 5)
    })
  }
})

test('speaks TLS to a server that is vouched for, and to any with ssl_verify off', async () => {
  await using collector = await startCollector(() => 200, { secure: true })
  const logged: string[] = []
  const note = (_: object, message: string) => void logged.push(message)
  const host = { ...testHost(), log: { info: note, warn: note, error: note } }
  const queue = { max_retry_time: -1 }
  const careful = instanceOf(httpLog, { http_endpoint: collector.url, queue }, host)
  log(careful, 'a')
  await careful.close?.()
  assert.deepEqual(logged, ['log entries were lost'])
  const trusting = instanceOf(httpLog, { http_endpoint: collector.url, ssl_verify: false }, host)
  log(trusting, 'b')
  await trusting.close?.()
  assert.deepEqual(idsOf(collector.received), ['b'])
})
