import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MountSpec } from '@keelson/contract'
import type { InstanceSpec } from '../runtime.ts'
import { instanceOf, serviceOf } from '../runtime-process/runtime-cases.ts'
import { containerOf } from './container-bench.ts'
import { differencesOf } from './container-differences.ts'
import { label, type ContainerInfo } from './container-labels.ts'

const imageId = 'sha256:1'
const ours = { [label.incarnation]: 'x', [label.owner]: 'me' }

/** As the engine shows a container that nothing was said about. */
const infoOf = (more: { config?: object; host?: object; mounts?: unknown } = {}) =>
  ({
    Image: imageId,
    Config: {
      ...{ Env: null, Cmd: ['serve'], Entrypoint: null, Labels: {}, ExposedPorts: null },
      ...{ User: '', WorkingDir: '', Tty: false, Hostname: 'x', Volumes: null },
      ...more.config,
    },
    HostConfig: {
      ...{ Binds: null, Mounts: null, Tmpfs: null, PortBindings: null, ExtraHosts: null },
      ...{ CapAdd: null, CapDrop: null, SecurityOpt: null, Ulimits: null, GroupAdd: null },
      ...{ Devices: null, Sysctls: null, Dns: null, DnsOptions: null, DnsSearch: null },
      ...{ NanoCpus: 0, Memory: 0, PidsLimit: null, Privileged: false, ReadonlyRootfs: false },
      ...more.host,
    },
    Mounts: more.mounts ?? null,
    NetworkSettings: { Networks: null, Ports: null },
  }) as unknown as ContainerInfo

const wantedOf = (mounts: MountSpec[] = [], more: Partial<InstanceSpec> = {}): InstanceSpec => {
  const container = containerOf({ networkMode: 'service:db', mounts })
  const spec = { ...serviceOf(['serve']), runtime: 'container' as const, container }
  return { ...instanceOf(spec), environment: {}, ...more }
}
const differ = (info: ContainerInfo, wanted: InstanceSpec) =>
  differencesOf(info, wanted, {
    ...{
      imageId,
      imageConfig: { Env: null, Cmd: null, Entrypoint: null, Labels: { of: 'image' } },
    },
  })

test('a container without environment, mounts, ports and networks is no fault', () => {
  assert.deepEqual(differ(infoOf(), wantedOf()), [])
  const withOne = wantedOf([], { environment: { MODE: 'fast' } })
  assert.deepEqual(differ(infoOf(), withOne), ['environment.MODE'])
  assert.deepEqual(differ(infoOf({ config: { Cmd: null } }), wantedOf()), ['command'])
})

const unnamed: MountSpec = { kind: 'volume', target: '/data', readOnly: false }
const volume = (Name: string, Destination: string) => ({
  ...{ Type: 'volume', Name, Source: '/var', Destination, RW: true },
})
const hosts = { api: 'host-gateway' }
const plain = wantedOf()
const file = { kind: 'config', source: '/a', target: '/a', path: '/src/a' } as const

const cases: [what: string, info: Parameters<typeof infoOf>[0], InstanceSpec, string[]][] = [
  ['a volume without a name', { mounts: [volume('s_api_1_x', '/data')] }, wantedOf([unnamed]), []],
  [
    'a volume at a target with a slash',
    { mounts: [volume('s_api_1_x', '/data')], host: { Tmpfs: { '/run': '' } } },
    wantedOf([
      { ...unnamed, target: '/data/' },
      { kind: 'tmpfs', target: '/run/', readOnly: false },
    ]),
    [],
  ],
  ['another volume', { mounts: [volume('other', '/db')] }, wantedOf([unnamed]), ['volumes']],
  ['names to be told to it', {}, wantedOf([], { hosts }), []],
  ['a name of its own', { host: { ExtraHosts: ['x:1.2.3.4'] } }, wantedOf(), ['extra_hosts']],
  ['a mounted file', {}, { ...plain, spec: { ...plain.spec, files: [file] } }, ['volumes']],
  ['a label as its image has it', { config: { Labels: { of: 'image' } } }, plain, []],
  [
    'a label said again',
    { config: { Labels: { of: 'image' } } },
    { ...plain, spec: { ...plain.spec, labels: { of: 'image' } } },
    [],
  ],
  ['a limit', { host: { Memory: 7_000_000 } }, wantedOf(), ['mem_limit']],
]
for (const [what, info, wanted, paths] of cases) {
  test(`of Docker Compose, ${what}: ${paths.join(', ') || 'no difference'}`, () =>
    assert.deepEqual(differ(infoOf(info), wanted), paths))
}

const ownCases: typeof cases = [
  ['names it was started with', { host: { ExtraHosts: ['api:host-gateway'] } }, wantedOf(), []],
  ['synced files', {}, { ...plain, spec: { ...plain.spec, files: [file] } }, []],
  ['volumes of its image', { mounts: [volume('s_api_1_x', '/db')] }, wantedOf(), []],
  ['docker update', { host: { Memory: 7_000_000 } }, wantedOf(), ['mem_limit']],
]
for (const [what, info, wanted, paths] of ownCases) {
  test(`of Keelson, ${what}: ${paths.join(', ') || 'no difference'}`, () =>
    assert.deepEqual(differ(infoOf({ ...info, config: { Labels: ours } }), wanted), paths))
}
