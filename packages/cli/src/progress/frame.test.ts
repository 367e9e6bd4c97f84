import assert from 'node:assert/strict'
import { test } from 'node:test'
import picocolors from 'picocolors'
import { widthOf } from '../text.ts'
import { formatFrame } from './frame.ts'
import type { ServiceProgress } from './progress.ts'

const colors = picocolors.createColors(false)

const service = (name: string, given: Partial<ServiceProgress> = {}): ServiceProgress => ({
  name,
  state: 'starting',
  reason: '',
  outcome: 'open',
  start: 'open',
  endReason: '',
  instancesHealthy: 0,
  instancesWanted: 1,
  settledAt: null,
  ...given,
})

const healthy = (name: string, settledAt: number, given: Partial<ServiceProgress> = {}) =>
  service(name, { state: 'healthy', outcome: 'healthy', settledAt, ...given })

const shop = [
  healthy('catalog', 1200),
  service('orders', {
    reason: 'waiting for payments to be healthy',
    instancesWanted: 2,
    instancesHealthy: 0,
  }),
  service('payments', { state: 'unhealthy', reason: 'GET /health answered 503 (3 times)' }),
  service('migrate', { state: 'stopped', outcome: 'done', reason: 'exit code 0', settledAt: 900 }),
]

const frame = (
  services: readonly ServiceProgress[],
  columns: number,
  lines: number,
  now = 3400,
): string =>
  formatFrame({ services, stack: 'shop', columns, lines, startedAt: 0, now, colors }).join('\n')

test('a row per service: mark, name, state, replicas, reason, time', () => {
  assert.equal(
    frame(shop, 100, 24),
    `shop  2 of 4 services up  3.4s
  ✓ catalog   healthy    1.2s
  ⠼ orders    starting   0/2  waiting for payments to be healthy  3.4s
  ✗ payments  unhealthy  GET /health answered 503 (3 times)
  ✓ migrate   done       exit code 0  0.9s`,
  )
})

test('a narrow terminal cuts the reason and then leaves it out, never a line too long', () => {
  assert.equal(
    frame(shop, 50, 24),
    `shop  2 of 4 services up  3.4s
  ✓ catalog   healthy    1.2s
  ⠼ orders    starting   0/2  waiting for…  3.4s
  ✗ payments  unhealthy  GET /health answered 50…
  ✓ migrate   done       exit code 0  0.9s`,
  )
  assert.equal(
    frame(shop, 32, 24),
    `shop  2 of 4 services up  3.4s
  ✓ catalog   healthy    1.2s
  ⠼ orders    starting   3.4s
  ✗ payments  unhealthy
  ✓ migrate   done       0.9s`,
  )
})

test('more services than lines: those that are not up are shown, the rest is counted', () => {
  assert.equal(
    frame(shop, 100, 5),
    `shop  2 of 4 services up  3.4s
  ⠼ orders    starting   0/2  waiting for payments to be healthy  3.4s
  ✗ payments  unhealthy  GET /health answered 503 (3 times)
  … 2 more (1 healthy, 1 done)`,
  )
})

test('no frame is larger than its terminal, whatever the sizes', () => {
  const many = Array.from({ length: 60 }, (_, at) =>
    at % 3 === 0
      ? healthy(`service-${at}`, 100)
      : service(`dienst-ümläut-${at}`, { reason: '長い理由 that goes on and on for a while' }),
  )
  for (const columns of [10, 20, 40, 80, 200]) {
    for (const lines of [3, 4, 10, 24, 100]) {
      const drawn = frame(many, columns, lines).split('\n')
      assert.ok(drawn.length < lines || lines <= 3, `${drawn.length} lines of ${lines}`)
      for (const line of drawn) assert.ok(widthOf(line) < columns, `${line} in ${columns}`)
    }
  }
})

test('once all are up the frame stands still, so that nothing is drawn again', () => {
  const up = [healthy('a', 1000), healthy('b', 2000)]
  assert.equal(frame(up, 80, 24, 5000), frame(up, 80, 24, 90_000))
  assert.match(frame(up, 80, 24, 5000), /2 of 2 services up {2}2\.0s/)
})

test('a reason cannot move the cursor or add lines', () => {
  const evil = service('a', { state: 'unhealthy', reason: 'x\u001B[2J\ny\u0007\tz' })
  assert.equal(frame([evil], 80, 24).split('\n')[1], '  ✗ a  unhealthy  x y z')
})
