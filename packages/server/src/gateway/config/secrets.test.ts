import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { diffGatewayConfigs } from './diff.ts'
import { readGatewayConfig } from './read.ts'
import { plugins } from '../plugins/index.ts'
import { testPlugins } from './testing/plugin-table.ts'
import { writeGatewayConfig } from './write.ts'

const read = (text: string, environment: Record<string, string> = {}) =>
  readGatewayConfig(
    { text: `_format_version: "3.0"\n${text}`, file: 'kong.yml' },
    { environment, plugins: testPlugins },
  )

const readWell = (text: string, environment: Record<string, string> = {}) => {
  const { config, faults } = read(text, environment)
  assert.deepEqual(faults, [])
  return config
}

const redisWith = (password: string): string =>
  `plugins: [{ name: limiter, config: { minute: 1, redis: { password: "${password}" } } }]`

describe('references of vaults', () => {
  const environment = {
    A_B: 'one',
    MY_A_B: 'two',
    OWN_A_B: 'three',
    A_JSON: '{"key":"four"}',
    A_B_PREVIOUS: 'five',
  }
  const cases: Record<string, string> = {
    '{vault://env/a-b}': 'one',
    '{vault://env/A_B}': 'one',
    '{vault://env/a-b?prefix=my_}': 'two',
    '{vault://own-vault/a-b}': 'three',
    '{vault://env/a-json/key}': 'four',
    '{vault://env/a-b#2}': 'five',
    'not {vault://env/a-b}': 'not {vault://env/a-b}',
  }
  const vaults = 'vaults: [{ name: env, prefix: own-vault, config: { prefix: own_ } }]'
  for (const [reference, value] of Object.entries(cases)) {
    test(reference, () => {
      const config = readWell(`${vaults}\n${redisWith(reference)}`, environment)
      const redis = config.plugins[0]?.config['redis'] as { password: string }
      assert.equal(redis.password, value)
    })
  }

  const refusals: Record<string, string> = {
    '{vault://env/none}': 'The environment variable NONE is not set.',
    '{vault://other/a}': 'There is no vault other.',
    '{vault://env}': 'This reference to a vault cannot be read.',
    '{vault://env/a-b/key}': 'The environment variable A_B is no JSON with a text key.',
    '{vault://env/toString}': 'The environment variable TOSTRING is not set.',
  }
  for (const [reference, message] of Object.entries(refusals)) {
    test(reference, () => {
      const { faults } = read(redisWith(reference), environment)
      assert.deepEqual(
        faults.map((fault) => [fault.line, fault.message]),
        [[2, message]],
      )
    })
  }

  test('come back when the configuration is written, and nothing shows what they stand for', () => {
    const text = redisWith('{vault://env/redis-password}')
    const config = readWell(text, { REDIS_PASSWORD: 'hunter2-one' })
    for (const secrets of ['keep', 'mask', 'reference'] as const) {
      const { text: written } = writeGatewayConfig(config, { secrets, forKong: false })
      assert.match(written, /password: "\{vault:\/\/env\/redis-password\}"/)
      assert.doesNotMatch(written, /hunter2/)
    }
    const changed = readWell(text, { REDIS_PASSWORD: 'hunter2-two' })
    const [change] = diffGatewayConfigs(config, changed)
    assert.deepEqual(change?.fields, [
      {
        field: 'config.redis.password',
        before: '{vault://env/redis-password}',
        after: '{vault://env/redis-password}',
      },
    ])
  })
})

describe('passwords are kept hashed', () => {
  const consumer = '11111111-1111-4111-8111-111111111111'
  const credential = (password: string): string =>
    `consumers:\n- id: ${consumer}\n  username: ada\n  basicauth_credentials: [{ username: ada, password: "${password}" }]\n`
  const passwordOf = (text: string, environment = {}): unknown => {
    const [first] = readWell(text, environment).credentials
    return first?.kind === 'basicauth_credentials' ? first.password : undefined
  }
  const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
  const kongs = createHash('sha1').update(`pw${consumer}`).digest('hex')

  test('plain ones with the consumer as salt', () => {
    assert.equal(passwordOf(credential('pw')), sha256(`${consumer}:pw`))
  })
  test('what looks like a hash is plain all the same', () => {
    assert.equal(passwordOf(credential(kongs)), sha256(`${consumer}:${kongs}`))
  })
  test('those of a vault', () => {
    const text = credential('{vault://env/pw}')
    assert.equal(passwordOf(text, { PW: 'pw' }), sha256(`${consumer}:pw`))
  })
  test('with _transform: false they are hashes already', () => {
    assert.equal(passwordOf(`_transform: false\n${credential(kongs)}`), `sha1:${kongs}`)
    const own = sha256('x')
    assert.equal(passwordOf(`_transform: false\n${credential(own)}`), own)
    const info = '_info: { skip_hash_for_basic_auth: true }\n'
    assert.equal(passwordOf(info + credential(kongs)), `sha1:${kongs}`)
  })
  test('and nothing else', () => {
    const { faults } = read(`_transform: false\n${credential('pw')}`)
    assert.deepEqual(
      faults.map(({ message }) => message),
      ['With _transform: false, password must be a hash, as an export has it.'],
    )
  })
})

