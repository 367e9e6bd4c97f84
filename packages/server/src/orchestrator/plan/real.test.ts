import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import type { ContainerSpec, StackSpec } from '@keelson/contract'
import { systemClock } from '../../kernel/clock.ts'
import { quietLog, until } from '../../kernel/testing/index.ts'
import { createLogStore, type LogStore } from '../logs/index.ts'
import { containerOf, testImage } from '../runtime-container/container-bench.ts'
import { startDocker } from '../runtime-container/docker-harness.ts'
import { contextDigest, createContainerRuntime } from '../runtime-container/index.ts'
import { createHouseDb, openHouse, type House } from '../testing/house.ts'
import { isHealthy } from '../testing/plan-bench.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  after(() => engine.stop())
}
const compose = await promisify(execFile)('docker-compose', ['version']).then(
  () => false as const,
  () => 'NO docker-compose',
)

/** A house over a real engine; `again` is its next life. */
const createBench = async () => {
  assert(!('unavailable' in engine))
  const { socket, docker } = engine
  const database = await createHouseDb()
  const dir = await mkdtemp(join(tmpdir(), 'keelson-real-'))
  const lives: { house: House; logs: LogStore }[] = []
  const again = async (): Promise<House> => {
    const logs = createLogStore({ dir: join(dir, 'logs'), clock: systemClock })
    const dockerHost = `unix://${socket}`
    const container = createContainerRuntime({
      ...{ dockerHost, owner: 'plans', logs, clock: systemClock, log: quietLog },
    })
    const house = await openHouse({ db: database.db, container, contextDigest })
    lives.push({ house, logs })
    await house.start(stackSpec('keelson', []))
    return house
  }
  return {
    ...{ dir, docker, again, house: await again() },
    /** Lines in the log of an instance, in the life that is now. */
    logged: async (instance: string): Promise<number> => {
      const query = { stack: 'plans', instances: [instance], limit: 1000 }
      return (await lives.at(-1)?.logs.page(query))?.items.length ?? 0
    },
    run: (program: string, args: readonly string[]) =>
      promisify(execFile)(program, args, {
        ...{ cwd: dir, env: { ...process.env, DOCKER_HOST: `unix://${socket}` } },
      }),
    async [Symbol.asyncDispose]() {
      await lives.at(-1)?.house.orchestrator.stopAll('the test is over')
      for (const { house, logs } of lives) {
        await house.crash()
        await logs.close()
      }
      await database[Symbol.asyncDispose]()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

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
    assert.match(driftOf(house)[0] ?? '', /^instance_extra: plans-old-1/)
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
      ['build_image', 'the build context ./api changed: 2 files'],
      ['replace_instance', 'the build context ./api changed: 2 files'],
    ],
  )
  await until('it is replaced', () => ![before, undefined, null].includes(idOf(house)))
  await until('only the new one is left', async () => {
    const plan = await house.orchestrator.plan(stack)
    return plan.actions.length === 0 && house.registry.instancesOf('plans/api').length === 1
  })
  assert.deepEqual(driftOf(house), [])
})
