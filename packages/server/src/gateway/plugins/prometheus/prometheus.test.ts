import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import { openGateway, startOrigin } from '../../testing/gateway.ts'
import type { Consumer } from '../../config/model.ts'
import type { NodeFacts, PluginHost } from '../plugin.ts'
import { configOf, instanceOf, testExchange, testHost } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { prometheus } from './handler.ts'
import { createRegistry, maxLines } from './registry.ts'

const everything = {
  per_consumer: true,
  status_code_metrics: true,
  latency_metrics: true,
  bandwidth_metrics: true,
}

const shop = { id: 'service-1', name: 'shop' }
const orders = { id: 'route-1', name: 'orders' }
const ada: Consumer = { id: 'c1', tags: [], username: 'ada', custom_id: null }

test('defaults', () => {
  assert.deepEqual(configOf(prometheus), {
    per_consumer: false,
    status_code_metrics: false,
    latency_metrics: false,
    bandwidth_metrics: false,
    upstream_health_metrics: false,
    ai_metrics: false,
    wasm_metrics: false,
  })
  assert.equal(prometheus.priority, 13)
})

test('metrics of what does not run here are refused', () => {
  assert.throws(() => configOf(prometheus, { ai_metrics: true }), /ai_metrics/)
})

/** Values by name and labels; comments are left out. */
const valuesOf = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
  )

const countOne = (host: PluginHost, config: object = everything) => {
  const instance = instanceOf(prometheus, config, host)
  const exchange = testExchange({ service: shop, route: orders, consumer: ada })
  instance.log?.(
    exchange,
    testRecord({
      status: 201,
      requestBytes: 100,
      responseBytes: 250,
      durationMs: 30,
      upstreamMs: 26,
      gatewayMs: 1.5,
    }),
  )
  return instance
}

const where = 'service="shop",route="orders"'

test('counts in the names, labels and buckets of Kong', () => {
  const values = valuesOf(countOne(testHost()).metrics?.() ?? '')
  const expected: [key: string, value: number][] = [
    [
      `kong_http_requests_total{${where},code="201",source="service",workspace="default",consumer="ada"}`,
      1,
    ],
    [`kong_bandwidth_bytes{${where},direction="ingress",workspace="default",consumer="ada"}`, 100],
    [`kong_bandwidth_bytes{${where},direction="egress",workspace="default",consumer="ada"}`, 250],
    [`kong_kong_latency_ms_bucket{${where},workspace="default",le="1"}`, 0],
    [`kong_kong_latency_ms_bucket{${where},workspace="default",le="2"}`, 1],
    [`kong_kong_latency_ms_bucket{${where},workspace="default",le="6000"}`, 1],
    [`kong_kong_latency_ms_sum{${where},workspace="default"}`, 1.5],
    [`kong_upstream_latency_ms_bucket{${where},workspace="default",le="25"}`, 0],
    [`kong_upstream_latency_ms_bucket{${where},workspace="default",le="50"}`, 1],
    [`kong_request_latency_ms_bucket{${where},workspace="default",le="60000"}`, 1],
    [`kong_request_latency_ms_bucket{${where},workspace="default",le="+Inf"}`, 1],
    [`kong_request_latency_ms_count{${where},workspace="default"}`, 1],
  ]
  for (const [key, value] of expected) assert.equal(values[key], value, key)
})

const left: { name: string; config: object; absent: RegExp }[] = [
  { name: 'statuses', config: { status_code_metrics: false }, absent: /kong_http_requests_total/ },
  { name: 'latencies', config: { latency_metrics: false }, absent: /latency_ms/ },
  { name: 'bytes', config: { bandwidth_metrics: false }, absent: /kong_bandwidth_bytes/ },
  { name: 'consumers', config: { per_consumer: false }, absent: /consumer="ada"/ },
]

describe('leaves out what nobody asked for:', () => {
  for (const { name, config, absent } of left) {
    test(name, () => {
      const text = countOne(testHost(), { ...everything, ...config }).metrics?.() ?? ''
      assert.doesNotMatch(text, absent)
    })
  }
})

test('tells answers of the gateway from those of the service', () => {
  const host = testHost()
  const instance = instanceOf(prometheus, everything, host)
  const exchange = testExchange({ service: shop, route: orders })
  instance.log?.(exchange, testRecord({ status: 503, source: 'gateway', upstreamMs: null }))
  instance.log?.(exchange, testRecord({ status: 503, source: 'service' }))
  const text = instance.metrics?.() ?? ''
  assert.match(text, /code="503",source="kong",workspace="default",consumer=""} 1\n/)
  assert.match(text, /code="503",source="service",workspace="default",consumer=""} 1\n/)
  assert.match(text, /kong_upstream_latency_ms_count\{[^}]*} 1\n/)
})

test('requests without a route are not counted', () => {
  const instance = instanceOf(prometheus, everything)
  instance.log?.(testExchange({ route: null, service: null }), testRecord())
  assert.doesNotMatch(instance.metrics?.() ?? '', /kong_http_requests_total/)
})

