import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { lineOf, read, readWell, routes, services, upstreams } from './testing/reading.ts'

test('a nested file reads as one flat configuration with every default', () => {
  const config = readWell(`
_format_version: "3.0"
_comment: of the whole file
services:
- name: orders
  host: orders-up
  _comment: of one service
  _ignore: [anything]
  routes:
  - name: list
    paths: [/orders]
    plugins:
    - name: limiter
      config: { minute: 5 }
upstreams:
- name: orders-up
  targets: [{ target: 10.0.0.1 }, { target: "::1" }]
`)
  const [service] = config.services
  assert.deepEqual(service, {
    name: 'orders',
    protocol: 'http',
    host: 'orders-up',
    port: 80,
    path: null,
    retries: 5,
    connect_timeout: 60_000,
    write_timeout: 60_000,
    read_timeout: 60_000,
    enabled: true,
    client_certificate: null,
    ca_certificates: [],
    tls_verify: null,
    tls_verify_depth: null,
    'x-keelson': {},
    id: service?.id,
    tags: [],
  })
  const [route] = config.routes
  assert.equal(route?.service, service?.id)
  assert.deepEqual(route?.protocols, ['http', 'https'])
  assert.equal(route?.strip_path, true)
  assert.equal(route?.https_redirect_status_code, 426)
  const [plugin] = config.plugins
  assert.equal(plugin?.route, route?.id)
  assert.equal(plugin?.service, null)
  assert.deepEqual(plugin?.config, {
    minute: 5,
    by: 'ip',
    header: null,
    paths: [],
    names: {},
    redis: { host: null, port: 6379, password: null },
  })
  assert.deepEqual(plugin?.protocols, ['grpc', 'grpcs', 'http', 'https'])
  const [upstream] = config.upstreams
  assert.equal(upstream?.slots, 10_000)
  assert.deepEqual(upstream?.healthchecks.active.unhealthy, {
    interval: 0,
    http_statuses: [429, 404, 500, 501, 502, 503, 504, 505],
    tcp_failures: 0,
    timeouts: 0,
    http_failures: 0,
  })
  assert.deepEqual(upstream?.healthchecks.passive.unhealthy.http_statuses, [429, 500, 503])
  assert.deepEqual(
    config.targets.map(({ target, weight }) => [target, weight]),
    [
      ['10.0.0.1:8000', 100],
      ['[::1]:8000', 100],
    ],
  )
})

test('a flat file, by name, by id and by map, says the same as a nested one', () => {
  const nested = readWell(`
_format_version: "3.0"
services:
- id: 11111111-1111-4111-8111-111111111111
  name: a
  host: a.example
  routes:
  - { name: one, paths: [/one] }
  - { name: two, paths: [/two] }
  - { name: three, paths: [/three] }
`)
  const flat = readWell(`
_format_version: "3.0"
routes:
- { name: one, paths: [/one], service: a }
- { name: two, paths: [/two], service: { name: a } }
- { name: three, paths: [/three], service: { id: 11111111-1111-4111-8111-111111111111 } }
services:
- id: 11111111-1111-4111-8111-111111111111
  name: a
  host: a.example
`)
  assert.deepEqual(flat, nested)
})

test('JSON and YAML say the same', () => {
  const value = {
    _format_version: '3.0',
    services: [{ name: 'a', url: 'http://a:81/x', routes: [{ hosts: ['a.example'] }] }],
  }
  const yaml = readWell(`_format_version: "3.0"
services:
  - name: a
    url: http://a:81/x
    routes:
      - hosts: [a.example]
`)
  assert.deepEqual(readWell(JSON.stringify(value)), yaml)
  const faulty = { ...value, services: [{ name: 'a' }] }
  const { faults } = read(JSON.stringify(faulty, null, 2))
  assert.deepEqual(faults.map(lineOf), [`4:5 service 'a' (services[0]): host is missing.`])
})

