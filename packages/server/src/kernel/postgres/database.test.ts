import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { AppError } from '../errors.ts'
import { ensureDatabase, tcpUrl, type EmbeddedPostgres } from './index.ts'
import { createGround, query } from './testing/ground.ts'

const ground = createGround()
let pg: EmbeddedPostgres
let admin: string
before(async () => {
  pg = await ground.start(ground.dataDir())
  admin = pg.connection.connectionString
})
after(() => ground[Symbol.asyncDispose]())

const denied = (reason: RegExp) => (thrown: unknown) => {
  assert(thrown instanceof AppError, String(thrown))
  assert.equal(thrown.code, 'database_create_denied')
  assert.match(String(thrown.details['reason']), reason)
  return true
}

const urlOf = ({ database, role, password }: Record<'database' | 'role' | 'password', string>) =>
  tcpUrl(pg, { database, user: role, password })

describe('ensureDatabase', () => {
  test('makes a role that owns its database, and may be called again', async () => {
    const shop = { database: 'shop', role: 'shop', password: 'päss/wörd?' }
    assert.deepEqual(await ensureDatabase(admin, shop), { created: true })
    assert.deepEqual(await ensureDatabase(admin, shop), { created: false })
    await query(urlOf(shop), 'create table item (id integer)')
    await query(urlOf(shop), 'create schema more')
  })

  test('another password takes the place of the former', async () => {
    const former = { database: 'turn', role: 'turn', password: 'one' }
    await ensureDatabase(admin, former)
    await ensureDatabase(admin, { ...former, password: 'two' })
    await query(urlOf({ ...former, password: 'two' }), 'select 1')
    await assert.rejects(query(urlOf(former), 'select 1'), { code: '28P01' })
  })

  test('a role gets no further than its own database', async () => {
    const [one, two] = ['one', 'two'].map((name) => ({
      database: name,
      role: name,
      password: name,
    }))
    await ensureDatabase(admin, one!)
    await ensureDatabase(admin, two!)
    for (const database of ['two', 'keelson', 'postgres', 'template1']) {
      await assert.rejects(
        query(urlOf({ ...one!, database }), 'select 1'),
        { code: '42501' },
        database,
      )
    }
    for (const statement of [
      'create database mine',
      'create role mine',
      'alter role one superuser',
      `copy (select 1) to '/tmp/keelson-test-leak'`,
    ]) {
      await assert.rejects(query(urlOf(one!), statement), { code: '42501' }, statement)
    }
  })

  test('any name that PostgreSQL allows works, and is no SQL', async () => {
    const name = `x"; drop role "keelson"; --' $1 ü`
    const odd = { database: name, role: name, password: `'; select 1; --` }
    assert.deepEqual(await ensureDatabase(admin, odd), { created: true })
    assert.deepEqual(await ensureDatabase(admin, odd), { created: false })
    // Not by a URL: pg decodes the name of the database in one only in part.
    const { host, port } = pg.connection
    const config = { host, port, database: name, user: name, password: odd.password }
    const [row] = await query(config, 'select current_database() as name, current_user as role')
    assert.deepEqual(row, { name, role: name })
  })

  test('many at once end in the same state', async () => {
    const same = { database: 'race', role: 'race', password: 'race' }
    const results = await Promise.all(Array.from({ length: 8 }, () => ensureDatabase(admin, same)))
    assert(results.some(({ created }) => created))
    await query(urlOf(same), 'select 1')
  })

  for (const [what, names, reason] of [
    ['our own role', { database: 'theirs', role: 'keelson' }, /not made by Keelson/],
    ['our own database', { database: 'keelson', role: 'thief' }, /belongs to keelson/],
    ['an empty name', { database: '', role: 'empty' }, /1 to 63 bytes/],
    ['a name that would be cut off', { database: 'ü'.repeat(32), role: 'long' }, /1 to 63 bytes/],
  ] as const) {
    test(`${what} is refused`, async () => {
      await assert.rejects(ensureDatabase(admin, { ...names, password: 'x' }), denied(reason))
      await query(admin, 'select 1') // the superuser still has his password
    })
  }

  describe('on a server of the user', () => {
    test('works for a role that may create databases and roles', async () => {
      await query(admin, `create role dba login createdb createrole password 'dba'`)
      await query(admin, 'grant connect on database postgres to dba')
      const dba = urlOf({ database: 'postgres', role: 'dba', password: 'dba' })
      const app = { database: 'app', role: 'app', password: 'app' }
      assert.deepEqual(await ensureDatabase(dba, app), { created: true })
      assert.deepEqual(await ensureDatabase(dba, app), { created: false })
      await query(urlOf(app), 'create table item (id integer)')
      const [row] = await query(
        admin,
        `select has_database_privilege('public', 'app', 'connect') as open`,
      )
      assert.equal(row?.['open'], false)
    })

    test('says what is missing to a role that may not', async () => {
      await query(admin, `create role guest login password 'guest'`)
      await query(admin, 'grant connect on database postgres to guest')
      const guest = urlOf({ database: 'postgres', role: 'guest', password: 'guest' })
      const wanted = { database: 'nope', role: 'nope', password: 'secret-word' }
      await assert.rejects(ensureDatabase(guest, wanted), (thrown: unknown) => {
        denied(/permission denied/)(thrown)
        assert(thrown instanceof AppError)
        assert.match(thrown.hint, /CREATEDB and CREATEROLE/)
        assert.equal(
          JSON.stringify([thrown.message, thrown.details]).includes('secret-word'),
          false,
        )
        return true
      })
    })

    test('says where it looked when nobody answers', async () => {
      const nowhere = 'postgres://user:secret-word@127.0.0.1:1/none'
      await assert.rejects(
        ensureDatabase(nowhere, { database: 'a', role: 'a', password: 'a' }),
        (thrown: unknown) => {
          assert(thrown instanceof AppError)
          assert.equal(thrown.code, 'database_unavailable')
          assert.equal(thrown.message.includes('secret-word'), false)
          return true
        },
      )
    })
  })
})
