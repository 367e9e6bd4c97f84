import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../kernel/errors.ts'
import { Secret } from '../kernel/log.ts'
import { createManualClock, createTestDb, until } from '../kernel/testing/index.ts'
import { sessionCookie } from '../kernel/session-cookie.ts'
import { createIdentity } from './identity.ts'
import { replaceSetupLink } from './store.ts'

const migrations = [{ domain: 'identity', dir: join(import.meta.dirname, 'migrations') }]
const localToken = new Secret('L'.repeat(43))
const minuteMs = 60_000
const hourMs = 60 * minuteMs

const open = async () => {
  const test = await createTestDb({ migrations })
  const clock = createManualClock()
  const identity = createIdentity({ db: test.db, clock, localToken })
  const link = async (): Promise<string> => {
    const { url } = await identity.createSetupLink('http://127.0.0.1:7070')
    return url.slice(url.indexOf('#') + 1)
  }
  const signIn = async (): Promise<string> => (await identity.signIn(await link())).sessionToken
  const kindOf = async (token: string): Promise<string> =>
    (await identity.authenticate(withCookie(token))).kind
  return {
    ...{ db: test.db, clock, identity, link, signIn, kindOf },
    [Symbol.asyncDispose]: () => test[Symbol.asyncDispose](),
  }
}

const requestWith = (headers: object, cookies: Record<string, string>): FastifyRequest => {
  const cookie = Object.entries(cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
  return { headers: { ...headers, cookie }, cookies } as unknown as FastifyRequest
}
const withCookie = (token: string) => requestWith({}, { [sessionCookie]: token })
const withHeader = (authorization: string) => requestWith({ authorization }, {})

const isError =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof AppError && error.code === code

test('a link opens a session of twelve hours', async () => {
  await using keelson = await open()
  const { sessionToken, actor } = await keelson.identity.signIn(await keelson.link())
  assert.equal(actor.kind, 'administrator')
  assert.equal(actor.expiresAt?.toISOString(), '2026-01-01T12:00:00.000Z')
  const found = await keelson.identity.authenticate(withCookie(sessionToken))
  assert.deepEqual(found, actor)
})

test('a link carries its token in the fragment, which reaches no server', async () => {
  await using keelson = await open()
  const { url, expiresAt } = await keelson.identity.createSetupLink('http://127.0.0.1:7070')
  const { pathname, search, hash } = new URL(url)
  assert.equal(pathname + search, '/sign-in')
  assert.match(hash, /^#[A-Za-z0-9_-]{43}$/)
  assert.equal(expiresAt, '2026-01-01T00:30:00.000Z')
})

test('of twenty who use one link at once exactly one is let in', async () => {
  await using keelson = await open()
  const token = await keelson.link()
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, () => keelson.identity.signIn(token)),
  )
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const one of tries) {
    if (one.status === 'rejected') assert.ok(isError('link_invalid')(one.reason))
  }
  const { count } = await keelson.db.one<{ count: string }>('select count(*) from identity.session')
  assert.equal(count, '1')
})

const spoilt: [string, (keelson: Awaited<ReturnType<typeof open>>) => Promise<string>][] = [
  [
    'was used',
    async (keelson) => {
      const token = await keelson.link()
      await keelson.identity.signIn(token)
      return token
    },
  ],
  [
    'is half an hour old',
    async (keelson) => {
      const token = await keelson.link()
      keelson.clock.advance(30 * minuteMs)
      return token
    },
  ],
  [
    'was followed by a newer one',
    async (keelson) => {
      const token = await keelson.link()
      await keelson.link()
      return token
    },
  ],
  ['nobody made', async () => 'x'.repeat(43)],
  ['is empty', async () => ''],
]
for (const [what, make] of spoilt) {
  test(`a link that ${what} lets nobody in`, async () => {
    await using keelson = await open()
    const token = await make(keelson)
    const before = await keelson.db.many('select * from identity.session')
    await assert.rejects(keelson.identity.signIn(token), isError('link_invalid'))
    assert.deepEqual(await keelson.db.many('select * from identity.session'), before)
  })
}

test('a wrong link does not use up the right one', async () => {
  await using keelson = await open()
  const token = await keelson.link()
  await assert.rejects(keelson.identity.signIn('wrong'), isError('link_invalid'))
  assert.ok(await keelson.identity.signIn(token))
})

