import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import type { ObservedInstance } from '../runtime.ts'
import { instanceOf, serviceOf, until } from '../runtime-process/runtime-cases.ts'
import { containerOf, createContainerBench, stackOf, testImage } from './container-bench.ts'
import { startDocker } from './docker-harness.ts'

const engine = await startDocker()
const skip = 'unavailable' in engine ? `NO DOCKER ENGINE: ${engine.unavailable}` : false
if (!('unavailable' in engine)) {
  await engine.makeImage(testImage)
  await engine.docker.createNetwork({ Name: 'cases_default' })
  after(() => engine.stop())
}
const realEngine = () => {
  assert(!('unavailable' in engine))
  return engine
}
const createBench = () => createContainerBench(realEngine().socket)

const run = async (program: string, args: readonly string[], cwd = '/'): Promise<string> => {
  const env = { ...process.env, DOCKER_HOST: `unix://${realEngine().socket}` }
  return (await promisify(execFile)(program, args, { cwd, env })).stdout
}
const compose = await promisify(execFile)('docker-compose', ['version']).then(
  () => false as const,
  () => 'NO docker-compose',
)

test('docker-compose lists a stack of Keelson', { skip: skip || compose }, async () => {
  await using bench = await createBench()
  const spec = bench.adapt(serviceOf(['sleep', '1000']))
  const job = { ...bench.adapt(serviceOf(['false'])), name: 'job' }
  await bench.runtime.start(instanceOf(spec))
  await bench.runtime.start(instanceOf(job))
  await bench.runtime.start(
    instanceOf({ ...spec, name: 'once' }, { oneOff: true, name: 'cases-api-run-1' }),
  )
  const listed = async (...options: string[]): Promise<string[]> => {
    const args = ['-p', 'cases', 'ps', ...options, '--format', 'json']
    const rows = (await run('docker-compose', args)).trim().split('\n')
    return rows
      .map((line) => JSON.parse(line) as { Name: string; Service: string; State: string })
      .map(({ Name, Service, State }) => `${Name} ${Service} ${State}`)
      .sort()
  }
  assert.deepEqual(await listed(), ['cases-api-1 api running'])
  assert.deepEqual(await listed('--all'), [
    'cases-api-1 api running',
    'cases-api-run-1 once running',
    'cases-job-1 job exited',
  ])
  const stacks = await run('docker-compose', ['ls', '--format', 'json'])
  assert.match(stacks, /"Name":"cases"/)
})

const composeFile = `
services:
  api:
    image: ${testImage}
    command: ["sh", "-c", "echo from compose; exec sleep 1000"]
    environment: { GREETING: hello }
    restart: unless-stopped
    mem_limit: 32m
    labels: { mine: "yes" }
    volumes: ["data:/data", "./given:/given:ro"]
    ports: ["127.0.0.1:28434:80"]
volumes: { data: {} }
`