describe('several of one gateway', () => {
  test('count in the same series, and one speaks for all', () => {
    const host = testHost()
    const [first, second] = [countOne(host), countOne(host)]
    const text = (first.metrics?.() ?? '') + (second.metrics?.() ?? '')
    assert.equal(text.match(/# TYPE kong_http_requests_total counter/g)?.length, 1)
    assert.match(text, /code="201",[^}]*} 2\n/)
  })

  test('go on counting where one of them ended', async () => {
    const host = testHost()
    const first = countOne(host)
    await first.close?.()
    assert.equal(first.metrics?.(), '')
    assert.match(countOne(host).metrics?.() ?? '', /code="201",[^}]*} 2\n/)
  })

  test('another gateway has numbers of its own', () => {
    countOne(testHost())
    assert.match(countOne(testHost()).metrics?.() ?? '', /code="201",[^}]*} 1\n/)
  })
})

test('names are quoted', () => {
  const instance = instanceOf(prometheus, everything)
  const route = { id: 'r', name: 'a"b\\c\nd' }
  instance.log?.(testExchange({ service: shop, route }), testRecord())
  assert.match(instance.metrics?.() ?? '', /route="a\\"b\\\\c\\nd"/)
})

describe('the number of series', () => {
  test('has a bound; what has no room is told', () => {
    const registry = createRegistry(() => 0)
    for (let n = 0; n < maxLines; n += 1) {
      registry.series('shop', `route-${n}`).caller('').countAnswer(200, true)
    }
    assert.ok(registry.lines() <= maxLines)
    const text = registry.text()
    assert.ok(text.split('\n').length <= maxLines + 10)
    assert.match(text, /kong_nginx_metric_errors_total [1-9]/)
  })

  test('shrinks when it is crowded by those that are idle', () => {
    const clock = createManualClock()
    const registry = createRegistry(() => clock.monotonicMs())
    const old = registry.series('shop', 'old')
    for (let n = 0; registry.lines() < maxLines / 2; n += 1) {
      registry.series('shop', `${n}`).caller('').countAnswer(200, true)
    }
    clock.advance(3_600_000)
    registry.text()
    assert.ok(old.gone)
    assert.ok(registry.lines() <= maxLines / 2)
    const kept = registry.series('shop', 'new')
    registry.text()
    assert.equal(kept.gone, false)
  })
})

const facts: NodeFacts = {
  id: 'node-1',
  version: '1.2.3',
  connections: () => ({ accepted: 7, active: 3, inFlight: 1, requests: 40 }),
  upstreams: () => [
    {
      key: 'shop',
      name: 'shop',
      algorithm: 'round-robin',
      available: 50,
      panicBelow: 0,
      panic: false,
      targets: (['healthy', 'ejected', 'unresolved'] as const).map((state, at) => ({
        instance: `shop-${at}:80`,
        host: `10.0.0.${at}`,
        port: 80,
        weight: 100,
        effectiveWeight: 100,
        state,
        breaker: 'closed',
        inFlight: 0,
        latencyMs: null,
        reason: null,
        since: '2026-01-01T00:00:00Z',
        until: null,
        requests: 0,
        failures: 0,
        ejections: 0,
      })),
    },
  ],
  storeReachable: () => true,
}

test('tells of the node, and of targets when it is asked to', () => {
  const host = { ...testHost(), node: facts }
  const text = instanceOf(prometheus, { upstream_health_metrics: true }, host).metrics?.() ?? ''
  const values = valuesOf(text)
  assert.equal(values['kong_node_info{node_id="node-1",version="1.2.3"}'], 1)
  assert.equal(values['kong_datastore_reachable'], 1)
  const connection = (state: string) =>
    values[`kong_nginx_connections_total{node_id="node-1",subsystem="http",state="${state}"}`]
  assert.deepEqual(['accepted', 'active', 'writing', 'waiting'].map(connection), [7, 3, 1, 2])
  const health = (at: number, state: string) =>
    values[
      `kong_upstream_target_health{upstream="shop",target="shop-${at}:80",address="10.0.0.${at}:80",state="${state}",subsystem="http"}`
    ]
  assert.deepEqual(
    [health(0, 'healthy'), health(0, 'unhealthy'), health(1, 'unhealthy'), health(2, 'dns_error')],
    [1, 0, 1, 1],
  )
  const silent = instanceOf(prometheus, {}, { ...testHost(), node: facts })
  assert.doesNotMatch(silent.metrics?.() ?? '', /kong_upstream_target_health/)
})

test('through a gateway', async () => {
  await using origin = await startOrigin((_, response) => response.end('hello'))
  await using gateway = await openGateway({
    config: `
_format_version: "3.0"
services:
- name: shop
  url: http://127.0.0.1:${origin.port}
  routes: [{ name: orders, paths: [/orders] }]
plugins:
- name: prometheus
  config: { status_code_metrics: true, bandwidth_metrics: true, latency_metrics: true }
`,
  })
  await (await gateway.fetch('/orders')).text()
  await (await gateway.fetch('/nowhere')).text()
  const values = valuesOf(gateway.metrics())
  const labels = `${where},code="200",source="service",workspace="default",consumer=""`
  assert.equal(values[`kong_http_requests_total{${labels}}`], 1)
  assert.equal(values[`kong_request_latency_ms_count{${where},workspace="default"}`], 1)
})
