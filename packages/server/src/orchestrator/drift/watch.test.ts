import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../kernel/testing/index.ts'
import {
  createPlanBench,
  isHealthy,
  shop,
  starts,
  sha256,
  configAt,
  eventsOf,
  crash,
} from '../testing/plan-bench.ts'
import { containerSpec, serviceSpec } from '../testing/spec.ts'

test('a mounted file with other content is a plan, a drift and an event, and up mends it', async () => {
  await using bench = await createPlanBench()
  const { house, processes } = bench
  const path = await bench.file('app.conf', 'old')
  const stack = shop(serviceSpec('a', { files: configAt(path) }), serviceSpec('b'))
  await house.apply(stack)
  await isHealthy(house, 'shop-a-1', 'shop-b-1')
  await bench.file('app.conf', 'new content')
  await crash(house)

  const next = await bench.again()
  await isHealthy(next, 'shop-a-1', 'shop-b-1')
  // The stack runs from /: paths of files are told from there.
  const cause = `${path.slice(1)}, mounted at app.conf, has other content`
  await until('the drift is seen', () => next.orchestrator.stackState('shop').drift.length > 0)
  assert.equal(starts(processes, 'shop-a'), 1, 'a restart of Keelson mends nothing by itself')
  const [drift] = next.orchestrator.stackState('shop').drift
  assert.deepEqual(
    [drift?.kind, drift?.service, drift?.file, drift?.text],
    ['file_changed', 'a', path, `a: ${cause}`],
  )
  const plan = await next.apply(stack)
  assert.deepEqual(
    plan.actions.map((action) => [action.id, action.cause, action.changes[0]?.file]),
    [['replace_instance:shop-a-1', cause, path]],
  )
  await until('it is started anew', () => starts(processes, 'shop-a') === 2)
  assert.equal(starts(processes, 'shop-b'), 1)
  await until('it is mended', () => next.orchestrator.stackState('shop').drift.length === 0)
  await until('both are told', async () => {
    const told = await eventsOf(next, 'stack.drifted', 'stack.mended')
    return told.join() === `stack.drifted a: ${cause},stack.mended a: ${cause}`
  })
  assert.deepEqual((await next.apply(stack)).actions, [])
})

test('a drift is announced once, also over a restart of Keelson', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  const path = await bench.file('compose.yaml', 'one')
  const stack = { ...shop(serviceSpec('a')), sources: [{ path, sha256: sha256('one') }] }
  await house.apply(stack)
  await bench.file('compose.yaml', 'two')
  await until('it is seen', () => house.orchestrator.stackState('shop').drift.length === 1)
  const [before] = house.orchestrator.stackState('shop').drift
  await crash(house)
  const next = await bench.again()
  await isHealthy(next, 'shop-a-1')
  assert.deepEqual(next.orchestrator.stackState('shop').drift, [before])
  await next.apply({ ...stack, sources: [{ path, sha256: sha256('two') }] })
  await until('it is mended', () => next.orchestrator.stackState('shop').drift.length === 0)
  await until('both are told', async () => (await eventsOf(next, 'stack.mended')).length === 1)
  assert.equal((await eventsOf(next, 'stack.drifted')).length, 1)
})

test('what is given up, stopped from outside or stopped by request is told as what it is', async () => {
  await using bench = await createPlanBench()
  const { house, processes } = bench
  const never = { restart: { policy: 'no' as const } }
  await house.apply(shop(serviceSpec('a', never), serviceSpec('b')))
  await isHealthy(house, 'shop-a-1', 'shop-b-1')
  processes.end('shop-a-1', { code: 3 })
  const drift = () =>
    house.orchestrator.stackState('shop').drift.map(({ kind, service }) => `${kind} ${service}`)
  await until('it is missing', () => drift().join() === 'instance_missing a')
  processes.end('shop-b-1', { code: 3 })
  await until('b is started again', () => starts(processes, 'shop-b') === 2)
  await isHealthy(house, 'shop-b-1')
  assert.deepEqual(drift(), ['instance_missing a'], 'what comes back by itself is no drift')
  await house.apply(shop(serviceSpec('a', never), serviceSpec('b')))
  await until('it is mended', () => drift().length === 0)
})

test('another image under the name is seen, and mended by up', async () => {
  await using bench = await createPlanBench()
  const { house, containers } = bench
  const stack = shop(containerSpec('db'))
  await house.apply(stack)
  await isHealthy(house, 'shop-db-1')
  bench.resources.imageId = () => Promise.resolve('sha256:2')
  await crash(house)
  const next = await bench.again()
  await isHealthy(next, 'shop-db-1')
  await until('it is seen', () => next.orchestrator.stackState('shop').drift.length === 1)
  const state = next.orchestrator.stackState('shop')
  assert.match(state.drift[0]?.text ?? '', /^db: db:1 means another image now: \S+ → \S+$/)
  const fact = state.services[0]?.facts.find(
    ({ path, running }) => path === 'image' && running === '1',
  )
  assert.equal(fact?.differs, true)
  assert.equal(starts(containers, 'shop-db'), 1)
  await next.apply(stack)
  await until('it is replaced', () => starts(containers, 'shop-db') === 2)
  await until('it is mended', () => next.orchestrator.stackState('shop').drift.length === 0)
})

test('a container that somebody changes in place is told', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  await house.apply(shop(containerSpec('db')))
  await isHealthy(house, 'shop-db-1')
  bench.resources.differences = () => Promise.resolve(['mem_limit'])
  await house.apply(shop(containerSpec('db', { description: 'looks anew' })))
  await until('it is seen', () =>
    house.orchestrator
      .stackState('shop')
      .drift.some(({ text }) => text === 'shop-db-1 was changed since it was started: mem_limit'),
  )
})