test('a stack that Docker Compose started is adopted', { skip: skip || compose }, async () => {
  await using bench = await createBench()
  const { runtime, dir } = bench
  await writeFile(join(dir, 'compose.yaml'), composeFile)
  await writeFile(join(dir, 'given'), '')
  await run('docker-compose', ['-p', 'foreign', 'up', '-d'], dir)
  assert.deepEqual(await runtime.observe(), [])
  const [found, ...others] = await runtime.observe(['foreign', 'nobody'])
  assert(found !== undefined && others.length === 0)
  assert.deepEqual(
    [found.name, found.foreign, found.digest, found.incarnation === found.containerId],
    ['foreign-api-1', true, '', true],
  )

  const spec = {
    ...bench.adapt(serviceOf(['sh', '-c', 'echo from compose; exec sleep 1000'])),
    labels: { mine: 'yes' },
    memoryLimitBytes: 32 * 1024 * 1024,
    ports: [{ target: 80, published: 28_434, hostIp: '127.0.0.1', protocol: 'tcp' as const }],
    container: containerOf({
      mounts: [
        { kind: 'volume', source: 'data', target: '/data', readOnly: false },
        { kind: 'bind', source: './given', target: '/given', readOnly: true },
      ],
    }),
  }
  const wanted = instanceOf(spec, {
    ...{ stack: 'foreign', name: 'foreign-api-1', stackDir: dir },
    incarnation: found.incarnation,
    environment: { GREETING: 'hello' },
  })
  const { resources } = runtime
  assert(resources !== null)
  assert.deepEqual(await resources.differences(found, wanted), [])
  const changes: [Partial<typeof wanted>, string[]][] = [
    [{ environment: { GREETING: 'other' } }, ['environment.GREETING']],
    [{ environment: {} }, ['environment.GREETING']],
    [{ spec: { ...spec, command: ['true'] } }, ['command']],
    [{ spec: { ...spec, user: '7' } }, ['user']],
    [{ spec: { ...spec, groups: ['7'], cpusMax: 1 } }, ['cpus', 'group_add']],
    [{ spec: { ...spec, container: { ...spec.container, init: true } } }, ['init']],
    [{ spec: { ...spec, ports: [] } }, ['ports']],
    [{ spec: { ...spec, labels: {} } }, ['labels']],
    [{ spec: { ...spec, memoryLimitBytes: 7_000_000 } }, ['mem_limit']],
    [
      { spec: { ...spec, container: containerOf({ networks: { x: { aliases: [] } } }) } },
      ['networks', 'volumes'],
    ],
    [{ spec: { ...spec, container: { ...spec.container, image: 'another:1' } } }, ['image']],
  ]
  for (const [change, paths] of changes) {
    assert.deepEqual(await resources.differences(found, { ...wanted, ...change }), paths)
  }

  const ends: ObservedInstance[] = []
  runtime.watch((instance) => ends.push(instance))
  const adopted = await runtime.start(wanted)
  assert.deepEqual([adopted.containerId, adopted.running], [found.containerId, true])
  const query = { stack: 'foreign', instances: ['foreign-api-1'] }
  const line = await until(async () => (await bench.logs.page(query)).items[0])
  assert.equal(line.text, 'from compose')
  const info = await realEngine()
    .docker.getContainer(found.containerId ?? '')
    .inspect()
  assert.equal(info.HostConfig.RestartPolicy?.Name, 'no')
  assert.deepEqual(new Date(info.State.StartedAt), found.startedAt)
  const limits = { timeoutMs: 10_000, outputLimitBytes: 1000 }
  assert.equal((await runtime.exec(found, ['echo', 'x'], limits)).output, 'x\n')
  await runtime.stop(found, { signal: 'SIGKILL', graceMs: 0 })
  await until(() => ends.length === 1)
  await runtime.remove(found)
  assert.deepEqual(await runtime.observe(['foreign']), [])

  // Of one that is only looked at, the end is told as well: it may be about to be adopted.
  await run('docker-compose', ['-p', 'foreign', 'up', '-d'], dir)
  const [next] = await runtime.observe(['foreign'])
  await run('docker-compose', ['-p', 'foreign', 'down', '-v', '-t', '0'], dir)
  const end = await until(() => ends.find(({ incarnation }) => incarnation === next?.incarnation))
  assert.equal(end.foreign, true)
})

/** What somebody does around Keelson, and what is told of it. */
const outside: [command: string[], told: ObservedInstance['endedOutside'], code: number][] = [
  [['stop', '-t', '5'], 'stopped', 3],
  [['kill'], 'killed', 137],
  [['rm', '-f'], 'removed', 137],
  [['kill', '-s', 'TERM'], 'killed', 3],
]

test('what somebody ends around Keelson is told within a second', { skip }, async () => {
  await using bench = await createBench()
  const ends: ObservedInstance[] = []
  bench.runtime.watch((instance) => ends.push(instance))
  const nextEnd = () => until(() => ends.pop())
  const script = 'trap "exit 3" TERM; trap : HUP; echo ready; while :; do sleep 0.05; done'
  for (const [command, told, code] of outside) {
    const instance = instanceOf(bench.adapt(serviceOf(['sh', '-c', script])))
    const started = await bench.runtime.start(instance)
    const query = { stack: 'cases', instances: [instance.name] }
    await until(async () => (await bench.logs.page(query)).items.length > 0)
    await run('docker', ['kill', '-s', 'HUP', started.containerId ?? ''])
    const done = run('docker', [...command, started.containerId ?? '']).then(() =>
      performance.now(),
    )
    const end = await nextEnd()
    const toldMs = performance.now() - (await done)
    assert(toldMs < 1000, `${command.join(' ')} was told after ${toldMs} ms`)
    assert.deepEqual([end.endedOutside, end.exit?.code], [told, code], command.join(' '))
    await bench.runtime.remove(instance)
    await bench.runtime.removeLogs(instance)
  }
  // What ends by itself or through Keelson was ended by nobody else.
  const steady = instanceOf(bench.adapt(serviceOf(['sh', '-c', script])))
  await bench.runtime.start(steady)
  const query = { stack: 'cases', instances: [steady.name] }
  await until(async () => (await bench.logs.page(query)).items.length > 0)
  await bench.runtime.stop(steady, { signal: 'SIGTERM', graceMs: 5000 })
  await bench.runtime.remove(steady)
  const stopped = await nextEnd()
  assert.deepEqual([stopped.exit?.code, stopped.endedOutside], [3, undefined])
  await bench.runtime.start(instanceOf(bench.adapt(serviceOf(['sh', '-c', 'exit 4']))))
  const own = await nextEnd()
  assert.deepEqual([own.exit?.code, own.endedOutside], [4, undefined])
})

