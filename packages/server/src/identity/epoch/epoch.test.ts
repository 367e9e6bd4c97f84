import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createManualClock, createTestDb, until } from '../../kernel/testing/index.ts'
import { isError } from '../testing/open-identity.ts'
import { createEpoch } from './epoch.ts'

const migrations = [{ domain: 'identity', dir: join(import.meta.dirname, '../migrations') }]

const open = async () => {
  const testDb = await createTestDb({ migrations })
  const clock = createManualClock()
  const epoch = createEpoch({ db: testDb.db, clock })
  await epoch.start()
  return {
    ...{ db: testDb.db, clock, epoch },
    async [Symbol.asyncDispose]() {
      await epoch.stop()
      await testDb[Symbol.asyncDispose]()
    },
  }
}

test('what this process has changed is known once it has settled', async () => {
  await using opened = await open()
  const { db, epoch } = opened
  const heard: string[] = []
  epoch.onChange('access', async () => void heard.push('access'))
  epoch.onChange('credentials', () => void heard.push('credentials'))
  const before = epoch.now('access')
  await db.transaction((tx) => epoch.advance(tx, 'access'))
  await epoch.settled()
  assert.equal(epoch.now('access'), before + 1)
  assert.deepEqual(heard, ['access'])
})

test('a change that is rolled back is none', async () => {
  await using opened = await open()
  const { db, epoch } = opened
  const before = epoch.now('credentials')
  const failed = db.transaction(async (tx) => {
    await epoch.advance(tx, 'credentials')
    throw new Error('no')
  })
  await assert.rejects(failed, /no/)
  await epoch.settled()
  assert.equal(epoch.now('credentials'), before)
})

test('a change whose notification is lost is seen half a second later', async () => {
  await using opened = await open()
  const { db, clock, epoch } = opened
  const before = epoch.now('access')
  await db.execute('update identity.epoch set access = access + 1')
  assert.equal(epoch.now('access'), before)
  clock.advance(500)
  await until('the poll has seen it', () => epoch.now('access') === before + 1)
})

test('without a word from the database nothing is believed after five seconds', async () => {
  await using opened = await open()
  const { clock, epoch } = opened
  await epoch.stop()
  clock.advance(5000)
  epoch.now('access')
  clock.advance(1)
  assert.throws(() => epoch.now('access'), isError('database_unavailable'))
})
