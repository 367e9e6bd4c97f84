import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ContainerSpec, FileSpec, ServiceSpec } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
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
const limits = { timeoutMs: 10_000, outputLimitBytes: 100_000 }
const refusedAs = (code: string, message: RegExp) => (error: unknown) =>
  error instanceof AppError && error.code === code && message.test(error.message)

const running = (container: Partial<ContainerSpec>, more: Partial<ServiceSpec> = {}) => ({
  ...serviceOf(['sleep', '1000']),
  runtime: 'container' as const,
  ...more,
  container: containerOf(container),
})

/** Field of a service, and what `docker inspect` shows for it. */
const fields: [
  name: string,
  spec: [Partial<ContainerSpec>, Partial<ServiceSpec>?],
  inspected: Record<string, unknown>,
][] = [
  [
    'limits of cpu, memory and processes',
    [
      {
        cpuShares: 512,
        cpuset: '0',
        memoryReservationBytes: 8_388_608,
        memoryAndSwapBytes: 67_108_864,
        oomScoreAdjust: 100,
        shmSizeBytes: 1_048_576,
      },
      { memoryLimitBytes: 33_554_432, pidsMax: 50, ulimits: { nofile: { soft: 100, hard: 200 } } },
    ],
    {
      CpuShares: 512,
      CpusetCpus: '0',
      Memory: 33_554_432,
      MemoryReservation: 8_388_608,
      MemorySwap: 67_108_864,
      PidsLimit: 50,
      OomScoreAdj: 100,
      ShmSize: 1_048_576,
      Ulimits: [{ Name: 'nofile', Hard: 200, Soft: 100 }],
    },
  ],
  [
    'privileges',
    [
      {
        capAdd: ['NET_ADMIN'],
        capDrop: ['MKNOD'],
        securityOptions: ['no-new-privileges:true'],
        sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
        devices: [{ source: '/dev/null', target: '/dev/nothing', permissions: 'r' }],
        deviceCgroupRules: ['c 1:3 r'],
      },
      { groups: ['7'] },
    ],
    {
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['MKNOD'],
      SecurityOpt: ['no-new-privileges:true'],
      Sysctls: { 'net.ipv4.ip_unprivileged_port_start': '0' },
      GroupAdd: ['7'],
      DeviceCgroupRules: ['c 1:3 r'],
      Devices: [
        { PathOnHost: '/dev/null', PathInContainer: '/dev/nothing', CgroupPermissions: 'r' },
      ],
    },
  ],
  [
    'names and logging',
    [
      {
        dns: ['10.9.8.7'],
        dnsOptions: ['ndots:2'],
        dnsSearch: ['example.org'],
        extraHosts: { a: ['10.0.0.1', '10.0.0.2'] },
        logging: { driver: 'local', options: { 'max-size': '1m' } },
      },
    ],
    {
      Dns: ['10.9.8.7'],
      DnsOptions: ['ndots:2'],
      DnsSearch: ['example.org'],
      ExtraHosts: ['a:10.0.0.1', 'a:10.0.0.2'],
      LogConfig: { Type: 'local', Config: { 'max-size': '1m' } },
    },
  ],
  [
    'mounts with their options',
    [
      {
        mounts: [
          { kind: 'tmpfs', target: '/t', readOnly: false, sizeBytes: 65_536, mode: 0o1777 },
          { kind: 'volume', target: '/v', source: 'v', readOnly: true, noCopy: true },
          { kind: 'bind', target: '/b', source: '/usr', readOnly: true, propagation: 'rprivate' },
          { kind: 'bind', target: '/c', source: '/usr', readOnly: false, createHostPath: false },
        ],
      },
    ],
    {
      Tmpfs: { '/t': 'size=65536,mode=1777' },
      Binds: ['cases_v:/v:ro,nocopy', '/usr:/b:ro,rprivate'],
    },
  ],
]

