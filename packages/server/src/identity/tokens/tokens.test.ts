import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewApiToken } from '@keelson/contract'
import { localActor } from '../../kernel/actor.ts'
import { isError } from '../testing/open-identity.ts'
import { after, hourMs, minuteMs, openTokens } from '../testing/open-tokens.ts'

const unauthenticated = isError('unauthenticated')
const refused = isError('token_refused')

test('a token is told with all but its secret, which is told once', async () => {
  await using keelson = await openTokens()
  const id = await keelson.addPerson('ana', 'operator')
  const made = await keelson.make('ana', {
    ...{ name: '  deploy ', scopes: ['services:restart'], networks: [' 10.0.0.0/8'] },
    expiresAt: after(hourMs),
  })
  assert.deepEqual(made.token, {
    ...{ id: made.secret.slice(4, 20), name: 'deploy', createdBy: 'ana' },
    ...{ owner: { id, name: 'ana', kind: 'user' }, scopes: ['services:restart'] },
    ...{ networks: ['10.0.0.0/8'], createdAt: after(0), expiresAt: after(hourMs) },
    ...{ lastUsedAt: null, lastUsedAddress: null, formerUntil: null, boundedBy: [] },
  })
  assert.deepEqual(await keelson.tokens.listOf(id), [made.token])
  assert.deepEqual(await keelson.audited('token.created'), [
    'token.created done by ana about deploy',
  ])
})

const wrongs: [string, Partial<NewApiToken>, string][] = [
  ['a scope that its maker does not hold', { scopes: ['users:write'] }, 'token_refused'],
  ['a list of scopes with none in it', { scopes: [] }, 'token_refused'],
  ['an end that is over', { expiresAt: after(0) }, 'token_refused'],
  ['a network that is none', { networks: ['10.0.0.0/33'] }, 'bad_request'],
  ['a name of blanks', { name: '  ' }, 'bad_request'],
]
test('a token that cannot be is refused, and none is made', async () => {
  await using keelson = await openTokens()
  const id = await keelson.addPerson('ana', 'operator')
  for (const [what, given, code] of wrongs) {
    await assert.rejects(keelson.make('ana', given), isError(code), what)
  }
  assert.deepEqual(await keelson.tokens.listOf(id), [])
  assert.deepEqual(await keelson.audited('token.created'), [])
})

test('after a rotation the secret before goes on for as long as told', async () => {
  await using keelson = await openTokens()
  const id = await keelson.addPerson('ana')
  const ana = await keelson.enter('ana')
  const first = await keelson.make('ana')
  const rotate = (overlapMinutes: number, expiresAt?: string) =>
    keelson.tokens.rotate(
      { id, name: 'ana' },
      first.token.id,
      { overlapMinutes, ...(expiresAt === undefined ? {} : { expiresAt }) },
      ana,
    )
  const works = (secret: string) =>
    keelson.present(secret).then(
      ({ expiresAt }) => expiresAt?.toISOString() ?? 'for ever',
      (error: unknown) => (unauthenticated(error) ? 'no' : assert.fail(error as Error)),
    )
  const second = await rotate(60)
  assert.equal(second.token.formerUntil, after(hourMs))
  assert.deepEqual(
    [await works(first.secret), await works(second.secret)],
    [after(hourMs), 'for ever'],
  )
  await keelson.later(hourMs)
  assert.deepEqual([await works(first.secret), await works(second.secret)], ['no', 'for ever'])

  const third = await rotate(0)
  assert.equal(third.token.formerUntil, null)
  assert.deepEqual([await works(second.secret), await works(third.secret)], ['no', 'for ever'])

  const fourth = await rotate(60, after(3 * hourMs))
  const fifth = await rotate(180)
  assert.deepEqual(
    [third, fourth, fifth].map(({ token }) => token.expiresAt),
    [null, after(3 * hourMs), after(3 * hourMs)],
  )
  assert.equal(await works(third.secret), 'no', 'the one before the last one ended')
  assert.equal(await works(fourth.secret), after(3 * hourMs), 'no longer than it had')
  await keelson.later(2 * hourMs)
  await assert.rejects(rotate(60), refused, 'its end is over')
  await rotate(60, after(9 * hourMs))
  assert.equal(await works(fifth.secret), 'no')
  assert.equal((await keelson.audited('token.rotated')).length, 5)
})

test('of two who rotate at once both get a secret, and the later one counts', async () => {
  await using keelson = await openTokens()
  const id = await keelson.addPerson('ana')
  const ana = await keelson.enter('ana')
  const { token } = await keelson.make('ana')
  const rotate = () =>
    keelson.tokens.rotate({ id, name: 'ana' }, token.id, { overlapMinutes: 5 }, ana)
  const secrets = (await Promise.all([rotate(), rotate()])).map(({ secret }) => secret)
  const ends = await Promise.all(
    secrets.map(async (secret) => (await keelson.present(secret)).expiresAt?.toISOString() ?? null),
  )
  assert.equal(ends.length, 2)
  assert.deepEqual(new Set(ends), new Set([after(5 * minuteMs), null]))
})

