import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditState, Permission } from '@keelson/contract'
import { anonymous, type Actor } from '../kernel/actor.ts'
import { systemClock } from '../kernel/clock.ts'
import { createHttp } from '../kernel/http.ts'
import { quietLog, signedIn } from '../kernel/testing/index.ts'
import { metricsRoute } from './metrics.ts'

const sink = {
  ...{ name: 'webhook' as const, to: 'https://siem.example.com', lagRows: 40, lagSeconds: 240 },
  ...{ deliveredAt: null, failure: 'it answered 503' },
}
const state: AuditState = { keptMonths: 0, checkpoint: null, sinks: [sink] }

const only = (...allowed: Permission[]): Actor => ({
  ...signedIn(),
  permissions: new Set(allowed),
  may: (permission) => allowed.includes(permission),
})

/** What is told to somebody, without its numbers. */
const toldTo = async (actor: Actor): Promise<string[]> => {
  const http = await createHttp({
    ...{ clock: systemClock, log: quietLog, newId: () => 'r-1', hostNames: ['localhost'] },
    authenticate: async () => actor,
    onDenied: async () => undefined,
  })
  metricsRoute({
    http,
    registry: { services: () => [] } as never,
    health: {} as never,
    audit: { state: async () => state },
    gatewayMetrics: async () => 'kong_http_requests_total{route="pay"} 7\n',
  })
  const { body } = await http.app.inject({ url: '/metrics', headers: { host: 'localhost' } })
  await http.close()
  const samples = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return samples.map((line) => line.slice(0, line.indexOf(' ')))
}

const own = ['process_resident_memory_bytes', 'keelson_event_loop_delay_p99_seconds']
const sinks = ['lag_rows', 'lag_seconds', 'failing'].map(
  (what) => `keelson_audit_sink_${what}{sink="webhook"}`,
)
const readers: [who: string, actor: Actor, names: string[]][] = [
  ['a stranger', anonymous, own],
  ['who reads the audit', only('status:read', 'audit:read'), [...own, ...sinks]],
  [
    'who reads the gateway',
    only('status:read', 'gateway:read'),
    [...own, 'kong_http_requests_total{route="pay"}'],
  ],
]
for (const [who, actor, names] of readers) {
  test(`metrics tell ${who} what they may read elsewhere, and no more`, async () => {
    assert.deepEqual(await toldTo(actor), names)
  })
}