for (const [name, [container, more], inspected] of fields) {
  test(`fields of a container: ${name}`, { skip }, async () => {
    await using bench = await createBench()
    const started = await bench.runtime.start(instanceOf(running(container, more)))
    const info = await realEngine()
      .docker.getContainer(started.containerId ?? '')
      .inspect()
    const has = info.HostConfig as unknown as Record<string, unknown>
    const shown = Object.fromEntries(Object.keys(inspected).map((key) => [key, has[key]]))
    assert.deepEqual(shown, inspected)
  })
}

test(
  'a container has its places in several networks, and shares those of others',
  { skip },
  async () => {
    await using bench = await createBench()
    const { runtime } = bench
    const { resources } = runtime
    assert(resources !== null)
    const subnet = '10.77.7.0/24'
    const back = {
      name: `back-${process.pid}`,
      ...{ external: false, internal: true, labels: { mine: 'yes' } },
      ipam: { config: [{ subnet, gateway: '10.77.7.1' }] },
    }
    const front = { name: `front-${process.pid}`, external: false, internal: false }
    const db = {
      ...running({
        networks: {
          front: { aliases: [], priority: 1 },
          back: {
            aliases: ['store'],
            ipv4Address: '10.77.7.77',
            macAddress: '02:42:0a:4d:07:4d',
            priority: 5,
          },
        },
      }),
      name: 'db',
    }
    const side = running({ networkMode: 'service:db', pid: 'service:db' })
    const stack = stackOf([db, side], { networks: { back, front } })
    for (const one of await resources.missing(stack)) await resources.create(stack, one, () => {})
    const networkNames = { back: back.name, front: front.name }
    await assert.rejects(
      runtime.start(instanceOf(side, { networkNames })),
      refusedAs('engine_failed', /api takes part in db \(pid\), which has no running/),
    )
    const started = await runtime.start(instanceOf(db, { networkNames }))
    const place = instanceOf(side, { networkNames })
    await runtime.start(place)
    const script = "ip addr | grep -E 'ether|inet '; ps | grep -c 'sleep 1000'"
    const { output } = await runtime.exec(place, ['sh', '-c', script], limits)
    for (const part of ['02:42:0a:4d:07:4d', '10.77.7.77/24']) assert(output.includes(part), output)
    // Both main processes are seen in the process namespace they share.
    assert.match(output, /^[2-9]$/m)

    // A definition that has changed: the members are put into the new network, and go on.
    const other = { ...back, ipam: { config: [{ subnet: '10.78.7.0/24' }] } }
    const changed = stackOf([db, side], { networks: { back: other, front } })
    const [missing, ...none] = await resources.missing(changed)
    assert.deepEqual(
      [missing, none],
      [{ kind: 'create_network', subject: 'back', reason: 'its definition has changed' }, []],
    )
    assert(missing !== undefined)
    const stranger = await realEngine().docker.createContainer({
      Image: testImage,
      Cmd: ['sleep', '1000'],
      name: `stranger-${process.pid}`,
      HostConfig: { NetworkMode: back.name },
    })
    await stranger.start()
    await assert.rejects(
      resources.create(changed, missing, () => {}),
      refusedAs('stack_invalid', /cannot be made anew: stranger-\d+ uses it/),
    )
    await stranger.remove({ force: true })
    await resources.create(changed, missing, () => {})
    assert.deepEqual(await resources.missing(changed), [])
    const moved = await realEngine()
      .docker.getContainer(started.containerId ?? '')
      .inspect()
    assert.match(moved.NetworkSettings.Networks[back.name]?.IPAddress ?? '', /^10\.78\.7\./)
    assert.deepEqual(new Date(moved.State.StartedAt), started.startedAt)
    for (const found of await runtime.observe()) {
      await runtime.stop(found, { signal: 'SIGKILL', graceMs: 0 })
      await runtime.remove(found)
    }
    await resources.removeAll('cases', { volumes: true })
  },
)

