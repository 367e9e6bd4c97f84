import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RestartSpec } from '@keelson/contract'
import { until } from '../../kernel/testing/index.ts'
import { createPlanBench, isHealthy, shop, starts } from '../testing/plan-bench.ts'
import { containerSpec, execProbe } from '../testing/spec.ts'

const policies: [restart: RestartSpec, phase: string][] = [
  [{ policy: 'unless-stopped' }, 'stopped'],
  [{ policy: 'no' }, 'stopped'],
  // Another start is planned, and far away.
  [{ policy: 'always', delayMs: 600_000 }, 'backoff'],
]

for (const [restart, phase] of policies) {
  test(`what was stopped around Keelson and runs again goes on (${restart.policy})`, async () => {
    await using bench = await createPlanBench()
    const { house, containers } = bench
    const probe = execProbe({ intervalMs: 20, startIntervalMs: 20 })
    await house.apply(shop(containerSpec('a', { restart, probe })))
    await isHealthy(house, 'shop-a-1')
    const seen = () => house.registry.findInstance('shop-a-1')
    // Twice: a `docker restart` that takes its time is not held against the next one.
    for (let round = 0; round < 2; round += 1) {
      containers.end('shop-a-1', { code: 0, endedOutside: 'stopped' })
      await until(`it is ${phase}`, () => seen()?.phase === phase)
      containers.change('shop-a-1', {})
      await isHealthy(house, 'shop-a-1')
      assert.equal(seen()?.wanted, true)
    }
    assert.equal(starts(containers, 'shop-a'), 1, 'nobody has started it anew')
    containers.end('shop-a-1', { code: 0, endedOutside: 'stopped' })
    await until('the next stop counts', () => seen()?.phase === phase)
  })
}

test('removed around Keelson, without a check: it runs again, and is starting instead of down', async () => {
  await using bench = await createPlanBench()
  const { house, containers } = bench
  await house.apply(shop(containerSpec('a', { probe: null })))
  await isHealthy(house, 'shop-a-1')
  const told: string[] = []
  house.health.onInstance(({ name }, { state, reason }) => {
    if (name === 'shop-a-1') told.push(`${state}: ${reason}`)
  })
  containers.end('shop-a-1', { endedOutside: 'removed' })
  await until('it is told that it runs again', () => told.length >= 2)
  assert.match(told[0] ?? '', /^unhealthy: removed from outside/)
  assert.equal(told[1], 'starting: running again')
})

test('what is paused is told, left alone, and well again once it goes on', async () => {
  await using bench = await createPlanBench()
  const { house, containers } = bench
  const probe = execProbe({ intervalMs: 20, startIntervalMs: 20, retries: 1 })
  await house.apply(shop(containerSpec('a', { probe, restart: { policy: 'always' } })))
  await isHealthy(house, 'shop-a-1')
  containers.isSick = () => true
  containers.change('shop-a-1', { paused: true, container: { name: 'store', folder: null } })
  await until('it is told', () => house.health.instance('shop-a-1')?.state === 'unhealthy')
  const verdict = house.health.instance('shop-a-1')
  assert.equal(
    verdict?.reason,
    'paused from outside (docker pause); docker unpause store lets it go on',
  )
  assert.equal(verdict.failing, false, 'its checks rest')
  containers.isSick = () => false
  containers.change('shop-a-1', { paused: false })
  await isHealthy(house, 'shop-a-1')
  assert.equal(starts(containers, 'shop-a'), 1)
})
