import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Project, Service } from '@keelson/compose'
import type { ServiceSpec, StackSpec } from '@keelson/contract'
import { container, convert, fileOf, refusalOf } from './testing/convert.ts'

/*
 * Every attribute of the specification is carried out, refused by name, or reported as having no
 * effect. The tables are as complete as the loader's model: a key of it without a row does not
 * compile.
 */

type Partly<T> = T extends readonly (infer E)[]
  ? readonly Partly<E>[]
  : T extends object
    ? { [K in keyof T]?: Partly<T[K]> | undefined }
    : T

type Case = {
  lines: string
  /** Beside the services. */
  more?: string
  files?: Record<string, string>
  /** What it becomes. */
  gives?: Partly<ServiceSpec>
  stack?: Partly<StackSpec>
  refused?: RegExp
  unused?: RegExp
}

const secret = 'secrets: { key: { file: ./key } }'
const gives = (lines: string, what: Partly<ServiceSpec>, more = ''): Case => ({
  lines,
  gives: what,
  more,
})
/** Of a container. */
const inside = (lines: string, what: Partly<ServiceSpec['container']>, more = ''): Case => ({
  lines,
  gives: { container: what },
  more,
})
const refused = (lines: string, why: RegExp, more = ''): Case => ({ lines, refused: why, more })
const unused = (lines: string, why: RegExp, more = ''): Case => ({ lines, unused: why, more })
const other = '  db: { image: postgres }\n'

