import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../kernel/testing/index.ts'
import {
  createPlanBench,
  isHealthy,
  shop,
  starts,
  crash,
  type PlanBench,
} from '../testing/plan-bench.ts'
import { containerSpec, stackSpec } from '../testing/spec.ts'

/** What Docker Compose has started, as the engine shows it. */
const startForeign = (bench: PlanBench, service: string, index = 1): void => {
  const id = `container-of-${service}`
  bench.containers.seed({
    ...{ stack: 'shop', service, name: `shop-${service}-${index}`, index, incarnation: id },
    ...{ runtime: 'container', digest: '', running: true, pid: null, containerId: id, ports: [] },
    ...{ startedAt: new Date(), exit: null, foreign: true },
  })
  const start = bench.containers.start.bind(bench.containers)
  bench.containers.start = (instance) => {
    const found = bench.containers.instances.get(instance.incarnation)
    return found === undefined ? start(instance) : Promise.resolve(found)
  }
}

test('containers of Docker Compose are taken over as they are, and kept over a restart', async () => {
  await using bench = await createPlanBench()
  const { house, containers } = bench
  startForeign(bench, 'a')
  startForeign(bench, 'old')
  const stack = shop(containerSpec('a'))
  const plan = await house.apply(stack)
  assert.deepEqual(
    plan.actions.map(({ id }) => id),
    ['update_instance:shop-a-1'],
  )
  await isHealthy(house, 'shop-a-1')
  assert.equal(house.registry.findInstance('shop-a-1')?.containerId, 'container-of-a')
  assert.deepEqual((await house.apply(stack)).actions, [])
  await until('the other one is told', () =>
    house.orchestrator.stackState('shop').drift.some(({ kind }) => kind === 'instance_extra'),
  )
  await crash(house)
  const next = await bench.again()
  await isHealthy(next, 'shop-a-1')
  assert.equal(starts(containers, 'shop-a'), 0)
  assert.deepEqual((await next.apply(stack)).actions, [])
  assert.equal(containers.instances.get('container-of-old')?.running, true, 'it is left alone')
  await next.remove('shop')
  assert.equal(containers.instances.has('container-of-a'), false)
  assert.equal(containers.instances.get('container-of-old')?.running, true)
})

test('a container of Docker Compose that runs something else is replaced', async () => {
  await using bench = await createPlanBench()
  const { house, containers } = bench
  startForeign(bench, 'a')
  bench.resources.differences = ({ incarnation }) =>
    Promise.resolve(incarnation === 'container-of-a' ? ['image'] : [])
  const plan = await house.apply(shop(containerSpec('a')))
  assert.match(plan.actions[0]?.cause ?? '', /Docker Compose started it, and image differs/)
  await until('it is replaced', () => starts(containers, 'shop-a') === 1)
  await isHealthy(house, 'shop-a-1')
  assert.equal(containers.instances.has('container-of-a'), false)
})

test('of a project that is not applied here no container is touched', async () => {
  await using bench = await createPlanBench()
  startForeign(bench, 'a')
  await crash(bench.house)
  const next = await bench.again()
  await next.apply(stackSpec('blog', [containerSpec('page')]))
  await isHealthy(next, 'blog-page-1')
  assert.equal(bench.containers.instances.get('container-of-a')?.running, true)
})
