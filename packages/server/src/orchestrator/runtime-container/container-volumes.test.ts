import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { MountSpec } from '@keelson/contract'
import type { InstanceSpec, Runtime } from '../runtime.ts'
import { instanceOf, serviceOf, until } from '../runtime-process/runtime-cases.ts'
import { containerOf, createContainerBench, testImage } from './container-bench.ts'
import { startDocker } from './docker-harness.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
const volumeImage = 'keelson-test/with-volume:1'
const realEngine = () => {
  assert(!('unavailable' in engine))
  return engine
}
const docker = () => realEngine().docker

if (!('unavailable' in engine)) {
  after(() => engine.stop())
  await engine.makeImage(testImage)
  // An image that declares a volume, with a file in it.
  const made = await docker().createContainer({
    Image: testImage,
    Cmd: ['sh', '-c', 'mkdir /db && echo from the image >/db/seed'],
    HostConfig: { NetworkMode: 'none' },
  })
  await made.start()
  await made.wait()
  const [repo, tag] = volumeImage.split(':')
  await made.commit({ repo, tag, changes: 'VOLUME /db' })
  await made.remove()
}

const createBench = () => createContainerBench(realEngine().socket)
const limits = { timeoutMs: 10_000, outputLimitBytes: 1000 }
const killed = { signal: 'SIGKILL', graceMs: 0 }

const volumeNames = async (): Promise<string[]> =>
  ((await docker().listVolumes()).Volumes ?? []).map(({ Name }) => Name).sort()

const unnamed = (target: string): MountSpec => ({ kind: 'volume', target, readOnly: false })

type Bench = Awaited<ReturnType<typeof createBench>>

const instanceIn = (
  bench: Bench,
  { image = testImage, mounts = [] as MountSpec[], readOnly = false, files = false } = {},
  more: Partial<InstanceSpec> = {},
): InstanceSpec => {
  const container = containerOf({ image, mounts, readOnly, networkMode: 'none' })
  const file = { kind: 'secret', source: 's', target: '/run/secrets/s', content: 'hush' } as const
  const spec = { ...serviceOf(['sleep', '1000']), files: files ? [file] : [], container }
  return instanceOf(bench.adapt(spec), more)
}

const read = async (runtime: Runtime, instance: InstanceSpec, path: string): Promise<string> =>
  (await runtime.exec(instance, ['sh', '-c', `cat ${path} 2>&1`], limits)).output.trim()

const write = (runtime: Runtime, instance: InstanceSpec, path: string) =>
  runtime.exec(instance, ['sh', '-c', `echo kept >${path}`], limits)

/** How an incarnation ends, and what the next one of its place is made with. */
const ends: [what: string, end: (runtime: Runtime, it: InstanceSpec) => Promise<unknown>][] = [
  ['a crash', (_, { name }) => docker().getContainer(name).kill()],
  ['a restart', (runtime, it) => runtime.stop(it, { signal: 'SIGTERM', graceMs: 50 })],
  ['an update', (runtime, it) => runtime.stop(it, killed)],
]
const sources: [what: string, path: string, of: Parameters<typeof instanceIn>[1]][] = [
  ['of a service', '/data/file', { mounts: [unnamed('/data')] }],
  ['of an image', '/db/file', { image: volumeImage }],
]

for (const [whose, path, of] of sources) {
  test(`data in an anonymous volume ${whose} outlives its containers`, { skip }, async () => {
    await using bench = await createBench()
    const { runtime } = bench
    const before = await volumeNames()
    let instance = instanceIn(bench, of)
    await runtime.start(instance)
    await write(runtime, instance, path)
    for (const [what, end] of ends) {
      await end(runtime, instance)
      await runtime.stop(instance, killed)
      await runtime.remove(instance)
      instance = instanceIn(bench, of, { environment: { AFTER: what }, digest: what })
      await runtime.start(instance)
      assert.equal(await read(runtime, instance, path), 'kept', what)
    }
    if (whose === 'of an image') {
      assert.equal(await read(runtime, instance, '/db/seed'), 'from the image')
    }
    const second = instanceIn(bench, of, { name: 'cases-api-2', index: 2 })
    await runtime.start(second)
    assert.match(await read(runtime, second, path), /No such file/)

    const stranger = `stranger-${bench.owner}`
    await docker().createVolume({
      Name: stranger,
      Labels: { 'com.docker.compose.project': 'another' },
    })
    for (const each of [instance, second]) {
      await runtime.stop(each, killed)
      await runtime.remove(each)
    }
    const made = (await volumeNames()).filter((name) => !before.includes(name))
    assert.equal(made.length, 3)
    await runtime.resources?.removeAll('cases', { volumes: false })
    assert.equal((await volumeNames()).length, before.length + 3)
    await runtime.resources?.removeAll('cases', { volumes: true })
    assert.deepEqual(await volumeNames(), [...before, stranger].sort())
  })
}

