import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { plainService, type ServiceSpec } from '@keelson/contract'
import { readSources } from './sources.ts'
import { convert, convertService, fileOf } from './testing/convert.ts'

const container = 'image: nginx\n'
const process = 'command: node main.mjs\nx-keelson:\n  runtime: process\n'

test('a container without anything else gets the defaults of Compose', async () => {
  const service = await convertService(container)
  const { origins, ...rest } = service
  const { origins: _, ...plain } = plainService
  assert.deepEqual(rest, {
    ...plain,
    name: 'web',
    runtime: 'container',
    restart: { policy: 'unless-stopped' },
    container: {
      image: 'nginx',
      pullPolicy: 'missing',
      networks: { default: { aliases: [] } },
      mounts: [],
      init: false,
      tty: false,
      stdinOpen: false,
      privileged: false,
      readOnly: false,
      capAdd: [],
      capDrop: [],
      extraHosts: {},
    },
  })
  assert.equal(origins['']?.[0]?.line, 4)
  assert.equal(origins['image']?.[0]?.column, 12)
})

test('a process has no container, and starts in the folder of its file', async () => {
  const service = await convertService(process)
  assert.equal(service.container, null)
  assert.deepEqual(service.command, ['node', 'main.mjs'])
  assert.match(service.workingDir ?? '', /^\/.*keelson-spec-/)
})

const probes: [string, string, ServiceSpec['probe']][] = [
  [
    'a CMD test runs as it is, with the times of Compose',
    `${container}healthcheck:\n  test: [CMD, curl, -f, localhost]`,
    {
      kind: 'exec',
      command: ['curl', '-f', 'localhost'],
      intervalMs: 30_000,
      timeoutMs: 30_000,
      retries: 3,
      startPeriodMs: 0,
      startIntervalMs: 5000,
    },
  ],
  [
    'a CMD-SHELL test runs in the shell; the start is never asked about less often',
    `${container}healthcheck:\n  test: curl a || exit 1\n  interval: 2s\n  timeout: 1s\n  retries: 5\n  start_period: 1m`,
    {
      kind: 'exec',
      command: ['/bin/sh', '-c', 'curl a || exit 1'],
      intervalMs: 2000,
      timeoutMs: 1000,
      retries: 5,
      startPeriodMs: 60_000,
      startIntervalMs: 2000,
    },
  ],
  [
    'an HTTP probe is asked every 5 s, and every 0.5 s in its first half minute',
    `${process}  probe: { http: /health }`,
    {
      kind: 'http',
      path: '/health',
      intervalMs: 5000,
      timeoutMs: 5000,
      retries: 3,
      startPeriodMs: 30_000,
      startIntervalMs: 500,
    },
  ],
  [
    'a probe wins over the health check, and takes its times where it names none',
    `${process}  probe: { http: { path: /up, port: 81, status: 204 }, interval: 1s }\nhealthcheck:\n  test: [CMD, x]\n  retries: 9\n  timeout: 3s`,
    {
      kind: 'http',
      path: '/up',
      port: 81,
      status: 204,
      intervalMs: 1000,
      timeoutMs: 3000,
      retries: 9,
      startPeriodMs: 30_000,
      startIntervalMs: 500,
    },
  ],
  [
    'a TCP probe of another port',
    `${process}  probe: { tcp: 5432, start_period: 2s }`,
    {
      kind: 'tcp',
      port: 5432,
      intervalMs: 5000,
      timeoutMs: 5000,
      retries: 3,
      startPeriodMs: 2000,
      startIntervalMs: 500,
    },
  ],
  ['a disabled check is none', `${container}healthcheck:\n  disable: true`, null],
  ['NONE is none', `${container}healthcheck:\n  test: [NONE]`, null],
]

for (const [name, lines, probe] of probes) {
  test(`probe: ${name}`, async () => {
    assert.deepEqual((await convertService(lines)).probe, probe)
  })
}

