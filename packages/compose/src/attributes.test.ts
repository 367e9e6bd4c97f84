import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Project, Service } from './index.ts'
import { load, service } from './testing.ts'

type AttributeCase = {
  yaml: string
  more?: string
  read: (service: Service, project: Project) => unknown
  expected: unknown
}

/** Attributes of a service as programs read them; what is printed is the conformance tests' matter. */
const cases: AttributeCase[] = [
  { yaml: 'annotations: [a=1, b]', read: (s) => s.annotations, expected: { a: '1', b: '' } },
  { yaml: 'attach: false', read: (s) => s.attach, expected: false },
  {
    yaml: 'blkio_config: {weight: 300, device_read_bps: [{path: /dev/sda, rate: 12mb}]}',
    read: ({ blkioConfig }) => [blkioConfig?.weight, blkioConfig?.deviceReadBps],
    expected: [300, [{ path: '/dev/sda', rate: 12 * 1024 * 1024 }]],
  },
  {
    yaml: 'build: {context: ., ssh: [default, k=./key], secrets: [t], ulimits: {nproc: 5}, shm_size: 1m}',
    more: 'secrets: {t: {environment: T}}',
    read: ({ build }, { workingDir }) => [
      build?.ssh.map(({ id, path }) => [id, path?.slice(workingDir.length)]),
      build?.secrets[0]?.source,
      build?.ulimits,
      build?.shmSizeBytes,
    ],
    expected: [
      [
        ['default', undefined],
        ['k', '/key'],
      ],
      't',
      { nproc: { soft: 5, hard: 5 } },
      1024 * 1024,
    ],
  },
  {
    yaml: 'configs: [c, {source: c, target: /etc/c, mode: 0440}]',
    more: 'configs: {c: {content: hello}}',
    read: ({ configs }, project) => [configs, project.configs['c']?.content],
    expected: [[{ source: 'c' }, { source: 'c', target: '/etc/c', mode: 0o440 }], 'hello'],
  },
  {
    yaml: 'secrets: [{source: t, mode: "0400", uid: "5"}]',
    more: 'secrets: {t: {environment: HOLDS}}',
    read: ({ secrets }, project) => [secrets, project.secrets['t']?.content],
    expected: [[{ source: 't', target: '/run/secrets/t', mode: 0o400, uid: '5' }], 'it'],
  },
  {
    yaml: 'cpus: 0.5\n    mem_limit: 64m\n    mem_reservation: 32m\n    memswap_limit: -1\n    pids_limit: 9',
    read: (s) => s.limits,
    expected: {
      cpus: 0.5,
      memoryBytes: 64 * 1024 ** 2,
      memoryReservationBytes: 32 * 1024 ** 2,
      memorySwapBytes: -1,
      pids: 9,
    },
  },
  {
    yaml: 'deploy: {update_config: {parallelism: 2, delay: 5s, order: start-first, failure_action: rollback, max_failure_ratio: 0.1}}',
    read: (s) => s.deploy?.updateConfig,
    expected: {
      parallelism: 2,
      delayMs: 5000,
      order: 'start-first',
      failureAction: 'rollback',
      maxFailureRatio: 0.1,
    },
  },
  {
    yaml: 'develop: {watch: [{path: ./src, action: sync+exec, target: /app, ignore: x, exec: {command: a b}}]}',
    read: ({ watch: [watch] }, { workingDir }) => [
      watch?.path === join(workingDir, 'src'),
      watch?.action,
      watch?.ignore,
      watch?.exec?.command,
    ],
    expected: [true, 'sync+exec', ['x'], ['a', 'b']],
  },
  {
    yaml: 'devices: ["/dev/a:/dev/b:r", {source: /dev/c}]',
    read: (s) => s.devices,
    expected: [
      { source: '/dev/a', target: '/dev/b', permissions: 'r' },
      { source: '/dev/c', target: '/dev/c', permissions: 'rwm' },
    ],
  },
  {
    yaml: 'gpus: all',
    read: (s) => s.gpus,
    expected: [{ capabilities: [], deviceIds: [], options: {}, count: -1 }],
  },
  {
    yaml: 'label_file: more.labels\n    labels: {OWN: own}',
    read: (s) => s.labels,
    expected: { A: 'file', OWN: 'own' },
  },
  {
    yaml: 'links: ["b:other"]\n    volumes_from: ["c:ro"]\n    pid: service:d',
    more: '  b: {image: x}\n  c: {image: x}\n  d: {image: x}',
    read: ({ dependsOn }) => Object.entries(dependsOn).map(([key, { restart }]) => [key, restart]),
    expected: [
      ['b', true],
      ['d', true],
      ['c', false],
    ],
  },
  {
    yaml: 'logging: {driver: local, options: {max-size: 1m, max-file: 3}}',
    read: (s) => s.logging,
    expected: { driver: 'local', options: { 'max-size': '1m', 'max-file': '3' } },
  },
  {
    yaml: 'models: {m: {endpoint_var: URL}}',
    more: 'models: {m: {model: ai/x, context_size: 1024}}',
    read: (s, { models }) => [s.models, models['m']?.contextSize],
    expected: [{ m: { endpointVar: 'URL' } }, 1024],
  },
  {
    yaml: 'network_mode: host',
    read: (s, { networks }) => [s.networkMode, s.networks, networks],
    expected: ['host', {}, {}],
  },
  {
    yaml: 'networks: {n: {ipv4_address: 10.0.0.5, priority: 7}}',
    more: 'networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}, enable_ipv6: true}}',
    read: (s, { networks: { n } }) => [
      s.networks['n']?.ipv4Address,
      s.networks['n']?.priority,
      n?.ipam.config,
      n?.enableIpv6,
    ],
    expected: ['10.0.0.5', 7, [{ subnet: '10.0.0.0/24', auxAddresses: {} }], true],
  },
  {
    yaml: 'pre_start: [{command: [migrate]}]\n    post_start: [{command: warm up, environment: [A=1]}]',
    read: ({ preStart, postStart }) => [
      preStart[0]?.image,
      postStart[0]?.command,
      postStart[0]?.environment,
    ],
    expected: ['x', ['warm', 'up'], { A: '1' }],
  },
  {
    yaml: 'provider: {type: p, options: {a: 1, b: [x, 2]}}',
    read: (s) => s.provider,
    expected: { type: 'p', options: { a: ['1'], b: ['x', '2'] } },
  },
  {
    yaml: 'pull_policy: every_12h',
    read: (s) => [s.pullPolicy, s.pullRefreshAfterMs],
    expected: ['missing', 12 * 3_600_000],
  },
  {
    yaml: 'runtime: runsc',
    read: (s) => [s.runtime, s.containerRuntime],
    expected: ['container', 'runsc'],
  },
  {
    yaml: 'ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}',
    read: (s) => s.ulimits,
    expected: { nofile: { soft: 1, hard: 2 }, nproc: { soft: 3, hard: 3 } },
  },
  {
    yaml: 'volumes: [{type: image, source: img, target: /i, image: {subpath: /s}}, {type: bind, source: /h, target: /b}]',
    read: ({ volumes }) => volumes.map(({ type, image, bind }) => [type, image, bind]),
    expected: [
      ['image', { subpath: '/s' }, undefined],
      ['bind', undefined, { createHostPath: false }],
    ],
  },
  {
    yaml: 'x-keelson: {update: blue-green, hook_timeout: 30m}\n    x-other: {a: [1]}',
    read: (s) => [s.xKeelson.update, s.xKeelson.hookTimeoutMs, s.extensions['x-other']],
    expected: ['blue-green', 1_800_000, { a: [1] }],
  },
]

for (const { yaml, more = '', read, expected } of cases) {
  test(`reads ${yaml.split('\n')[0]}`, async () => {
    const files = { 'compose.yaml': `${service(yaml)}${more}\n`, 'more.labels': 'A=file\nOWN=x\n' }
    const project = await load(files, { env: { HOLDS: 'it', T: 't' } })
    const { a } = project.services
    assert.ok(a !== undefined)
    assert.deepEqual(read(a, project), expected)
  })
}
