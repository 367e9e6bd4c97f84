import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  describeEvent,
  type ContainerSpec,
  type MountSpec,
  type StackSpec,
} from '@keelson/contract'
import { until } from '../../kernel/testing/index.ts'
import { isHealthy } from '../testing/plan-bench.ts'
import { openRealEngine } from '../testing/real-bench.ts'
import { serviceSpec, stackSpec } from '../testing/spec.ts'
import { containerOf, testImage } from './container-bench.ts'

const { skip, withoutCompose: compose, createBench } = await openRealEngine()
type Bench = Awaited<ReturnType<typeof createBench>>

const data: MountSpec = { kind: 'volume', source: 'data', target: '/data', readOnly: false }
const stackIn = (dir: string, more: Partial<ContainerSpec> = { mounts: [data] }): StackSpec =>
  stackSpec(
    'plans',
    [
      serviceSpec('api', {
        ...{ runtime: 'container', command: ['sleep', '1000'], stopGraceMs: 0 },
        ...{ container: containerOf(more), restart: { policy: 'always' } },
        origins: { 'volumes.0': [{ file: join(dir, 'compose.yaml'), line: 5, column: 9 }] },
      }),
    ],
    { workingDir: dir, volumes: { data: { name: 'plans_data', external: false } } },
  )

const composeUp = async ({ dir, run }: Bench, folder = dir): Promise<void> => {
  const service = `{image: "${testImage}", command: [sleep, "1000"], restart: always, volumes: ["data:/data", "/anonymous"]}`
  const text = `services:\n  api: ${service}\nvolumes: {data: {}, other: {}}\n`
  await writeFile(join(folder, 'compose.yaml'), text)
  await run('docker-compose', [
    '-p',
    'plans',
    '--project-directory',
    folder,
    '-f',
    join(folder, 'compose.yaml'),
    'up',
    '-d',
  ])
}
/** Networks and volumes of the project, without what stands for a volume that nobody has named. */
const partsOf = async ({ docker }: Bench): Promise<string[]> => {
  const query = { filters: { label: ['com.docker.compose.project=plans'] } }
  const networks = await docker.listNetworks(query)
  const { Volumes } = await docker.listVolumes(query)
  const volumes = (Volumes ?? []).map(({ Name }) => Name)
  return [
    ...networks.map(({ Name }) => Name),
    ...volumes.filter((name) => !/[0-9a-f]{12}$/.test(name)),
  ].sort()
}
const leave = async ({ docker }: Bench): Promise<void> => {
  const query = { all: true, filters: { label: ['com.docker.compose.project=plans'] } }
  for (const { Id } of await docker.listContainers(query))
    await docker.getContainer(Id).remove({ force: true, v: true })
  for (const { Name } of (await docker.listVolumes()).Volumes ?? [])
    await docker.getVolume(Name).remove()
  await docker.pruneNetworks()
}

test('what Docker Compose made goes with the stack', { skip: skip || compose }, async () => {
  await using bench = await createBench()
  const { house, dir } = bench
  await composeUp(bench)
  await house.apply(stackIn(dir))
  await isHealthy(house, 'plans-api-1')
  await house.remove('plans')
  assert.deepEqual(await partsOf(bench), ['plans_data'])
  await house.remove('plans', { volumes: true, resources: ['plans_data'], workingDir: dir })
  assert.deepEqual(await partsOf(bench), [])
  await assert.rejects(
    house.remove('plans', { volumes: true, resources: ['plans_data'], workingDir: dir }),
    {
      code: 'stack_not_found',
    },
  )
  await leave(bench)
})

test('with the volumes at once, also those without a name', { skip: skip || compose }, async () => {
  await using bench = await createBench()
  const { house, dir, docker } = bench
  await composeUp(bench)
  const { Mounts } = await docker.getContainer('plans-api-1').inspect()
  const anonymous = Mounts.find(({ Destination }) => Destination === '/anonymous')?.Name ?? ''
  await docker.getVolume(anonymous).inspect()
  await house.apply(stackIn(dir))
  await isHealthy(house, 'plans-api-1')
  await house.remove('plans', { volumes: true })
  assert.deepEqual(await partsOf(bench), [])
  await assert.rejects(docker.getVolume(anonymous).inspect(), /no such volume/i)
  await leave(bench)
})