const fields: [string, string, Partial<ServiceSpec>][] = [
  ['restart as written', `${container}restart: "no"`, { restart: { policy: 'no' } }],
  [
    'restart with attempts',
    `${container}restart: on-failure:3`,
    { restart: { policy: 'on-failure', attemptsMax: 3 } },
  ],
  ['a signal by its short name', `${container}stop_signal: quit`, { stopSignal: 'SIGQUIT' }],
  ['a signal by its number', `${container}stop_signal: "2"`, { stopSignal: 'SIGINT' }],
  ['a real-time signal', `${container}stop_signal: SIGRTMIN+3`, { stopSignal: 'SIGRTMIN+3' }],
  ['the grace period', `${container}stop_grace_period: 1m30s`, { stopGraceMs: 90_000 }],
  [
    'ports',
    `${container}ports: ["127.0.0.1:8080:80", "53/udp"]`,
    {
      ports: [
        { target: 80, published: 8080, hostIp: '127.0.0.1', protocol: 'tcp' },
        { target: 53, protocol: 'udp' },
      ],
    },
  ],
  ['exposed ports and ranges', `${container}expose: ["80", "90-92"]`, { expose: [80, 90, 91, 92] }],
  [
    'a route makes it HTTP',
    `${process}  route: shop.test/api`,
    {
      protocol: 'http',
      routes: [{ host: 'shop.test', path: '/api', stripPath: false, timeoutMs: 60_000 }],
    },
  ],
  [
    'a route in long form',
    `${process}  route: { path: /x, strip_path: true, port: 9, timeout: 5s }`,
    { routes: [{ path: '/x', stripPath: true, port: 9, timeoutMs: 5000 }] },
  ],
  ['an HTTP probe makes it HTTP', `${process}  probe: { http: / }`, { protocol: 'http' }],
  ['the named protocol wins', `${process}  route: /\n  protocol: tcp`, { protocol: 'tcp' }],
  ['a free port', `${process}  port: auto`, { port: 'auto', environment: {} }],
  [
    'a port told in a variable of another name',
    `${process}  port: { number: 9000, env: HTTP_PORT }`,
    { port: 9000, environment: { HTTP_PORT: '9000' } },
  ],
  ['a database', `${process}  database: shop`, { database: 'shop' }],
  ['replicas', `${container}deploy: { replicas: 3 }`, { replicas: 3 }],
  ['an empty command stays one', `${container}command: []`, { command: [] }],
]

for (const [name, lines, expected] of fields) {
  test(`field: ${name}`, async () => {
    const service = await convertService(lines)
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(service[key as keyof ServiceSpec], value)
    }
  })
}

test('a service that another one waits for to complete is a job and runs once', async () => {
  const { spec } = await convert(`
services:
  migrate: { image: a }
  web:
    image: a
    depends_on: { migrate: { condition: service_completed_successfully } }
`)
  const policies = spec.services.map(({ name, restart }) => [name, restart.policy])
  assert.deepEqual(policies, [
    ['migrate', 'no'],
    ['web', 'unless-stopped'],
  ])
})

test('an optional dependency whose profile is off is not waited for', async () => {
  const { spec } = await convert(`
services:
  debug: { image: a, profiles: [debug] }
  web:
    image: a
    depends_on: { debug: { condition: service_started, required: false } }
`)
  assert.deepEqual(
    spec.services.map(({ name, dependsOn }) => [name, dependsOn]),
    [['web', []]],
  )
})

test('places are found by the names of the file and by those of the platform', async () => {
  const { spec } = await convert(
    'services:\n  db: {image: a}\n  web:\n    image: a\n    depends_on: [db]\n    environment:\n      A: b\n',
  )
  const origins = spec.services[1]?.origins
  assert.equal(origins?.['environment.A']?.[0]?.line, 7)
  assert.equal(origins?.['depends_on.db']?.[0]?.line, 5)
  assert.deepEqual(origins?.['dependsOn.db'], origins?.['depends_on.db'])
})

