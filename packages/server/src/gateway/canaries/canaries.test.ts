import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EventType } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { systemClock } from '../../kernel/clock.ts'
import type { NewEvent } from '../../kernel/events.ts'
import { createTestAudit, createTestDb, quietLog, until } from '../../kernel/testing/index.ts'
import { splitDigest } from '../proxy/splits.ts'
import type { GatewayCanary, GatewayDocument } from '../snapshot.ts'
import { aConfig, aService, documentOf } from '../testing/gateway.ts'
import { openCanaries } from './canaries.ts'
import { saveCanaries, selectCanaries } from './store.ts'

const migrations = [{ domain: 'gateway', dir: join(import.meta.dirname, '../migrations') }]

const split = {
  ...{ rules: [{ service: 'next', weight: 0 }], sticky: false },
  canary: {
    ...{ steps: [5, 25], step_ms: 60_000, max_error_rate: 0.1, max_p95_ratio: 2 },
    min_requests: 10,
  },
}
const app = aService('app', { 'x-keelson': { split } })
const document: GatewayDocument = documentOf(aConfig({ services: [app, aService('next')] }), {
  ...{ manager: 'file:shop', stack: 'shop' },
})

const decided = (changes: Partial<GatewayCanary>): GatewayCanary => ({
  ...{ manager: 'file:shop', service: app.id, split: splitDigest(split) },
  ...{ decision: 0, step: 0, percent: 5, outcome: 'moving', reason: 'begins' },
  since: '2026-01-01T00:00:00.000Z',
  ...changes,
})
const back = decided({ decision: 1, percent: 0, outcome: 'rolled back', reason: 'it failed' })
const on = decided({ decision: 1, step: 1, percent: 25, reason: 'did well' })

const openWorld = async () => {
  const { db, ...rest } = await createTestDb({ migrations })
  const announced: NewEvent<EventType>[] = []
  let changes = 0
  const open = () =>
    openCanaries({
      ...{
        db,
        audit: createTestAudit(db),
        clock: systemClock,
        log: quietLog,
        documents: () => [document],
      },
      events: { publish: async (_tx, event) => void announced.push(event) },
      onChange: () => (changes += 1),
    })
  return { ...rest, db, open, announced, changes: () => changes }
}

const actor = { ...localActor, name: 'ida' }

test('a split is the same one in whichever order its fields come back from the database', () => {
  const { rules, canary, sticky } = split
  assert.equal(splitDigest({ sticky, canary, rules }), splitDigest(split))
})

test('of two gateways that decide at once the one that takes requests back counts', async () => {
  for (const told of [
    [on, back],
    [back, on],
  ]) {
    await using world = await openWorld()
    await saveCanaries(world.db, [decided({})])
    for (const canary of told) await saveCanaries(world.db, [canary])
    await saveCanaries(world.db, [decided({ reason: 'one that starts' })])
    assert.deepEqual(await selectCanaries(world.db), [back])
  }
})

test('an end is announced once, also when the control process was away', async () => {
  await using world = await openWorld()
  await saveCanaries(world.db, [back])
  const first = await world.open()
  assert.deepEqual(first.all(), [back], 'gateways that start are told at once')
  await first.start()
  await until('it is announced', () => world.announced.length === 1)
  await first.stop()
  const second = await world.open()
  await second.start()
  await second.stop()
  assert.deepEqual(world.announced, [
    {
      ...{ type: 'gateway.canary_rolled_back', subject: 'shop' },
      payload: { service: 'app', canary: 'next', reason: 'it failed' },
    },
  ])
})

test('by hand: back, and begun again; gateways go by it', async () => {
  await using world = await openWorld()
  const canaries = await world.open()
  await saveCanaries(world.db, [back])
  await canaries.decide(actor, 'shop/app', 'restart')
  assert.partialDeepStrictEqual(canaries.all(), [
    { decision: 2, step: 0, percent: 5, outcome: 'moving', reason: 'begun again by ida' },
  ])
  assert.equal(world.changes(), 2)
  await canaries.decide(actor, 'app', 'promote')
  assert.partialDeepStrictEqual(world.announced.at(-1), {
    ...{ type: 'gateway.canary_promoted', payload: { reason: 'promoted by ida' } },
  })
  await assert.rejects(canaries.decide(actor, 'next', 'promote'), /No service next has a canary/)
})
