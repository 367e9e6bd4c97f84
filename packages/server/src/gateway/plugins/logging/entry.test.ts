import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Route, Service } from '../../config/model.ts'
import { testExchange } from '../testing/index.ts'
import { testRecord } from '../testing/record.ts'
import { logEntry } from './entry.ts'
import { noteTrace } from './trace-note.ts'

const service = { id: 's1', name: 'shop', host: 'shop.internal', 'x-keelson': {} }
const route = { id: 'r1', name: 'orders', service: 's1', paths: ['/orders'], 'x-keelson': {} }
const consumer = { id: 'c1', tags: [], username: 'ada', custom_id: null }

test('an entry in the form of Kong', () => {
  const exchange = testExchange({
    requestId: 'request-1',
    method: 'POST',
    scheme: 'https',
    host: 'shop.example:8443',
    path: '/orders',
    query: '?a=b&apikey=k',
    headers: ['Content-Type', 'text/plain', 'Authorization', 'Bearer t'],
    clientIp: '198.51.100.7',
    service: service as unknown as Service & { name: string },
    route: route as unknown as Route & { name: string },
    consumer,
    credential: { id: 'k1', name: null },
    tls: { sni: 'shop.example', protocol: 'TLSv1.3', cipher: 'AES', certificate: null },
  })
  noteTrace(exchange, { w3c: 'abc' })
  const record = testRecord({
    status: 201,
    responseHeaders: ['Content-Type', 'text/plain', 'Set-Cookie', 'session=1'],
    durationMs: 20.4,
    upstreamMs: 12.2,
    gatewayMs: 3.1,
    tries: [
      {
        instance: 'shop-1',
        host: '10.0.0.1',
        port: 80,
        startedMs: 1,
        outcome: 'refused',
        durationMs: 2,
      },
      {
        instance: 'shop-2',
        host: '10.0.0.2',
        port: 80,
        startedMs: 3,
        outcome: 201,
        durationMs: 12,
      },
    ],
  })
  const startedMs = record.startedAt.getTime()
  // Through JSON, as loggers send it.
  assert.deepEqual(JSON.parse(JSON.stringify(logEntry(exchange, record))), {
    request: {
      id: 'request-1',
      method: 'POST',
      uri: '/orders?a=b&apikey=REDACTED',
      url: 'https://shop.example:8000/orders?a=b&apikey=REDACTED',
      querystring: { a: 'b', apikey: 'REDACTED' },
      headers: { 'content-type': 'text/plain', authorization: 'REDACTED' },
      size: 120,
      tls: { version: 'TLSv1.3', cipher: 'AES', client_verify: 'NONE' },
    },
    response: {
      status: 201,
      headers: { 'content-type': 'text/plain', 'set-cookie': 'REDACTED' },
      size: 340,
    },
    latencies: { request: 20, kong: 3, proxy: 12, receive: 5 },
    tries: [
      {
        balancer_start: startedMs + 1,
        ip: '10.0.0.1',
        port: 80,
        instance: 'shop-1',
        duration: 2,
        code: 502,
        state: 'failed',
        reason: 'refused',
      },
      {
        balancer_start: startedMs + 3,
        ip: '10.0.0.2',
        port: 80,
        instance: 'shop-2',
        duration: 12,
        code: 201,
      },
    ],
    upstream_uri: '/orders?a=b&apikey=REDACTED',
    upstream_status: '502, 201',
    client_ip: '198.51.100.7',
    started_at: startedMs,
    source: 'upstream',
    workspace: 'default',
    workspace_name: 'default',
    route: { id: 'r1', name: 'orders', service: { id: 's1' }, paths: ['/orders'] },
    service: { id: 's1', name: 'shop', host: 'shop.internal' },
    consumer,
    authenticated_entity: { id: 'k1', consumer_id: 'c1' },
    trace_id: { w3c: 'abc' },
  })
})

test('what there was not is left out', () => {
  const exchange = testExchange({ service: null, route: null })
  const entry = logEntry(
    exchange,
    testRecord({
      status: 404,
      source: 'gateway',
      upstreamMs: null,
      tries: [],
      error: 'gateway_no_route',
    }),
  )
  for (const name of ['route', 'service', 'consumer', 'authenticated_entity', 'trace_id']) {
    assert.ok(!(name in entry), name)
  }
  assert.equal(entry.source, 'kong')
  assert.equal(entry.latencies.proxy, -1)
  assert.equal(entry.upstream_uri, '')
  assert.equal(entry.upstream_status, '')
  assert.equal(entry.error, 'gateway_no_route')
})
