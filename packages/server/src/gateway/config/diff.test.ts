import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { describeGatewayConfig } from './describe.ts'
import { type ConfigChange, diffGatewayConfigs } from './diff.ts'
import { readGatewayConfig } from './read.ts'
import { testPlugins } from './testing/plugin-table.ts'

const configOf = (text: string) => {
  const source = { text: `_format_version: "3.0"\n${text}`, file: 'kong.yml' }
  const { config, faults } = readGatewayConfig(source, { environment: {}, plugins: testPlugins })
  assert.deepEqual(faults, [])
  return config
}

const before = configOf(`
services:
- { name: a, host: a, routes: [{ name: r, paths: [/r] }, { paths: [/nameless] }] }
- { name: b, host: b }
upstreams: [{ name: u, targets: [{ target: "t:1" }] }]
consumers: [{ username: ada, hmacauth_credentials: [{ username: ada, secret: old }] }]
`)

const lineOf = ({ kind, name, change, fields }: ConfigChange): string => {
  const said = fields.map(
    (one) => `${one.field}: ${JSON.stringify(one.before)} → ${JSON.stringify(one.after)}`,
  )
  return [`${change} ${kind} ${name}`, ...said].join(', ')
}

test('nothing', () => assert.deepEqual(diffGatewayConfigs(before, structuredClone(before)), []))

test('what was made, changed and taken away', () => {
  const after = configOf(`
services:
- { name: a, host: a2, routes: [{ name: r, paths: [/r, /s] }] }
- { name: c, host: c }
upstreams:
- { name: u, healthchecks: { active: { timeout: 2 } }, targets: [{ target: "t:1", weight: 5 }, { target: "t:2" }] }
consumers: [{ username: ada, hmacauth_credentials: [{ username: ada, secret: new }] }]
`)
  assert.deepEqual(diffGatewayConfigs(before, after).map(lineOf), [
    'updated services a, host: "a" → "a2"',
    'created services c',
    'deleted services b',
    'updated routes r, paths: ["/r"] → ["/r","/s"]',
    'deleted routes /nameless',
    'updated upstreams u, healthchecks.active.timeout: 1 → 2',
    'updated targets t:1 of u, weight: 100 → 5',
    'created targets t:2 of u',
    'updated hmacauth_credentials ada, secret: "***" → "***"',
  ])
})

test('credentials and groups are named by their consumer, keys by no more than their end', () => {
  const keys = (key: string) =>
    configOf(`consumers:
- { username: ada, keyauth_credentials: [{ key: ${key} }], acls: [{ group: ops }] }
- { custom_id: "7", jwt_secrets: [{ key: issuer, secret: s }] }`)
  const nobody = configOf('consumers: []')
  assert.deepEqual(
    diffGatewayConfigs(nobody, keys('a-long-secret-key-1234')).map(lineOf).slice(2),
    [
      'created keyauth_credentials ada …1234',
      'created jwt_secrets 7 issuer',
      'created acls ada ops',
    ],
  )
  assert.deepEqual(diffGatewayConfigs(keys('sesame'), keys('a-long-secret-key-1234')).map(lineOf), [
    'created keyauth_credentials ada …1234',
    'deleted keyauth_credentials ada …',
  ])
})

test('the order of entities is no change', () => {
  const turned = { ...before, services: before.services.toReversed() }
  assert.deepEqual(diffGatewayConfigs(before, turned), [])
})

describe('what is in a configuration', () => {
  test('counts and plugins by scope', () => {
    const config = configOf(
      `
services: [{ name: a, host: a, routes: [{ paths: [/x], plugins: [{ name: cors }] }] }]
consumers: [{ custom_id: "7" }]
plugins:
- { name: limiter, config: { minute: 1 }, enabled: false }
- { name: cors, service: a, consumer: { id: x } }
`
        .replace('{ id: x }', '"7"')
        .replace('custom_id: "7"', 'username: "7"'),
    )
    assert.deepEqual(describeGatewayConfig(config), {
      entities: { services: 1, routes: 1, consumers: 1, plugins: 3 },
      plugins: [
        { name: 'cors', enabled: true, scope: ['route /x'] },
        { name: 'limiter', enabled: false, scope: [] },
        { name: 'cors', enabled: true, scope: ['service a', 'consumer 7'] },
      ],
    })
  })
})
