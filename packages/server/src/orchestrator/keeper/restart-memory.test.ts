import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../kernel/testing/index.ts'
import { createFakeBench, type FakeBench } from '../testing/bench.ts'
import type { House } from '../testing/house.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'

const name = 'shop-api-1'
const attempts = async (bench: FakeBench): Promise<unknown[]> =>
  (await bench.events('instance.restart_scheduled')).map(({ attempt }) => attempt)
const waitsAfter = (house: House, restarts: number) =>
  until(`it waits after ${restarts} restarts`, () => {
    const found = house.registry.findInstance(name)
    return found?.phase === 'backoff' && found.restarts === restarts
  })

test('a planned start outlives Keelson: the same time, and nothing told or counted twice', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await until('the gateway runs', () => processes.starts('keelson-gateway-1') === 1)
  processes.exitAtOnce(1)
  // Far away: nobody of this test waits for it, however long the next lives take to come.
  const restart = { policy: 'always', delayMs: 600_000 } as const
  await house.apply(stackSpec('shop', [serviceSpec('api', { restart })]))
  await waitsAfter(house, 0)
  const plannedAt = house.registry.findInstance(name)?.nextStartAt?.getTime()
  assert.ok(plannedAt !== undefined)
  await house.leave()
  for (const life of ['second', 'third']) {
    const next = await bench.again()
    await waitsAfter(next, 0)
    const found = next.registry.findInstance(name)
    assert.match(found?.phaseReason ?? '', /^exit code 1; next start in/)
    assert.ok(Math.abs(Number(found?.nextStartAt) - plannedAt) < 100, `${life}: planned anew`)
    assert.deepEqual(await attempts(bench), [1])
    assert.equal((await bench.events('instance.exited')).length, 1)
    await next.leave()
  }
})

test('on-failure:2 is two restarts, also when Keelson was restarted between them', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  await until('the gateway runs', () => processes.starts('keelson-gateway-1') === 1)
  processes.exitAtOnce(1)
  const restart = { policy: 'on-failure', attemptsMax: 2, delayMs: 200 } as const
  await house.apply(stackSpec('shop', [serviceSpec('api', { restart })]))
  await waitsAfter(house, 1)
  await house.leave()
  const next = await bench.again()
  await until('it is given up', () => next.registry.findInstance(name)?.phase === 'failed')
  assert.equal(processes.starts(name), 3)
})
