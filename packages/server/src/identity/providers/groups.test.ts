import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProviderSettings } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { isError } from '../testing/open-identity.ts'
import { startHostileProvider } from './testing/hostile-provider.ts'
import { openKeelson } from './testing/open-keelson.ts'

const open = async (settings: Partial<ProviderSettings>) => {
  const provider = await startHostileProvider()
  const keelson = await openKeelson()
  await keelson.putProvider('corp', provider.issuer, settings)
  const enter = async (groups: unknown): Promise<string> => {
    provider.claims = { groups }
    return keelson.openBrowser().signIn('corp')
  }
  /** Roles that ana has by the provider, and others, with what they are about. */
  const held = async (): Promise<string[]> => {
    const { items } = await keelson.identity.grants.list({ user: 'ana', limit: 100 })
    return items.map(({ role, on }) => `${role} ${on.name ?? ''}`.trim()).sort()
  }
  return {
    ...{ ...keelson, provider, enter, held },
    async [Symbol.asyncDispose]() {
      await keelson[Symbol.asyncDispose]()
      await provider[Symbol.asyncDispose]()
    },
  }
}

const roles = [
  { group: 'ops', role: 'operator' },
  { group: 'shop', role: 'editor', on: { name: 'stack:shop' } },
  { group: 'shop-too', role: 'editor', on: { name: 'stack:shop' } },
  { group: 'admins', role: 'administrator' },
]

test('roles follow groups, at each sign-in, and nothing else is touched', async () => {
  await using keelson = await open({ roles })
  const { enter, held, identity } = keelson
  assert.equal(await enter(['ops', 'shop', 'shop-too', 'unknown']), '/')
  assert.deepEqual(await held(), ['editor stack:shop', 'operator'])
  await identity.grants.create({ user: 'ana', role: 'viewer' }, localActor)
  const [first] = (await identity.grants.list({ user: 'ana', role: 'editor', limit: 1 })).items
  assert.equal(await enter(['shop-too']), '/')
  assert.deepEqual(await held(), ['editor stack:shop', 'viewer'])
  const [kept] = (await identity.grants.list({ user: 'ana', role: 'editor', limit: 1 })).items
  assert.equal(kept?.id, first?.id, 'what stays is not made anew')
  assert.equal(await enter(undefined), '/')
  assert.deepEqual(await held(), ['viewer'])
  assert.deepEqual(await keelson.audited('grant.created', 'grant.revoked'), [
    'grant.created done by Corp about operator',
    'grant.created done by Corp about editor',
    'grant.created done by local command line about viewer',
    'grant.revoked done by Corp about operator',
    'grant.revoked done by Corp about editor',
  ])
})

test('a provider that tells no groups is told of in the audit, and one that tells none is not', async () => {
  await using keelson = await open({ roles })
  await keelson.enter([])
  await keelson.enter(undefined)
  const told = await keelson.db.many<{ claim: string | null }>(
    `select detail::json -> 'after' ->> 'missingClaim' as claim from kernel.audit_entry
     where action = 'session.created' order by 1 nulls first`,
  )
  assert.deepEqual(
    told.map(({ claim }) => claim),
    [null, 'groups'],
  )
  const items = await keelson.identity.people.list({ contains: '', after: '', limit: 10 })
  assert.deepEqual(
    items.map(({ has_password: hasPassword, can_sign_in: canSignIn }) => [hasPassword, canSignIn]),
    [[false, true]],
  )
})

test('rights by a group are there with the session, and end with the next', async () => {
  await using keelson = await open({ roles })
  const { provider, openBrowser } = keelson
  const browser = openBrowser()
  provider.claims = { groups: 'ops' }
  assert.equal(await browser.signIn('corp'), '/')
  const permissions = async () => (await browser.session())['permissions'] as string[]
  assert.ok((await permissions()).includes('services:restart'))
  provider.claims = { groups: [] }
  assert.equal(await openBrowser().signIn('corp'), '/')
  assert.ok(!(await permissions()).includes('services:restart'), 'in every session')
})

test('more groups than a list may have let nobody in, and take nothing away', async () => {
  await using keelson = await open({ roles })
  assert.equal(await keelson.enter(['ops']), '/')
  const many = Array.from({ length: 1001 }, (_, at) => `g${at}`)
  assert.equal(await keelson.enter(many), '/sign-in#problem=provider_unusable')
  assert.deepEqual(await keelson.held(), ['operator'])
})

test('the last administrator stays one, whatever the provider says', async () => {
  await using keelson = await open({ roles })
  const { enter, held, putProvider, provider, identity } = keelson
  assert.equal(await enter(['admins', 'ops']), '/')
  assert.equal(await enter(['ops']), '/')
  assert.deepEqual(await held(), ['administrator', 'operator'])
  const last = isError('last_administrator')
  await assert.rejects(putProvider('corp', provider.issuer, { disabled: true }), last)
  await assert.rejects(putProvider('corp', provider.issuer, { roles: [] }), last)
  await assert.rejects(identity.providers.providers.remove('corp', localActor), last)
  await keelson.addPerson('leo', 'administrator')
  assert.equal(await enter(['ops']), '/')
  assert.deepEqual(await held(), ['operator'])
})

test('what is taken out of the map is taken from everybody; all goes with the provider', async () => {
  await using keelson = await open({ roles })
  const { enter, held, putProvider, provider, identity } = keelson
  await keelson.addPerson('leo', 'administrator')
  await enter(['ops', 'shop'])
  await putProvider('corp', provider.issuer, { roles: roles.slice(1) })
  assert.deepEqual(await held(), ['editor stack:shop'])
  await putProvider('corp', provider.issuer, { disabled: true })
  assert.deepEqual(await held(), [])
  await putProvider('corp', provider.issuer, { disabled: false })
  await enter(['shop'])
  assert.deepEqual(await held(), ['editor stack:shop'])
  await identity.providers.providers.remove('corp', localActor)
  assert.deepEqual(await held(), [])
})

test('a role that is there no more is passed over', async () => {
  await using keelson = await open({})
  const { identity, putProvider, provider, enter, held } = keelson
  await identity.roles.put('watcher', { permissions: ['logs:read'] }, localActor)
  const map = [...roles, { group: 'ops', role: 'watcher' }]
  await putProvider('corp', provider.issuer, { roles: map })
  await identity.roles.remove('watcher', localActor)
  assert.equal(await enter(['ops']), '/')
  assert.deepEqual(await held(), ['operator'])
})

test('a grant that follows a group can be revoked by hand, and comes back with the next sign-in', async () => {
  await using keelson = await open({ roles })
  const { identity, enter, held } = keelson
  await enter(['ops'])
  const [grant] = (await identity.grants.list({ user: 'ana', limit: 1 })).items
  await identity.grants.revoke(grant?.id ?? '', localActor)
  assert.deepEqual(await held(), [])
  await enter(['ops'])
  assert.deepEqual(await held(), ['operator'])
})
