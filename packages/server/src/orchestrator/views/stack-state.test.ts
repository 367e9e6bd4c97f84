import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StackState } from '@keelson/contract'
import { Compile } from 'typebox/compile'
import { until } from '../../kernel/testing/index.ts'
import { createPlanBench, isHealthy, shop } from '../testing/plan-bench.ts'
import { needs, serviceSpec } from '../testing/spec.ts'

const place = { file: '/compose.yaml', line: 7, column: 3 }

test('the file is shown beside what runs, without secrets', async () => {
  await using bench = await createPlanBench()
  const { house } = bench
  const a = serviceSpec('a', {
    environment: { MODE: 'fast', PASSWORD: 'hunter22' },
    origins: { 'environment.MODE': [place] },
    dependsOn: [needs('b')],
    replicas: 2,
  })
  await house.apply(shop(a, serviceSpec('b')))
  await isHealthy(house, 'shop-a-1', 'shop-a-2', 'shop-b-1')
  const state = house.orchestrator.stackState('shop')
  assert.ok(Compile(StackState).Check(state))
  const [first] = state.services
  const fact = (path: string) => first?.facts.find((one) => one.path === path)
  assert.deepEqual(fact('environment.MODE'), {
    ...{ path: 'environment.MODE', declared: 'fast', running: 'fast', differs: false },
    ...{ secret: false, origin: place },
  })
  assert.deepEqual(fact('environment.PASSWORD'), {
    ...{ path: 'environment.PASSWORD', declared: null, running: null, differs: false },
    secret: true,
  })
  assert.equal(fact('depends_on.b')?.running, 'service_started')
  assert.deepEqual(first?.replicas, { declared: 2, wanted: 2 })
  assert.deepEqual(
    first?.instances.map(({ name, revision, outdated }) => [name, revision, outdated]),
    [
      ['shop-a-1', 1, false],
      ['shop-a-2', 1, false],
    ],
  )
})

test('an instance that still runs what was before says which revision, and what differs', async () => {
  await using bench = await createPlanBench()
  const { house, processes } = bench
  const a = (MODE: string) => serviceSpec('a', { environment: { MODE } })
  await house.apply(shop(a('slow')))
  await isHealthy(house, 'shop-a-1')
  const letGo = processes.hang('start')
  await house.apply(shop(a('fast')))
  await until('both are there', () => {
    const [service] = house.orchestrator.stackState('shop').services
    const old = service?.instances.find(({ outdated }) => outdated)
    const fact = service?.facts.find(({ path }) => path === 'environment.MODE')
    return (
      old?.revision === 1 && fact?.declared === 'fast' && fact.running === 'slow' && fact.differs
    )
  })
  letGo()
  await until('it is through', () => {
    const [service] = house.orchestrator.stackState('shop').services
    return service?.instances.every(({ revision }) => revision === 2) === true
  })
})