const ofService: Record<keyof Service, Case> = {
  name: gives('', { name: 'web' }),
  runtime: gives('command: a\nx-keelson: { runtime: process }', {
    runtime: 'process',
    container: null,
  }),
  annotations: inside('annotations: { a: b }', { annotations: { a: 'b' } }),
  attach: unused('attach: false', /up shows states/),
  blkioConfig: inside('blkio_config: { weight: 300 }', { blockIo: { weight: 300 } }),
  build: inside('build: .', { build: { dockerfile: 'Dockerfile' } }),
  capAdd: inside('cap_add: [NET_ADMIN]', { capAdd: ['NET_ADMIN'] }),
  capDrop: inside('cap_drop: [ALL]', { capDrop: ['ALL'] }),
  cgroup: inside('cgroup: host', { cgroup: 'host' }),
  cgroupParent: inside('cgroup_parent: m', { cgroupParent: 'm' }),
  command: gives('command: [a, b c]', { command: ['a', 'b c'] }),
  configs: gives(
    'configs: [c]',
    { files: [{ kind: 'config', source: 'c', target: '/c', content: 'x' }] },
    'configs: { c: { content: x } }',
  ),
  containerName: inside('container_name: my-web', { containerName: 'my-web' }),
  containerRuntime: inside('runtime: kata', { ociRuntime: 'kata' }),
  cpuCount: refused('cpu_count: 2', /for Windows/),
  cpuPercent: refused('cpu_percent: 50', /for Windows/),
  cpuPeriod: inside('cpu_period: 100000', { cpuPeriod: 100_000 }),
  cpuQuota: inside('cpu_quota: 50000', { cpuQuota: 50_000 }),
  cpuRtPeriod: inside('cpu_rt_period: 1000', { cpuRealtimePeriod: 1000 }),
  cpuRtRuntime: inside('cpu_rt_runtime: 900', { cpuRealtimeRuntime: 900 }),
  cpuShares: inside('cpu_shares: 512', { cpuShares: 512 }),
  cpuset: inside('cpuset: "0-1"', { cpuset: '0-1' }),
  credentialSpec: refused('credential_spec: { file: a.json }', /for Windows/),
  dependsOn: gives(
    `depends_on: { db: { condition: service_healthy, restart: true } }`,
    {
      dependsOn: [{ service: 'db', condition: 'service_healthy', required: true, restart: true }],
    },
    '  db: { image: postgres, healthcheck: { test: "true" } }\n',
  ),
  deploy: gives('deploy: { replicas: 2 }', { replicas: 2 }),
  deviceCgroupRules: inside('device_cgroup_rules: ["c 1:3 mr"]', {
    deviceCgroupRules: ['c 1:3 mr'],
  }),
  devices: inside('devices: ["/dev/null:/dev/n:r"]', {
    devices: [{ source: '/dev/null', target: '/dev/n', permissions: 'r' }],
  }),
  dns: inside('dns: 8.8.8.8', { dns: ['8.8.8.8'] }),
  dnsOpt: inside('dns_opt: [use-vc]', { dnsOptions: ['use-vc'] }),
  dnsSearch: inside('dns_search: example.com', { dnsSearch: ['example.com'] }),
  domainname: inside('domainname: example.com', { domainname: 'example.com' }),
  entrypoint: gives('entrypoint: [/e]', { entrypoint: ['/e'] }),
  envFiles: {
    lines: 'env_file: a.env',
    files: { 'a.env': 'A=1' },
    gives: { environment: { A: '1' } },
  },
  environment: gives('environment: { A: b, FROM_SHELL: }', {
    environment: { A: 'b', FROM_SHELL: 'shell' },
  }),
  expose: gives('expose: ["80"]', { expose: [80] }),
  extensions: gives('x-own: 1', { name: 'web' }),
  externalLinks: inside('external_links: ["other:o"]', { externalLinks: ['other:o'] }),
  extraHosts: inside('extra_hosts: { a: 1.2.3.4 }', { extraHosts: { a: ['1.2.3.4'] } }),
  gpus: inside('gpus: [{ driver: nvidia, count: 2 }]', {
    deviceRequests: [{ driver: 'nvidia', count: 2 }],
  }),
  groupAdd: gives('group_add: [mail, 1000]', { groups: ['mail', '1000'] }),
  healthcheck: inside('healthcheck: { disable: true }', { imageHealthcheck: false }),
  hostname: inside('hostname: h', { hostname: 'h' }),
  image: inside('', { image: 'nginx' }),
  init: inside('init: true', { init: true }),
  ipc: inside('ipc: host', { ipc: 'host' }),
  isolation: refused('isolation: hyperv', /for Windows/),
  labelFiles: {
    lines: 'label_file: l',
    files: { l: 'a=b' },
    gives: { labels: { a: 'b' } },
  },
  labels: gives('labels: [a=b]', { labels: { a: 'b' } }),
  limits: gives('cpus: 0.5\nmem_limit: 64m\npids_limit: 10', {
    cpusMax: 0.5,
    memoryLimitBytes: 67_108_864,
    pidsMax: 10,
  }),
  links: inside('links: ["db:d"]', { links: ['db:d'] }, other),
  logging: inside('logging: { driver: local, options: { max-size: 1m } }', {
    logging: { driver: 'local', options: { 'max-size': '1m' } },
  }),
  macAddress: inside('mac_address: "02:42:ac:11:65:43"', { macAddress: '02:42:ac:11:65:43' }),
  models: refused('models: [m]', /Docker Model Runner/, 'models: { m: { model: ai/m } }'),
  networkMode: inside('network_mode: host', { networkMode: 'host', networks: {} }),
  networks: inside(
    'networks: { front: { aliases: [www] } }',
    { networks: { front: { aliases: ['www'] } } },
    'networks: { front: }',
  ),
  oomKillDisable: inside('oom_kill_disable: true', { oomKillDisable: true }),
  oomScoreAdj: inside('oom_score_adj: -500', { oomScoreAdjust: -500 }),
  pid: inside('pid: host', { pid: 'host' }),
  platform: inside('platform: linux/amd64', { platform: 'linux/amd64' }),
  ports: gives('ports: ["127.0.0.1:8080:80/udp"]', {
    ports: [{ target: 80, published: 8080, hostIp: '127.0.0.1', protocol: 'udp' }],
  }),
  postStart: gives('post_start: [{ command: [a], user: u }]', {
    hooks: { postStart: [{ command: ['a'], user: 'u', privileged: false }] },
  }),
  preStart: gives('pre_start: [{ command: [a], image: i, per_replica: true }]', {
    hooks: { preStart: [{ command: ['a'], image: 'i', perReplica: true }] },
  }),
  preStop: gives('pre_stop: [{ command: [a], working_dir: /w, environment: { A: b } }]', {
    hooks: { preStop: [{ command: ['a'], workingDir: '/w', environment: { A: 'b' } }] },
  }),
  privileged: inside('privileged: true', { privileged: true }),
  profiles: gives('profiles: []', { name: 'web' }),
  provider: refused('provider: { type: cloud }', /plugin of Docker Compose/),
  pullPolicy: inside('pull_policy: always', { pullPolicy: 'always' }),
  pullRefreshAfterMs: inside('pull_policy: daily', {
    pullPolicy: 'missing',
    pullIntervalMs: 86_400_000,
  }),
  readOnly: inside('read_only: true', { readOnly: true }),
  replicas: gives('scale: 3', { replicas: 3 }),
  restart: gives('restart: on-failure:3', { restart: { policy: 'on-failure', attemptsMax: 3 } }),
  secrets: {
    ...gives(
      'secrets: [{ source: key, target: k, mode: 0400, uid: "7" }]',
      {
        files: [{ kind: 'secret', source: 'key', target: '/run/secrets/k', uid: '7', mode: 0o400 }],
      },
      secret,
    ),
    files: { key: 'x' },
  },
  securityOpt: inside('security_opt: ["no-new-privileges:true"]', {
    securityOptions: ['no-new-privileges:true'],
  }),
  shmSizeBytes: inside('shm_size: 1m', { shmSizeBytes: 1_048_576 }),
  stdinOpen: inside('stdin_open: true', { stdinOpen: true }),
  stopGracePeriodMs: gives('stop_grace_period: 1m', { stopGraceMs: 60_000 }),
  stopSignal: gives('stop_signal: INT', { stopSignal: 'SIGINT' }),
  storageOpt: inside('storage_opt: { size: 1G }', { storageOptions: { size: '1G' } }),
  sysctls: inside('sysctls: { net.core.somaxconn: 1024 }', {
    sysctls: { 'net.core.somaxconn': '1024' },
  }),
  tmpfs: inside('tmpfs: "/run:size=1m,mode=1777"', {
    mounts: [{ kind: 'tmpfs', target: '/run', sizeBytes: 1_048_576, mode: 0o1777 }],
  }),
  tty: inside('tty: true', { tty: true }),
  ulimits: gives('ulimits: { nofile: { soft: 1, hard: 2 }, nproc: 5 }', {
    ulimits: { nofile: { soft: 1, hard: 2 }, nproc: { soft: 5, hard: 5 } },
  }),
  useApiSocket: refused('use_api_socket: true', /hand the engine/),
  user: gives('user: "1000:1000"', { user: '1000:1000' }),
  usernsMode: inside('userns_mode: host', { userns: 'host' }),
  uts: inside('uts: host', { uts: 'host' }),
  volumes: inside(
    'volumes: ["data:/d:ro"]',
    { mounts: [{ kind: 'volume', source: 'data', target: '/d', readOnly: true }] },
    'volumes: { data: }',
  ),
  volumesFrom: inside('volumes_from: ["db:ro"]', { volumesFrom: ['service:db:ro'] }, other),
  watch: gives(
    'develop: { watch: [{ path: ./src, action: sync+exec, target: /s, ignore: [a], include: [b], exec: { command: [c] }, initial_sync: true }] }',
    {
      watch: [
        {
          action: 'sync+exec',
          target: '/s',
          ignore: ['a'],
          include: ['b'],
          exec: { command: ['c'] },
          initialSync: true,
        },
      ],
    },
  ),
  workingDir: gives('working_dir: /w', { workingDir: '/w' }),
  xKeelson: gives('x-keelson: { owner: me, update: blue-green, hook_timeout: 30m }', {
    owner: 'me',
    hookTimeoutMs: 1_800_000,
    update: { strategy: 'blue-green' },
  }),
}