test('what strangers still use is left and told', { skip: skip || compose }, async () => {
  await using bench = await createBench()
  const { house, dir, docker } = bench
  await house.events.start()
  await composeUp(bench)
  await house.apply(stackIn(dir))
  await isHealthy(house, 'plans-api-1')
  const stranger = await docker.createContainer({
    Image: testImage,
    Cmd: ['sleep', '1000'],
    HostConfig: { NetworkMode: 'plans_default', Binds: ['plans_data:/data'] },
  })
  await stranger.start()
  await house.remove('plans', { volumes: true })
  assert.deepEqual(await partsOf(bench), ['plans_data', 'plans_default'])
  await until('it is told', async () => {
    const told = (await house.events.list({ subject: 'plans', limit: 100 })).map(describeEvent)
    return told.some(
      ({ text }) =>
        text ===
        'Removed the stack plans; left, because others use them: network plans_default, volume plans_data',
    )
  })
  await house.events.stop()
  await stranger.remove({ force: true })
  await leave(bench)
})

test(
  'a project of the same name in another folder keeps its own',
  { skip: skip || compose },
  async () => {
    await using bench = await createBench()
    const { house, dir } = bench
    const other = join(dir, 'other')
    await mkdir(other)
    const stack = stackIn(dir, {})
    await house.apply({
      ...stack,
      services: stack.services.map((service) => ({ ...service, name: 'web' })),
    })
    await isHealthy(house, 'plans-web-1')
    await composeUp(bench, other)
    await house.remove('plans', { volumes: true })
    assert.deepEqual(await partsOf(bench), ['plans_data', 'plans_default'])
    await leave(bench)
  },
)

const named = ['plans_default', 'plans_data']

for (const state of ['stop', 'create'] as const) {
  test(
    `a stack that never ran here takes nothing of a project elsewhere: ${state}`,
    { skip: skip || compose },
    async () => {
      await using bench = await createBench()
      const { house, dir, run } = bench
      const other = join(dir, 'other')
      await mkdir(other)
      await composeUp(bench, other)
      const file = join(other, 'compose.yaml')
      const project = ['-p', 'plans', '--project-directory', other, '-f', file]
      if (state === 'create') await run('docker-compose', [...project, 'down', '-t', '0'])
      await run('docker-compose', [...project, state, ...(state === 'stop' ? ['-t', '0'] : [])])
      const parts = await partsOf(bench)
      assert.deepEqual(parts, ['plans_data', 'plans_default'])
      for (const folder of [{ workingDir: dir }, {}]) {
        const options = { volumes: true, resources: named, ...folder }
        await assert.rejects(house.remove('plans', options), { code: 'stack_not_found' })
        assert.deepEqual(await partsOf(bench), parts)
      }
      await run('docker-compose', [...project, 'rm', '-fsv'])
      await house.remove('plans', { volumes: true, resources: named, workingDir: other })
      assert.deepEqual(await partsOf(bench), [])
      await leave(bench)
    },
  )
}

test('a volume without a mark of the project stays, whatever the file says', { skip }, async () => {
  await using bench = await createBench()
  const { house, dir, docker } = bench
  await docker.createVolume({ Name: 'plans_data' })
  const options = { volumes: true, resources: named, workingDir: dir }
  await assert.rejects(house.remove('plans', options), { code: 'stack_not_found' })
  await docker.getVolume('plans_data').inspect()
  await leave(bench)
})

