import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { load, service } from './testing.ts'

test('reads a service of every supported key into its long form', async () => {
  const project = await load(
    {
      'compose.yaml': `
name: shop
x-keelson: {description: The shop, demo: true}
services:
  api:
    build: {context: ./api, args: [A=1, B, C], target: run}
    image: shop/api:1
    command: sh -c "echo 'a b'"
    entrypoint: []
    environment: {DEBUG: true, PORT: 8080, NONE: , HOME: }
    ports: ["8080:80", "127.0.0.1:5000-5001:6000-6001/udp", 9000]
    expose: ["81", 82]
    volumes: [./data:/data:ro, db:/var/lib, {type: tmpfs, target: /tmp, tmpfs: {size: 64m}}]
    networks: {front: {aliases: [web]}, default: }
    depends_on: [db]
    healthcheck: {test: curl localhost, interval: 1m30s, timeout: 500ms, retries: 5}
    restart: on-failure:3
    deploy: {replicas: 1, resources: {limits: {cpus: "0.5", memory: 256M}}}
    stop_grace_period: 1m
    cap_drop: [ALL]
    extra_hosts: ["a:10.0.0.1", "b=::1"]
    tmpfs: /run
    labels: [one=1, two]
    pull_policy: if_not_present
  db: {image: "postgres:16", healthcheck: {test: [NONE]}}
networks: {front: }
volumes: {db: {external: true, name: data}}
`,
    },
    { env: { B: 'b', HOME: '/home/me' } },
  )
  const { api, db } = project.services
  assert.ok(api !== undefined && db !== undefined)
  const { context, dockerfile, args, target } = api.build ?? {}
  assert.deepEqual(
    [context, dockerfile, args, target],
    [join(project.workingDir, 'api'), 'Dockerfile', { A: '1', B: 'b' }, 'run'],
  )
  assert.deepEqual(api.command, ['sh', '-c', "echo 'a b'"])
  assert.deepEqual(api.entrypoint, [])
  assert.deepEqual(api.environment, { DEBUG: 'true', PORT: '8080', HOME: '/home/me' })
  assert.deepEqual(
    api.ports.map((port) => [port.hostIp, port.published, port.target, port.protocol]),
    [
      [undefined, '8080', 80, 'tcp'],
      ['127.0.0.1', '5000', 6000, 'udp'],
      ['127.0.0.1', '5001', 6001, 'udp'],
      [undefined, undefined, 9000, 'tcp'],
    ],
  )
  assert.deepEqual(api.expose, ['81', '82'])
  assert.deepEqual(
    api.volumes.map(({ type, source, target, readOnly }) => [type, source, target, readOnly]),
    [
      ['bind', join(project.workingDir, 'data'), '/data', true],
      ['volume', 'db', '/var/lib', false],
      ['tmpfs', undefined, '/tmp', false],
    ],
  )
  assert.deepEqual(Object.keys(api.networks), ['front', 'default'])
  assert.deepEqual(api.networks['front']?.aliases, ['web'])
  assert.deepEqual(api.dependsOn, {
    db: { condition: 'service_started', required: true, restart: false },
  })
  assert.deepEqual(api.healthcheck, {
    disabled: false,
    test: ['CMD-SHELL', 'curl localhost'],
    intervalMs: 90_000,
    timeoutMs: 500,
    retries: 5,
  })
  assert.deepEqual(db.healthcheck, { disabled: true, test: [] })
  assert.deepEqual(api.restart, { condition: 'on-failure', attemptsMax: 3 })
  assert.deepEqual(api.limits, { cpus: 0.5, memoryBytes: 256 * 1024 * 1024 })
  assert.equal(api.stopGracePeriodMs, 60_000)
  assert.deepEqual(api.extraHosts, { a: ['10.0.0.1'], b: ['::1'] })
  assert.deepEqual(api.labels, { one: '1', two: '' })
  assert.equal(api.pullPolicy, 'missing')
  assert.equal(project.networks['front']?.name, 'shop_front')
  assert.equal(project.networks['default']?.name, 'shop_default')
  assert.deepEqual(project.volumes['db'], {
    name: 'data',
    external: true,
    driverOpts: {},
    labels: {},
    extensions: {},
  })
  assert.deepEqual(project.xKeelson, { description: 'The shop', demo: true })
})

test('reads x-keelson of a process service', async () => {
  const project = await load(`
services:
  web:
    command: [node, server.js]
    working_dir: web
    x-keelson:
      runtime: process
      category: core
      port: auto
      probe: {http: /healthz, interval: 2s}
      route: [/shop, shop.local/api, {host: a.b, path: /x, strip_path: true, timeout: 5s}]
      database: shop
      owner: team@example.com
      protocol: http
  mq:
    command: mq
    x-keelson:
      runtime: process
      port: {number: 1884, env: MQ_PORT}
      probe: {tcp: true, retries: 2}
      route: mq.local
  job: {command: run, x-keelson: {runtime: process, probe: {http: {path: /up, port: 81, status: 204}}}}
`)
  const { web, mq, job } = project.services
  const all = { methods: [], plugins: [] }
  assert.equal(web?.runtime, 'process')
  assert.equal(web?.workingDir, join(project.workingDir, 'web'))
  assert.equal(mq?.workingDir, project.workingDir)
  assert.deepEqual(web?.xKeelson, {
    routes: [
      { path: '/shop', stripPath: false, ...all },
      { path: '/api', stripPath: false, host: 'shop.local', ...all },
      { path: '/x', stripPath: true, host: 'a.b', timeoutMs: 5000, ...all },
    ],
    category: 'core',
    port: { number: 'auto', env: 'PORT' },
    probe: { http: { path: '/healthz', status: { min: 200, max: 399 } }, intervalMs: 2000 },
    database: 'shop',
    owner: 'team@example.com',
    protocol: 'http',
  })
  assert.deepEqual(mq?.xKeelson.port, { number: 1884, env: 'MQ_PORT' })
  assert.deepEqual(mq?.xKeelson.probe, { tcp: {}, retries: 2 })
  assert.deepEqual(mq?.xKeelson.routes, [{ path: '/', stripPath: false, host: 'mq.local', ...all }])
  assert.deepEqual(job?.xKeelson.probe?.http, {
    path: '/up',
    port: 81,
    status: { min: 204, max: 204 },
  })
})

test('reads methods and plugins of a route, a plugin by its name alone too', async () => {
  const project = await load(
    service(`x-keelson:
      route:
        path: /pay
        methods: [GET, POST]
        plugins:
          - correlation-id
          - name: rate-limiting
            config: { minute: 60, redis: { host: cache, ssl: true } }`),
  )
  assert.deepEqual(project.services['a']?.xKeelson.routes, [
    {
      path: '/pay',
      stripPath: false,
      methods: ['GET', 'POST'],
      plugins: [
        { name: 'correlation-id', config: {} },
        { name: 'rate-limiting', config: { minute: 60, redis: { host: 'cache', ssl: true } } },
      ],
    },
  ])
})

const badRoutes: [name: string, route: string, message: RegExp][] = [
  ['a method in small letters', '{ methods: [get] }', /GET/],
  ['a plugin without a name', '{ plugins: [{ config: {} }] }', /name/],
  ['a plugin with another key', '{ plugins: [{ name: cors, conf: {} }] }', /conf/],
]
for (const [name, route, message] of badRoutes) {
  test(`refuses ${name}`, async () => {
    await assert.rejects(load(service(`x-keelson: { route: ${route} }`)), { message })
  })
}