const build = (
  line: string,
  what: Partly<NonNullable<NonNullable<ServiceSpec['container']>['build']>>,
  more = '',
): Case => inside(`build:\n  context: .\n  ${line}`, { build: what }, more)
const noBuild = (line: string, why: RegExp): Case => refused(`build:\n  context: .\n  ${line}`, why)

const ofBuild: Record<keyof NonNullable<Service['build']>, Case> = {
  context: inside('build: https://example.com/a.git', {
    build: { context: 'https://example.com/a.git' },
  }),
  dockerfile: build('dockerfile: D', { dockerfile: 'D' }),
  dockerfileInline: build('dockerfile_inline: FROM a', { dockerfileInline: 'FROM a' }),
  args: build('args: { A: b }', { args: { A: 'b' } }),
  target: build('target: t', { target: 't' }),
  additionalContexts: build('additional_contexts: { a: docker-image://b }', {
    additionalContexts: { a: 'docker-image://b' },
  }),
  cacheFrom: build('cache_from: [a]', { cacheFrom: ['a'] }),
  cacheTo: build('cache_to: ["type=inline"]', { cacheTo: ['type=inline'] }),
  entitlements: noBuild('entitlements: [network.host]', /entitlements/),
  extraHosts: build('extra_hosts: { a: 1.2.3.4 }', { extraHosts: ['a:1.2.3.4'] }),
  isolation: noBuild('isolation: hyperv', /for Windows/),
  labels: build('labels: { a: b }', { labels: { a: 'b' } }),
  network: build('network: host', { network: 'host' }),
  noCache: build('no_cache: true', { noCache: true }),
  noCacheFilter: noBuild('no_cache_filter: [a]', /single stages/),
  platforms: build('platforms: [linux/amd64]', { platforms: ['linux/amd64'] }),
  privileged: build('privileged: true', { privileged: true }),
  provenance: unused('build:\n  context: .\n  provenance: true', /provenance has no effect/),
  pull: build('pull: true', { pull: true }),
  sbom: unused('build:\n  context: .\n  sbom: true', /sbom has no effect/),
  secrets: {
    ...build('secrets: [{ source: key, target: k }]', { secrets: {} }, secret),
    files: { key: 'x' },
  },
  shmSizeBytes: build('shm_size: 1m', { shmSizeBytes: 1_048_576 }),
  ssh: build('ssh: [default, "k=/p"]', { ssh: ['default', 'k=/p'] }),
  tags: build('tags: [a]', { tags: ['a'] }),
  ulimits: build('ulimits: { nproc: 5 }', { ulimits: { nproc: { soft: 5, hard: 5 } } }),
}

