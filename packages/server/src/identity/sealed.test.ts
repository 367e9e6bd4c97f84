import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTotp } from './factors/totp.ts'
import { sealSecret } from './providers/secret.ts'
import { numberedColumns, sealedColumns } from './sealed.ts'
import { openIdentity } from './testing/open-identity.ts'

/** Sealed for some seconds. */
const passing = ['identity.refresh_token.sealed_successor']

test('every sealed column of identity is sealed anew after a rotation', async () => {
  await using keelson = await openIdentity()
  const columns = await keelson.db.many<{ name: string }>(
    `select table_schema || '.' || table_name || '.' || column_name as name
     from information_schema.columns
     where table_schema = 'identity' and column_name like 'sealed%' order by 1`,
  )
  assert.deepEqual(
    columns.map(({ name }) => name),
    [...sealedColumns.map(({ table, column }) => `${table}.${column}`), ...passing].sort(),
  )
})

test('the columns are there, with their keys', async () => {
  await using keelson = await openIdentity()
  for (const { table, id, column } of sealedColumns) {
    assert.deepEqual(await keelson.db.many(`select ${id}, ${column} from ${table} limit 0`), [])
  }
  for (const { table, number } of numberedColumns) {
    assert.deepEqual(await keelson.db.many(`select ${number} from ${table} limit 0`), [])
  }
})

test('each opens as its column says', async () => {
  await using keelson = await openIdentity()
  const { db, deps } = keelson
  const { keyring } = deps
  const ana = await keelson.addPerson('ana')
  const { secret } = await db.transaction((tx) =>
    createTotp(deps).begin(tx, { id: ana, name: 'ana' }),
  )
  await db.execute(
    `insert into identity.provider (id, name, issuer, client_id, sealed_secret, scopes,
       groups_claim, creates_users, trusts_factors, allows_internal, created_at)
     values ('own', 'Own', 'https://id.example', 'k', $1, '{}', 'groups', false, false, false, now())`,
    [sealSecret(keyring, 'own', 'hush')],
  )
  const opened: Record<string, string> = {}
  for (const { what, table, id, column, purpose, bound } of sealedColumns) {
    const rows = await db.many<{ id: string; sealed: string }>(
      `select ${id} as id, ${column} as sealed from ${table}`,
    )
    assert.equal(rows.length, 1, what)
    for (const row of rows) {
      opened[what] = keyring.open(purpose, row.sealed, bound(row.id)).toString('latin1')
    }
  }
  assert.ok(opened['secrets of authenticator apps']?.includes(secret))
  assert.equal(opened['secrets of sign-in providers'], 'hush')
})
