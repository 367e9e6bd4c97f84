import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { freePort, openGateway, startOrigin, type Origin } from '../../testing/gateway.ts'
import { startCollector, type TestCollector } from '../logging/testing.ts'
import { configOf, faultsOf, instanceOf, testExchange } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { opentelemetry } from './handler.ts'

const traces_endpoint = 'http://127.0.0.1:4318/v1/traces'

test('defaults', () => {
  assert.deepEqual(configOf(opentelemetry, { traces_endpoint }), {
    traces_endpoint,
    logs_endpoint: null,
    headers: null,
    resource_attributes: null,
    queue: {
      max_batch_size: 200,
      max_coalescing_delay: 1,
      max_entries: 10_000,
      max_bytes: null,
      max_retry_time: 60,
      initial_retry_delay: 0.01,
      max_retry_delay: 60,
      concurrency_limit: 1,
    },
    connect_timeout: 1000,
    send_timeout: 5000,
    read_timeout: 5000,
    http_response_header_for_traceid: null,
    header_type: 'preserve',
    sampling_rate: null,
    propagation: { extract: null, clear: null, inject: null, default_format: 'w3c' },
  })
  assert.equal(opentelemetry.priority, 14)
})

test('the old name of the endpoint is read', () => {
  assert.equal(
    configOf(opentelemetry, { endpoint: traces_endpoint }).traces_endpoint,
    traces_endpoint,
  )
})

const mistakes: { name: string; config: object; path: string }[] = [
  { name: 'no endpoint', config: { traces_endpoint: null }, path: '' },
  {
    name: 'an endpoint that is none',
    config: { logs_endpoint: 'http://[' },
    path: 'logs_endpoint',
  },
  {
    name: 'templates',
    config: { resource_attributes: { a: '$(headers.host)' } },
    path: 'resource_attributes.a',
  },
]

describe('refuses', () => {
  for (const { name, config, path } of mistakes) {
    test(name, () => {
      const faults = faultsOf(opentelemetry, { traces_endpoint, ...config })
      assert.deepEqual(
        faults.map((fault) => fault.path.join('.')),
        [path],
      )
    })
  }
})

type Value = { stringValue?: string; intValue?: string; doubleValue?: number; boolValue?: boolean }
type Attribute = { key: string; value: Value }
type Span = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: Attribute[]
  status?: { code: number }
}
type Log = Omit<Span, 'name' | 'kind'> & { severityText: string; body: Value; timeUnixNano: string }
type Export = {
  resourceSpans?: [{ resource: { attributes: Attribute[] }; scopeSpans: [{ spans: Span[] }] }]
  resourceLogs?: [{ resource: { attributes: Attribute[] }; scopeLogs: [{ logRecords: Log[] }] }]
}

const attributesOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.intValue === undefined ? Object.values(value)[0] : Number(value.intValue),
    ]),
  )

const exportsOf = ({ received }: TestCollector): Export[] =>
  received.map(({ body }) => JSON.parse(body) as Export)
const spansOf = (collector: TestCollector): Span[] =>
  exportsOf(collector).flatMap((one) => one.resourceSpans?.[0].scopeSpans[0].spans ?? [])
const logsOf = (collector: TestCollector): Log[] =>
  exportsOf(collector).flatMap((one) => one.resourceLogs?.[0].scopeLogs[0].logRecords ?? [])

const long = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = '00f067aa0ba902b7'

