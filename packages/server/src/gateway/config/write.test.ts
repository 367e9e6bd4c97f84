import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import type { GatewayConfig } from './model.ts'
import { readGatewayConfig } from './read.ts'
import { testPlugins } from './testing/plugin-table.ts'
import { validFile } from './testing/valid-file.ts'
import { emitYaml } from './write/emit-yaml.ts'
import { writeGatewayConfig, type WriteOptions } from './write.ts'

const read = (text: string): GatewayConfig => {
  const source = { text, file: 'kong.yml' }
  const { config, faults } = readGatewayConfig(source, { environment: {}, plugins: testPlugins })
  assert.deepEqual(faults, [], text)
  return config
}

const write = (config: GatewayConfig, options: Partial<WriteOptions> = {}): string =>
  writeGatewayConfig(config, { secrets: 'keep', forKong: false, plugins: testPlugins, ...options })
    .text

test('a file that people wrote is written as they wrote it', () => {
  const text = `_format_version: "3.0"
services:
  - name: orders
    host: orders-up
    x-keelson:
      retry:
        "on": [status]
        attempts: 3
    tags: [team-a]
    routes:
      - name: list
        methods: [GET]
        paths: [/orders, "~/o/(?<id>\\\\d+)$"]
        headers:
          x-version: ["1", "2"]
        strip_path: false
        plugins:
          - name: limiter
            config:
              minute: 5
              redis:
                host: redis
      - name: call
        protocols: [grpc]
        hosts: [rpc.example]
    plugins:
      - name: cors
routes:
  - name: nowhere
    paths: [/nowhere]
upstreams:
  - name: orders-up
    healthchecks:
      active:
        healthy:
          interval: 5
    targets:
      - target: "10.0.0.1:80"
      - target: "10.0.0.2:80"
        weight: 0
consumers:
  - username: ada
    acls:
      - group: admins
    keyauth_credentials:
      - key: k1
plugins:
  - name: limiter
    service: orders
    consumer: ada
    config:
      minute: 7
    enabled: false
vaults:
  - prefix: own
    name: env
    config:
      prefix: own_
`
  assert.equal(write(read(text)), text.replaceAll(/"(10[\d.]+:80)"/g, '$1'))
})

test('routes without a name keep their ids', () => {
  const config = read(`_format_version: "3.0"
services: [{ host: a, routes: [{ paths: [/], strip_path: true }, { paths: [/] }] }]
`)
  assert.deepEqual(read(write(config)), config)
})

describe('any configuration', () => {
  test('reads again as it was', () => {
    fc.assert(
      fc.property(validFile, (file) => {
        const config = read(JSON.stringify(file))
        const written = write(config)
        assert.deepEqual(read(written), config, written)
        assert.equal(write(read(written)), written, 'the same text every time')
        assert.deepEqual(read(write(config, { plugins: new Map() })), config)
      }),
      { numRuns: 100 },
    )
  })

  test('is read by others as it is by us', () => {
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        'yes',
        '0x1',
        '1:2',
        'a: b',
        '- a',
        '#',
        "it's",
        'a\nb\n',
        ' a\n',
        'a \nb\n',
        '\n',
        'null',
        '1e3',
        '😀',
      ),
    )
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.oneof(
          text,
          fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Object.is(one, -0)),
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
        ),
        fc.array(tie('any'), { maxLength: 4 }),
        fc.dictionary(
          text.filter((key) => key !== '__proto__'),
          tie('any'),
          { maxKeys: 4, noNullPrototype: true },
        ),
      ),
    })).any
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, {
          minKeys: 1,
          noNullPrototype: true,
        }),
        (map) => {
          for (const version of ['1.1', '1.2'] as const) {
            assert.deepEqual(parse(emitYaml(map), { version }), map, emitYaml(map))
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

test('for Kong: without what it has no words for, which is said', () => {
  const config = read(`_format_version: "3.0"
services:
- name: a
  host: a
  x-keelson: { failover: a }
  routes:
  - { name: socket, protocols: [wss], paths: [/socket], plugins: [{ name: cors }] }
  - { name: plain, paths: [/] }
  plugins: [{ name: limiter, config: { minute: 1 } }, { name: cors }]
consumers: [{ username: ada, basicauth_credentials: [{ username: ada, password: pw }] }]
`)
  const written = write(config, { forKong: true })
  const lines = written.split('\n').filter((line) => line.startsWith('#'))
  assert.deepEqual(
    lines.map((line) => line.replaceAll(/[\da-f-]{36}/g, 'ID')),
    [
      '# Left out, since Kong has no words for it:',
      '# - route socket: protocols ws and wss',
      '# - service a: x-keelson (failover)',
      '# - basicauth_credentials of ada: its password is hashed otherwise than Kong does',
      '# - plugin limiter (ID)',
      '# - plugin cors (ID)',
    ],
  )
  const again = read(written)
  assert.deepEqual(
    again.routes.map(({ name }) => name),
    ['plain'],
  )
  assert.deepEqual(
    again.plugins.map(({ name }) => name),
    ['cors'],
  )
  assert.doesNotMatch(written.replaceAll(/^#.*$/gm, ''), /x-keelson|limiter|password/)
})

test('for Kong: passwords that it hashed go back to it', () => {
  const consumer = '11111111-1111-4111-8111-111111111111'
  const hash = 'a'.repeat(40)
  const config = read(`_format_version: "3.0"
_transform: false
consumers: [{ id: ${consumer}, username: a, basicauth_credentials: [{ username: a, password: ${hash} }] }]
`)
  const written = write(config, { forKong: true })
  assert.match(written, /^_transform: false$/m)
  assert.match(written, new RegExp(`password: ${hash}$`, 'm'))
  assert.deepEqual(read(written), config)
})