describe('messages show no secret', () => {
  const cases: [name: string, text: string, environment: Record<string, string>][] = [
    [
      'a key that is a number',
      'consumers: [{ username: a, keyauth_credentials: [{ key: 314159 }] }]',
      {},
    ],
    [
      'a password of a plugin',
      'plugins: [{ name: limiter, config: { minute: 1, redis: { password: 314159 } } }]',
      {},
    ],
    ['a template', 'services: [{ name: a, host: "${{ env "DECK_X" }} x" }]', { DECK_X: '314159' }],
    ['a template that breaks the YAML', 'services: [ ${{ env "DECK_X" }}', { DECK_X: '314159: {' }],
    [
      'a vault',
      'plugins: [{ name: limiter, config: { minute: 1, by: "{vault://env/x}" } }]',
      { X: '314159' },
    ],
  ]
  for (const [name, text, environment] of cases) {
    test(name, () => {
      const { faults } = read(text, environment)
      assert.equal(faults.length > 0, true)
      assert.doesNotMatch(JSON.stringify(faults), /314159/)
    })
  }
})

test('a file to look at shows none, a file to share names them', () => {
  const config = readWell(`
consumers:
- username: ada
  keyauth_credentials: [{ key: secret-one }]
  hmacauth_credentials: [{ username: ada, secret: secret-two }]
  jwt_secrets: [{ key: issuer, secret: secret-three }]
plugins:
- name: limiter
  config: { minute: 1, names: { Authorization: secret-four, x-api-key: secret-five }, redis: { password: secret-six } }
- name: cors
  config: { lines: ["authorization: secret-seven"], url: "http://a:secret-eight@b/", token: secret-nine, plain: shown }
`)
  for (const secrets of ['mask', 'reference'] as const) {
    const { text: written } = writeGatewayConfig(config, { secrets, forKong: false })
    assert.doesNotMatch(written, /secret-/)
    assert.match(written, /plain: shown/)
  }
  const { text: shared } = writeGatewayConfig(config, { secrets: 'reference', forKong: false })
  const variables = [...shared.matchAll(/\{vault:\/\/env\/([^}]+)\}/g)].map(([, name]) =>
    (name ?? '').replaceAll('-', '_').toUpperCase(),
  )
  assert.equal(new Set(variables).size, 9)
  const environment = Object.fromEntries(variables.map((name) => [name, `value of ${name}`]))
  const again = readWell(shared.replace(/^.*\n/, ''), environment)
  assert.deepEqual(
    again.credentials.map(({ id }) => id),
    config.credentials.map(({ id }) => id),
  )
})

const masks: [name: string, text: string][] = [
  ['a key', 'consumers: [{ username: a, keyauth_credentials: [{ key: "***" }] }]'],
  [
    'a password',
    'consumers: [{ username: a, basicauth_credentials: [{ username: a, password: "***" }] }]',
  ],
  [
    'a field of a plugin',
    'plugins: [{ name: rate-limiting, config: { minute: 1, policy: redis, redis: { host: r, password: "***" } } }]',
  ],
]
for (const [name, text] of masks) {
  test(`the mask of ${name} is no secret`, () => {
    const source = { text: `_format_version: "3.0"\n${text}`, file: 'kong.yml' }
    const { faults } = readGatewayConfig(source, { environment: {}, plugins })
    assert.deepEqual(
      faults.map(({ message, line }) => [line, message]),
      [[2, 'This is the mask of a secret.']],
    )
    assert.equal(text.slice((faults[0]?.column ?? 0) - 1).startsWith('"***"'), true)
  })
}
