import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { openTokens } from '../testing/open-tokens.ts'

type Detail = {
  before?: Record<string, unknown>
  after?: Record<string, unknown>
  concerns?: string[]
}

const open = async () => {
  const keelson = await openTokens()
  const id = await keelson.addPerson('leo')
  return {
    ...{ ...keelson, id },
    /** What rows of this action say, oldest first. */
    async told(action: string): Promise<Detail[]> {
      const rows = await keelson.db.many<{ detail: string }>(
        'select detail from kernel.audit_entry where action = $1 order by xmin::text::bigint, number',
        [action],
      )
      return rows.map(({ detail }) => JSON.parse(detail) as Detail)
    },
  }
}

test('a grant tells whom it is for by name and id, and is in their history and that of the role', async () => {
  await using keelson = await open()
  const { grants } = keelson.identity
  const on = { name: 'stack:shop' }
  const grant = await grants.create({ user: 'leo', role: 'viewer', on }, localActor)
  await grants.revoke(grant.id, localActor)
  const told = {
    ...{ holder: { kind: 'user', id: keelson.id, name: 'leo' }, role: 'viewer' },
    ...{ effect: 'allow', on, expiresAt: null },
  }
  const created = (await keelson.told('grant.created')).at(-1)
  assert.deepEqual(created?.after, told)
  assert.deepEqual(created?.concerns, [`user:${keelson.id}`, 'user:leo', 'role:viewer'])
  const [revoked] = await keelson.told('grant.revoked')
  assert.deepEqual([revoked?.before, revoked?.concerns], [told, created?.concerns])
})

type Opened = Awaited<ReturnType<typeof open>>
const deletions: [string, string, (keelson: Opened) => Promise<unknown>][] = [
  [
    'a user',
    'user:leo',
    async ({ identity, root }) => {
      await identity.grants.create({ user: 'leo', role: 'viewer' }, localActor)
      await identity.people.remove('leo', null, root)
    },
  ],
  [
    'a service account',
    'service_account:deploy',
    async ({ accounts, root }) => {
      await accounts.create({ name: 'deploy', role: 'viewer' }, root)
      await accounts.remove('deploy', root)
    },
  ],
  [
    'a team',
    'team:payments',
    async ({ identity, root }) => {
      await identity.teams.create({ name: 'payments' }, root)
      await identity.grants.create({ team: 'payments', role: 'viewer' }, root)
      await identity.teams.remove('payments', root)
    },
  ],
  [
    'a provider',
    'user:leo',
    async ({ identity, id, db, root }) => {
      const { providers } = identity.providers
      const settings = { issuer: 'https://id.example.org', clientId: 'keelson', disabled: true }
      await providers.put('corp', { name: 'Corp', ...settings }, root)
      const following = { principalId: id, role: 'viewer', providerId: 'corp' }
      await db.transaction((tx) => identity.access.grantIn(tx, localActor, following))
      await providers.remove('corp', root)
    },
  ],
]
for (const [what, holder, remove] of deletions) {
  test(`grants that go with ${what} are told as revoked`, async () => {
    await using keelson = await open()
    await remove(keelson)
    const told = await keelson.told('grant.revoked')
    assert.deepEqual(
      told.map(({ before, concerns }) => [before?.role, concerns?.includes(holder)]),
      [['viewer', true]],
    )
  })
}

test('more than a hundred that go at once are told a hundred in a row', async () => {
  await using keelson = await open()
  await keelson.db.execute(
    `insert into identity.grant_held
       (id, principal_id, role, effect, selector, created_by, created_at)
     select 'g-' || n, $1, 'viewer', 'allow', '{}', 'root', now() from generate_series(1, 201) n`,
    [keelson.id],
  )
  await keelson.identity.people.remove('leo', null, keelson.root)
  const told = await keelson.told('grant.revoked')
  const sizes = told.map(({ before }) => (Array.isArray(before?.grants) ? before.grants.length : 0))
  assert.deepEqual(sizes, [100, 100, 1])
  assert.deepEqual(
    (await keelson.audited('grant.revoked')).map((row) => row.split(' about ')[1]),
    ['1 to 100 of 201 grants', '101 to 200 of 201 grants', '201 to 201 of 201 grants'],
  )
  assert.ok(told.every(({ concerns }) => concerns?.includes('user:leo')))
})
