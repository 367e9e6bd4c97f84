import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { conformanceDir, missingConformance } from '../../../../compose/src/conformance.ts'
import { plugins } from '../plugins/index.ts'
import type { PluginTable } from '../plugins/index.ts'
import { createCertificate } from '../tls/x509/certificate.ts'
import { diffGatewayConfigs } from './diff.ts'
import { type Fault, readGatewayConfig } from './read.ts'
import { openPlugin, tableOf } from './testing/plugin-table.ts'
import { writeGatewayConfig } from './write.ts'

/**
 * The configurations that decK is tested with: each loads, and is the same after it was written and
 * read again; or is refused by the name of a feature, or for a mistake that it has.
 */
const skip = missingConformance('kong/README.md')
const folder = join(conformanceDir, 'kong/decks')
const files = skip === false ? globSync('**/*.yaml', { cwd: folder }).toSorted() : []

/** The plugins of Kong that are promised; with any configuration, so that the numbers hold. */
const promised = tableOf(
  [
    ...['correlation-id', 'bot-detection', 'cors', 'jwt', 'key-auth', 'basic-auth', 'hmac-auth'],
    ...['acl', 'ip-restriction', 'request-size-limiting', 'rate-limiting', 'response-ratelimiting'],
    ...['request-transformer', 'response-transformer', 'redirect', 'proxy-cache', 'prometheus'],
    ...[
      'opentelemetry',
      'zipkin',
      'http-log',
      'file-log',
      'tcp-log',
      'udp-log',
      'syslog',
      'statsd',
    ],
    ...['request-termination', 'session', 'acme'],
  ].map(openPlugin),
)

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = String(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
const cert = createCertificate({
  commonName: 'a.example',
  names: ['a.example'],
  key: pair.privateKey,
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2099-01-01T00:00:00Z'),
  isAuthority: false,
})
const vaults = {
  MY_SECRET_CERT: cert,
  MY_SECRET_KEY: key,
  TESTREDIS_USER: 'u',
  TESTREDIS_PASS: 'p',
}

/** What the templates and vaults of these files ask for. */
const environmentOf = (text: string): Record<string, string> => {
  const names = [...text.matchAll(/env "(DECK_\w+)"/g)].map(([, name]) => name ?? '')
  const valueOf = (name: string): string => {
    if (name.endsWith('CERT')) return cert
    if (name.endsWith('CLIENT_KEY')) return key
    if (name.includes('HOST')) return 'a.example'
    return name.includes('ENABLED') ? 'true' : '5'
  }
  return { ...vaults, ...Object.fromEntries(names.map((name) => [name, valueOf(name)])) }
}

const read = (text: string, file: string, table: PluginTable) =>
  readGatewayConfig({ text, file }, { environment: environmentOf(text), plugins: table })

/** What these files really have wrong, by the sentence that says so. */
const mistakes: readonly (readonly [name: string, message: RegExp])[] = [
  ['names what is not in the file', /^There is no (?:service|route|consumer) .* in this file\.$/],
  [
    'names a plugin nobody has',
    /^There is no plugin (?:foofloat|set-header|new-acl|new-file-log)\.$/,
  ],
  ['is a fragment: a service without a host', /^host is missing\.$/],
  ['is a fragment: a route without a rule', /^A route of http needs at least one of/],
  [
    'ties a plugin to what it cannot be tied to',
    /^The plugin [\w-]+ cannot be tied to a (?:consumer|route)\.$/,
  ],
  ['has one plugin twice in one scope', /has the same scope\.$/],
  ['is empty', /^The file is no map of fields\.$/],
  ['verifies TLS of a gRPC service, new in Kong 3.14', /^tls_verify is of services of protocol/],
  [
    'has no certificate in its environment',
    /^(?:cert|key) (?:is no|is the number 5|does not have)/,
  ],
  ['has a vault that is not in the file', /^There is no vault \w+\.$/],
]

const reasonOf = ({ feature, message }: Fault): string => {
  if (feature !== null) return feature.startsWith('plugin ') ? 'a plugin' : feature
  return mistakes.find(([, pattern]) => pattern.test(message))?.[0] ?? `other: ${message}`
}

/** Why a file is refused: a feature if there is one, since it alone would be enough. */
const outcomeOf = (faults: readonly Fault[]): 'loads' | 'feature' | 'mistake' => {
  if (faults.length === 0) return 'loads'
  return faults.some(({ feature }) => feature !== null) ? 'feature' : 'mistake'
}

const count = (names: readonly string[]): Record<string, number> =>
  Object.fromEntries(
    [...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length] as const),
  )

