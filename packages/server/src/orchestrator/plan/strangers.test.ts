import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ContainerSpec, StackSpec } from '@keelson/contract'
import { until } from '../../kernel/testing/index.ts'
import { containerOf, testImage } from '../runtime-container/container-bench.ts'
import { isHealthy, withCode } from '../testing/plan-bench.ts'
import { openRealEngine } from '../testing/real-bench.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'

const { skip, withoutCompose: compose, createBench } = await openRealEngine()

const stackOf = (dir: string, more: Partial<ContainerSpec> = {}): StackSpec =>
  stackSpec(
    'plans',
    [
      serviceSpec('api', {
        ...{ runtime: 'container', command: ['sleep', '1000'], stopSignal: 'SIGKILL' },
        ...{ container: containerOf(more), stopGraceMs: 1000 },
        origins: { container_name: [{ file: join(dir, 'compose.yaml'), line: 4, column: 5 }] },
      }),
    ],
    { workingDir: dir },
  )

test(
  'a container name that a stranger holds is refused before anything is made',
  { skip },
  async () => {
    await using bench = await createBench()
    const { house, dir, docker } = bench
    const stranger = await docker.createContainer({
      ...{ name: 'store', Image: testImage, Cmd: ['sleep', '1000'] },
      HostConfig: { NetworkMode: 'none' },
    })
    await stranger.start()
    const stack = stackOf(dir, { containerName: 'store' })
    const refusal = withCode('stack_invalid', /service api wants the container name store/)
    for (const ask of [() => house.orchestrator.plan(stack), () => house.apply(stack)]) {
      await assert.rejects(ask(), (error: { errors?: { origin?: { line: number } }[] }) => {
        assert.equal(error.errors?.[0]?.origin?.line, 4)
        return refusal(error)
      })
    }
    const networks = (await docker.listNetworks()).map(({ Name }) => Name)
    assert(!networks.includes('plans_default'), 'nothing is made')
    await stranger.rename({ name: 'store-old' })
    await house.apply(stack)
    await isHealthy(house, 'plans-api-1')

    // A stranger in a network of the stack keeps it, and does not hold up the removal.
    const network = docker.getNetwork('plans_default')
    await docker.getNetwork('none').disconnect({ Container: stranger.id, Force: true })
    await network.connect({ Container: stranger.id })
    await house.remove('plans')
    const left = (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names)
    assert.deepEqual(left, ['/store-old'])
    assert.equal(Object.keys((await network.inspect()).Containers ?? {}).length, 1)
    await stranger.remove({ force: true })
    await network.remove()
  },
)

test(
  'down takes away what docker-compose has made anew of a stack that was taken over',
  { skip: skip || compose },
  async () => {
    await using bench = await createBench()
    const { house, dir, docker } = bench
    const file = (mode: string): string =>
      ['api', 'old']
        .map(
          (name) =>
            `  ${name}:\n    image: ${testImage}\n    command: sleep 1000\n    stop_grace_period: 0s\n    environment: { MODE: ${mode} }\n`,
        )
        .reduce((text, service) => text + service, 'services:\n')
    const compose = async (mode: string): Promise<void> => {
      await writeFile(join(dir, 'compose.yaml'), file(mode))
      await bench.run('docker-compose', ['-p', 'plans', 'up', '-d'])
    }
    await compose('one')
    const plain = stackOf(dir)
    const stack = {
      ...plain,
      services: plain.services.map((spec) => ({ ...spec, environment: { MODE: 'one' } })),
    }
    await house.apply(stack)
    await isHealthy(house, 'plans-api-1')
    const taken = await docker.getContainer('plans-api-1').inspect()
    assert.equal(house.registry.findInstance('plans-api-1')?.containerId, taken.Id)
    await compose('two')
    await until(
      'it is seen to be gone',
      () => house.registry.findInstance('plans-api-1')?.phase === 'backoff',
    )
    assert.notEqual((await docker.getContainer('plans-api-1').inspect()).Id, taken.Id)
    await house.remove('plans')
    const left = (await docker.listContainers({ all: true })).flatMap(({ Names }) => Names)
    // Of what the file does not name nothing is known.
    assert.deepEqual(left, ['/plans-old-1'])
    await docker.getContainer('plans-old-1').remove({ force: true })
  },
)
