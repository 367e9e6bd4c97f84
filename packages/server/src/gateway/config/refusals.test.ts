import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readGatewayConfig } from './read.ts'
import { openPlugin, tableOf } from './testing/plugin-table.ts'
import { read } from './testing/reading.ts'

describe('what is not here is refused by name', () => {
  const cases: [name: string, text: string, feature: string, message: string][] = [
    [
      'groups',
      'consumer_groups: []',
      'consumer groups',
      'Consumer groups are a feature of Kong Enterprise.',
    ],
    [
      'a workspace',
      '_workspace: team',
      'workspaces',
      'Workspaces are a feature of Kong Enterprise.',
    ],
    [
      'Konnect',
      '_konnect: { control_plane_name: x }',
      'Konnect',
      'Control planes of Konnect are a service of Kong.',
    ],
    ['partials', 'partials: []', 'partials', 'Partials are a feature of Kong Enterprise.'],
    ['roles', 'rbac_roles: []', 'RBAC roles', 'RBAC roles are a feature of Kong Enterprise.'],
    [
      'expressions',
      'routes: [{ expression: \'http.path == "/"\' }]',
      'expression routes',
      'Expression routes are not supported by Keelson.',
    ],
    [
      'a vault of a cloud',
      'vaults: [{ name: aws, prefix: my-aws }]',
      'vault aws',
      'The vault aws is one of Kong Enterprise.',
    ],
    [
      'a paid plugin',
      'plugins: [{ name: openid-connect }]',
      'plugin openid-connect',
      'The plugin openid-connect is one of Kong Enterprise.',
    ],
    [
      'a plugin we lack',
      'plugins: [{ name: ldap-auth }]',
      'plugin ldap-auth',
      'The plugin ldap-auth is not supported by Keelson.',
    ],
    [
      'the order of plugins',
      'plugins: [{ name: cors, ordering: {} }]',
      'plugin orders of your own (ordering)',
      'Plugin orders of your own (ordering) are a feature of Kong Enterprise.',
    ],
    [
      'UDP',
      'services: [{ name: a, host: a, protocol: udp }]',
      'UDP services and routes',
      'UDP services and routes are not supported by Keelson.',
    ],
    ['keys', 'keys: []', 'keys and key sets', 'Keys and key sets are not supported by Keelson.'],
  ]
  for (const [name, text, feature, message] of cases) {
    test(name, () => {
      const { faults } = read(`_format_version: "3.0"\n${text}\n`)
      assert.deepEqual(
        faults.map((fault) => [fault.feature, fault.message]),
        [[feature, message]],
      )
    })
  }

  test('with what does the same here, if something does', () => {
    const hintsWith = (names: readonly string[]) => {
      const text = '_format_version: "3.0"\nplugins: [{ name: rate-limiting-advanced }]'
      const table = tableOf(names.map(openPlugin))
      const { faults } = readGatewayConfig(
        { text, file: 'kong.yml' },
        { environment: {}, plugins: table },
      )
      return faults.map(({ hint }) => hint)
    }
    assert.deepEqual(hintsWith(['rate-limiting', 'rate-limit']), ['Use rate-limit.'])
    assert.deepEqual(hintsWith(['rate-limiting']), ['Use rate-limiting.'])
    assert.deepEqual(hintsWith([]), [null])
  })
})
