import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions, type StackState } from '@keelson/contract'
import { localActor, type Actor } from '../../kernel/actor.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createHttp } from '../../kernel/http.ts'
import { quietLog } from '../../kernel/testing/index.ts'
import { createFakeBench, isHealthy } from '../testing/bench.ts'
import type { House } from '../testing/house.ts'
import { execProbe, serviceSpec, stackSpec } from '../testing/spec.ts'
import { stackReadRoutes } from './stack-read-routes.ts'

/** Reads every service that has not the label `tier: inner`. */
const reader: Actor = {
  ...{ ...localActor, kind: 'user', id: 'op', name: 'op', permissions: new Set(permissions) },
  may: (permission, { labels }) => permission !== 'stacks:write' && labels?.['tier'] !== 'inner',
}

const servicesFor = async (house: House, actor: Actor): Promise<string[]> => {
  const http = await createHttp({
    ...{ clock: systemClock, log: quietLog, newId: () => 'r-1', hostNames: ['localhost'] },
    ...{ onDenied: async () => undefined, authenticate: async () => actor },
  })
  try {
    stackReadRoutes({ http, registry: house.registry, orchestrator: house.orchestrator })
    const url = '/api/v1/stacks/shop/state'
    const answer = await http.app.inject({ url, headers: { host: 'localhost' } })
    assert.equal(answer.statusCode, 200, answer.body)
    return answer.json<StackState>().services.map(({ summary }) => summary.name)
  } finally {
    await http.close()
  }
}

test('as long as instances run what may not be read, the state does not tell of it', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const fast = execProbe({ intervalMs: 100, timeoutMs: 1000, retries: 2, startIntervalMs: 100 })
  const bank = (version: string, labels: Record<string, string>) =>
    stackSpec('shop', [
      serviceSpec('bank', { probe: fast, environment: { VERSION: version }, labels }),
      serviceSpec('web'),
    ])
  await house.apply(bank('1', { tier: 'inner' }))
  await isHealthy(house, 'shop-bank-1', 'shop-web-1')
  assert.deepEqual(await servicesFor(house, reader), ['web'])
  assert.deepEqual(await servicesFor(house, localActor), ['bank', 'web'])
  const answer = processes.hang('exec')
  await house.apply(bank('2', {}))
  assert.deepEqual(await servicesFor(house, reader), ['web'])
  answer()
})