const deploy = (line: string, what: Partly<ServiceSpec>): Case => gives(`deploy:\n  ${line}`, what)
type Deploy = NonNullable<Service['deploy']>

const ofDeploy: Record<keyof Deploy, Case> = {
  mode: deploy('mode: global', { replicas: 1 }),
  endpointMode: unused('deploy: { endpoint_mode: vip }', /endpoint_mode vip has no effect/),
  replicas: deploy('replicas: 3', { replicas: 3 }),
  labels: unused('deploy: { labels: { a: b } }', /services of a Swarm/),
  updateConfig: deploy(
    'update_config: { parallelism: 2, delay: 1s, failure_action: rollback, monitor: 9s, max_failure_ratio: 0.5, order: start-first }',
    {
      update: {
        strategy: 'rolling',
        parallelism: 2,
        delayMs: 1000,
        failureAction: 'rollback',
        monitorMs: 9000,
        maxFailureRatio: 0.5,
        order: 'start-first',
      },
    },
  ),
  rollbackConfig: deploy('rollback_config: { parallelism: 0 }', {
    rollback: { strategy: 'rolling', parallelism: 0, failureAction: 'pause', monitorMs: 5000 },
  }),
  restartPolicy: deploy(
    'restart_policy: { condition: on-failure, delay: 2s, max_attempts: 4, window: 30s }',
    { restart: { policy: 'on-failure', delayMs: 2000, attemptsMax: 4, windowMs: 30_000 } },
  ),
  limits: deploy('resources: { limits: { cpus: "0.5", memory: 1m, pids: 9 } }', {
    cpusMax: 0.5,
    memoryLimitBytes: 1_048_576,
    pidsMax: 9,
  }),
  reservations: inside('deploy: { resources: { reservations: { memory: 1m } } }', {
    memoryReservationBytes: 1_048_576,
  }),
  placement: refused(
    'deploy: { placement: { constraints: [node.labels.ssd == true] } }',
    /does not hold for this host/,
  ),
}

