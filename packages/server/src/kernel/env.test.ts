import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { environmentVariables, parseEnv } from './env.ts'
import { AppError } from './errors.ts'

const refusalOf = (raw: Record<string, string>): AppError => {
  try {
    parseEnv(raw)
  } catch (error) {
    assert.ok(error instanceof AppError)
    return error
  }
  throw new assert.AssertionError({ message: `${JSON.stringify(raw)} was taken` })
}

test('without any variable the defaults hold', () => {
  assert.deepEqual(parseEnv({}), {
    dataDir: join(homedir(), '.keelson'),
    host: '127.0.0.1',
    port: 7070,
    gatewayPort: 8080,
    gatewayTlsPort: 8443,
    gatewayStreamPorts: [],
    gatewayPlugins: undefined,
    gatewayTrustedProxies: [],
    gatewayProxyProtocol: [],
    gatewayWorkers: 1,
    postgresPort: undefined,
    masterKey: { file: undefined, command: undefined },
    setupFile: undefined,
    auditMonths: 0,
    logLevel: 'info',
    databaseUrl: undefined,
    dockerHost: undefined,
  })
})

test('every variable of the table is read', () => {
  const values: Record<keyof typeof environmentVariables, string> = {
    KEELSON_DATA_DIR: '/data',
    KEELSON_HOST: '127.0.0.2',
    KEELSON_PORT: '1',
    KEELSON_GATEWAY_PORT: '65535',
    KEELSON_GATEWAY_TLS_PORT: '65534',
    KEELSON_GATEWAY_STREAM_PORTS: '6432,6379',
    KEELSON_GATEWAY_PROXY_PROTOCOL: '192.0.2.7',
    KEELSON_GATEWAY_PLUGINS: '/plugins',
    KEELSON_GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8,2001:db8::1',
    KEELSON_GATEWAY_WORKERS: '4',
    KEELSON_POSTGRES_PORT: '5433',
    KEELSON_MASTER_KEY_FILE: '/keys/master',
    KEELSON_SETUP_FILE: '/keys/administrator',
    KEELSON_MASTER_KEY_COMMAND: 'vault read keelson',
    KEELSON_AUDIT_MONTHS: '24',
    KEELSON_LOG_LEVEL: 'debug',
    DATABASE_URL: 'postgres://ana:hunter2@db/keelson',
    DOCKER_HOST: 'tcp://engine:2375',
    DOCKER_CONFIG: '/read/where/images/are/pulled',
  }
  const env = parseEnv(values)
  assert.equal(env.databaseUrl?.reveal(), values.DATABASE_URL)
  assert.deepEqual(
    { ...env, databaseUrl: undefined },
    {
      dataDir: '/data',
      host: '127.0.0.2',
      port: 1,
      gatewayPort: 65_535,
      gatewayTlsPort: 65_534,
      gatewayStreamPorts: [6432, 6379],
      gatewayPlugins: '/plugins',
      gatewayTrustedProxies: ['10.0.0.0/8', '2001:db8::1'],
      gatewayProxyProtocol: ['192.0.2.7'],
      gatewayWorkers: 4,
      postgresPort: 5433,
      masterKey: { file: '/keys/master', command: 'vault read keelson' },
      auditMonths: 24,
      setupFile: '/keys/administrator',
      logLevel: 'debug',
      databaseUrl: undefined,
      dockerHost: 'tcp://engine:2375',
    },
  )
  assert.ok(Object.isFrozen(env))
  assert.doesNotMatch(JSON.stringify(env) + inspect(env), /hunter2/)
})

const taken: [string, string][] = [
  ['KEELSON_HOST', '::1'],
  ['KEELSON_HOST', 'localhost'],
  ['KEELSON_HOST', '127.255.0.9'],
  ['DATABASE_URL', 'postgresql:///keelson?host=/run/postgresql'],
  ['DOCKER_HOST', ''],
  ['KEELSON_GATEWAY_PLUGINS', ''],
  ['KEELSON_GATEWAY_TRUSTED_PROXIES', ''],
  ['KEELSON_SERVICE', 'web'],
  ['HOME', '/root'],
]
for (const [name, value] of taken) {
  test(`${name}=${value} is taken`, () => assert.ok(parseEnv({ [name]: value })))
}

const refused: [string, string, RegExp][] = [
  ['KEELSON_PORT', '0', /KEELSON_PORT is "0", not a port between 1 and 65535/],
  ['KEELSON_PORT', '65536', /not a port/],
  ['KEELSON_PORT', '', /not a port/],
  ['KEELSON_PORT', ' 80', /not a port/],
  ['KEELSON_PORT', '0x50', /not a port/],
  ['KEELSON_PORT', '1e3', /not a port/],
  ['KEELSON_PORT', '8080', /KEELSON_GATEWAY_PORT is "8080", not another port than KEELSON_PORT/],
  ['KEELSON_POSTGRES_PORT', '7070', /not another port than KEELSON_PORT/],
  ['KEELSON_HOST', '0.0.0.0', /loopback/],
  ['KEELSON_HOST', '127.0.0.256', /loopback/],
  ['KEELSON_HOST', '127.0.0.1.example.com', /loopback/],
  ['KEELSON_HOST', 'localhost.example.com', /loopback/],
  ['KEELSON_LOG_LEVEL', 'verbose', /one of debug, info, warn, error/],
  ['KEELSON_DATA_DIR', '', /a folder/],
  ['KEELSON_GATEWAY_TRUSTED_PROXIES', '10.0.0.0/33', /is "10.0.0.0\/33", not an address or a CIDR/],
  ['KEELSON_GATEWAY_TRUSTED_PROXIES', '10.0.0.1, 10.0.0.2', /is " 10.0.0.2", not an address/],
  ['KEELSON_GATEWAY_TRUSTED_PROXIES', 'balancer.example', /not an address/],
  ['DATABASE_URL', 'mysql://db/keelson', /not a URL such as postgres:/],
]
for (const [name, value, message] of refused) {
  test(`${name}=${value} is refused`, () => {
    const error = refusalOf({ [name]: value })
    assert.equal(error.code, 'env_invalid')
    assert.match(error.message, message)
  })
}

test('a refused DATABASE_URL is not repeated', () => {
  const error = refusalOf({ DATABASE_URL: 'ana:hunter2@db' })
  assert.doesNotMatch(inspect(error), /hunter2/)
})

const misspelt: [string, string][] = [
  ['KEELSON_PROT', 'KEELSON_PORT'],
  ['KEELSON_GATEWAYPORT', 'KEELSON_GATEWAY_PORT'],
  ['KEELSON_DATADIR', 'KEELSON_DATA_DIR'],
  ['KEELSON_LOGLEVEL', 'KEELSON_LOG_LEVEL'],
]
for (const [given, meant] of misspelt) {
  test(`${given} is refused, and ${meant} suggested`, () => {
    const error = refusalOf({ [given]: '1' })
    assert.equal(error.code, 'env_unknown')
    assert.ok(error.message.endsWith(`did you mean ${meant}?`), error.message)
  })
}
