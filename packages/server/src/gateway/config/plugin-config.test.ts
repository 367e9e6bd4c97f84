import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Type } from 'typebox'
import { checkPluginConfig } from './plugin-config.ts'
import { limiter, openPlugin } from './testing/plugin-table.ts'

const defaults = {
  ...{ by: 'ip', header: null, paths: [], names: {} },
  redis: { host: null, port: 6379, password: null },
}

describe('fills in', () => {
  const cases: [name: string, given: object, expected: object][] = [
    ['defaults on every level', { minute: 1 }, { minute: 1, ...defaults }],
    [
      'around what is given',
      { minute: 1, redis: { host: 'r' } },
      { minute: 1, ...defaults, redis: { ...defaults.redis, host: 'r' } },
    ],
    [
      'null for what takes none',
      { minute: 1, by: null, paths: null, redis: null },
      { minute: 1, ...defaults },
    ],
    [
      'optional fields only when given',
      { minute: 1, note: 'hi' },
      { minute: 1, ...defaults, note: 'hi' },
    ],
  ]
  for (const [name, given, expected] of cases) {
    test(name, () => {
      assert.deepEqual(checkPluginConfig(limiter, given), { config: expected, faults: [] })
    })
  }
})

describe('says what is wrong', () => {
  const cases: [given: unknown, path: (string | number)[], message: string][] = [
    [{}, [], 'minute is missing.'],
    ['x', [], 'config must be a map.'],
    [{ minute: 1.5 }, ['minute'], 'minute is the number 1.5; it must be a whole number.'],
    [{ minute: 1001 }, ['minute'], 'minute is 1001; it must be at most 1000.'],
    [{ minute: true }, ['minute'], 'minute is true; it must be a whole number.'],
    [{ minute: 1, by: 'x' }, ['by'], 'by is "x"; it can be "ip" or "consumer".'],
    [{ minute: 1, header: 5 }, ['header'], 'header is the number 5; it must be a text.'],
    [{ minute: 1, paths: '/a' }, ['paths'], 'paths is a text; it must be a list.'],
    [{ minute: 1, paths: ['/a', 2] }, ['paths', 1], 'paths[1] is the number 2; it must be a text.'],
    [{ minute: 1, names: { a: 1 } }, ['names', 'a'], 'names.a is the number 1; it must be a text.'],
    [
      { minute: 1, redis: { port: 0 } },
      ['redis', 'port'],
      'redis.port is 0; it must be at least 1.',
    ],
    [{ minute: 1, redis: [] }, ['redis'], 'redis is a list; it must be a map.'],
    [{ minute: 1, note: 'x' }, ['note'], 'note must have at least 2 characters.'],
    [{ minute: 1, minutes: 1 }, ['minutes'], 'There is no field minutes.'],
    [{ minute: 1, by: 'consumer', header: 'x' }, ['header'], 'by consumer needs no header.'],
  ]
  for (const [given, path, message] of cases) {
    test(message, () => {
      const { config, faults } = checkPluginConfig(limiter, given)
      assert.deepEqual(
        faults.map((fault) => [fault.path, fault.message]),
        [[path, message]],
      )
      if (message !== 'by consumer needs no header.') assert.deepEqual(config, {})
    })
  }
})

describe('old names of fields', () => {
  const named = (name: string) => openPlugin(name)
  const cases: [plugin: string, given: object, expected: object][] = [
    ['rate-limiting', { redis_host: 'r', redis_port: 1 }, { redis: { host: 'r', port: 1 } }],
    ['rate-limiting', { redis_host: 'old', redis: { host: 'new' } }, { redis: { host: 'new' } }],
    ['rate-limiting', { redis_host: null, redis: { host: 'new' } }, { redis: { host: 'new' } }],
    ['rate-limiting', { redis_host: 'old', redis: { host: null } }, { redis: { host: 'old' } }],
    ['http-log', { retry_count: 1, queue_size: 5 }, { queue: { max_batch_size: 5 } }],
    ['session', { cookie_samesite: 'Lax' }, { cookie_same_site: 'Lax' }],
    [
      'acme',
      { storage_config: { redis: { auth: 'x' } } },
      { storage_config: { redis: { password: 'x' } } },
    ],
    ['cors', { redis_host: 'r' }, { redis_host: 'r' }],
  ]
  for (const [plugin, given, expected] of cases) {
    test(`${plugin} ${JSON.stringify(given)}`, () => {
      assert.deepEqual(checkPluginConfig(named(plugin), given).config, expected)
    })
  }
})

describe('fields of the enterprise edition', () => {
  const acl = {
    ...openPlugin('acl'),
    schema: Type.Object({ hide: Type.Boolean({ default: false }) }),
  }
  test('are left out when nobody uses them', () => {
    const given = { include_consumer_groups: false }
    assert.deepEqual(checkPluginConfig(acl, given), { config: { hide: false }, faults: [] })
  })
  test('are refused by name when somebody does', () => {
    const { faults } = checkPluginConfig(acl, { include_consumer_groups: true })
    assert.deepEqual(
      faults.map(({ message }) => message),
      ['include_consumer_groups of acl is a field of Kong Enterprise.'],
    )
  })
  test('are ours where our schema has them', () => {
    const own = { ...acl, schema: Type.Object({ include_consumer_groups: Type.Boolean() }) }
    const given = { include_consumer_groups: true }
    assert.deepEqual(checkPluginConfig(own, given), { config: given, faults: [] })
  })
})
