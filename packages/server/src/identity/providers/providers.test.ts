import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServerResponse } from 'node:http'
import type { ProviderSettings } from '@keelson/contract'
import { AppError } from '../../kernel/errors.ts'
import { localActor } from '../../kernel/actor.ts'
import { isError, visitor } from '../testing/open-identity.ts'
import { findProvider } from './provider-store.ts'
import { json, startHostileProvider, type HostileProvider } from './testing/hostile-provider.ts'
import { openKeelson, type Keelson } from './testing/open-keelson.ts'
import { clientId, clientSecret } from './testing/real-provider.ts'

type Opened = Keelson & { provider: HostileProvider }

const open = async (): Promise<Opened> => {
  const provider = await startHostileProvider()
  const keelson = await openKeelson()
  return {
    ...keelson,
    provider,
    async [Symbol.asyncDispose]() {
      await keelson[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

/** What the refusal says; nothing was stored or audited. */
const refusalOf = async (
  keelson: Opened,
  settings: Partial<ProviderSettings> = {},
): Promise<string> => {
  const put = keelson.putProvider('corp', keelson.provider.issuer, settings)
  const error = await put.then(
    () => assert.fail('it was taken'),
    (refusal: unknown) => refusal,
  )
  assert.ok(error instanceof AppError)
  assert.equal(error.code, 'provider_unusable')
  assert.deepEqual(await keelson.identity.providers.providers.list(), [])
  assert.deepEqual(await keelson.audited('provider.created'), [])
  return error.message
}

test('the secret of the client is sealed, and bound to its provider', async () => {
  await using keelson = await open()
  await keelson.putProvider('corp', keelson.provider.issuer)
  const row = await findProvider(keelson.db, 'corp')
  const sealed = row?.sealed_secret ?? ''
  assert.ok(!sealed.includes(clientSecret))
  const { keyring } = keelson.deps
  assert.equal(keyring.open('provider', sealed, 'provider|corp').toString(), clientSecret)
  assert.throws(() => keyring.open('provider', sealed, 'provider|other'))
  const listed = JSON.stringify(await keelson.identity.providers.providers.list())
  assert.ok(!listed.includes(clientSecret) && !listed.includes(sealed))
  const audit = await keelson.db.many<{ detail: string }>(
    'select detail::text from kernel.audit_entry',
  )
  assert.ok(audit.every(({ detail }) => !detail.includes(clientSecret) && !detail.includes(sealed)))
})

test('what is left out of a change stays, and a secret is taken out by null', async () => {
  await using keelson = await open()
  const { provider, identity } = keelson
  const settings = { name: 'Corp', issuer: provider.issuer, clientId }
  const given = { ...settings, clientSecret, allowsInternal: true, scopes: ['email'] }
  const made = await identity.providers.providers.put('corp', given, localActor)
  const renamed = { ...settings, name: 'The corporation' }
  const changed = await identity.providers.providers.put('corp', renamed, localActor)
  assert.deepEqual(changed, { ...made, name: 'The corporation' })
  const without = { ...settings, clientSecret: null }
  assert.equal(
    (await identity.providers.providers.put('corp', without, localActor)).hasSecret,
    false,
  )
})

test('neither people nor the secret of an issuer go to another one', async () => {
  await using keelson = await open()
  await using other = await startHostileProvider()
  const { provider, putProvider, openBrowser, identity } = keelson
  await putProvider('corp', provider.issuer)
  const settings = { name: 'Corp', issuer: other.issuer, clientId }
  const move = () => identity.providers.providers.put('corp', settings, localActor)
  await assert.rejects(move(), isError('bad_request'))
  await putProvider('corp', other.issuer)
  await putProvider('corp', provider.issuer)
  assert.equal(await openBrowser().signIn('corp'), '/')
  await assert.rejects(putProvider('corp', other.issuer), isError('bad_request'))
})

test('GHSA-gv74-j8m3-fg5f: who gets in is said by system:write, and what they may by access:write', async () => {
  await using keelson = await open()
  const { provider, identity, putProvider } = keelson
  for (const role of ['viewer', 'operator', 'editor']) {
    await keelson.addPerson(role, role)
    const browser = keelson.openBrowser()
    await browser.signInByPassword(role)
    const body = { name: 'Evil', issuer: provider.issuer, clientId }
    const answer = await browser.send('PUT', '/api/v1/providers/evil', { body })
    assert.equal(answer.statusCode, 403, role)
  }
  assert.equal(provider.asked.length, 0, 'nothing was asked for them')
  const roles = [{ group: 'all', role: 'administrator' }]
  const writer = { ...visitor(), may: () => false }
  const given = { name: 'Corp', issuer: provider.issuer, clientId, allowsInternal: true, roles }
  const put = identity.providers.providers.put('corp', given, writer)
  await assert.rejects(put, isError('forbidden'))
  await assert.rejects(
    putProvider('corp', provider.issuer, { roles: [{ group: 'a', role: 'nothing' }] }),
    isError('not_found'),
  )
})

test('ASVS 10.5.3: a discovery document speaks for the issuer that was asked, to the letter', async () => {
  await using keelson = await open()
  for (const issuer of ['https://other.example', `${keelson.provider.issuer}/`, undefined]) {
    keelson.provider.metadata = { issuer }
    await refusalOf(keelson)
  }
})

test('a provider whose answers cannot be used is not taken', async () => {
  await using keelson = await open()
  const { provider } = keelson
  const path = '/.well-known/openid-configuration'
  const answers: Record<string, (response: ServerResponse) => unknown> = {
    '3 MiB': (response) => json(response, { issuer: 'x'.repeat(3 * 1024 * 1024) }),
    'no JSON': (response) => response.end('<html>'),
    'a list': (response) => json(response, []),
    'an error': (response) => response.writeHead(500).end('{}'),
    'a redirect': (response) => response.writeHead(302, { location: '/keys' }).end(),
    'a redirect elsewhere': (response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
  }
  for (const [what, answer] of Object.entries(answers)) {
    provider.pages = { [path]: (_, response) => answer(response) }
    assert.ok((await refusalOf(keelson)) !== '', what)
  }
  provider.pages = { '/keys': (_, response) => json(response, {}) }
  assert.match(await refusalOf(keelson), /holds no keys/)
  provider.pages = {}
  for (const name of [
    'authorization_endpoint',
    'token_endpoint',
    'jwks_uri',
    'userinfo_endpoint',
  ]) {
    for (const value of ['javascript:alert(1)', 'file:///etc/passwd', 7]) {
      provider.metadata = { [name]: value }
      await refusalOf(keelson)
    }
  }
  provider.metadata = { id_token_signing_alg_values_supported: ['none', 'HS256'] }
  assert.match(await refusalOf(keelson), /none, HS256/)
})

const inside = [
  ...['https://127.0.0.1', 'https://localhost', 'https://[::1]', 'https://10.0.0.1'],
  ...[
    'https://169.254.169.254',
    'https://[fd00::1]',
    'https://[::ffff:10.0.0.1]',
    'https://0.0.0.0',
  ],
  ...['https://2130706433', 'https://0x7f.1', 'https://192.168.1.1', 'https://100.64.0.1'],
]
test('GHSA-5rr4-8452-hf4v / CVE-2026-53513: no request goes inside unless it may', async () => {
  await using keelson = await openKeelson()
  for (const issuer of inside) {
    const put = keelson.putProvider('corp', issuer, { allowsInternal: false })
    await assert.rejects(put, (error: unknown) => {
      assert.ok(isError('provider_unusable')(error))
      return /which is inside/.test(String(error))
    })
  }
})

test('plain http, credentials and queries are no issuer', async () => {
  await using keelson = await openKeelson()
  const { putProvider } = keelson
  const unusable = isError('provider_unusable')
  for (const issuer of ['http://example.com', 'ftp://example.com', 'example.com', 'https://']) {
    await assert.rejects(putProvider('corp', issuer, { allowsInternal: false }), unusable, issuer)
  }
  for (const rest of ['?a=b', '#a', '?', '#']) {
    await assert.rejects(putProvider('corp', `http://127.0.0.1:1/${rest}`), unusable, rest)
  }
  await assert.rejects(putProvider('corp', 'http://a:b@127.0.0.1:1'), unusable)
})

test('a provider that is disabled need not answer, so that a dead one can be', async () => {
  await using keelson = await open()
  const { provider, putProvider } = keelson
  const { issuer } = provider
  await putProvider('corp', issuer)
  await provider[Symbol.asyncDispose]()
  await assert.rejects(putProvider('corp', issuer, { name: 'New' }), isError('provider_unusable'))
  assert.equal((await putProvider('corp', issuer, { disabled: true })).disabled, true)
})