describe('through a gateway', () => {
  let origin: Origin
  let collector: TestCollector
  let seen: Record<string, unknown> = {}
  before(async () => {
    origin = await startOrigin((request, response) => {
      seen = request.headers
      response.writeHead(request.url === '/bad' ? 500 : 200).end('hello')
    })
  })
  after(() => origin[Symbol.asyncDispose]())

  const fileOf = (more: string, service = `url: http://127.0.0.1:${origin.port}`) => `
_format_version: "3.0"
services:
- name: shop
  ${service}
  routes: [{ name: orders, paths: [/orders] }]
plugins:
- name: opentelemetry
  config:
    traces_endpoint: ${collector.url}/v1/traces
    logs_endpoint: ${collector.url}/v1/logs
    headers: { X-Tenant: shop }
    resource_attributes: { deployment.environment: test }
    queue: { max_batch_size: 10, max_coalescing_delay: 0.001 }
    ${more}
`

  /** One request; gives its answer, and what the collector got of it. */
  const ask = async (path: string, headers: Record<string, string>, file: string) => {
    const gateway = await openGateway({ config: file })
    const answer = await gateway.fetch(path, { headers })
    await answer.text()
    await gateway[Symbol.asyncDispose]()
    return answer
  }

  const start = async () => (collector = await startCollector())

  test('a request is a span, the service a child of it that it is told', async () => {
    await using _ = await start()
    const answer = await ask(
      '/orders?apikey=k',
      { traceparent: `00-${long}-${parent}-01`, tracestate: 'a=b' },
      fileOf('http_response_header_for_traceid: X-Trace-Id'),
    )
    await collector.until(2)
    assert.equal(answer.headers.get('x-trace-id'), long)
    const [root, child, ...more] = spansOf(collector)
    assert.ok(root !== undefined && child !== undefined)
    assert.deepEqual(more, [])
    assert.equal(seen['traceparent'], `00-${long}-${child.spanId}-01`)
    assert.equal(seen['tracestate'], 'a=b')
    assert.deepEqual(
      [root.name, root.kind, root.traceId, root.parentSpanId],
      ['kong', 2, long, parent],
    )
    assert.deepEqual(
      [child.name, child.kind, child.traceId, child.parentSpanId],
      ['kong.balancer', 3, long, root.spanId],
    )
    assert.ok(BigInt(root.startTimeUnixNano) <= BigInt(child.startTimeUnixNano))
    assert.ok(BigInt(child.endTimeUnixNano) <= BigInt(root.endTimeUnixNano))
    assert.ok(Math.abs(Number(root.startTimeUnixNano) / 1e6 - Date.now()) < 60_000)
    const { 'http.url': url, ...attributes } = attributesOf(root.attributes)
    assert.match(String(url), /^http:\/\/127\.0\.0\.1:\d+\/orders\?apikey=REDACTED$/)
    assert.partialDeepStrictEqual(attributes, {
      'http.method': 'GET',
      'http.scheme': 'http',
      'http.flavor': '1.1',
      'http.route': '/orders',
      'http.status_code': 200,
      'http.client_ip': '127.0.0.1',
      'kong.route': 'orders',
      'kong.service': 'shop',
    })
    assert.partialDeepStrictEqual(attributesOf(child.attributes), {
      try_count: 1,
      'net.peer.ip': '127.0.0.1',
      'net.peer.port': origin.port,
      'http.status_code': 200,
    })
  })

  test('the resource, and a record of the request in the same trace', async () => {
    await using _ = await start()
    await ask('/orders', { traceparent: `00-${long}-${parent}-01` }, fileOf(''))
    await collector.until(2)
    assert.deepEqual(collector.received.map(({ url }) => url).toSorted(), [
      '/v1/logs',
      '/v1/traces',
    ])
    const [{ headers } = assert.fail()] = collector.received
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['x-tenant'], 'shop')
    const [log] = logsOf(collector)
    assert.match(log?.body.stringValue ?? '', /^GET http:\/\/127\.0\.0\.1:\d+\/orders 200$/)
    assert.deepEqual([log?.severityText, log?.traceId], ['INFO', long])
    const resource = exportsOf(collector).map(
      (one) => one.resourceSpans?.[0].resource ?? one.resourceLogs?.[0].resource,
    )
    for (const one of resource) {
      const { 'service.instance.id': id, ...attributes } = attributesOf(one?.attributes ?? [])
      assert.equal(typeof id, 'string')
      assert.partialDeepStrictEqual(attributes, {
        'service.name': 'kong',
        'deployment.environment': 'test',
      })
    }
  })

  test('every attempt is a child; the last one is what the service was told', async () => {
    await using _ = await start()
    const dead = await freePort()
    const upstream = `host: both
upstreams:
- name: both
  targets:
  - { target: "127.0.0.1:${dead}", weight: 100 }
  - { target: "127.0.0.1:${origin.port}", weight: 100 }`
    const file = fileOf('').replace(/ {2}url: .*\n/, '  host: both\n')
    const [, targets = ''] = upstream.split('host: both\n')
    const gateway = await openGateway({ config: `${file}${targets}\n` })
    for (let n = 0; n < 4; n += 1) await (await gateway.fetch('/orders')).text()
    await gateway[Symbol.asyncDispose]()
    await collector.until(2)
    const spans = spansOf(collector)
    const failed = spans.find(({ name, status }) => name === 'kong.balancer' && status?.code === 2)
    assert.ok(failed !== undefined)
    const siblings = spans.filter(({ parentSpanId }) => parentSpanId === failed.parentSpanId)
    assert.deepEqual(
      siblings.map(({ attributes }) => attributesOf(attributes)['net.peer.port']),
      [dead, origin.port],
    )
  })

  test('a failure is one, and a client that was refused is none', async () => {
    await using _ = await start()
    await ask('/orders/bad', {}, fileOf(''))
    await collector.until(2)
    const codes = spansOf(collector).map(({ status }) => status?.code)
    assert.deepEqual(codes, [2, 2])
    assert.equal(logsOf(collector)[0]?.severityText, 'ERROR')
  })

  for (const [name, headers, more, spans, flag] of [
    ['a client that wants no trace', { traceparent: `00-${long}-${parent}-00` }, '', 0, '00'],
    ['a rate of 0', { traceparent: `00-${long}-${parent}-01` }, 'sampling_rate: 0', 0, '00'],
    ['nothing', {}, '', 2, '01'],
  ] as const) {
    test(`${name}: ${spans} spans, and the service knows`, async () => {
      await using _ = await start()
      await ask('/orders', headers, fileOf(more))
      await collector.until(spans === 0 ? 1 : 2)
      assert.equal(spansOf(collector).length, spans)
      assert.ok(String(seen['traceparent']).endsWith(`-${flag}`))
    })
  }

  test('without an endpoint for traces the service is told nothing', async () => {
    await using _ = await start()
    const file = fileOf('').replace(/ {4}traces_endpoint: .*\n/, '')
    await ask('/orders', {}, file)
    assert.equal(seen['traceparent'], undefined)
    await collector.until(1)
    assert.equal(logsOf(collector).length, 1)
  })
})

test('spans that nobody takes are bounded, and requests never wait', async () => {
  await using collector = await startCollector(() => new Promise<number>(() => {}))
  const instance = instanceOf(opentelemetry, {
    traces_endpoint: collector.url,
    queue: { max_entries: 100, max_batch_size: 10, max_retry_time: -1 },
  })
  for (let n = 0; n < 1000; n += 1) instance.log?.(testExchange(), testRecord())
  const waiting = /_waiting\{[^}]*} (\d+)/.exec(instance.metrics?.() ?? '')
  assert.equal(waiting?.[1], '100')
})