const attach = (line: string, what: object): Case =>
  inside(`networks: { n: { ${line} } }`, { networks: { n: what } }, 'networks: { n: }')

const ofAttachment: Record<keyof Service['networks'][string], Case> = {
  aliases: attach('aliases: [a]', { aliases: ['a'] }),
  ipv4Address: attach('ipv4_address: 10.0.0.2', { ipv4Address: '10.0.0.2' }),
  ipv6Address: attach('ipv6_address: "fd00::2"', { ipv6Address: 'fd00::2' }),
  linkLocalIps: attach('link_local_ips: [169.254.0.2]', { linkLocalIps: ['169.254.0.2'] }),
  macAddress: attach('mac_address: "02:42:ac:11:65:43"', { macAddress: '02:42:ac:11:65:43' }),
  interfaceName: attach('interface_name: eth9', { interfaceName: 'eth9' }),
  driverOpts: attach('driver_opts: { a: b }', { driverOpts: { a: 'b' } }),
  priority: attach('priority: 5', { priority: 5 }),
  gwPriority: attach('gw_priority: 6', { gatewayPriority: 6 }),
}

type Port = Service['ports'][number]

const ofPort: Record<keyof Port, Case> = {
  target: gives('ports: [{ target: 80 }]', { ports: [{ target: 80 }] }),
  published: refused('ports: ["8000-8010:80"]', /host port range 8000-8010/),
  hostIp: gives('ports: ["127.0.0.1::80"]', { ports: [{ hostIp: '127.0.0.1' }] }),
  protocol: refused('ports: ["80/sctp"]', /sctp is not supported/),
  mode: gives('ports: [{ target: 80, mode: host }]', { ports: [{ target: 80 }] }),
  name: gives('ports: [{ target: 80, name: http }]', { ports: [{ target: 80 }] }),
  appProtocol: unused('ports: [{ target: 80, app_protocol: grpc }]', /app_protocol grpc/),
}

const mount = (lines: string, what: object): Case =>
  inside(`volumes: [{ target: /t, ${lines} }]`, { mounts: [what] }, 'volumes: { v: }')

const ofMount: Record<keyof Service['volumes'][number], Case> = {
  type: refused('volumes: [{ type: npipe, source: /p, target: /t }]', /for Windows/),
  source: mount('type: volume, source: v', { kind: 'volume', source: 'v' }),
  target: mount('type: volume, source: v', { target: '/t' }),
  readOnly: mount('type: volume, source: v, read_only: true', { readOnly: true }),
  consistency: mount('type: bind, source: /s, consistency: cached', { consistency: 'cached' }),
  bind: mount(
    'type: bind, source: /s, bind: { propagation: rslave, create_host_path: false, selinux: z, recursive: disabled }',
    { propagation: 'rslave', createHostPath: false, selinux: 'z', recursive: 'disabled' },
  ),
  volume: mount('type: volume, source: v, volume: { nocopy: true, subpath: p }', {
    noCopy: true,
    subpath: 'p',
  }),
  tmpfs: mount('type: tmpfs, tmpfs: { size: 1m, mode: 511 }', { sizeBytes: 1_048_576, mode: 511 }),
  image: mount('type: image, source: i, image: { subpath: p }', { kind: 'image', subpath: 'p' }),
}

const net = (line: string, what: Partly<StackSpec['networks'][string]>): Case => ({
  lines: 'networks: [n]',
  more: `networks: { n: { ${line} } }`,
  stack: { networks: { n: what } },
})

const ofNetwork: Record<keyof Project['networks'][string], Case> = {
  name: net('name: own', { name: 'own' }),
  external: net('external: true', { external: true, name: 'n' }),
  internal: net('internal: true', { internal: true }),
  attachable: net('attachable: true', { attachable: true }),
  driver: net('driver: bridge', { driver: 'bridge' }),
  driverOpts: net('driver_opts: { a: b }', { driverOpts: { a: 'b' } }),
  labels: net('labels: { a: b }', { labels: { a: 'b' } }),
  enableIpv4: net('enable_ipv4: false', { enableIpv4: false }),
  enableIpv6: net('enable_ipv6: true', { enableIpv6: true }),
  ipam: net(
    'ipam: { driver: d, options: { o: p }, config: [{ subnet: 10.9.0.0/16, gateway: 10.9.0.1, ip_range: 10.9.1.0/24, aux_addresses: { h: 10.9.0.9 } }] }',
    {
      ipam: {
        driver: 'd',
        options: { o: 'p' },
        config: [
          {
            subnet: '10.9.0.0/16',
            gateway: '10.9.0.1',
            ipRange: '10.9.1.0/24',
            auxAddresses: { h: '10.9.0.9' },
          },
        ],
      },
    },
  ),
  extensions: net('x-own: 1', { external: false }),
}