test('a volume that is there with another driver is not made anew', { skip }, async () => {
  await using bench = await createBench()
  const name = `opts-${process.pid}`
  await realEngine().docker.createVolume({ Name: name })
  const data = {
    ...{ name, external: false },
    driverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' },
  }
  const mounts = [{ kind: 'volume', source: 'data', target: '/data', readOnly: false } as const]
  const stack = stackOf([running({ mounts })], { volumes: { data } })
  await assert.rejects(
    bench.runtime.resources?.missing(stack) ?? assert.fail(),
    refusedAs('stack_invalid', /volume opts-\d+ of stack cases is there with another driver/),
  )
  await realEngine().docker.getVolume(name).remove()
})

const origin = { file: 'compose.yaml', line: 7, column: 5 }
/** What engine 20.10 (API 1.41) does not know, by the name people write. */
const tooNew: [field: string, container: Partial<ContainerSpec>][] = [
  ['networks.default.gw_priority', { networks: { default: { aliases: [], gatewayPriority: 1 } } }],
  [
    'networks.default.interface_name',
    { networks: { default: { aliases: [], interfaceName: 'x' } } },
  ],
  ['annotations', { annotations: { a: 'b' } }],
  [
    'volumes.0.volume.subpath',
    { mounts: [{ kind: 'volume', source: 'v', target: '/v', readOnly: false, subpath: 'x' }] },
  ],
  [
    'volumes.0.type',
    { mounts: [{ kind: 'image', source: testImage, target: '/v', readOnly: true }] },
  ],
]

test('what the engine is too old for is refused by name and place', { skip }, async (t) => {
  await using bench = await createBench()
  const { apiVersion } = await (bench.runtime.resources?.check() ?? assert.fail())
  if (Number(apiVersion.split('.')[1]) >= 43) return t.skip(`the engine speaks ${apiVersion}`)
  for (const [field, container] of tooNew) {
    const spec = { ...running(container), origins: { '': [origin] } }
    await assert.rejects(
      bench.runtime.resources?.missing(stackOf([spec])) ?? assert.fail(),
      (error: unknown) => {
        assert(error instanceof AppError)
        assert.equal(error.code, 'stack_invalid')
        assert(error.message.startsWith(`${field} of service api needs Docker Engine`))
        assert.deepEqual(error.errors[0]?.origin, origin)
        return true
      },
    )
    await assert.rejects(bench.runtime.start(instanceOf(spec)), refusedAs('stack_invalid', /needs/))
  }
  assert.deepEqual(await bench.runtime.observe(), [])
})

const fileOf = (more: Partial<FileSpec> & Pick<FileSpec, 'target'>): FileSpec => ({
  kind: 'secret',
  source: 'password',
  content: 'hunter2-secret',
  ...more,
})

