import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openGateway, startOrigin } from '../../testing/gateway.ts'
import { startCollector } from '../logging/testing.ts'
import { configOf, faultsOf } from '../testing/index.ts'
import { zipkin } from './handler.ts'

test('defaults', () => {
  const { queue, ...rest } = configOf(zipkin)
  assert.deepEqual(rest, {
    local_service_name: 'kong',
    http_endpoint: null,
    sample_ratio: 0.001,
    default_service_name: null,
    include_credential: true,
    traceid_byte_count: 16,
    header_type: 'preserve',
    default_header_type: 'b3',
    tags_header: 'Zipkin-Tags',
    static_tags: null,
    http_span_name: 'method',
    connect_timeout: 2000,
    send_timeout: 5000,
    read_timeout: 5000,
    http_response_header_for_traceid: null,
    phase_duration_flavor: 'annotations',
    propagation: { extract: null, clear: null, inject: null, default_format: 'b3' },
  })
  assert.equal(queue.max_batch_size, 1)
  assert.equal(zipkin.priority, 100_000)
})

test('tags of the plugin itself, and two of one name, are refused', () => {
  const own = { static_tags: [{ name: 'http.method', value: 'a' }] }
  assert.throws(() => configOf(zipkin, own), /name/)
  const twice = { static_tags: ['a', 'b'].map((value) => ({ name: 'x', value })) }
  assert.deepEqual(faultsOf(zipkin, twice)[0]?.path, ['static_tags', 1, 'name'])
})

type Span = {
  traceId: string
  id: string
  parentId?: string
  name: string
  kind: string
  timestamp: number
  duration: number
  localEndpoint: { serviceName: string }
  remoteEndpoint?: { serviceName?: string; ipv4?: string; port: number }
  tags: Record<string, string>
  annotations?: { value: string }[]
}

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const client = '00f067aa0ba902b7'

const run = async (more: string, headers: Record<string, string>, spanCount: number) => {
  let seen: Record<string, unknown> = {}
  await using collector = await startCollector(() => 202)
  await using origin = await startOrigin((request, response) => {
    seen = request.headers
    response.end('hello')
  })
  await using gateway = await openGateway({
    config: `
_format_version: "3.0"
services:
- name: shop
  url: http://127.0.0.1:${origin.port}
  routes: [{ name: orders, paths: [/orders] }]
plugins:
- name: zipkin
  config:
    http_endpoint: ${collector.url}/api/v2/spans
    static_tags: [{ name: stage, value: test }]
    ${more}
`,
  })
  const answer = await gateway.fetch('/orders', { headers })
  await answer.text()
  const received = await collector.until(spanCount)
  const spans = received.flatMap(({ body }) => JSON.parse(body) as Span[])
  return { spans, seen, answer, port: origin.port }
}

describe('spans of Zipkin', () => {
  test('the request shares the span of a B3 client; the service is told the proxy span', async () => {
    const { spans, seen, port } = await run(
      'http_span_name: method_path',
      { b3: `${trace}-${client}-1`, 'Zipkin-Tags': 'user=ada; nothing; a = b c' },
      3,
    )
    const [attempt, proxy, root] = spans
    assert.deepEqual(
      spans.map(({ kind, name }) => [kind, name]),
      [
        ['CLIENT', 'GET /orders (balancer try 1)'],
        ['CLIENT', 'GET /orders (proxy)'],
        ['SERVER', 'GET /orders'],
      ],
    )
    assert.deepEqual([root?.traceId, root?.id, root?.parentId], [trace, client, undefined])
    assert.deepEqual([proxy?.parentId, attempt?.parentId], [client, client])
    assert.equal(seen['b3'], `${trace}-${proxy?.id}-1-${client}`)
    assert.partialDeepStrictEqual(root?.tags, {
      lc: 'kong',
      stage: 'test',
      user: 'ada',
      a: 'b c',
      'http.method': 'GET',
      'http.path': '/orders',
      'http.protocol': 'HTTP/1.1',
      'http.status_code': '200',
    })
    assert.deepEqual(attempt?.remoteEndpoint, { serviceName: 'shop', ipv4: '127.0.0.1', port })
    assert.deepEqual(root?.localEndpoint, { serviceName: 'kong' })
    assert.deepEqual(
      proxy?.annotations?.map(({ value }) => value),
      ['kas', 'kaf', 'khs', 'kbf'],
    )
    assert.ok(spans.every(({ timestamp, duration }) => timestamp > 1e15 && duration >= 0))
  })

  test('the client of a traceparent is above the request', async () => {
    const { spans, answer } = await run(
      'http_response_header_for_traceid: X-Trace',
      { traceparent: `00-${trace}-${client}-01` },
      3,
    )
    assert.equal(spans.at(-1)?.parentId, client)
    assert.equal(answer.headers.get('x-trace'), trace)
  })

  test('a request of nobody is traced by the ratio, and told in B3', async () => {
    const { spans, seen } = await run('sample_ratio: 1', {}, 3)
    assert.equal(seen['x-b3-sampled'], '1')
    assert.equal(seen['x-b3-traceid'], spans[0]?.traceId)
    const off = await run('sample_ratio: 0', {}, 0)
    assert.deepEqual([off.spans.length, off.seen['x-b3-sampled']], [0, '0'])
  })
})
