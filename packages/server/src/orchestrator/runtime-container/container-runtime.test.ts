import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { LogStore } from '../logs/log-store.ts'
import type { Runtime } from '../runtime.ts'
import { instanceOf, serviceOf, testRuntime, until } from '../runtime-process/runtime-cases.ts'
import { containerOf, createContainerBench, stackOf, testImage } from './container-bench.ts'
import { createContainerRuntime } from './container-runtime.ts'
import { startDocker } from './docker-harness.ts'
import { pullImage } from './image-pull.ts'
import { createEngine } from './engine.ts'

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

testRuntime('containers', createBench, skip)

const limits = { timeoutMs: 10_000, outputLimitBytes: 100_000 }
const refusedAs = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === code && message.test(error.message)

const textsOf = async (logs: LogStore): Promise<string[]> => {
  const page = await logs.page({ stack: 'cases', instances: ['cases-api-1'], limit: 1000 })
  return page.items.map((line) => line.text)
}

const allEnded = (runtime: Runtime): Promise<unknown> =>
  until(async () => (await runtime.observe()).every((found) => !found.running))

test('the settings of a service are the settings of its container', { skip }, async () => {
  await using bench = await createBench()
  await writeFile(join(bench.dir, 'given'), 'from the host')
  const spec = {
    ...bench.adapt(serviceOf(['-c', 'sleep 1000'])),
    entrypoint: ['sh'],
    user: '7:8',
    workingDir: '/tmp',
    cpusMax: 0.5,
    memoryLimitBytes: 64 * 1024 * 1024,
    labels: { 'my.label': 'mine' },
    container: containerOf({
      hostname: 'box',
      init: true,
      readOnly: true,
      capDrop: ['ALL'],
      extraHosts: { elsewhere: ['10.1.2.3'] },
      mounts: [
        { kind: 'bind', source: 'given', target: '/given', readOnly: true },
        { kind: 'volume', source: 'data', target: '/data', readOnly: false },
        { kind: 'tmpfs', target: '/scratch', readOnly: false },
      ],
    }),
  }
  const instance = instanceOf(spec, {
    stackDir: bench.dir,
    environment: { 'spring.profile': 'dev' },
    volumeNames: { data: `data-${bench.owner}` },
  })
  const started = await bench.runtime.start(instance)
  const script =
    'exec 2>/dev/null; id -u; id -g; pwd; hostname; cat /given; echo; touch /data/x || echo data refused; ' +
    'touch /scratch/x && touch /x 2>/dev/null || echo root refused; ' +
    "grep elsewhere /etc/hosts; cat /proc/1/comm; tr '\\0' '\\n' </proc/1/environ | grep spring"
  const { output } = await bench.runtime.exec(instance, ['sh', '-c', script], limits)
  const lines = output.split('\n')
  assert.deepEqual(lines.slice(0, 5), ['7', '8', '/tmp', 'box', 'from the host'])
  for (const expected of ['root refused', '10.1.2.3\telsewhere', 'spring.profile=dev']) {
    assert(lines.includes(expected), `${expected} is missing in:\n${output}`)
  }
  assert(
    lines.some((line) => /init/.test(line)),
    output,
  )

  const info = await realEngine()
    .docker.getContainer(started.containerId ?? '')
    .inspect()
  assert.equal(info.Name, '/cases-api-1')
  assert.equal(info.HostConfig.RestartPolicy?.Name, 'no')
  assert.equal(info.HostConfig.NanoCpus, 500_000_000)
  assert.equal(info.HostConfig.Memory, 64 * 1024 * 1024)
  assert.deepEqual(info.Config.Healthcheck?.Test, ['NONE'])
  const labels: Record<string, string> = {
    'my.label': 'mine',
    'com.docker.compose.project': 'cases',
    'com.docker.compose.service': 'api',
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
    'com.docker.compose.config-hash': 'digest',
    'io.keelson.incarnation': instance.incarnation,
    'io.keelson.digest': 'digest',
  }
  for (const [name, value] of Object.entries(labels)) assert.equal(info.Config.Labels[name], value)
})