test('of two links made at once only the later one is left', async () => {
  await using keelson = await open()
  const { db } = keelson
  const expiresAt = new Date('2030-01-01')
  let later: Promise<void> | undefined
  await db.transaction(async (tx) => {
    await replaceSetupLink(tx, Buffer.from('first'), expiresAt)
    let isDone = false
    later = db.transaction((other) => replaceSetupLink(other, Buffer.from('second'), expiresAt))
    void later.then(() => (isDone = true))
    await until('the other waits, or has gone ahead', async () => {
      const waiting = await db.many(
        `select 1 from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      )
      return isDone || waiting.length > 0
    })
  })
  await later
  const left = await db.many<{ link: string }>(
    `select convert_from(token_digest, 'UTF8') as link from identity.setup_link`,
  )
  assert.deepEqual(
    left.map(({ link }) => link),
    ['second'],
  )
})

test('a session ends with its twelve hours, also one that was seen a moment ago', async () => {
  await using keelson = await open()
  const token = await keelson.signIn()
  keelson.clock.advance(12 * hourMs - 1)
  assert.equal(await keelson.kindOf(token), 'administrator')
  keelson.clock.advance(1)
  assert.equal(await keelson.kindOf(token), 'anonymous')
})

test('sessions that have ended are removed by the next to sign in', async () => {
  await using keelson = await open()
  await keelson.signIn()
  keelson.clock.advance(12 * hourMs)
  await keelson.signIn()
  assert.equal((await keelson.db.many('select 1 from identity.session')).length, 1)
})

test('signing out ends this session at once, and no other', async () => {
  await using keelson = await open()
  const [mine, other] = [await keelson.signIn(), await keelson.signIn()]
  assert.equal(await keelson.kindOf(mine), 'administrator')
  await keelson.identity.signOut(mine)
  assert.equal(await keelson.kindOf(mine), 'anonymous')
  assert.equal(await keelson.kindOf(other), 'administrator')
})

test('a request under way while its session is signed out does not prolong it', async () => {
  await using keelson = await open()
  for (let round = 0; round < 20; round += 1) {
    const token = await keelson.signIn()
    const requests = Array.from({ length: 5 }, () => keelson.kindOf(token))
    await keelson.identity.signOut(token)
    await Promise.all(requests)
    assert.equal(await keelson.kindOf(token), 'anonymous')
  }
})

test('signing out without a session is nothing', async () => {
  await using keelson = await open()
  await keelson.identity.signOut(undefined)
  await keelson.identity.signOut('unknown')
})

test('a session is known without the database for five seconds and no longer', async () => {
  await using keelson = await open()
  const token = await keelson.signIn()
  assert.equal(await keelson.kindOf(token), 'administrator')
  await keelson.db.execute('delete from identity.session')
  keelson.clock.advance(4999)
  assert.equal(await keelson.kindOf(token), 'administrator')
  keelson.clock.advance(1)
  assert.equal(await keelson.kindOf(token), 'anonymous')
})

test('the database holds digests and no token', async () => {
  await using keelson = await open()
  const session = await keelson.signIn()
  const link = await keelson.link()
  const rows = await keelson.db.many<{ row: string; digest: Buffer }>(
    `select s::text as row, token_digest as digest from identity.session s
     union all select l::text, token_digest from identity.setup_link l`,
  )
  assert.equal(rows.length, 2)
  for (const { row, digest } of rows) {
    assert.equal(digest.length, 32)
    for (const token of [session, link]) {
      assert.ok(!row.includes(token))
      assert.ok(!digest.equals(Buffer.from(token)))
      assert.ok(!digest.equals(Buffer.from(token, 'base64url')))
    }
  }
})

test('the local token makes its holder the local administrator', async () => {
  await using keelson = await open()
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    const request = withHeader(`${scheme} ${localToken.reveal()}`)
    assert.equal((await keelson.identity.authenticate(request)).kind, 'local')
  }
})

const wrongTokens = ['x', 'L'.repeat(42), 'L'.repeat(44), `${'L'.repeat(42)}M`, 'l'.repeat(43)]
for (const token of wrongTokens) {
  test(`the bearer token ${token} is refused, not taken for nobody`, async () => {
    await using keelson = await open()
    const request = withHeader(`Bearer ${token}`)
    await assert.rejects(keelson.identity.authenticate(request), isError('unauthenticated'))
  })
}

test('a session is no bearer token, and the local token no session', async () => {
  await using keelson = await open()
  const session = await keelson.signIn()
  await assert.rejects(
    keelson.identity.authenticate(withHeader(`Bearer ${session}`)),
    isError('unauthenticated'),
  )
  assert.equal(await keelson.kindOf(localToken.reveal()), 'anonymous')
})

for (const request of [requestWith({}, {}), withCookie(''), withHeader('Basic eDp5')]) {
  test(`${JSON.stringify(request)} is nobody`, async () => {
    await using keelson = await open()
    assert.equal((await keelson.identity.authenticate(request)).kind, 'anonymous')
  })
}