test('what comes out is what the platform takes', async () => {
  const { spec } = await convert(`
name: t
x-keelson: { description: d, demo: true }
services:
  web:
    ${process.replaceAll('\n', '\n    ').trimEnd()}
      category: core
      owner: team
      route: /
      probe: { http: /health }
    environment: { A: b, C: "\${HOME:-x}" }
    depends_on: [db]
  db: { image: postgres, healthcheck: { test: pg_isready }, ports: ["5432:5432"] }
`)
  assert.equal(spec.demo, true)
})

const restarts: [string, string, ServiceSpec['restart']][] = [
  ['a written policy', 'restart: always', { policy: 'always' }],
  [
    'deploy wins over restart',
    'restart: "no"\ndeploy: { restart_policy: {} }',
    { policy: 'always' },
  ],
  ['none', 'deploy: { restart_policy: { condition: none } }', { policy: 'no' }],
  ['a job of a cluster runs once', 'deploy: { mode: replicated-job }', { policy: 'no' }],
  ['also on every host', 'deploy: { mode: global-job }', { policy: 'no' }],
  [
    'a job that may fail',
    'deploy: { mode: replicated-job, restart_policy: { condition: on-failure, max_attempts: 2 } }',
    { policy: 'on-failure', attemptsMax: 2 },
  ],
]

for (const [name, lines, expected] of restarts) {
  test(`restart: ${name}`, async () => {
    assert.deepEqual((await convertService(`${container}${lines}`)).restart, expected)
  })
}

test('blue-green takes its numbers from update_config; a rollback is never blue-green', async () => {
  const service = await convertService(
    `${container}deploy: { update_config: { monitor: 1s }, rollback_config: {} }\nx-keelson: { update: blue-green }`,
  )
  assert.equal(service.update?.strategy, 'blue-green')
  assert.equal(service.update?.monitorMs, 1000)
  assert.equal(service.rollback?.strategy, 'rolling')
})

const files: [string, string, string, ServiceSpec['files']][] = [
  [
    'a config without a target lies in the root of a container',
    `${container}configs: [c]`,
    'configs: { c: { content: "a $$b" } }',
    [{ kind: 'config', source: 'c', target: '/c', content: 'a $b' }],
  ],
  [
    'a secret without a target lies in /run/secrets',
    `${container}secrets: [s]`,
    'secrets: { s: { environment: FROM_SHELL } }',
    [{ kind: 'secret', source: 's', target: '/run/secrets/s', content: 'shell' }],
  ],
  [
    'an absolute target is kept',
    `${container}secrets: [{ source: s, target: /etc/s }]`,
    'secrets: { s: { environment: FROM_SHELL } }',
    [{ kind: 'secret', source: 's', target: '/etc/s', content: 'shell' }],
  ],
  [
    'a process finds it below $KEELSON_FILES',
    `${process}secrets: [s]`,
    'secrets: { s: { environment: FROM_SHELL } }',
    [{ kind: 'secret', source: 's', target: 's', content: 'shell' }],
  ],
]

for (const [name, lines, more, expected] of files) {
  test(`files: ${name}`, async () => {
    assert.deepEqual((await convertService(lines, more)).files, expected)
  })
}

test('the content of a file is not sent: its path is, so that a change of it is seen', async () => {
  const text = fileOf(`${container}configs: [c]`, 'configs: { c: { file: ./c.conf } }')
  const { spec, folder } = await convert(text, { 'c.conf': 'secret words' })
  assert.equal(spec.services[0]?.files[0]?.path, join(folder, 'c.conf'))
  assert.ok(!JSON.stringify(spec).includes('secret words'))
})

test('every file it was read from is told with its digest', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-sources-'))
  const path = join(folder, 'a')
  await writeFile(path, 'hello')
  const sources = await readSources([path, join(folder, 'gone')])
  await rm(folder, { recursive: true })
  // printf hello | sha256sum
  const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
  assert.deepEqual(sources, [{ path, sha256 }])
})
