import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerSpec, ServiceSpec } from '@keelson/contract'
import { causeOf, changesBetween } from './changes.ts'
import { digestOfParts, partsOf } from './parts.ts'
import { readableWith } from './readable.ts'
import { containerSpec, execProbe, needs, serviceSpec } from '../testing/spec.ts'

const base = containerSpec('api')
assert.ok(base.container !== null)
const container = (more: Partial<ContainerSpec>): Partial<ServiceSpec> => ({
  container: { ...(base.container as ContainerSpec), ...more },
})
const partsFor = (spec: ServiceSpec, injected: Record<string, string> = {}) =>
  partsOf(spec, { injected, content: [] })
const policy = { parallelism: 2, delayMs: 0, failureAction: 'pause', monitorMs: 0 } as const
const hook = { command: ['true'], privileged: false, environment: {} }
const bind = { kind: 'bind', source: '/a', target: '/conf', readOnly: true } as const
const hooks = { preStart: [], postStart: [], preStop: [] }

/** What a change asks of a running container: another one, nothing but a word, or nothing at all. */
const cases: [
  path: string,
  effect: 'replace' | 'live' | 'none',
  more: Partial<ServiceSpec>,
  before?: Partial<ServiceSpec>,
][] = [
  ['environment.A', 'replace', { environment: { A: '' } }],
  ['command', 'replace', { command: ['x'] }],
  ['command', 'replace', { command: [] }],
  ['entrypoint', 'replace', { entrypoint: ['x'] }],
  ['user', 'replace', { user: '7' }],
  ['working_dir', 'replace', { workingDir: '/srv' }],
  ['image', 'replace', container({ image: 'api:2' })],
  [
    'volumes./data',
    'replace',
    container({ mounts: [{ kind: 'volume', source: 'd', target: '/data', readOnly: false }] }),
  ],
  ['networks.front', 'replace', container({ networks: { front: { aliases: [] } } })],
  ['cap_add', 'replace', container({ capAdd: ['NET_ADMIN'] })],
  ['mem_limit', 'replace', { memoryLimitBytes: 1000 }],
  ['ports', 'replace', { ports: [{ target: 80, published: 8080, protocol: 'tcp' }] }],
  [
    'configs.c',
    'replace',
    { files: [{ kind: 'config', source: 'c', target: '/c', content: 'x' }] },
  ],
  ['labels.traefik.enable', 'replace', { labels: { 'traefik.enable': 'true' } }],
  ['post_start', 'replace', { hooks: { ...hooks, postStart: [hook] } }],
  [
    'build.args.VERSION',
    'replace',
    container({ build: { context: '.', args: { VERSION: '2' } } }),
    container({ build: { context: '.', args: { VERSION: '1' } } }),
  ],
  ['labels.keelson.note', 'live', { labels: { 'keelson.note': 'x' } }],
  ['pre_stop', 'live', { hooks: { ...hooks, preStop: [hook] } }],
  ['depends_on.db', 'live', { dependsOn: [needs('db')] }],
  ['healthcheck', 'live', { probe: execProbe() }],
  ['restart', 'live', { restart: { policy: 'no' } }],
  ['routes', 'live', { routes: [{ path: '/', stripPath: false, timeoutMs: 1000 }] }],
  [
    'volumes./conf.create_host_path',
    'live',
    container({ mounts: [{ ...bind, createHostPath: false }] }),
    container({ mounts: [{ ...bind, createHostPath: true }] }),
  ],
  ['stop_grace_period', 'live', { stopGraceMs: 1 }],
  ['stop_signal', 'live', { stopSignal: 'SIGINT' }],
  [
    'deploy.update_config',
    'live',
    { update: { ...policy, strategy: 'rolling', maxFailureRatio: 0 } },
  ],
  ['description', 'live', { description: 'the API' }],
  ['replicas', 'none', { replicas: 3 }],
  ['pull_policy', 'none', container({ pullPolicy: 'build', pullIntervalMs: 1000 })],
  [
    'another order of variables',
    'none',
    { environment: { B: '2', A: '1' } },
    { environment: { A: '1', B: '2' } },
  ],
  [
    'another order of capabilities',
    'none',
    container({ capAdd: ['B', 'A'] }),
    container({ capAdd: ['A', 'B'] }),
  ],
  ['an empty list instead of none', 'none', container({ securityOptions: [], sysctls: {} })],
  ['a moved line', 'none', { origins: { '': [{ file: '/c.yaml', line: 9, column: 1 }] } }],
  [
    'how a build is cached',
    'none',
    container({ build: { context: '.', args: {}, noCache: true } }),
    container({ build: { context: '.', args: {} } }),
  ],
]
for (const [path, effect, more, before = {}] of cases) {
  test(`${path}: ${effect}`, () => {
    const [old, now] = [
      { ...base, ...before },
      { ...base, ...more },
    ].map((spec) => partsFor(spec))
    assert.ok(old !== undefined && now !== undefined)
    const changes = changesBetween(old, now, { ...base, ...more })
    assert.deepEqual(
      changes.map((change) => change.path),
      effect === 'none' ? [] : [path],
    )
    const isSame = digestOfParts(old) === digestOfParts(now)
    assert.equal(isSame, effect !== 'replace')
  })
}

test('a variable that the file sets itself is none of what Keelson gives', () => {
  const spec = serviceSpec('a', { environment: { DB_URL: 'mine' } })
  const [one, two] = ['1', '2'].map((DB_URL) => digestOfParts(partsFor(spec, { DB_URL })))
  assert.equal(one, two)
  const without = serviceSpec('a')
  const changes = changesBetween(
    partsFor(without, { X: '1' }),
    partsFor(without, { X: '2' }),
    without,
  )
  assert.equal(causeOf(changes, without, '/'), 'environment.X, given by Keelson, changed')
})

const secrets: [name: string, value: unknown, shown: string | null][] = [
  ['MODE', 'fast', 'fast'],
  ['PASSWORD', 'x', null],
  ['URL', 'http://me:pass@host/', null],
  ['command', ['serve', '--port', '80'], 'serve --port 80'],
  ['command', ['serve', 'two words'], 'serve "two words"'],
  ['command', ['serve', '--password', 'hunter2'], null],
  ['command', ['serve', '--token=abc'], null],
  ['command', ['serve', 'known-secret'], null],
  ['hooks', [{ environment: { API_KEY: 'x' } }], null],
  ['text', 'x'.repeat(300), `${'x'.repeat(199)}…`],
]
for (const [name, value, shown] of secrets) {
  test(`${name} ${JSON.stringify(value).slice(0, 40)} is ${shown === null ? 'masked' : 'shown'}`, () =>
    assert.equal(readableWith(['known-secret'])(name, value), shown))
}