test('ports are reached where the instance says they are', { skip }, async () => {
  await using bench = await createBench()
  const script =
    'mkdir /www; echo hello >/www/index.html; httpd -h /www -p 80; httpd -f -h /www -p 81'
  const spec = {
    ...bench.adapt(serviceOf(['sh', '-c', script])),
    ports: [{ target: 80, published: 28_433, hostIp: '127.0.0.1', protocol: 'tcp' as const }],
    expose: [81],
  }
  const instance = instanceOf(spec)
  const started = await bench.runtime.start(instance)
  const [published, exposed] = [80, 81].map((target) => {
    const found = started.ports.find((port) => port.target === target)
    return `http://${found?.host}:${found?.port}/`
  })
  assert.equal(published, 'http://127.0.0.1:28433/')
  for (const url of [published, exposed]) {
    const text = await until(async () => {
      const response = await fetch(url ?? '').catch(() => null)
      return response?.text()
    })
    assert.equal(text, 'hello\n')
  }
})

test(
  'services of a stack find each other by name, over the networks of the stack',
  { skip },
  async () => {
    await using bench = await createBench()
    const { resources } = bench.runtime
    assert(resources !== null)
    const networks = { front: { aliases: [] }, back: { aliases: ['database'] } }
    const db = { ...bench.adapt(serviceOf(['sleep', '1000'])), name: 'db' }
    db.container = containerOf({ networks: { back: networks.back } })
    const api = bench.adapt(serviceOf(['sleep', '1000']))
    api.container = containerOf({
      networks,
      mounts: [{ kind: 'volume', source: 'data', target: '/data', readOnly: false }],
    })
    const stack = stackOf([api, db], {
      name: `net-${process.pid}`,
      networks: {
        front: { name: `front-${process.pid}`, external: false, internal: false },
        back: { name: `back-${process.pid}`, external: false, internal: true },
      },
      volumes: { data: { name: `data-${process.pid}`, external: false } },
    })
    const missing = await resources.missing(stack)
    assert.deepEqual(missing.map(({ kind, subject }) => `${kind} ${subject}`).sort(), [
      'create_network back',
      'create_network front',
      'create_volume data',
    ])
    for (const resource of missing) await resources.create(stack, resource, () => undefined)
    for (const resource of missing) await resources.create(stack, resource, () => undefined)
    assert.deepEqual(await resources.missing(stack), [])

    const networkNames = { front: `front-${process.pid}`, back: `back-${process.pid}` }
    const place = { stack: stack.name, networkNames, volumeNames: { data: `data-${process.pid}` } }
    await bench.runtime.start(instanceOf(db, { ...place, name: `${stack.name}-db-1` }))
    const instance = instanceOf(api, { ...place, name: `${stack.name}-api-1` })
    await bench.runtime.start(instance)
    for (const name of ['db', 'database']) {
      const result = await bench.runtime.exec(
        instance,
        ['ping', '-c', '1', '-W', '5', name],
        limits,
      )
      assert.equal(result.exitCode, 0, result.output)
    }
    for (const found of await bench.runtime.observe()) {
      await bench.runtime.stop(found, { signal: 'SIGKILL', graceMs: 0 })
      await bench.runtime.remove(found)
    }
    await resources.removeAll(stack.name, { volumes: false })
    const kinds = async () => (await resources.missing(stack)).map(({ kind }) => kind)
    assert.deepEqual(await kinds(), ['create_network', 'create_network'])
    await resources.removeAll(stack.name, { volumes: true })
    assert.equal((await kinds()).length, 3)
  },
)

