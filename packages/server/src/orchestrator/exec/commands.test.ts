import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InstanceSpec } from '../runtime.ts'
import { createFakeBench, isHealthy } from '../testing/bench.ts'
import { containerSpec, serviceSpec, stackSpec } from '../testing/spec.ts'

const kinds = ['web', 'box'] as const

test('a one-off instance knows the same names as the instances of its service', async () => {
  await using bench = await createFakeBench()
  const { house, processes, containers } = bench
  const started: InstanceSpec[] = []
  for (const runtime of [processes, containers]) {
    const start = runtime.start.bind(runtime)
    runtime.start = (instance) => {
      started.push(instance)
      return start(instance)
    }
  }
  await house.apply(stackSpec('shop', [serviceSpec('web'), containerSpec('box')]))
  await isHealthy(house, 'shop-web-1', 'shop-box-1')
  for (const kind of kinds) {
    const request = { mode: 'run' as const, command: ['ls'], tty: null, environment: {} }
    const service = house.registry.getService(`shop/${kind}`)
    // Nothing of a runtime in memory can be attached to.
    await assert.rejects(house.orchestrator.commands.begin(service, request))
    const own = started.find(({ name }) => name === `shop-${kind}-1`)
    const oneOff = started.at(-1)
    assert.equal(oneOff?.oneOff, true)
    assert.deepEqual(oneOff.hosts, own?.hosts)
  }
  assert.deepEqual(started.at(-1)?.hosts, { web: 'host-gateway' })
})
