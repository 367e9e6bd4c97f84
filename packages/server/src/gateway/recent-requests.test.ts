import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Db } from '../kernel/db.ts'
import { createManualClock, quietLog } from '../kernel/testing/index.ts'
import { createRecentRequests } from './recent-requests.ts'

type Counter = { source: string; service: string; requests: number; errors: number }

test('requests of the last minutes, over all gateways and callers', async () => {
  const nodes = new Map<string, Counter[]>()
  const counter = (service: string, requests: number, errors: number, source = 'internet') => ({
    ...{ source, service, requests, errors },
  })
  const db = {
    many: () => Promise.resolve([...nodes].map(([id, counters]) => ({ id, counters }))),
  } as unknown as Db
  const clock = createManualClock()
  const recent = createRecentRequests({ db, clock, log: quietLog })
  const settle = () => new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(await recent.read(), [], 'before the first look nothing is known')

  nodes.set('one', [counter('shop/api', 100, 10)])
  recent.start()
  await settle()
  assert.deepEqual(await recent.read(), [], 'nothing came since the first look')
  nodes.set('one', [counter('shop/api', 150, 12), counter('shop/api', 7, 1, 'shop/web')])
  nodes.set('two', [counter('shop/api', 3, 0)])
  assert.deepEqual(await recent.read(), [{ service: 'shop/api', count: 60, failed: 3 }])

  for (let minute = 0; minute < 6; minute += 1) {
    clock.advance(60_000)
    await settle()
  }
  assert.deepEqual(await recent.read(), [], 'what is older is forgotten')
  nodes.delete('one')
  assert.deepEqual(await recent.read(), [], 'one that is gone takes nothing back')
  await recent.stop()
})
