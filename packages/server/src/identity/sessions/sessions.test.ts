import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openIdentity } from '../testing/open-identity.ts'
import { deviceOf } from './device.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

const open = async () => {
  const keelson = await openIdentity()
  const id = await keelson.addPerson('ana')
  const signIn = async () => (await keelson.signIn('ana')).token
  const rows = () => keelson.db.many<{ last_used_at: Date }>('select * from identity.session')
  return { ...keelson, id, signInOnce: signIn, rows }
}

test('ASVS 7.3.1: a session that is not used for a day is over', async () => {
  await using keelson = await open()
  const token = await keelson.signInOnce()
  await keelson.later(dayMs - minuteMs)
  assert.equal(await keelson.kindOf(token), 'user')
  await keelson.later(dayMs - minuteMs)
  assert.equal(await keelson.kindOf(token), 'user', 'use prolongs it')
  await keelson.later(dayMs)
  assert.equal(await keelson.kindOf(token), 'anonymous')
})

test('ASVS 7.3.2: a session is over after a week, however much it is used', async () => {
  await using keelson = await open()
  const token = await keelson.signInOnce()
  for (let day = 1; day < 14; day += 1) {
    await keelson.later(dayMs / 2)
    assert.equal(await keelson.kindOf(token), 'user', `after ${day / 2} days`)
  }
  await keelson.later(dayMs / 2)
  assert.equal(await keelson.kindOf(token), 'anonymous')
})

test('a clock that jumps ahead and back ends nobody’s session', async () => {
  await using keelson = await open()
  const token = await keelson.signInOnce()
  const { clock } = keelson
  const before = clock.now()
  clock.now = () => new Date(before.getTime() + 20 * dayMs)
  assert.equal(await keelson.kindOf(token), 'anonymous')
  await keelson.signInOnce()
  clock.now = () => before
  assert.equal(await keelson.kindOf(token), 'user')
})

test('the last use is written once a minute and not more often', async () => {
  await using keelson = await open()
  const token = await keelson.signInOnce()
  const lastUse = async () => (await keelson.rows())[0]?.last_used_at.toISOString()
  for (let time = 0; time < 5; time += 1) {
    await keelson.later(10_000)
    await keelson.kindOf(token)
  }
  assert.equal(await lastUse(), '2026-01-01T00:00:00.000Z')
  await keelson.later(10_000)
  await keelson.kindOf(token)
  await keelson.later(0)
  assert.equal(await lastUse(), '2026-01-01T00:01:00.000Z')
})

test('the database holds a digest and no token', async () => {
  await using keelson = await open()
  const token = await keelson.signInOnce()
  const { row, digest } = await keelson.db.one<{ row: string; digest: Buffer }>(
    'select session::text as row, token_digest as digest from identity.session session',
  )
  assert.equal(digest.length, 32)
  assert.ok(!row.includes(token) && !digest.equals(Buffer.from(token, 'base64url')))
})

test('a request under way while its session is ended does not keep it alive', async () => {
  await using keelson = await open()
  for (let round = 0; round < 10; round += 1) {
    const token = await keelson.signInOnce()
    const actor = await keelson.authenticate(token)
    const requests = Array.from({ length: 5 }, () => keelson.kindOf(token))
    await keelson.identity.account.signOut(actor)
    await Promise.all(requests)
    assert.equal(await keelson.kindOf(token), 'anonymous')
  }
})

test('sessions that are long over are removed by the next to sign in', async () => {
  await using keelson = await open()
  await keelson.signInOnce()
  await keelson.later(38 * dayMs)
  await keelson.signInOnce()
  assert.equal((await keelson.rows()).length, 1)
})

test('a person sees where they are signed in, the last used first', async () => {
  await using keelson = await open()
  await keelson.signIn('ana', { userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0' })
  await keelson.later(1000)
  await keelson.signIn('ana', { address: '2001:db8::1' })
  const list = await keelson.identity.sessions.list(keelson.id)
  assert.deepEqual(
    list.map((row) => [row.address, deviceOf(row.user_agent)]),
    [
      ['2001:db8::1', 'unknown device'],
      ['192.0.2.7', 'Firefox on Linux'],
    ],
  )
})

const agents: [string | null, string][] = [
  [
    'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0',
    'Edge on Windows',
  ],
  [
    'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1',
    'Safari on iOS',
  ],
  ['Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36', 'Chrome on Android'],
  ['curl/8.14.1', 'curl'],
  ['<script>', 'another program'],
  ['keelson-cli/1.2.0', 'keelson command line'],
  ['keelson-cli/1.2.0 <script>', 'another program'],
  [null, 'unknown device'],
]
for (const [agent, device] of agents) {
  test(`${agent?.slice(0, 40) ?? 'no user agent'} is ${device}`, () => {
    assert.equal(deviceOf(agent), device)
  })
}