test('an external network that is not there is told by name', { skip }, async () => {
  await using bench = await createBench()
  const api = bench.adapt(serviceOf(['true']))
  api.container = containerOf({ networks: { shared: { aliases: [] } } })
  const shared = { name: 'no-such-network', external: true, internal: false }
  await assert.rejects(
    bench.runtime.resources?.missing(stackOf([api], { networks: { shared } })) ?? assert.fail(),
    refusedAs('stack_invalid', /external network no-such-network/),
  )
})

test(
  'a container of somebody else keeps its name, an ended one of ours gives it up',
  { skip },
  async () => {
    await using bench = await createBench()
    const { docker } = realEngine()
    const foreign = await docker.createContainer({
      name: 'cases-api-1',
      Image: testImage,
      Cmd: ['true'],
    })
    const spec = bench.adapt(serviceOf(['sh', '-c', 'exit 3']))
    await assert.rejects(
      bench.runtime.start(instanceOf(spec)),
      refusedAs(
        'engine_failed',
        /named cases-api-1 is there already, one that Keelson has not made/,
      ),
    )
    await foreign.remove()
    const first = instanceOf(spec)
    await bench.runtime.start(first)
    await allEnded(bench.runtime)
    const second = instanceOf({ ...spec, command: ['sleep', '1000'] })
    assert.equal((await bench.runtime.start(second)).running, true)
    const found = await bench.runtime.observe()
    assert.deepEqual(
      found.map(({ incarnation }) => incarnation),
      [second.incarnation],
    )
  },
)

test(
  'a container that was created and never started is started by the next Keelson',
  { skip },
  async () => {
    await using bench = await createBench()
    const instance = instanceOf(bench.adapt(serviceOf(['sleep', '1000'])))
    // What a Keelson killed between the two calls leaves behind.
    await realEngine().docker.createContainer({
      name: instance.name,
      Image: testImage,
      Cmd: ['sleep', '1000'],
      Labels: {
        'io.keelson.owner': bench.owner,
        'io.keelson.incarnation': instance.incarnation,
        'io.keelson.instance': instance.name,
        'com.docker.compose.project': instance.stack,
        'com.docker.compose.service': instance.service,
      },
      HostConfig: { NetworkMode: 'cases_default' },
    })
    assert.equal((await bench.runtime.start(instance)).running, true)
    const containers = await realEngine().docker.listContainers({ all: true })
    assert.equal(containers.filter(({ Names }) => Names.includes('/cases-api-1')).length, 1)
  },
)

test('a start that the engine refuses leaves no container behind', { skip }, async () => {
  await using bench = await createBench()
  const spec = bench.adapt(serviceOf(['no-such-program']))
  await assert.rejects(
    bench.runtime.start(instanceOf(spec)),
    refusedAs('engine_failed', /service api: .*no-such-program/s),
  )
  assert.deepEqual(await bench.runtime.observe(), [])
  spec.container = containerOf({ image: 'keelson-test/none:1' })
  await assert.rejects(
    bench.runtime.start(instanceOf(spec)),
    refusedAs('image_unavailable', /service api .*keelson-test\/none:1/),
  )
})

test('an instance out of memory says so', { skip }, async () => {
  await using bench = await createBench()
  const spec = bench.adapt(serviceOf(['sh', '-c', 'x=a; while :; do x=$x$x; done']))
  spec.memoryLimitBytes = 8 * 1024 * 1024
  await bench.runtime.start(instanceOf(spec))
  await allEnded(bench.runtime)
  const [end] = await bench.runtime.observe()
  assert.deepEqual([end?.exit?.code, end?.exit?.outOfMemory], [137, true])
})

test('the streams of a container are told apart, and a terminal has one', { skip }, async () => {
  await using bench = await createBench()
  for (const tty of [false, true]) {
    const spec = bench.adapt(serviceOf(['sh', '-c', 'echo out; sleep 0.1; echo err >&2']))
    spec.container = containerOf({ tty })
    const instance = instanceOf(spec)
    await bench.runtime.start(instance)
    await allEnded(bench.runtime)
    const page = await bench.logs.page({ stack: 'cases', instances: [instance.name] })
    const lines = page.items.map(({ stream, text }) => `${stream} ${text}`)
    assert.deepEqual(lines, ['stdout out', tty ? 'stdout err' : 'stderr err'])
    await bench.runtime.remove(instance)
    await bench.runtime.removeLogs(instance)
  }
})

