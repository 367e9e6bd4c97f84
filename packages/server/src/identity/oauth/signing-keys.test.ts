import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import {
  createManualClock,
  createTestDb,
  quietLog,
  testKeyring,
  until,
} from '../../kernel/testing/index.ts'
import { createSigningKeys } from './signing-keys.ts'

const migrations = [{ domain: 'identity', dir: join(import.meta.dirname, '../migrations') }]
const hourMs = 3_600_000
const dayMs = 24 * hourMs

const open = async () => {
  const testDb = await createTestDb({ migrations })
  const { db } = testDb
  const clock = createManualClock()
  const started: ReturnType<typeof createSigningKeys>[] = []
  const process = async () => {
    const keys = createSigningKeys({ db, clock, log: quietLog, keyring: testKeyring })
    started.push(keys)
    await keys.start()
    return keys
  }
  return {
    ...{ db, clock, process },
    count: () => db.one<{ n: number }>('select count(*)::int as n from identity.signing_key'),
    async [Symbol.asyncDispose]() {
      for (const keys of started) await keys.stop()
      await testDb[Symbol.asyncDispose]()
    },
  }
}

const idsOf = (keys: ReturnType<typeof createSigningKeys>): string[] =>
  keys.published().keys.map(({ kid }) => kid ?? '')
const signerOf = async (keys: ReturnType<typeof createSigningKeys>): Promise<string> =>
  decodeProtectedHeader(await keys.sign({ sub: 'a' }, 'at+jwt')).kid ?? ''

test('processes that start at once make one key, and what is published is its public half', async () => {
  await using opened = await open()
  const all = await Promise.all([opened.process(), opened.process(), opened.process()])
  assert.deepEqual(await opened.count(), { n: 1 })
  const [first] = all
  assert.ok(first !== undefined)
  for (const keys of all) assert.deepEqual(idsOf(keys), idsOf(first))
  const [key] = first.published().keys
  assert.deepEqual(Object.keys(key ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
})

test('the next key is published a day before it signs; the former until its tokens are over', async () => {
  await using opened = await open()
  const { clock } = opened
  const [keys, other] = [await opened.process(), await opened.process()]
  const [first] = idsOf(keys)
  clock.advance(29 * dayMs)
  await until('the next key is known', () => idsOf(keys).length === 2 && idsOf(other).length === 2)
  assert.equal(await signerOf(keys), first)
  clock.advance(dayMs - 1)
  assert.equal(await signerOf(other), first)
  clock.advance(1)
  const second = await signerOf(keys)
  assert.notEqual(second, first)
  assert.equal(await signerOf(other), second)
  clock.advance(15 * 60_000 - 1)
  assert.deepEqual(idsOf(keys), [first, second])
  assert.ok(keys.find(first) !== undefined)
  clock.advance(1)
  assert.deepEqual(idsOf(keys), [second])
  assert.equal(keys.find(first), undefined)
})

test('after months of rest the former key signs on, until the next has been seen for an hour', async () => {
  await using opened = await open()
  const { clock } = opened
  const before = await opened.process()
  const [first] = idsOf(before)
  await before.stop()
  clock.advance(100 * dayMs)
  const keys = await opened.process()
  assert.equal(idsOf(keys).length, 2)
  assert.equal(await signerOf(keys), first)
  clock.advance(hourMs)
  assert.notEqual(await signerOf(keys), first)
})

test('a clock that jumped ahead and back leaves a key to sign with', async () => {
  await using opened = await open()
  const { clock } = opened
  clock.advance(400 * dayMs)
  await (await opened.process()).stop()
  const back = createManualClock()
  const keys = createSigningKeys({
    ...{ db: opened.db, clock: back, log: quietLog, keyring: testKeyring },
  })
  await keys.start()
  assert.equal(await signerOf(keys), idsOf(keys)[0])
  await keys.stop()
})

test('the private half is nowhere as it is', async () => {
  await using opened = await open()
  await opened.process()
  const row = await opened.db.one<{ id: string; sealed_private: string }>(
    'select id, sealed_private from identity.signing_key',
  )
  assert.throws(() => testKeyring.open('signing-key', row.sealed_private, 'another'))
  assert.equal(testKeyring.numberOf(row.sealed_private), 1)
})
