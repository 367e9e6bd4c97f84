import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { System } from '@keelson/contract'
import { createTestAuthority } from '../../../server/src/gateway/proxy/balance/testing-tls.ts'
import { checkCertificate } from './certificate.ts'

const now = new Date('2026-01-01T00:00:00Z')
const publicUrl = 'https://ops.example.com'

/** What a running platform says of its certificate: a good one from files, but for what is given. */
const running = (more: Partial<NonNullable<System['certificate']>> = {}): System =>
  ({
    publicUrl,
    certificate: {
      ...{ source: 'files', names: ['ops.example.com'], notAfter: '2026-03-01T00:00:00.000Z' },
      ...{ fits: true, problem: null, nextTryAt: null, ...more },
    },
  }) as Partial<System> as System

const nextTryAt = '2026-01-01T00:02:30.000Z'
const none = { source: 'acme' as const, names: [], notAfter: null, fits: false }
const soon = '2026-01-11T12:00:00.000Z'

const cases: [string, System, 'ok' | 'failed' | 'skipped', RegExp][] = [
  ['from files', running(), 'ok', /^from files, for ops\.example\.com, until 2026-03-01$/],
  ['by ACME', running({ source: 'acme' }), 'ok', /^by ACME, for ops/],
  ['that ends soon', running({ notAfter: soon }), 'failed', /until 2026-01-11, in 10 days$/],
  ['that ACME renews by itself', running({ source: 'acme', notAfter: soon }), 'ok', /2026-01-11$/],
  ['that has ended', running({ notAfter: '2025-12-31T23:59:00.000Z' }), 'failed', /ended 2025-12/],
  ['for another name', running({ fits: false }), 'failed', /not for https:\/\/ops\.example\.com$/],
  [
    'whose renewal fails',
    running({ source: 'acme', problem: 'The ACME server refuses', nextTryAt }),
    'failed',
    /until 2026-03-01; no new one: The ACME server refuses; tried again at 2026-01-01 00:02 UTC$/,
  ],
  [
    'whose successor is worse',
    running({ problem: 'The certificate in /tls/chain.pem is not taken: it is for others' }),
    'failed',
    /until 2026-03-01; no new one: The certificate in \/tls\/chain\.pem is not taken: it is for others$/,
  ],
  ['that is on its way', running(none), 'skipped', /^by ACME, not there yet$/],
  [
    'that cannot be had',
    running({ ...none, problem: 'ops was not\n\u001b[31mproved', nextTryAt }),
    'failed',
    /^by ACME, not there yet: ops was not proved; tried again at/,
  ],
  ['of a proxy', { ...running(), certificate: null }, 'ok', /^none: a proxy has one for https:/],
  [
    'that nobody needs',
    { ...running(), certificate: null, publicUrl: 'http://127.0.0.1:7070' },
    'skipped',
    /for this machine alone$/,
  ],
]
for (const [what, system, state, detail] of cases) {
  test(`a certificate ${what} is ${state}`, async () => {
    const check = await checkCertificate({}, system, now)
    assert.equal(check.state, state)
    assert.match(check.detail, detail)
    // What is wrong comes with what to try.
    assert.equal(check.hint !== undefined, state === 'failed')
  })
}

test('many names are not all told', async () => {
  const names = Array.from({ length: 100 }, (_, at) => `a${at}.example`)
  const { detail } = await checkCertificate({}, running({ names }), now)
  assert.match(detail, /a4\.example and 95 more, until/)
})

test('before the start the file itself is looked at', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-doctor-certificate-'))
  try {
    const file = join(folder, 'chain.pem')
    await writeFile(file, createTestAuthority().leaf('ops.example.com', '192.0.2.7').cert)
    const check = (url: string, at = new Date()) =>
      checkCertificate({ KEELSON_TLS_CERT_FILE: file, KEELSON_PUBLIC_URL: url }, undefined, at)
    // It lives for a day.
    assert.match((await check(publicUrl)).detail, /for ops\.example\.com, 192\.0\.2\.7, .* 0 days$/)
    assert.match((await check('https://192.0.2.7')).detail, /0 days$/)
    assert.match((await check('https://other.example')).detail, /not for https:\/\/other\.example$/)
    await writeFile(file, 'hush')
    const wrong = await check(publicUrl)
    assert.equal(wrong.state, 'failed')
    assert.doesNotMatch(JSON.stringify(wrong), /hush/)
    await rm(file)
    assert.match((await check(publicUrl)).detail, /chain\.pem cannot be used: ENOENT/)
  } finally {
    await rm(folder, { recursive: true })
  }
})

const beforeTheStart: [Record<string, string>, RegExp][] = [
  [{ KEELSON_TLS_ACME_EMAIL: 'ops@example.com' }, /^by ACME, which Keelson asks while it runs$/],
  [{ KEELSON_TRUSTED_PROXIES: '127.0.0.1' }, /^none: a proxy in front has one$/],
  [{}, /^none: the page is for this machine alone$/],
]
for (const [env, detail] of beforeTheStart) {
  test(`before the start ${JSON.stringify(env)} says where it will be from`, async () => {
    const check = await checkCertificate(env, undefined, now)
    assert.equal(check.state, 'skipped')
    assert.match(check.detail, detail)
  })
}
