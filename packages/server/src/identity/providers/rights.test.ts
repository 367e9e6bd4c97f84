import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProviderSettings } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { signedIn } from '../../kernel/testing/index.ts'
import { isError } from '../testing/open-identity.ts'
import { startHostileProvider } from './testing/hostile-provider.ts'
import { openKeelson } from './testing/open-keelson.ts'
import { clientId } from './testing/real-provider.ts'

const forbidden = isError('forbidden')
const sysop = signedIn(['system:read', 'system:write'])
const roles = [{ group: 'ops', role: 'administrator' }]

/** A provider `corp` with these settings, and what `sysop` changes of it. */
const open = async (given: Partial<ProviderSettings>) => {
  const provider = await startHostileProvider()
  const keelson = await openKeelson()
  const { providers } = keelson.identity.providers
  const { issuer } = provider
  await keelson.putProvider('corp', issuer, given)
  return {
    ...keelson,
    list: () => providers.list(),
    change: (settings: Partial<ProviderSettings>, actor = sysop) =>
      providers.put('corp', { name: 'Corp', issuer, clientId, ...settings }, actor),
    async [Symbol.asyncDispose]() {
      await keelson[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const decisive: [string, Partial<ProviderSettings>][] = [
  ['the claim of groups', { groupsClaim: 'name' }],
  ['the issuer', { issuer: 'http://127.0.0.1:9/evil', clientSecret: 'mine' }],
  ['the client', { clientId: 'another' }],
  ['the scopes', { scopes: ['email'] }],
  ['whom it makes', { createsUsers: false }],
  ['what it proves', { trustsFactors: true }],
  ['where it may be', { allowsInternal: false, issuer: 'https://id.example.org' }],
  ['its secret', { clientSecret: 'mine' }],
  ['that it has no secret', { clientSecret: null }],
  ['its roles', { roles: [{ group: 'everybody', role: 'administrator' }] }],
  ['that it has none any more', { roles: [], groupsClaim: 'name' }],
]
for (const [what, settings] of decisive) {
  test(`where groups get roles it takes access:write to change ${what}`, async () => {
    await using keelson = await open({ roles })
    const before = await keelson.list()
    await assert.rejects(keelson.change(settings), forbidden)
    assert.deepEqual(await keelson.list(), before)
  })
}

test('its name takes system:write alone, and so does disabling it; enabling takes access:write', async () => {
  await using keelson = await open({ roles })
  assert.equal((await keelson.change({ name: 'The corporation' })).name, 'The corporation')
  await keelson.change({ disabled: true })
  await assert.rejects(keelson.change({ disabled: false }), forbidden)
  await keelson.change({ disabled: false }, localActor)
})

test('a provider that gives no roles and stands for no factor takes system:write alone', async () => {
  await using keelson = await open({})
  await keelson.change({ groupsClaim: 'name', clientId: 'another', clientSecret: 'new' })
  await assert.rejects(keelson.change({ roles }), forbidden)
  await assert.rejects(keelson.change({ trustsFactors: true }), forbidden)
})

test('one that stands for second factors is changed by who may give rights', async () => {
  await using keelson = await open({ trustsFactors: true })
  await assert.rejects(keelson.change({ clientId: 'another' }), forbidden)
  await keelson.change({ clientId: 'another' }, localActor)
})