test('somebody’s token is theirs: others neither rotate nor revoke it as their own', async () => {
  await using keelson = await openTokens()
  const ana = await keelson.addPerson('ana')
  const ben = await keelson.addPerson('ben')
  const { token, secret } = await keelson.make('ana')
  const actor = await keelson.enter('ben')
  const missing = isError('not_found')
  const owner = { id: ben, name: 'ben' }
  await assert.rejects(
    keelson.tokens.rotate(owner, token.id, { overlapMinutes: 0 }, actor),
    missing,
  )
  await assert.rejects(keelson.tokens.revoke(ben, token.id, actor), missing)
  await keelson.present(secret)
  await keelson.tokens.revoke(ana, token.id, await keelson.enter('ana'))
  await assert.rejects(keelson.present(secret), unauthenticated)
  await assert.rejects(keelson.tokens.revoke(null, token.id, keelson.root), missing)
  assert.deepEqual(await keelson.audited('token.revoked'), ['token.revoked done by ana about ci'])
})

test('an owner has a hundred tokens at most; those that are over make room', async () => {
  await using keelson = await openTokens()
  const id = await keelson.addPerson('ana')
  const ana = await keelson.enter('ana')
  await keelson.make('ana', { expiresAt: after(hourMs) })
  await keelson.db.execute(
    `insert into identity.api_token (id, principal_id, name, secret_mac, pepper, created_by, created_at)
     select 'many' || number, $1, 'n', '', 1, $1, now() from generate_series(1, 98) number`,
    [id],
  )
  const both = await Promise.allSettled([
    keelson.make('ana', {}, ana),
    keelson.make('ana', {}, ana),
  ])
  const [one] = both.filter((each) => each.status === 'rejected')
  assert.ok(one !== undefined && refused(one.reason), 'one of two at once is too many')
  await keelson.later(hourMs)
  await keelson.make('ana', {}, ana)
  assert.equal((await keelson.tokens.listOf(id)).length, 100)
})

test('the list begins with those used last, and goes on by pages', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const secrets: string[] = []
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    secrets.push((await keelson.make('ana', { name })).secret)
  }
  await keelson.make('root', { name: 'root’s' })
  for (const at of [3, 1, 4]) {
    await keelson.later(1)
    await keelson.present(secrets[at] ?? '')
  }
  await keelson.db.hot.execute('select 1') // behind the writes
  const names: string[] = []
  const { id: ownerId } = await keelson.identity.people.find('ana')
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<typeof keelson.tokens.list>> = await keelson.tokens.list({
      ...{ ownerId, limit: 2, ...(cursor === null ? {} : { cursor }) },
    })
    assert.ok(page.items.length > 0 && page.items.length <= 2)
    names.push(...page.items.map(({ name }) => name))
    cursor = page.nextCursor
  } while (cursor !== null)
  assert.deepEqual(names.slice(0, 3), ['e', 'b', 'd'])
  assert.deepEqual(names.slice(3).toSorted(), ['a', 'c'])
  assert.equal((await keelson.tokens.list({ ownerId: null, limit: 10 })).items.length, 6)
  const wrong = keelson.tokens.list({ ownerId, limit: 2, cursor: 'x' })
  await assert.rejects(wrong, isError('cursor_invalid'))
})

test('whoever lacks a second factor that their role asks for makes no token', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const { id, name, ...rest } = await keelson.enter('ana')
  const made = keelson.make('ana', {}, { ...rest, id, name, factorNeeded: true })
  await assert.rejects(made, isError('factor_required'))
})

test('a token of somebody who is disabled is neither made nor given another secret', async () => {
  await using keelson = await openTokens()
  await keelson.accounts.create({ name: 'deploy' }, keelson.root)
  const { token } = await keelson.make('deploy')
  const disabled = isError('account_disabled')
  await keelson.accounts.update('deploy', { disabled: true }, keelson.root)
  await assert.rejects(keelson.make('deploy'), disabled)
  const rotated = keelson.tokens.rotate(token.owner, token.id, { overlapMinutes: 0 }, localActor)
  await assert.rejects(rotated, disabled)
})

test('while the audit cannot be written no token is made, and none revoked', async () => {
  await using keelson = await openTokens()
  const id = await keelson.addPerson('ana')
  const ana = await keelson.enter('ana')
  const { token, secret } = await keelson.make('ana')
  await keelson.db.execute('alter table kernel.audit_lane rename to away')
  await assert.rejects(keelson.make('ana', {}, ana))
  await assert.rejects(keelson.tokens.revoke(id, token.id, ana))
  assert.deepEqual((await keelson.tokens.listOf(id)).length, 1)
  await keelson.present(secret)
})

test('nobody rises by a token of an account that may more than they', async () => {
  await using keelson = await openTokens()
  await keelson.accounts.create({ name: 'chief', role: 'administrator' }, keelson.root)
  await keelson.accounts.create({ name: 'watch', role: 'viewer' }, keelson.root)
  const { token } = await keelson.make('chief')
  const forbidden = isError('forbidden')
  await keelson.identity.roles.put(
    'host',
    { permissions: ['users:read', 'users:write'] },
    localActor,
  )
  await keelson.addPerson('mallory', 'host')
  await keelson.identity.grants.create({ user: 'mallory', role: 'viewer' }, localActor)
  const host = await keelson.enter('mallory')
  await assert.rejects(keelson.make('chief', {}, host), forbidden)
  await assert.rejects(keelson.make('chief', { scopes: ['logs:read'] }, host), forbidden)
  const rotation = { overlapMinutes: 0 }
  await assert.rejects(keelson.tokens.rotate(token.owner, token.id, rotation, host), forbidden)
  await keelson.make('watch', { scopes: ['logs:read'] }, host)
  await assert.rejects(keelson.make('watch', { scopes: ['audit:read'] }, host), refused)
  await keelson.make('watch', { scopes: ['audit:read'] }, keelson.root)
})