test('a network that a stopped container of somebody else has is left', { skip }, async () => {
  await using bench = await createBench()
  const { house, dir, docker } = bench
  const labelled = { 'io.keelson.owner': 'another', 'com.docker.compose.project': 'plans' }
  for (const [hasRun, Labels] of [
    [false, {}],
    [true, {}],
    [false, labelled],
    [true, labelled],
  ] as const) {
    await house.apply(stackIn(dir))
    await isHealthy(house, 'plans-api-1')
    const stranger = await docker.createContainer({
      ...{ Image: testImage, Cmd: ['true'], Labels },
      HostConfig: { NetworkMode: 'plans_default' },
    })
    if (hasRun) {
      await stranger.start()
      await stranger.wait()
    }
    await house.remove('plans')
    assert.deepEqual(await partsOf(bench), ['plans_data', 'plans_default'])
    await stranger.start()
    await stranger.remove({ force: true })
    await house.remove('plans', { volumes: true, resources: named, workingDir: dir })
    assert.deepEqual(await partsOf(bench), [])
  }
  await leave(bench)
})

test(
  'what another Keelson has kept for a stack of this name stays',
  { skip: skip || compose },
  async () => {
    await using bench = await createBench()
    const { house, dir, docker } = bench
    const keep = async (record: string, of: string, owner: Record<string, string>) => {
      await docker.createVolume({ Name: of })
      const Labels = { 'com.docker.compose.project': 'plans', 'io.keelson.stands-for': of }
      await docker.createVolume({ Name: record, Labels: { ...Labels, ...owner } })
      return [record, of]
    }
    const theirs = [
      ...(await keep('plans_web_1_theirs', 'a'.repeat(64), { 'io.keelson.owner': 'another' })),
      ...(await keep('plans_web_1_old', 'b'.repeat(64), {})),
    ].sort()
    await composeUp(bench)
    await house.apply(stackIn(dir))
    await isHealthy(house, 'plans-api-1')
    await house.remove('plans')
    const names = async () => ((await docker.listVolumes()).Volumes ?? []).map(({ Name }) => Name)
    const kept = (await names()).filter((name) => !theirs.includes(name))
    assert.equal(kept.length, 3, 'plans_data, the volume without a name, and where it is found')
    await docker.getVolume('plans_data').remove()
    await house.remove('plans', { volumes: true, resources: named, workingDir: dir })
    assert.deepEqual((await names()).sort(), theirs)
    const options = { volumes: true, resources: named, workingDir: dir }
    await assert.rejects(house.remove('plans', options), { code: 'stack_not_found' })
    assert.deepEqual((await names()).sort(), theirs)
    await leave(bench)
  },
)

test(
  'a bind whose source must be there is refused with its place, and nothing is made',
  { skip },
  async (t) => {
    await using bench = await createBench()
    const { house, dir, docker } = bench
    if ((await docker.info()).Name !== hostname()) return t.skip('the engine has another name')
    const mount: MountSpec = { kind: 'bind', source: './nope', target: '/x', readOnly: false }
    const stack = stackIn(dir, { mounts: [{ ...mount, createHostPath: false }] })
    for (const attempt of [() => house.orchestrator.plan(stack), () => house.apply(stack)]) {
      await assert.rejects(
        attempt,
        (error: Error & { errors?: { origin?: { line: number } }[] }) => {
          assert.match(error.message, /nope does not exist, and service api mounts it at \/x/)
          assert.equal(error.errors?.[0]?.origin?.line, 5)
          return true
        },
      )
    }
    assert.deepEqual(await partsOf(bench), [])
    assert.equal(house.orchestrator.hasStack('plans'), false)
    await writeFile(join(dir, 'nope'), '')
    await house.apply(stack)
    await isHealthy(house, 'plans-api-1')
    await house.remove('plans')
  },
)

test('host-gateway is this host also where the engine has no bridge', { skip }, async () => {
  await using bench = await createBench()
  const { house, dir, docker } = bench
  await house.apply(stackIn(dir, { extraHosts: { api: ['host-gateway'] } }))
  await isHealthy(house, 'plans-api-1')
  const { NetworkSettings } = await docker.getContainer('plans-api-1').inspect()
  const gateway = NetworkSettings.Networks['plans_default']?.Gateway ?? 'no gateway'
  const exec = await docker
    .getContainer('plans-api-1')
    .exec({ Cmd: ['cat', '/etc/hosts'], AttachStdout: true })
  let hosts = ''
  for await (const chunk of await exec.start({})) hosts += String(chunk)
  assert.ok(hosts.split('\n').includes(`${gateway}\tapi`), hosts)
  await house.remove('plans')
})
