import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { OutgoingError, publishedKeys, readPublishedKeys } from '../../kernel/outgoing/index.ts'
import { fetchBy, policyOf } from './guarded-fetch.ts'
import { startHostileProvider, type HostileProvider } from './testing/hostile-provider.ts'

let provider: HostileProvider
before(async () => {
  provider = await startHostileProvider()
})
after(() => provider[Symbol.asyncDispose]())

const form = { method: 'POST', headers: {}, body: new URLSearchParams('a=b') } as const
const asked = { ...form, redirect: 'manual' } as const

const isRefused =
  (reason: string) =>
  (error: unknown): boolean =>
    error instanceof OutgoingError && error.reason === reason

const inside = ['https://169.254.169.254/token', 'https://localhost/token', 'https://[::1]/keys']
for (const url of inside) {
  test(`GHSA-5rr4-8452-hf4v / CVE-2026-53513: a discovery document cannot send us to ${url}`, async () => {
    const policy = policyOf(false)
    const isInside = isRefused('internal_address')
    await assert.rejects(fetchBy(policy)(url, asked), isInside)
    await assert.rejects(readPublishedKeys(url, policy), isInside)
    const uri = () => Promise.resolve(url)
    const keys = publishedKeys({ uri, policy, clock: systemClock, ttlMs: 1000 })
    await assert.rejects(keys.verify('a.b.c', { algorithms: ['ES256'] }), isInside)
  })
}

test('what may be inside may be plain, and is bounded all the same', async () => {
  const fetch = fetchBy(policyOf(true))
  const answer = await fetch(`${provider.issuer}/token`, asked)
  assert.equal(answer.status, 200)
  assert.match(answer.headers.get('content-type') ?? '', /json/)
  provider.pages = {
    '/large': (_, response) => response.end('x'.repeat(3 * 1024 * 1024)),
    '/moved': (_, response) => response.writeHead(307, { location: '/token' }).end(),
    '/empty': (_, response) => response.writeHead(204).end(),
  }
  await assert.rejects(fetch(`${provider.issuer}/large`, asked), isRefused('too_large'))
  await assert.rejects(fetch(`${provider.issuer}/moved`, asked), isRefused('redirect'))
  assert.equal((await fetch(`${provider.issuer}/empty`, asked)).status, 204)
  await assert.rejects(fetchBy(policyOf(false))('http://example.com/', asked), isRefused('bad_url'))
  assert.equal(policyOf(true).timeoutMs, 10_000)
})