test(
  'over restarts of Keelson every line of a container is in the log once',
  { skip },
  async () => {
    await using bench = await createBench()
    const script =
      'i=0; while [ $i -lt 3000 ]; do echo "line $i"; i=$((i+1)); done; sleep 0.5; i=0; '
    const spec = bench.adapt(
      serviceOf(['sh', '-c', `${script}while [ $i -lt 500 ]; do echo "late $i"; i=$((i+1)); done`]),
    )
    const instance = instanceOf(spec)
    await bench.runtime.start(instance)
    let current: { runtime: Runtime; logs: LogStore } = bench
    for (let round = 0; round < 8; round += 1) {
      current = await bench.restart()
      await current.runtime.observe()
    }
    await allEnded(current.runtime)
    const texts: string[] = []
    for (let before: string | null | undefined; before !== null;) {
      const query = { stack: 'cases', instances: [instance.name], limit: 1000 }
      const page = await current.logs.page(before === undefined ? query : { ...query, before })
      texts.unshift(...page.items.map((line) => line.text))
      before = page.previousCursor
    }
    const expected = [
      ...Array.from({ length: 3000 }, (_, i) => `line ${i}`),
      ...Array.from({ length: 500 }, (_, i) => `late ${i}`),
    ]
    assert.deepEqual(texts, expected)
  },
)

test('an image is built from its context, without what is ignored', { skip }, async () => {
  await using bench = await createBench()
  const context = join(bench.dir, 'context')
  const long = `${'long-folder-name/'.repeat(8)}file`
  await mkdir(join(context, long, '..'), { recursive: true })
  await mkdir(join(context, 'node_modules/kept'), { recursive: true })
  const files: [string, string][] = [
    ['Dockerfile', `FROM ${testImage}\nARG GREETING\nCOPY . /app\nRUN echo $GREETING >/greeting\n`],
    ['.dockerignore', '# comment\nnode_modules\n!node_modules/kept\n**/*.log\nDockerfile\n'],
    [long, 'long'],
    ['node_modules/lost', ''],
    ['node_modules/kept/file', ''],
    ['app.log', ''],
    ['app.txt', 'x'.repeat(10_000)],
  ]
  for (const [name, text] of files) await writeFile(join(context, name), text)
  const spec = bench.adapt(
    serviceOf(['sh', '-c', 'cd /app; find . -type f | sort; cat /greeting; wc -c <app.txt']),
  )
  const build = { context: 'context', args: { GREETING: 'hello' } }
  const { image: _, ...rest } = containerOf()
  spec.container = { ...rest, build }
  const stack = stackOf([spec], { workingDir: bench.dir })
  const { resources } = bench.runtime
  assert(resources !== null)
  const [missing] = await resources.missing(stack)
  assert.deepEqual(missing, { kind: 'build_image', subject: 'cases-api:latest', service: 'api' })
  const progress: string[] = []
  await resources.create(stack, missing, ({ text }) => progress.push(text))
  assert(progress.some((line) => line.includes('Step 1/')))
  assert.match((await resources.imageId(spec, stack.name)) ?? '', /^sha256:/)
  await bench.runtime.start(instanceOf(spec, { stackDir: bench.dir }))
  await allEnded(bench.runtime)
  assert.deepEqual(await textsOf(bench.logs), [
    './.dockerignore',
    './app.txt',
    `./${long}`,
    './node_modules/kept/file',
    'hello',
    '10000',
  ])
})

