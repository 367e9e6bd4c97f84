import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { anonymous } from '../kernel/actor.ts'
import { systemClock } from '../kernel/clock.ts'
import { createHttp } from '../kernel/http.ts'
import { quietLog } from '../kernel/testing/index.ts'
import { servePage } from './page.ts'

const dist = join(import.meta.dirname, '../../../web/dist')
const skip = existsSync(join(dist, 'index.html')) ? false : 'the page is not built'

const startPage = async () => {
  const http = await createHttp({
    clock: systemClock,
    onDenied: async () => undefined,
    log: quietLog,
    newId: () => 'r-1',
    hostNames: ['localhost'],
    authenticate: async () => anonymous,
  })
  http.app.get('/healthz', { config: { permission: 'public' } }, () => 'ok\n')
  await servePage(http)
  const get = (url: string, method: 'GET' | 'POST' | 'HEAD' = 'GET') =>
    http.app.inject({ method, url, headers: { host: 'localhost' } })
  return { get, [Symbol.asyncDispose]: () => http.close() }
}

for (const path of ['/', '/services/shop/web', '/map?stack=shop', '/index.html', '/apiary']) {
  test(`${path} is the page, which knows its own routes`, { skip }, async () => {
    await using page = await startPage()
    const answer = await page.get(path)
    assert.equal(answer.statusCode, 200)
    assert.match(String(answer.headers['content-type']), /^text\/html/)
    assert.equal(answer.headers['cache-control'], 'no-cache')
    assert.match(answer.body, /<div id="root">/)
  })
}

for (const path of ['/api', '/api/', '/api/v1', '/api/v1/nothing', '/api/v1/nothing?x=1']) {
  test(`${path} is never the page`, { skip }, async () => {
    await using page = await startPage()
    const answer = await page.get(path)
    assert.equal(answer.statusCode, 404)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  })
}

test('the page runs nothing but its own files, and in no frame', { skip }, async () => {
  await using page = await startPage()
  const { headers, body } = await page.get('/')
  const policy = String(headers['content-security-policy'])
  for (const rule of [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]) {
    assert.ok(policy.split('; ').includes(rule), rule)
  }
  assert.doesNotMatch(policy, /script-src[^;]*unsafe|\*/)
  assert.doesNotMatch(body, /<script(?![^>]*\bsrc=)[^>]*>|https?:\/\//)
})

test('ASVS 3.4.3: the pages are tested in a browser under this very policy', { skip }, async () => {
  await using page = await startPage()
  const { headers } = await page.get('/')
  const policy = String(headers['content-security-policy'])
  assert.doesNotMatch(policy, /unsafe|\*|data:/)
  const fixture = join(import.meta.dirname, '../../../web/src/test-fixture/fixture-server.ts')
  const listed = /contentSecurityPolicy = \[([^\]]*)\]/.exec(await readFile(fixture, 'utf8'))?.[1]
  const rules = [...(listed ?? '').matchAll(/"([^"]+)"/g)].map(([, rule]) => rule)
  assert.equal(rules.join('; '), policy)
})

for (const path of ['/', '/api/v1/nothing', '/healthz', '/assets/none.js']) {
  test(`${path} is not guessed at, framed, or told to others`, { skip }, async () => {
    await using page = await startPage()
    const { headers } = await page.get(path)
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal(headers['referrer-policy'], 'no-referrer')
  })
}

test('assets may be kept for ever', { skip }, async () => {
  await using page = await startPage()
  for (const name of await readdir(join(dist, 'assets'))) {
    const { statusCode, headers } = await page.get(`/assets/${name}`)
    assert.equal(statusCode, 200)
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
  }
})

const outside: [name: string, status: number][] = [
  ['..%2f..%2fpackage.json', 404],
  ['%2e%2e%2fpackage.json', 404],
  ['%00', 400],
  ['none.js', 404],
  ['', 404],
  ['.git', 404],
]
for (const [name, status] of outside) {
  test(`/assets/${name} gives nothing out`, { skip }, async () => {
    await using page = await startPage()
    const answer = await page.get(`/assets/${name}`)
    assert.equal(answer.statusCode, status)
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/)
  })
}

test('a POST to a path of the page is nothing', { skip }, async () => {
  await using page = await startPage()
  assert.equal((await page.get('/services', 'POST')).statusCode, 404)
})
