import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  injectedEnvironment,
  instanceEnvironment,
  looksSecret,
  variableName,
  withoutSecrets,
} from './environment.ts'
import { digestOfParts, partsOf } from './parts.ts'
import { serviceSpec } from '../testing/spec.ts'

const address = { host: '127.0.0.1', port: 21_005 }
const input = {
  stack: 'shop',
  gatewayUrl: 'http://127.0.0.1:8080',
  dependencies: [],
  databaseUrl: undefined,
}

test('a process is told who it is, where its dependencies are, and its database', () => {
  const injected = injectedEnvironment(serviceSpec('web'), {
    ...input,
    dependencies: [
      { service: 'order-api', protocol: 'http', address },
      { service: 'queue', protocol: 'tcp', address: { host: '127.0.0.1', port: 4222 } },
    ],
    databaseUrl: 'postgres://shop@127.0.0.1/shop',
  })
  assert.deepEqual(injected, {
    KEELSON_STACK: 'shop',
    KEELSON_SERVICE: 'web',
    KEELSON_GATEWAY_URL: 'http://127.0.0.1:8080',
    ORDER_API_HOST: '127.0.0.1',
    ORDER_API_PORT: '21005',
    ORDER_API_URL: 'http://127.0.0.1:21005',
    QUEUE_HOST: '127.0.0.1',
    QUEUE_PORT: '4222',
    DATABASE_URL: 'postgres://shop@127.0.0.1/shop',
  })
})

test('the file wins over everything that Keelson adds', () => {
  const environment = { ORDER_API_URL: 'http://elsewhere', PORT: '99', KEELSON_INSTANCE: 'mine' }
  const spec = serviceSpec('web', { environment })
  const injected = { ORDER_API_URL: 'http://127.0.0.1:1', ORDER_API_PORT: '1' }
  const bound = { target: 80, host: '127.0.0.1', port: 21_001, protocol: 'tcp' as const }
  const all = instanceEnvironment(spec, injected, { name: 'shop-web-1', ports: [bound] })
  assert.deepEqual(all, { ...environment, ORDER_API_PORT: '1' })
  const plain = instanceEnvironment(serviceSpec('web'), {}, { name: 'shop-web-1', ports: [bound] })
  assert.deepEqual(plain, { PORT: '21001', KEELSON_INSTANCE: 'shop-web-1' })
})

test('credentials are told to a service, masked to people, and no reason to start it anew', () => {
  const credentials = {
    KEELSON_TOKEN_URL: 'http://127.0.0.1:7070/oauth/token',
    KEELSON_CLIENT_ID: 'shop/web',
    KEELSON_CLIENT_SECRET: 'ksc_one',
  }
  const spec = serviceSpec('web')
  const given = (more: object) => ({ ...injectedEnvironment(spec, input), ...more })
  const instance = { name: 'shop-web-1', ports: [] }
  const told = instanceEnvironment(spec, given(credentials), instance)
  assert.equal(told['KEELSON_CLIENT_SECRET'], 'ksc_one')
  assert.ok(looksSecret('KEELSON_CLIENT_SECRET', 'ksc_one'))
  assert.equal(withoutSecrets('it said ksc_one', told), 'it said [secret]')
  const digest = (injected: Record<string, string>) =>
    digestOfParts(partsOf(spec, { injected, content: [] }))
  const changed = { ...credentials, KEELSON_CLIENT_SECRET: 'ksc_two' }
  assert.equal(digest(given(changed)), digest(given(credentials)))
  assert.equal(digest(given({})), digest(given(credentials)), 'nor is an update of Keelson')
  assert.notEqual(digest(given({ OTHER: 'x' })), digest(given(credentials)))
})

test('PORT is the first TCP port, and containers get none', () => {
  const ports = [
    { target: 53, host: '127.0.0.1', port: 53, protocol: 'udp' as const },
    { target: 80, host: '127.0.0.1', port: 21_001, protocol: 'tcp' as const },
  ]
  const instance = { name: 'shop-web-1', ports }
  assert.equal(instanceEnvironment(serviceSpec('web'), {}, instance)['PORT'], '21001')
  const container = serviceSpec('web', { runtime: 'container' })
  assert.equal(instanceEnvironment(container, {}, instance)['PORT'], undefined)
})

for (const [service, name] of [
  ['order-api', 'ORDER_API'],
  ['Redis', 'REDIS'],
  ['a.b_c--d', 'A_B_C_D'],
] as const) {
  test(`${service} is told of as ${name}`, () => assert.equal(variableName(service), name))
}

const secrets = [
  ...['PASSWORD', 'DB_PASSWORD', 'PGPASSWORD', 'DB_PASS', 'PASSWD', 'SSH_PASSPHRASE', 'JWT_SECRET'],
  ...['SECRET_KEY_BASE', 'AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'TOKENS', 'API_KEY', 'apikey'],
  ...['STRIPE_KEY', 'SIGNING_KEY', 'ACCESS_KEY_ID', 'BASIC_AUTH', 'PASSWORD_FILE', 'PRIVATE_KEY'],
]
const open = [
  'PATH',
  'NODE_ENV',
  'PORT',
  'KEYBOARD',
  'MONKEYS',
  'AUTHOR',
  'KEELSON_STACK',
  'HOTKEYS',
]
for (const name of secrets) {
  test(`${name} is masked`, () => assert.ok(looksSecret(name, 'x')))
}
for (const name of open) {
  test(`${name} is shown`, () => assert.ok(!looksSecret(name, 'x')))
}
for (const [name, value, masked] of [
  ['TOKEN_LIFE', '5', false],
  ['AUTH_TIMEOUT', '30s', false],
  ['AUTH_ENABLED', 'true', false],
  ['TOKEN_LIFE', 'hunter2', true],
  ['PASSWORD', '12345678', true],
  ['SECRET_2', '1234', true],
] as const) {
  test(`${name}=${value} is ${masked ? 'masked' : 'shown'}`, () => {
    assert.equal(looksSecret(name, value), masked)
  })
}
for (const [value, masked] of [
  ['postgres://shop:hunter2@db/shop', true],
  ['redis://:hunter2@cache', true],
  ['host=db password=hunter2 dbname=shop', true],
  ['-----BEGIN RSA PRIVATE KEY-----', true],
  ['postgres://shop@db/shop', false],
  ['http://127.0.0.1:8080/a:b@c', false],
  ['plain', false],
] as const) {
  test(`the value ${value} is ${masked ? 'masked' : 'shown'}`, () => {
    assert.equal(looksSecret('ADDRESS', value), masked)
  })
}