test('a build that fails tells its last lines', { skip }, async () => {
  await using bench = await createBench()
  const context = join(bench.dir, 'context')
  await mkdir(context)
  await writeFile(join(context, 'Dockerfile'), `FROM ${testImage}\nRUN echo the reason; exit 4\n`)
  const spec = bench.adapt(serviceOf(['true']))
  const stack = (folder: string) => {
    spec.container = containerOf({
      image: 'keelson-test/failing:1',
      build: { context: folder, args: {} },
    })
    return stackOf([spec], { workingDir: bench.dir })
  }
  const resource = {
    kind: 'build_image',
    subject: 'keelson-test/failing:1',
    service: 'api',
  } as const
  for (const [folder, message] of [
    ['context', /service api .*returned a non-zero code: 4.*the reason/s],
    ['none', /there is no .*none\/Dockerfile/],
  ] as const) {
    await assert.rejects(
      bench.runtime.resources?.create(stack(folder), resource, () => undefined) ?? assert.fail(),
      refusedAs('image_build_failed', message),
    )
  }
})

test('an image that cannot be pulled names itself and its service', { skip }, async () => {
  await using bench = await createBench()
  const spec = bench.adapt(serviceOf(['true']))
  spec.container = containerOf({ image: '127.0.0.1:1/nothing:1' })
  const resource = { kind: 'pull_image', subject: '127.0.0.1:1/nothing:1', service: 'api' } as const
  const pull = () =>
    bench.runtime.resources?.create(stackOf([spec]), resource, () => undefined) ?? assert.fail()
  const named = /image of service api .*127\.0\.0\.1:1\/nothing:1/
  await assert.rejects(pull(), refusedAs('image_unavailable', named))
  spec.container = containerOf({ image: '127.0.0.1:1/nothing:1', pullPolicy: 'never' })
  await assert.rejects(pull(), refusedAs('image_unavailable', /pull_policy is never/))
})

test('a pull from a registry that hangs is given up', { skip }, async () => {
  // Takes every request and never answers one.
  const registry = createServer(() => undefined)
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve))
  const address = registry.address()
  assert(address !== null && typeof address === 'object')
  const image = `127.0.0.1:${address.port}/nothing:1`
  const connection = createEngine(`unix://${realEngine().socket}`)
  await assert.rejects(
    pullImage({ engine: connection, clock: systemClock }, image, undefined, () => undefined, 300),
    refusedAs('image_unavailable', /cannot be pulled: .*within 300 ms/),
  )
  registry.closeAllConnections()
  await new Promise((resolve) => registry.close(resolve))
})

test('without an engine the socket that was tried is named', async () => {
  const { logs } = { logs: {} as LogStore }
  const runtime = createContainerRuntime({
    dockerHost: 'unix:///nonexistent/docker.sock',
    owner: newId(),
    logs,
    clock: systemClock,
    log: { info: () => undefined, warn: () => undefined },
  })
  const spec = { ...serviceOf(['true']), container: containerOf() }
  for (const call of [
    () => runtime.observe(),
    () => runtime.start(instanceOf(spec)),
    () => runtime.resources?.check() ?? assert.fail(),
  ]) {
    await assert.rejects(
      call,
      refusedAs('engine_unavailable', /unix:\/\/\/nonexistent\/docker\.sock/),
    )
  }
  await runtime.close()
})

test('ends are seen again after the engine was killed and started', { skip }, async () => {
  await using bench = await createBench()
  const ends: (number | null | undefined)[] = []
  bench.runtime.watch((instance) => ends.push(instance.exit?.code))
  const obedient = 'trap exit TERM; while :; do sleep 0.1; done'
  await bench.runtime.start(instanceOf(bench.adapt(serviceOf(['sh', '-c', obedient]))))
  await realEngine().restart()
  // Without live restore the engine ends its containers as it comes back.
  await until(() => ends.length === 1)
  const spec = bench.adapt(serviceOf(['sh', '-c', 'sleep 0.3; exit 5']))
  const second = instanceOf(spec)
  await bench.runtime.start(second)
  await until(() => ends.length === 2)
  assert.equal(ends[1], 5)
})