test('configs and secrets are files of the container, and nothing else', { skip }, async () => {
  await using bench = await createBench()
  await writeFile(join(bench.dir, 'app.conf'), 'from a file')
  const { content: _, ...ofFile } = fileOf({
    kind: 'config',
    target: '/etc/app/app.conf',
    path: join(bench.dir, 'app.conf'),
  })
  const files = [
    fileOf({ target: '/run/secrets/password', uid: '7', gid: '8', mode: 0o400 }),
    ofFile,
    fileOf({ target: '/below/tmpfs/secret' }),
  ]
  const mounts = [{ kind: 'tmpfs', target: '/below', readOnly: false } as const]
  const script =
    'stat -c "%u:%g %a %n" /run /run/secrets /run/secrets/password /etc/app/app.conf /below/tmpfs/secret; ' +
    'cat /run/secrets/password /etc/app/app.conf /below/tmpfs/secret'
  for (const readOnly of [false, true]) {
    const instance = instanceOf(running({ mounts, readOnly }, { files }))
    const started = await bench.runtime.start(instance)
    const { output } = await bench.runtime.exec(instance, ['sh', '-c', script], {
      ...limits,
    })
    assert.deepEqual(output.split('\n').slice(0, 6), [
      '0:0 755 /run',
      '0:0 755 /run/secrets',
      '7:8 400 /run/secrets/password',
      '0:0 444 /etc/app/app.conf',
      '0:0 444 /below/tmpfs/secret',
      'hunter2-secretfrom a filehunter2-secret',
    ])
    const info = await realEngine()
      .docker.getContainer(started.containerId ?? '')
      .inspect()
    assert(!JSON.stringify(info).includes('hunter2'))
    await bench.runtime.stop(instance, { signal: 'SIGKILL', graceMs: 0 })
    await bench.runtime.remove(instance)
  }
  // Below a mount from the host a copy would be a file of the host.
  await mkdir(join(bench.dir, 'app'))
  const bind = {
    kind: 'bind',
    source: join(bench.dir, 'app'),
    target: '/app',
    readOnly: false,
  } as const
  await assert.rejects(
    bench.runtime.start(
      instanceOf(running({ mounts: [bind] }, { files: [fileOf({ target: '/app/secret' })] })),
    ),
    refusedAs('stack_invalid', /secret password of service api cannot be put at \/app\/secret/),
  )
})

test('a port that was taken since the plan is told as such', { skip }, async () => {
  await using bench = await createBench()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ports = [{ target: 80, published: port, hostIp: '127.0.0.1', protocol: 'tcp' as const }]
  await assert.rejects(
    bench.runtime.start(instanceOf(running({}, { ports }))),
    refusedAs('port_taken', new RegExp(`Port ${port} of service api is in use`)),
  )
  assert.deepEqual(await bench.runtime.observe(), [])
  await new Promise((resolve) => server.close(resolve))
})

test('the HEALTHCHECK of an image is a probe of Keelson', { skip }, async () => {
  await using bench = await createBench()
  const { resources } = bench.runtime
  assert(resources?.imageProbe !== undefined)
  const dockerfile = `FROM ${testImage}\nHEALTHCHECK --interval=5s --retries=2 CMD test -e /well\n`
  const build = { context: bench.dir, args: {}, dockerfileInline: dockerfile }
  const { image: _, ...rest } = containerOf()
  const spec = { ...running({}), container: { ...rest, build } }
  const stack = stackOf([spec], { workingDir: bench.dir })
  const [missing] = await resources.missing(stack)
  assert(missing !== undefined)
  await resources.create(stack, missing, () => {})
  assert.deepEqual(await resources.imageProbe(spec, 'cases'), {
    kind: 'exec',
    command: ['/bin/sh', '-c', 'test -e /well'],
    ...{ intervalMs: 5000, timeoutMs: 30_000, retries: 2, startPeriodMs: 0, startIntervalMs: 5000 },
  })
  const off: ServiceSpec = { ...spec, container: { ...rest, build, imageHealthcheck: false } }
  assert.equal(await resources.imageProbe(off, 'cases'), null)
  assert.equal(await resources.imageProbe(running({}), 'cases'), null)
})

test('a log driver that cannot be read says so in the log', { skip }, async () => {
  await using bench = await createBench()
  const spec = running({ logging: { driver: 'none', options: {} } })
  const instance = instanceOf(spec)
  await bench.runtime.start(instance)
  const query = { stack: 'cases', instances: [instance.name] }
  const first = await until(async () => (await bench.logs.page(query)).items[0])
  assert.match(first.text, /the log driver none cannot be read back/)
  const local = { ...running({ logging: { driver: 'local', options: {} } }), name: 'local' }
  const other = instanceOf({ ...local, command: ['echo', 'kept'] })
  await bench.runtime.start(other)
  const page = () => bench.logs.page({ stack: 'cases', instances: [other.name] })
  assert.equal((await until(async () => (await page()).items[0])).text, 'kept')
})