describe('shorthands', () => {
  const urls: Record<string, [protocol: string, host: string, port: number, path: string | null]> =
    {
      'http://a.example': ['http', 'a.example', 80, null],
      'https://a.example': ['https', 'a.example', 443, null],
      'http://a.example:8080/base': ['http', 'a.example', 8080, '/base'],
      'https://a.example/': ['https', 'a.example', 443, '/'],
      '//a.example:443': ['https', 'a.example', 443, null],
      'grpc://a.example:50051': ['grpc', 'a.example', 50_051, null],
      'http://[::1]:8080': ['http', '::1', 8080, null],
    }
  for (const [url, expected] of Object.entries(urls)) {
    test(`url: ${url}`, () => {
      const [service] = readWell(services(`url: "${url}"`)).services
      assert.deepEqual([service?.protocol, service?.host, service?.port, service?.path], expected)
    })
  }

  const algorithms: Record<string, string> = {
    'hash_on: ip': 'consistent-hashing',
    'hash_on: none': 'round-robin',
    'algorithm: least-connections': 'least-connections',
    'slots: 100': 'round-robin',
  }
  for (const [fields, algorithm] of Object.entries(algorithms)) {
    test(`${fields} is ${algorithm}`, () => {
      assert.equal(readWell(upstreams(fields)).upstreams[0]?.algorithm, algorithm)
    })
  }

  test('a gRPC route keeps its path', () => {
    const [route] = readWell(routes('protocols: [grpc]\n  hosts: [a.example]')).routes
    assert.equal(route?.strip_path, false)
  })

  test('null is the field left out', () => {
    const [service] = readWell(
      services('host: a\n  port: null\n  path: null\n  tags: null'),
    ).services
    assert.deepEqual([service?.port, service?.path, service?.tags], [80, null, []])
  })
})

test('formats before 3.0 do not mark regexes', () => {
  const paths = (version: string) =>
    readWell(`_format_version: "${version}"
services:
- name: a
  host: a
  routes: [{ name: r, paths: ["/v\\\\d+/x", "/plain", "/a%2Db"] }]
`).routes[0]?.paths
  assert.deepEqual(paths('2.1'), ['~/v\\d+/x', '/plain', '/a-b'])
  assert.deepEqual(paths('1.1'), ['~/v\\d+/x', '/plain', '/a-b'])
})

describe('decK', () => {
  test('select_tags are on everything, defaults fill in, what an entity says counts', () => {
    const config = readWell(`
_format_version: "3.0"
_info:
  select_tags: [team-a]
  defaults: { service: { retries: 1, port: 8000 }, route: { strip_path: false } }
services:
- { name: a, host: a, tags: [own, team-a] }
- { name: b, host: b, retries: 2 }
routes: [{ name: r, paths: [/] }]
`)
    assert.deepEqual(
      config.services.map(({ tags, retries, port }) => [tags, retries, port]),
      [
        [['own', 'team-a'], 1, 8000],
        [['team-a'], 2, 8000],
      ],
    )
    assert.equal(config.routes[0]?.strip_path, false)
  })

  test('_plugin_configs are shared', () => {
    const config = readWell(`
_format_version: "3.0"
_plugin_configs: { gentle: { minute: 5, by: consumer } }
plugins: [{ name: limiter, _config: gentle, config: { minute: 6 } }]
`)
    assert.equal(config.plugins[0]?.config['minute'], 6)
    assert.equal(config.plugins[0]?.config['by'], 'consumer')
  })

  test('anchors and merge keys', () => {
    const config = readWell(`
_format_version: "3.0"
_ignore: [&usual { retries: 1, host: a.example }]
services:
- { <<: *usual, name: a }
- <<: *usual
  name: b
  retries: 2
`)
    assert.deepEqual(
      config.services.map(({ name, host, retries }) => [name, host, retries]),
      [
        ['a', 'a.example', 1],
        ['b', 'a.example', 2],
      ],
    )
  })
})