test('an image with a changed build context is built anew, and says why', { skip }, async () => {
  await using bench = await createBench()
  const { resources } = bench.runtime
  assert(resources !== null)
  await writeFile(join(bench.dir, 'Dockerfile'), `FROM ${testImage}\nCOPY file /file\n`)
  await writeFile(join(bench.dir, 'file'), 'one')
  const build = { context: bench.dir, args: {} }
  const { image: _, ...rest } = containerOf()
  const spec = { ...bench.adapt(serviceOf(['true'])), container: { ...rest, build } }
  const stack = stackOf([spec])
  const reasons = async () =>
    (await resources.missing(stack)).map(({ reason }) => reason ?? 'absent')
  assert.deepEqual(await reasons(), ['absent'])
  const buildNow = async (): Promise<void> => {
    const [missing] = await resources.missing(stack)
    assert(missing !== undefined)
    await resources.create(stack, missing, () => undefined)
    assert.deepEqual(await reasons(), [])
  }
  await buildNow()
  await writeFile(join(bench.dir, 'file'), 'two')
  assert.deepEqual(await reasons(), ['its build context has changed'])
  await buildNow()
  await writeFile(join(bench.dir, '.dockerignore'), 'ignored')
  await buildNow()
  await writeFile(join(bench.dir, 'ignored'), 'nobody sees it')
  assert.deepEqual(await reasons(), [])
  const other = { ...spec, container: { ...rest, build: { ...build, args: { A: 'b' } } } }
  const [changed] = await resources.missing(stackOf([other]))
  assert.equal(changed?.reason, 'its build settings have changed')
})

test('what somebody pauses, moves or starts again around Keelson is told', { skip }, async () => {
  await using bench = await createBench()
  const told: ObservedInstance[] = []
  bench.runtime.watch((instance) => told.push(instance))
  const script = 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done'
  const instance = instanceOf(bench.adapt(serviceOf(['sh', '-c', script])))
  const { containerId } = await bench.runtime.start(instance)
  const id = containerId ?? ''
  const query = { stack: 'cases', instances: [instance.name] }
  const lines = async () => (await bench.logs.page(query)).items.length
  await until(async () => (await lines()) === 1)
  const next = async (isMeant: (one: ObservedInstance) => boolean): Promise<ObservedInstance> => {
    const found = await until(() => told.find(isMeant))
    told.length = 0
    return found
  }

  await run('docker', ['pause', id])
  const paused = await next((one) => one.paused === true)
  assert.deepEqual([paused.running, paused.container?.name], [true, instance.name])
  assert.equal((await bench.runtime.observe())[0]?.paused, true)
  await run('docker', ['unpause', id])
  assert.equal((await next((one) => one.running)).paused, undefined)

  const network = `moved-${bench.owner}`
  await realEngine().docker.createNetwork({ Name: network })
  await run('docker', ['network', 'disconnect', 'cases_default', id])
  await run('docker', ['network', 'connect', network, id])
  const info = await realEngine().docker.getContainer(id).inspect()
  const address = info.NetworkSettings.Networks[network]?.IPAddress
  await next(({ ports }) => ports.every(({ host }) => host === address))

  // A restart whose second half takes longer than anybody waits for it.
  await run('docker', ['stop', '-t', '5', id])
  assert.equal((await next((one) => !one.running)).endedOutside, 'stopped')
  await run('docker', ['start', id])
  const again = await next((one) => one.running)
  assert.deepEqual([again.incarnation, again.exit], [instance.incarnation, null])
  await until(async () => (await lines()) === 2)
  await bench.runtime.stop(instance, { signal: 'SIGTERM', graceMs: 5000 })
  const end = await next((one) => !one.running)
  assert.deepEqual([end.exit?.code, end.endedOutside], [3, undefined])
  await bench.runtime.remove(instance)
  await realEngine().docker.getNetwork(network).remove()
})