const vol = (line: string, what: Partly<StackSpec['volumes'][string]>): Case => ({
  lines: 'volumes: ["v:/v"]',
  more: `volumes: { v: { ${line} } }`,
  stack: { volumes: { v: what } },
})

const ofVolume: Record<keyof Project['volumes'][string], Case> = {
  name: vol('name: own', { name: 'own' }),
  external: vol('external: true', { external: true }),
  driver: vol('driver: local', { driver: 'local' }),
  driverOpts: vol('driver_opts: { a: b }', { driverOpts: { a: 'b' } }),
  labels: vol('labels: { a: b }', { labels: { a: 'b' } }),
  extensions: vol('x-own: 1', { external: false }),
}

const sec = (line: string, what: Partly<ServiceSpec> | RegExp): Case => ({
  lines: 'secrets: [s]',
  more: `secrets: { s: { ${line} } }`,
  files: { key: 'x' },
  ...(what instanceof RegExp ? { refused: what } : { gives: what }),
})

const ofSecret: Record<keyof Project['secrets'][string], Case> = {
  name: sec('name: own, file: ./key', { files: [{ target: '/run/secrets/s' }] }),
  external: sec('external: true', /kept by a Swarm/),
  file: sec('file: ./key', { files: [{ kind: 'secret', source: 's' }] }),
  environment: sec('environment: FROM_SHELL', { files: [{ content: 'shell' }] }),
  content: sec('environment: NOT_SET', /\$NOT_SET, which is not set/),
  templateDriver: sec('file: ./key, template_driver: golang', /template/),
  labels: sec('file: ./key, labels: { a: b }', { files: [{ source: 's' }] }),
  driver: sec('driver: vault, file: ./key', /needs the plugin vault/),
  driverOpts: sec('driver: vault, driver_opts: { a: b }, file: ./key', /needs the plugin vault/),
  extensions: sec('file: ./key, x-own: 1', { files: [{ source: 's' }] }),
}

const tables = {
  service: ofService,
  build: ofBuild,
  deploy: ofDeploy,
  'networks of a service': ofAttachment,
  ports: ofPort,
  volumes: ofMount,
  'top-level network': ofNetwork,
  'top-level volume': ofVolume,
  'top-level secret': ofSecret,
}

for (const [table, cases] of Object.entries(tables)) {
  for (const [key, row] of Object.entries<Case>(cases)) {
    test(`${table}: ${key}`, async () => {
      const hasImage = /^(provider|build):|runtime: process/m.test(row.lines)
      const more = row.more ?? ''
      const text = fileOf(hasImage ? row.lines : `${container}\n${row.lines}`.trim(), more)
      if (row.refused !== undefined) {
        const { faults } = await refusalOf(text, row.files)
        assert.match(faults[0]?.message ?? '', row.refused)
        assert.ok((faults[0]?.place?.line ?? 0) >= 3, 'it has a place')
        assert.notEqual(faults[0]?.hint ?? '', '')
        return
      }
      const { spec, warnings } = await convert(text, row.files)
      if (row.unused !== undefined) {
        assert.match(warnings[0]?.message ?? '', row.unused)
        assert.ok((warnings[0]?.place?.line ?? 0) >= 3, 'it has a place')
        return
      }
      assert.deepEqual(warnings, [])
      const web = spec.services.find(({ name }) => name === 'web')
      if (row.gives !== undefined) assert.partialDeepStrictEqual(web, row.gives)
      if (row.stack !== undefined) assert.partialDeepStrictEqual(spec, row.stack)
    })
  }
}
