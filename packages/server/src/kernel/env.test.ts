import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { hostNamesOf, localUrlOf, publicUrlOf } from './context.ts'
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
    publicUrl: undefined,
    trustedProxies: [],
    tls: undefined,
    port: 7070,
    gatewayPort: 8080,
    gatewayTlsPort: 8443,
    gatewayStreamPorts: [],
    gatewayPlugins: undefined,
    gatewayLogFolders: [],
    gatewayFileFolders: [],
    gatewayTrustedProxies: [],
    gatewayProxyProtocol: [],
    gatewayWorkers: 1,
    postgresPort: undefined,
    masterKey: { file: undefined, command: undefined },
    setupFile: undefined,
    auditMonths: 0,
    auditSinks: { syslog: undefined, webhook: undefined },
    logLevel: 'info',
    databaseUrl: undefined,
    dockerHost: undefined,
  })
})

test('every variable of the table is read', () => {
  const values: Record<keyof typeof environmentVariables, string> = {
    KEELSON_DATA_DIR: '/data',
    KEELSON_HOST: '127.0.0.2',
    KEELSON_PUBLIC_URL: 'https://Ops.example.com/',
    KEELSON_TRUSTED_PROXIES: '10.0.0.0/8',
    KEELSON_TLS_CERT_FILE: '/tls/chain.pem',
    KEELSON_TLS_KEY_FILE: '/tls/key.pem',
    // In place of the files: below.
    KEELSON_TLS_ACME_EMAIL: '',
    KEELSON_TLS_ACME_TERMS: '',
    KEELSON_TLS_ACME_DIRECTORY: '',
    KEELSON_TLS_PORT: '7444',
    KEELSON_PORT: '1',
    KEELSON_GATEWAY_PORT: '65535',
    KEELSON_GATEWAY_TLS_PORT: '65534',
    KEELSON_GATEWAY_STREAM_PORTS: '6432,6379',
    KEELSON_GATEWAY_PROXY_PROTOCOL: '192.0.2.7',
    KEELSON_GATEWAY_PLUGINS: '/plugins',
    KEELSON_GATEWAY_LOG_FOLDERS: '/var/log/gateway,/mnt/logs/',
    KEELSON_GATEWAY_FILE_FOLDERS: '/srv/site',
    KEELSON_GATEWAY_TRUSTED_PROXIES: '10.0.0.0/8,2001:db8::1',
    KEELSON_GATEWAY_WORKERS: '4',
    KEELSON_POSTGRES_PORT: '5433',
    KEELSON_MASTER_KEY_FILE: '/keys/master',
    KEELSON_SETUP_FILE: '/keys/administrator',
    KEELSON_MASTER_KEY_COMMAND: 'vault read keelson',
    KEELSON_AUDIT_MONTHS: '24',
    KEELSON_AUDIT_SYSLOG: 'tls://[2001:db8::1]',
    KEELSON_AUDIT_WEBHOOK: 'https://logs.example.com/hunter2',
    KEELSON_AUDIT_WEBHOOK_SECRET_FILE: '/keys/webhook',
    KEELSON_LOG_LEVEL: 'debug',
    DATABASE_URL: 'postgres://ana:hunter2@db/keelson',
    DOCKER_HOST: 'tcp://engine:2375',
    DOCKER_CONFIG: '/read/where/images/are/pulled',
  }
  const env = parseEnv(values)
  assert.equal(env.databaseUrl?.reveal(), values.DATABASE_URL)
  assert.deepEqual(
    { ...env, databaseUrl: undefined, auditSinks: undefined },
    {
      dataDir: '/data',
      host: '127.0.0.2',
      publicUrl: 'https://ops.example.com',
      trustedProxies: ['10.0.0.0/8'],
      tls: { certFile: '/tls/chain.pem', keyFile: '/tls/key.pem', port: 7444 },
      port: 1,
      gatewayPort: 65_535,
      gatewayTlsPort: 65_534,
      gatewayStreamPorts: [6432, 6379],
      gatewayPlugins: '/plugins',
      gatewayLogFolders: ['/var/log/gateway', '/mnt/logs'],
      gatewayFileFolders: ['/srv/site'],
      gatewayTrustedProxies: ['10.0.0.0/8', '2001:db8::1'],
      gatewayProxyProtocol: ['192.0.2.7'],
      gatewayWorkers: 4,
      postgresPort: 5433,
      masterKey: { file: '/keys/master', command: 'vault read keelson' },
      auditMonths: 24,
      auditSinks: undefined,
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
  ['KEELSON_HOST', '127.0.0.256', /an IP address/],
  ['KEELSON_HOST', '127.0.0.1.example.com', /an IP address/],
  ['KEELSON_HOST', 'localhost.example.com', /an IP address/],
  ['KEELSON_PUBLIC_URL', 'ops.example.com', /an address such as https:/],
  ['KEELSON_PUBLIC_URL', 'https://ops.example.com/keelson', /without a path/],
  ['KEELSON_PUBLIC_URL', 'https://ops.example.com/?x=1', /without a path/],
  ['KEELSON_PUBLIC_URL', 'https://ana@ops.example.com', /without a path/],
  ['KEELSON_PUBLIC_URL', 'ftp://ops.example.com', /without a path/],
  ['KEELSON_PUBLIC_URL', 'https://ops.example.com:99999', /without a path/],
  ['KEELSON_PUBLIC_URL', 'http://ops.example.com', /in the clear/],
  ['KEELSON_TRUSTED_PROXIES', 'proxy.example', /an address or a CIDR range/],
  ['KEELSON_TLS_CERT_FILE', '/tls/chain.pem', /belong together/],
  ['KEELSON_TLS_KEY_FILE', 'key.pem', /the whole path/],
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

for (const host of ['0.0.0.0', '::', '192.0.2.7', '2001:db8::1']) {
  test(`ASVS 12.2.1: nobody is listened to by plain HTTP on ${host}`, () => {
    const error = refusalOf({ KEELSON_HOST: host })
    assert.equal(error.code, 'env_invalid')
    assert.match(error.message, /KEELSON_TLS_CERT_FILE .* KEELSON_TRUSTED_PROXIES/s)
  })
}

const tls = { KEELSON_TLS_CERT_FILE: '/tls/chain.pem', KEELSON_TLS_KEY_FILE: '/tls/key.pem' }

test('an address that others reach takes TLS or a proxy, and a name', () => {
  const name = { KEELSON_PUBLIC_URL: 'https://ops.example.com' }
  const proxy = { KEELSON_TRUSTED_PROXIES: '10.0.0.7' }
  assert.match(refusalOf({ KEELSON_HOST: '0.0.0.0', ...tls }).message, /KEELSON_PUBLIC_URL/)
  assert.match(refusalOf({ KEELSON_HOST: '192.0.2.7', ...proxy }).message, /KEELSON_PUBLIC_URL/)
  assert.equal(parseEnv({ KEELSON_HOST: '192.0.2.7', ...tls }).tls?.port, 7443)
  assert.equal(parseEnv({ KEELSON_HOST: '0.0.0.0', ...tls, ...name }).host, '0.0.0.0')
  assert.equal(parseEnv({ KEELSON_HOST: '::', ...proxy, ...name }).host, '::')
})

test('the port of TLS is one of its own, where there is TLS', () => {
  assert.ok(parseEnv({ KEELSON_PORT: '7443' }))
  const taken = refusalOf({ KEELSON_PORT: '7443', ...tls })
  assert.match(taken.message, /KEELSON_TLS_PORT is "7443", not another port than KEELSON_PORT/)
})

const acme = {
  KEELSON_PUBLIC_URL: 'https://Ops.example.com:8443',
  KEELSON_TLS_ACME_EMAIL: 'ops@example.com',
  KEELSON_TLS_ACME_TERMS: 'agreed',
}
const letsEncrypt = 'https://acme-v02.api.letsencrypt.org/directory'
const ownDirectory = 'http://127.0.0.1:14000/directory'

test('a certificate by ACME is for the name of the public URL', () => {
  assert.deepEqual(parseEnv({ KEELSON_HOST: '0.0.0.0', ...acme }).tls, {
    acme: { name: 'ops.example.com', email: 'ops@example.com', directoryUrl: letsEncrypt },
    port: 7443,
  })
  const own = { ...acme, KEELSON_TLS_ACME_DIRECTORY: ownDirectory, KEELSON_TLS_PORT: '443' }
  const { tls: found } = parseEnv(own)
  assert.deepEqual([found?.acme?.directoryUrl, found?.port], [ownDirectory, 443])
})

const refusedAcme: [Record<string, string>, RegExp][] = [
  [tls, /both set: .* unset/],
  [{ KEELSON_TLS_KEY_FILE: '/tls/key.pem' }, /both set/],
  [{ KEELSON_PUBLIC_URL: '' }, /KEELSON_PUBLIC_URL is not set: .* https:\/\/ops\.example\.com/],
  [{ KEELSON_PUBLIC_URL: 'https://192.0.2.7' }, /is https:\/\/192\.0\.2\.7: .* with a name/],
  [{ KEELSON_PUBLIC_URL: 'https://[2001:db8::1]' }, /with a name/],
  [{ KEELSON_PUBLIC_URL: 'https://localhost' }, /with a name/],
  [{ KEELSON_PUBLIC_URL: 'http://localhost' }, /an https address/],
  [{ KEELSON_PUBLIC_URL: 'https://host' }, /that certificate authorities take/],
  [{ KEELSON_PUBLIC_URL: 'https://*.example.com' }, /no wildcard/],
  [{ KEELSON_PUBLIC_URL: 'https://a..b' }, /is https:\/\/a\.\.b: /],
  [{ KEELSON_PUBLIC_URL: 'https://a_b.example.com' }, /letters, digits and hyphens/],
  [{ KEELSON_TLS_ACME_EMAIL: 'ops@example.com?subject=x' }, /not an address such as/],
  [{ KEELSON_TLS_ACME_EMAIL: 'o?ps@example.com' }, /not an address such as/],
  [{ KEELSON_TLS_ACME_EMAIL: '' }, /KEELSON_TLS_ACME_EMAIL is "", not an address/],
  [{ KEELSON_TLS_ACME_EMAIL: 'ops' }, /not an address such as ops@example\.com/],
  [{ KEELSON_TLS_ACME_TERMS: 'no' }, /not agreed: read the terms of https:\/\/acme-v02/],
  [{ KEELSON_TLS_ACME_TERMS: '' }, /KEELSON_TLS_ACME_TERMS is ""/],
  [{ KEELSON_TLS_ACME_DIRECTORY: 'http://acme.example/' }, /not an https address/],
  [{ KEELSON_TLS_ACME_DIRECTORY: 'acme.example' }, /not an https address/],
  [{ KEELSON_TLS_ACME_DIRECTORY: 'https://ana:x@acme.example/' }, /DIRECTORY holds a name or a/],
]
for (const [more, message] of refusedAcme) {
  test(`ACME with ${JSON.stringify(more)} is refused`, () => {
    const error = refusalOf({ ...acme, ...more })
    assert.equal(error.code, 'env_invalid')
    assert.match(error.message, message)
  })
}

const reached: [Record<string, string>, string, string][] = [
  [{}, 'http://127.0.0.1:7070', 'http://127.0.0.1:7070'],
  [{ KEELSON_HOST: '::1' }, 'http://[::1]:7070', 'http://[::1]:7070'],
  [tls, 'https://127.0.0.1:7443', 'http://127.0.0.1:7070'],
  [{ KEELSON_HOST: '192.0.2.7', ...tls }, 'https://192.0.2.7:7443', 'http://127.0.0.1:7070'],
  [
    { KEELSON_HOST: '192.0.2.7', KEELSON_PUBLIC_URL: 'https://ops.example.com', ...tls },
    'https://ops.example.com',
    'http://127.0.0.1:7070',
  ],
]
for (const [raw, publicUrl, localUrl] of reached) {
  test(`with ${JSON.stringify(raw)} people reach ${publicUrl}`, () => {
    const env = parseEnv(raw)
    assert.deepEqual([publicUrlOf(env), localUrlOf(env)], [publicUrl, localUrl])
    assert.ok(hostNamesOf(env).includes(new URL(publicUrl).hostname))
    assert.ok(hostNamesOf(env).includes(new URL(localUrl).hostname))
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