const expectedOutcomes = { feature: 346, loads: 129, mistake: 14 }

/** How many files are refused for each reason; most have several. */
const expectedReasons = {
  'AI models': 4,
  Konnect: 100,
  'OAuth 2.0 credentials': 4,
  'RBAC roles': 2,
  'WebAssembly filters': 10,
  'WebSocket protocols of services': 2,
  'a plugin': 69,
  'caches of vaults (ttl)': 9,
  'cloned plugins': 9,
  'conditions of plugins': 5,
  'consumer groups': 105,
  'custom entities of plugins (degraphql_routes and the like)': 22,
  'custom plugins in files': 12,
  'entities outside of the file (default_lookup_tags)': 28,
  'expected names in certificates of services (tls_sans)': 3,
  'expression routes': 8,
  'failover targets': 4,
  'fields of Kong Enterprise in acl': 1,
  'has one plugin twice in one scope': 4,
  'is a fragment: a route without a rule': 2,
  'is a fragment: a service without a host': 2,
  'is empty': 1,
  'keys and key sets': 16,
  'keys that expire (ttl)': 1,
  'meshes (run_on, which Kong dropped in 2.0)': 6,
  'mtls-auth credentials': 6,
  'names a plugin nobody has': 17,
  'names what is not in the file': 15,
  partials: 33,
  'sticky sessions': 9,
  'vault aws': 6,
  'vault azure': 6,
  'vault conjur': 5,
  'vault gcp': 6,
  'vault hcv': 6,
  'verifies TLS of a gRPC service, new in Kong 3.14': 1,
  workspaces: 50,
}

test('each of 489 files loads or is refused for a reason', { skip }, () => {
  const all = files.map((file) => read(readFileSync(join(folder, file), 'utf8'), file, promised))
  assert.deepEqual(count(all.map(({ faults }) => outcomeOf(faults))), expectedOutcomes)
  const reasons = all.flatMap(({ faults }) => [...new Set(faults.map(reasonOf))])
  assert.deepEqual(count(reasons), expectedReasons)
})

test('what loads is the same when it was written and read again', { skip }, () => {
  for (const table of [promised, plugins]) {
    for (const file of files) {
      const { config, faults } = read(readFileSync(join(folder, file), 'utf8'), file, table)
      if (faults.length > 0) continue
      const options = { secrets: 'keep', forKong: false, plugins: table } as const
      const again = read(writeGatewayConfig(config, options).text, file, table)
      assert.deepEqual(again.faults, [], file)
      assert.deepEqual(again.config, config, file)
      assert.deepEqual(diffGatewayConfigs(config, again.config), [], file)
    }
  }
})

test('with the schemas of the real plugins nothing is refused without a reason', { skip }, () => {
  const all = files.map((file) => ({
    file,
    faults: read(readFileSync(join(folder, file), 'utf8'), file, plugins).faults,
  }))
  assert.deepEqual(count(all.map(({ faults }) => outcomeOf(faults))), expectedOutcomes)
  const reasons = all.flatMap(({ file, faults }) =>
    faults.map((fault) => ({ file, reason: reasonOf(fault) })),
  )
  assert.deepEqual(
    reasons.filter(({ reason }) => reason.startsWith('other')),
    [],
  )
})
