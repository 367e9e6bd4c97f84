import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock as clock } from '../../../kernel/clock.ts'
import { createTestDb, quietLog as log, testKeyring } from '../../../kernel/testing/index.ts'
import { sealedColumns } from './sealed.ts'
import { certificateKeeping, loadAccountKey } from './store.ts'

const migrations = [{ domain: 'gateway', dir: join(import.meta.dirname, '../../migrations') }]

test('every sealed column of the gateway is sealed anew after a rotation', async () => {
  await using world = await createTestDb({ migrations })
  const columns = await world.db.many<{ name: string }>(
    `select table_schema || '.' || table_name || '.' || column_name as name
     from information_schema.columns
     where table_schema = 'gateway' and column_name like 'sealed%' order by 1`,
  )
  assert.deepEqual(
    columns.map(({ name }) => name),
    sealedColumns.map(({ table, column }) => `${table}.${column}`).sort(),
  )
})

test('each opens as its column says', async () => {
  await using world = await createTestDb({ migrations })
  const { db } = world
  const store = { db, keyring: testKeyring, clock, log }
  const account = await loadAccountKey(store)
  assert.ok((await loadAccountKey(store)).equals(account))
  await certificateKeeping(store).save({
    ...{ source: 'https://acme.example/directory', names: ['a.test', 'b.test'] },
    ...{ cert: 'chain', key: 'hush' },
  })
  const opened: string[] = []
  for (const { table, id, column, purpose, bound } of sealedColumns) {
    const rows = await db.many<{ id: string; sealed: string }>(
      `select ${id}::text as id, ${column} as sealed from ${table}`,
    )
    for (const row of rows) {
      opened.push(testKeyring.open(purpose, row.sealed, bound(row.id)).toString())
    }
  }
  assert.deepEqual(opened, ['hush', account.export({ type: 'pkcs8', format: 'pem' })])
})
