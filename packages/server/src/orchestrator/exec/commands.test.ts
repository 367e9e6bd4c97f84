import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { InstanceSpec } from '../runtime.ts'
import { until } from '../../kernel/testing/index.ts'
import { createFakeBench, isHealthy } from '../testing/bench.ts'
import { containerSpec, execProbe, serviceSpec, stackSpec } from '../testing/spec.ts'

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

test('a command goes into an instance that stays, the newest edition and a healthy one first', async () => {
  await using bench = await createFakeBench()
  const { house, processes } = bench
  const entered: string[] = []
  processes.attach = ({ name }) => {
    entered.push(name)
    return Promise.reject(new Error('nothing to attach to'))
  }
  const enter = async (index?: number): Promise<string | undefined> => {
    const which = index === undefined ? {} : { index }
    const request = { mode: 'exec' as const, command: ['ls'], tty: null, environment: {}, ...which }
    const service = house.registry.getService('shop/web')
    await assert.rejects(house.orchestrator.commands.begin(service, request))
    return entered.at(-1)
  }
  const probe = execProbe({ intervalMs: 100, timeoutMs: 1000, retries: 2, startIntervalMs: 100 })
  const web = (version: string) =>
    stackSpec('shop', [
      serviceSpec('web', { probe, port: 'auto', environment: { VERSION: version }, replicas: 2 }),
    ])
  await house.apply(web('1'))
  await isHealthy(house, 'shop-web-1', 'shop-web-2')
  assert.equal(await enter(), 'shop-web-1')

  processes.isSick = ({ index }) => index === 1
  // It is not started anew for it, so that it runs and is not well.
  const letGo = processes.hang('stop')
  await until('the first is not well', () => {
    const state = house.health.instance('shop-web-1')?.state
    return state !== undefined && state !== 'healthy'
  })
  assert.equal(await enter(), 'shop-web-2', 'a healthy one')
  assert.equal(await enter(1), 'shop-web-1', 'the one that is named')
  processes.isSick = () => false
  letGo()
  await isHealthy(house, 'shop-web-1', 'shop-web-2')

  const go = processes.hang('stop')
  await house.apply(web('2'))
  await until('a former one is on its way out', () =>
    house.registry.instancesOf('shop/web').some(({ draining }) => draining),
  )
  const isNew = (name: string) =>
    bench.versions.get(processes.running(name)?.incarnation ?? '') === '2'
  assert.ok(processes.running('shop-web-1') !== undefined, 'it still runs')
  const chosen = await enter()
  assert.ok(chosen !== undefined && isNew(chosen), `${chosen} is of the former edition`)
  go()
})
