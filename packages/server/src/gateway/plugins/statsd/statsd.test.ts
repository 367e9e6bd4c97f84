import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { describe, test } from 'node:test'
import { startDatagramServer, startLineServer } from '../logging/testing-lines.ts'
import { configOf, faultsOf, instanceOf, testExchange } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { statsd } from './handler.ts'
import { packed, statsdLines } from './lines.ts'

test('defaults', () => {
  const { metrics, queue, ...rest } = configOf(statsd)
  assert.deepEqual(rest, {
    host: 'localhost',
    port: 8125,
    prefix: 'kong',
    allow_status_codes: null,
    udp_packet_size: 0,
    use_tcp: false,
    hostname_in_prefix: false,
    consumer_identifier_default: 'custom_id',
    service_identifier_default: 'service_name_or_host',
    workspace_identifier_default: 'workspace_id',
    tag_style: null,
  })
  assert.equal(queue.max_batch_size, 1)
  assert.deepEqual(
    metrics.map(({ name, stat_type, sample_rate }) => [name, stat_type, sample_rate]),
    [
      ['request_count', 'counter', 1],
      ['latency', 'timer', null],
      ['request_size', 'counter', 1],
      ['status_count', 'counter', 1],
      ['response_size', 'counter', 1],
      ['unique_users', 'set', null],
      ['request_per_user', 'counter', 1],
      ['upstream_latency', 'timer', null],
      ['kong_latency', 'timer', null],
      ['status_count_per_user', 'counter', 1],
      ['status_count_per_workspace', 'counter', 1],
      ['status_count_per_user_per_route', 'counter', 1],
      ['shdict_usage', 'gauge', 1],
    ],
  )
  assert.equal(statsd.priority, 11)
})

test('a counter needs a rate', () => {
  const faults = faultsOf(statsd, { metrics: [{ name: 'latency', stat_type: 'gauge' }] })
  assert.deepEqual(faults[0]?.path, ['metrics', 0, 'sample_rate'])
})

const ada = { id: 'c1', tags: [], username: 'ada', custom_id: 'love.lace:1' }
const exchange = testExchange({
  service: { id: 's1', name: 'shop.v1' },
  route: { id: 'r1', name: 'orders' },
  consumer: ada,
})
const linesOf = (config: object, record = testRecord(), random = () => 0) =>
  statsdLines(configOf(statsd, config), random)(exchange, record)

test('the standard metrics in the names of Kong', () => {
  assert.deepEqual(linesOf({}), [
    'kong.service.shop_v1.request.count:1|c',
    'kong.service.shop_v1.latency:12|ms',
    'kong.service.shop_v1.request.size:120|c',
    'kong.service.shop_v1.status.200:1|c',
    'kong.service.shop_v1.response.size:340|c',
    'kong.service.shop_v1.user.uniques:love.lace_1|s',
    'kong.service.shop_v1.user.love.lace_1.request.count:1|c',
    'kong.service.shop_v1.upstream_latency:8|ms',
    'kong.service.shop_v1.kong_latency:2|ms',
    'kong.service.shop_v1.user.love.lace_1.status.200:1|c',
    'kong.service.shop_v1.workspace.default.status.200:1|c',
    'kong.route.r1.user.love.lace_1.status.200:1|c',
  ])
})

const count = { name: 'request_count', stat_type: 'counter', sample_rate: 1 }
const host = hostname().replaceAll('.', '_')
const tags = (sign: string) =>
  ['service?shop.v1', 'route?orders', 'workspace?default', 'consumer?love.lace_1']
    .concat(`node?${host}`, 'status?200')
    .map((tag) => tag.replace('?', sign))
    .join(',')

const styles: [config: object, line: string][] = [
  [{ hostname_in_prefix: true }, `kong.node.${host}.service.shop_v1.request.count:1|c`],
  [{ prefix: 'a' }, 'a.service.shop_v1.request.count:1|c'],
  [{ service_identifier_default: 'service_id' }, 'kong.service.s1.request.count:1|c'],
  [{ tag_style: 'dogstatsd' }, `kong.request.count:1|c|#${tags(':')}`],
  [{ tag_style: 'influxdb' }, `kong.request.count,${tags('=')}:1|c`],
  [{ tag_style: 'librato' }, `kong.request.count#${tags('=')}:1|c`],
  [{ tag_style: 'signalfx' }, `kong.request.count[${tags('=')}]:1|c`],
]

describe('written', () => {
  for (const [config, line] of styles) {
    test(JSON.stringify(config), () =>
      assert.deepEqual(linesOf({ metrics: [count], ...config }), [line]),
    )
  }
})

test('a share is really one', () => {
  const metrics = [{ ...count, sample_rate: 0.25 }]
  const line = 'kong.service.shop_v1.request.count:1|c|@0.25'
  assert.deepEqual(
    linesOf({ metrics }, testRecord(), () => 0.2),
    [line],
  )
  assert.deepEqual(
    linesOf({ metrics }, testRecord(), () => 0.25),
    [],
  )
})

test('statuses out of range are left out', () => {
  const config = { allow_status_codes: ['200-299', '500-599'], metrics: [count] }
  const counts = [200, 404, 503].map((status) => linesOf(config, testRecord({ status })).length)
  assert.deepEqual(counts, [1, 0, 1])
})

test('lines share datagrams as long as they fit', () => {
  assert.deepEqual(packed(['aaa', 'bbb', 'cc', 'dddddddddd'], 7), ['aaa\nbbb', 'cc', 'dddddddddd'])
  assert.deepEqual(packed(['a', 'b'], 0), ['a', 'b'])
})

test('over UDP', async () => {
  await using server = await startDatagramServer()
  const config = { host: '127.0.0.1', port: server.port, udp_packet_size: 1400 }
  const instance = instanceOf(statsd, config)
  instance.log?.(exchange, testRecord())
  await server.until(1)
  assert.equal(server.datagrams[0]?.split('\n').length, 12)
  await instance.close?.()
})

test('over TCP', async () => {
  await using server = await startLineServer()
  const instance = instanceOf(statsd, { host: '127.0.0.1', port: server.port, use_tcp: true })
  instance.log?.(exchange, testRecord())
  await instance.close?.()
  await server.until((text) => text.split('\n').length === 13)
})