test('what a service mounts itself wins over the volume of its image', { skip }, async () => {
  await using bench = await createBench()
  const tmpfs: MountSpec = { kind: 'tmpfs', target: '/db', readOnly: false }
  const named: MountSpec = { kind: 'volume', source: 'own', target: '/db', readOnly: false }
  const before = await volumeNames()
  const kinds: [mount: MountSpec, volumes: string[]][] = [
    [tmpfs, []],
    [{ ...tmpfs, target: '/db/' }, []],
    [named, ['cases_own']],
    [{ ...named, target: '/db/' }, ['cases_own']],
  ]
  for (const [mount, expected] of kinds) {
    const instance = instanceIn(bench, { image: volumeImage, mounts: [mount] })
    await bench.runtime.start(instance)
    const { Mounts } = await docker().getContainer(instance.name).inspect()
    assert.deepEqual(
      Mounts.filter(({ Type }) => Type === 'volume').map(({ Name }) => Name),
      expected,
    )
    await bench.runtime.stop(instance, killed)
    await bench.runtime.remove(instance)
  }
  await docker().getVolume('cases_own').remove()
  assert.deepEqual(await volumeNames(), before)
})

test('volumes of one-offs and of secrets go with their containers', { skip }, async () => {
  await using bench = await createBench()
  const before = await volumeNames()
  const once = instanceIn(
    bench,
    { image: volumeImage, mounts: [unnamed('/data')] },
    { oneOff: true, name: 'cases-api-run-1' },
  )
  const secret = instanceIn(bench, { readOnly: true, files: true })
  for (const instance of [once, secret]) {
    await bench.runtime.start(instance)
    assert((await volumeNames()).length > before.length)
    await bench.runtime.stop(instance, killed)
    await bench.runtime.remove(instance)
    // The end of a one-off removes it too, and may be the first to do so.
    await until(async () => (await volumeNames()).join() === before.join())
  }
})

/** As Docker Compose makes it, with a file in its volumes; `named`: the one at /data. */
const startForeign = async (named?: string): Promise<string> => {
  const foreign = await docker().createContainer({
    name: 'cases-api-1',
    Image: volumeImage,
    Cmd: ['sh', '-c', 'echo kept >/data/file; echo kept >/db/file; exec sleep 1000'],
    Env: ['PATH=/bin'],
    Volumes: { '/data': {} },
    HostConfig: {
      NetworkMode: 'none',
      ...(named === undefined ? {} : { Binds: [`${named}:/data`] }),
    },
    Healthcheck: { Test: ['NONE'] },
    Labels: {
      'com.docker.compose.project': 'cases',
      'com.docker.compose.service': 'api',
      'com.docker.compose.container-number': '1',
    },
  })
  await foreign.start()
  return foreign.id
}

test('volumes of an adopted container go to its successors', { skip }, async () => {
  await using bench = await createBench()
  const { resources } = bench.runtime
  assert(resources !== null)
  const before = await volumeNames()
  const of = { image: volumeImage, mounts: [unnamed('/data')] }
  const adopted = instanceIn(bench, of, { incarnation: await startForeign() })
  assert(!(await resources.differences(adopted, adopted)).includes('volumes'))
  const theirs = (await volumeNames()).filter((name) => !before.includes(name))
  assert.equal(theirs.length, 2)
  await bench.runtime.start(adopted)
  await bench.runtime.stop(adopted, killed)
  await bench.runtime.remove(adopted)

  let { runtime } = bench
  for (const life of ['the first', 'the second, of another Keelson process']) {
    const next = instanceIn(bench, of)
    await runtime.start(next)
    assert.equal(await read(runtime, next, '/data/file'), 'kept', life)
    assert.equal(await read(runtime, next, '/db/file'), 'kept', life)
    await runtime.stop(next, killed)
    await runtime.remove(next)
    runtime = (await bench.restart()).runtime
  }
  const kept = await volumeNames()
  await runtime.resources?.removeAll('cases', { volumes: true })
  assert.deepEqual(await volumeNames(), kept, 'the project may be one of another folder')
  const made = { networks: [], volumes: [] }
  await runtime.resources?.removeAll('cases', { volumes: true, made })
  assert.deepEqual(await volumeNames(), before)
})

test('a named volume where the service wants any is kept as well', { skip }, async () => {
  await using bench = await createBench()
  const { resources } = bench.runtime
  assert(resources !== null)
  const name = `named-${bench.owner}`
  const of = { image: volumeImage, mounts: [unnamed('/data/'), unnamed('/db')] }
  const adopted = instanceIn(bench, of, { incarnation: await startForeign(name) })
  assert(!(await resources.differences(adopted, adopted)).includes('volumes'))
  await bench.runtime.start(adopted)
  await bench.runtime.stop(adopted, killed)
  await bench.runtime.remove(adopted)
  const next = instanceIn(bench, of)
  await bench.runtime.start(next)
  const { Mounts } = await docker().getContainer(next.name).inspect()
  assert.equal(Mounts.find(({ Destination }) => Destination === '/data')?.Name, name)
  assert.equal(await read(bench.runtime, next, '/data/file'), 'kept')
  await bench.runtime.stop(next, killed)
  await bench.runtime.remove(next)
  const made = { networks: [], volumes: [] }
  await resources.removeAll('cases', { volumes: true, made })
})

test('an adopted container that still runs is asked for its volumes', { skip }, async () => {
  await using bench = await createBench()
  const { runtime } = bench
  const id = await startForeign()
  const next = instanceIn(bench, { image: volumeImage }, { name: 'cases-api-next' })
  await runtime.start(next)
  assert.equal(await read(runtime, next, '/db/file'), 'kept')
  await docker().getContainer(id).remove({ force: true })
})
