import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPlatformFixture, runKeelson, type Answer } from '../../testing/platform-fixture.ts'

const manager = { kind: 'file', stack: 'shop', text: 'kong.yml of shop', file: 'kong.yml' }

const row = {
  ...{ id: 'r1', name: 'orders', manager, protocols: ['https'], methods: [], hosts: [] },
  ...{ paths: ['/orders'], headers: { 'x-tenant': ['red', 'blue'] }, snis: ['a.test'] },
  ...{ stripPath: true, preserveHost: false, regexPriority: 0, plugins: [] },
  service: {
    ...{ id: 's1', name: 'orders', url: 'http://pool:80', enabled: true, fleet: null },
    ...{ upstream: 'key', upstreamName: 'pool', tuning: [], canary: null },
  },
  version: {
    ...{ api: 'orders', version: '2', deprecatedAt: null, sunsetAt: null, requests: 3 },
  },
  figures: {
    ...{ requestsPerSecond: 0.5, errorsPerSecond: 0, p50Ms: 0.1, p95Ms: 0.2, p99Ms: 0.3 },
    ...{ requests: 3, errors: 0 },
  },
}

const cache = {
  ...{ plugin: 'p', name: 'pages', scope: 'route orders', entries: 1, hits: 1, misses: 1 },
  ...{ memoryBytes: 700, memoryLimitBytes: 67_108_864, diskBytes: 3_221_225_472, stale: 0 },
  ...{ revalidated: 0, collapsed: 0, evictions: 0, shared: 'none', tags: [] },
}

const answers: Record<string, Answer['body']> = {
  '/api/v1/gateway/routes': { items: [row], nextCursor: null },
  '/api/v1/gateway/caches': { items: [cache], nextCursor: null },
  '/api/v1/gateway/caches/purge': { removed: 0 },
  '/api/v1/gateway/caches/warm': {
    ...{ stored: 1, failed: 1 },
    failures: [{ url: 'http://shop.test/b', reason: 'answered 404' }],
  },
  '/api/v1/gateway/export': { text: '_format_version: "3.0"\n', leftOut: [] },
  '/api/v1/gateway/explain': {
    ...{ sentence: 'orders takes it.', routes: [], plugins: [], upstream: null, captures: {} },
  },
  '/api/v1/gateway/revisions': {
    items: [
      {
        ...{ revision: 3, appliedAt: '2026-01-01T00:00:00Z', appliedBy: 'ada', note: null },
        ...{ counts: { plugins: 1, acls: 1, keyauth_credentials: 2 }, isCurrent: true },
      },
    ],
    nextCursor: null,
  },
  '/api/v1/stacks': { items: [], nextCursor: null },
}

const open = () => createPlatformFixture(({ path }) => ({ body: answers[path] }))

const says: [name: string, args: string[], code: number, said: RegExp][] = [
  [
    'routes with what they ask for beside method, host and path',
    ['routes'],
    0,
    /ALSO .*\n.*x-tenant: red or blue, SNI a\.test, https, orders version 2 +http:\/\/pool:80 \(upstream\).* < 1 ms/,
  ],
  ['sizes in fitting units', ['caches'], 0, /700 B of 64\.0 MiB +3\.0 GiB/],
  ['kinds in words', ['history'], 0, / 1 plugin, 1 ACL group, 2 key-auth credentials/],
  [
    'where a purge finds nothing, why that may be',
    ['purge', '--url', 'http://shop.test/a'],
    0,
    /0 stored answers removed\nNone is stored under http:\/\/shop\.test\/a/,
  ],
  [
    'the form of a purge by path',
    ['purge', '--prefix', '/a'],
    2,
    /\/a is no URL\n {2}Try: .*http:\/\/shop\.localhost:8080\/products/,
  ],
  [
    'of warming, why URLs failed',
    ['warm', 'shop.test', '/a', '/b'],
    1,
    /1 of 2.*\n.*\/b: answered 404/,
  ],
  [
    'that nothing is to be warmed',
    ['warm', 'shop.test'],
    2,
    /nothing to ask for\n {2}Try: .*--from/,
  ],
  ['paths of no host', ['warm', 'http://a.test/', '/b'], 2, /\/b is of no host/],
  [
    'a folder that is not there',
    ['export', '-o', '/nowhere/x.yml'],
    2,
    /^✗ \/nowhere\/x\.yml cannot be written: no such folder\n/,
  ],
  ['a stack that is not there', ['export', '--stack', 'nope'], 3, /nope/],
  [
    'how to ask about a path',
    ['explain', 'GET', 'orders/7'],
    2,
    /neither a path nor a URL\n {2}Try: keelson gateway explain GET \/orders\/7/,
  ],
  ['the help of the command', ['explain', 'GET'], 2, /Try: keelson gateway explain --help/],
  ['a command of the same group', ['rotes'], 2, /Try: keelson gateway routes/],
]
for (const [name, args, code, said] of says) {
  test(`gateway ${args[0]} tells ${name}`, async () => {
    await using platform = await open()
    const result = await runKeelson(['gateway', ...args], { env: platform.env })
    assert.equal(result.code, code, result.stderr)
    assert.match(result.stdout + result.stderr, said)
  })
}

test('explain takes a host with a path', async () => {
  await using platform = await open()
  await runKeelson(['gateway', 'explain', 'get', 'shop.test/orders'], { env: platform.env })
  const body = platform.calls.find(({ path }) => path.endsWith('/explain'))?.body
  assert.deepEqual(body, { method: 'GET', url: 'http://shop.test/orders', headers: [] })
})

test('warm takes a list, of URLs and of paths of the host', async () => {
  await using platform = await open()
  const list = join(platform.folder, 'urls.txt')
  const urls = Array.from({ length: 201 }, (_, at) => `http://a.test/${at}`)
  await writeFile(list, `# of the shop\n\n/products\n${urls.join('\n')}\n`)
  await runKeelson(['gateway', 'warm', 'shop.test', '--from', list], { env: platform.env })
  const bodies = platform.calls
    .filter(({ path }) => path.endsWith('/warm'))
    .map(({ body }) => body as { host: string; paths: string[] })
  assert.deepEqual(
    bodies.map(({ host, paths }) => [host, paths.length, paths[0]]),
    [
      ['shop.test', 200, '/products'],
      ['shop.test', 2, 'http://a.test/199'],
    ],
  )
})
