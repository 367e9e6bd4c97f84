import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ContainerSpec, StackSpec } from '@keelson/contract'
import { until } from '../../kernel/testing/index.ts'
import { containerOf, testImage } from '../runtime-container/container-bench.ts'
import type { House } from '../testing/house.ts'
import { isHealthy } from '../testing/plan-bench.ts'
import { openRealEngine } from '../testing/real-bench.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'

const { skip, withoutCompose: compose, createBench } = await openRealEngine()

const stackOf = (dir: string, more: Partial<ContainerSpec>, environment = {}): StackSpec =>
  stackSpec(
    'plans',
    [
      serviceSpec('api', {
        ...{ runtime: 'container', command: ['sleep', '1000'], stopSignal: 'SIGTERM' },
        ...{ container: containerOf(more), environment, stopGraceMs: 0 },
      }),
    ],
    { workingDir: dir },
  )
const driftOf = (house: House): string[] =>
  house.orchestrator.stackState('plans').drift.map(({ kind, text }) => `${kind}: ${text}`)
const idOf = (house: House): string | null | undefined =>
  house.registry.instancesOf('plans/api')[0]?.containerId

test(
  'a stack of Docker Compose is taken over without a restart',
  { skip: skip || compose },
  async () => {
    await using bench = await createBench()
    const { house, dir } = bench
    await writeFile(join(dir, 'given'), 'one')
    const service = `
    image: ${testImage}
    command: ["sh", "-c", "while :; do echo alive; sleep 1; done"]
    restart: always
    environment: { MODE: fast }
    volumes: ["./given:/given"]`
    await writeFile(join(dir, 'compose.yaml'), `services:\n  api:${service}\n  old:${service}\n`)
    await bench.run('docker-compose', ['-p', 'plans', 'up', '-d'])
    const before = await bench.docker.getContainer('plans-api-1').inspect()
    const mount = {
      kind: 'bind',
      source: join(dir, 'given'),
      target: '/given',
      readOnly: false,
    } as const
    const stack = stackOf(dir, { mounts: [mount] }, { MODE: 'fast' })
    const [api] = stack.services
    assert(api !== undefined)
    api.command = ['sh', '-c', 'while :; do echo alive; sleep 1; done']
    api.restart = { policy: 'always' }
    const plan = await house.apply(stack)
    assert.deepEqual(
      plan.actions.map(({ id }) => id),
      ['update_instance:plans-api-1'],
    )
    await isHealthy(house, 'plans-api-1')
    assert.equal(idOf(house), before.Id)
    const taken = await bench.docker.getContainer('plans-api-1').inspect()
    assert.equal(taken.HostConfig.RestartPolicy?.Name, 'no', 'Keelson alone restarts it')
    await until('its log is followed', async () => (await bench.logged('plans-api-1')) > 0)
    await until('the other is told', () => driftOf(house).length === 1)
    assert.match(
      driftOf(house)[0] ?? '',
      /^instance_extra: the container plans-old-1 of Docker Compose runs beside the stack: old/,
    )
    await house.recorder.flush(5000)
    await house.crash()

    const next = await bench.again()
    await isHealthy(next, 'plans-api-1')
    const seen = await bench.logged('plans-api-1')
    await until('it is followed on', async () => (await bench.logged('plans-api-1')) > seen)
    const now = await bench.docker.getContainer('plans-api-1').inspect()
    assert.deepEqual([now.Id, now.State.StartedAt], [before.Id, before.State.StartedAt])
    assert.deepEqual((await next.apply(stack)).actions, [])
    await writeFile(join(dir, 'given'), 'two')
    const changed = await next.apply(stack)
    assert.equal(changed.actions[0]?.cause, 'given, mounted at /given, has other content')
    await until('it is replaced', () => ![before.Id, undefined, null].includes(idOf(next)))
    assert.equal((await bench.docker.getContainer('plans-old-1').inspect()).State.Running, true)
    await bench.docker.getContainer('plans-old-1').remove({ force: true })
  },
)

test('a changed build context is built anew, and named as the cause', { skip }, async () => {
  await using bench = await createBench()
  const { house, dir } = bench
  await mkdir(join(dir, 'api'))
  await writeFile(join(dir, 'api', 'Dockerfile'), `FROM ${testImage}\nCOPY . /app\n`)
  await writeFile(join(dir, 'api', 'page'), 'one')
  const { image: _image, ...container } = containerOf()
  const spec = stackOf(dir, {})
  const [api] = spec.services
  assert(api !== undefined)
  const build = { context: join(dir, 'api'), args: {} }
  const stack = { ...spec, services: [{ ...api, container: { ...container, build } }] }
  const first = await house.apply(stack)
  assert.deepEqual(
    first.actions.map(({ kind }) => kind).filter((kind) => kind !== 'create_network'),
    ['build_image', 'start_instance'],
  )
  await isHealthy(house, 'plans-api-1')
  const before = idOf(house)
  assert.deepEqual((await house.apply(stack)).actions, [])
  await writeFile(join(dir, 'api', 'page'), 'two')
  await writeFile(join(dir, 'api', 'more'), '')
  const plan = await house.apply(stack)
  assert.deepEqual(
    plan.actions.map(({ kind, cause }) => [kind, cause]),
    [
      ['build_image', 'the build context ./api changed: api/more and 1 file more'],
      ['replace_instance', 'the build context ./api changed: api/more and 1 file more'],
    ],
  )
  await until('it is replaced', () => ![before, undefined, null].includes(idOf(house)))
  await until('only the new one is left', async () => {
    const plan = await house.orchestrator.plan(stack)
    return plan.actions.length === 0 && house.registry.instancesOf('plans/api').length === 1
  })
  assert.deepEqual(driftOf(house), [])
})
