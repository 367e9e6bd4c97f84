import assert from 'node:assert/strict'
import { test } from 'node:test'
import { permissions, stackObject, type Permission } from '@keelson/contract'
import fc from 'fast-check'
import { localActor } from '../../kernel/actor.ts'
import { createKeyring } from '../../kernel/keys/index.ts'
import { createMemoryLog, until } from '../../kernel/testing/index.ts'
import { createIdentity } from '../identity.ts'
import { isError } from '../testing/open-identity.ts'
import { after, hourMs, minuteMs, openTokens, present } from '../testing/open-tokens.ts'
import { newTokenId, newTokenSecret, tokenText } from './format.ts'

const unauthenticated = isError('unauthenticated')

test('a token acts as its owner, and says by what it came', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana', 'operator')
  const { token, secret } = await keelson.make('ana')
  const actor = await keelson.present(secret)
  assert.deepEqual([actor.kind, actor.name, actor.expiresAt], ['user', 'ana', null])
  assert.ok(actor.may('services:restart', stackObject('shop')))
  const { credential, provenBy, authenticatedAt, via } = actor.origin
  assert.deepEqual([credential, provenBy, via], [`token:${token.id}`, 'bearer', 'api'])
  assert.equal(authenticatedAt, null, 'a token proves no person')
})

test('ASVS 8.2.1: a token may what its scopes name and its owner holds, and no more', async () => {
  await using keelson = await openTokens()
  const id = await keelson.addPerson('ana')
  const given = { user: id, role: 'operator' }
  const grant = await keelson.identity.grants.create(given, localActor)
  const { secret } = await keelson.make('ana', { scopes: ['services:restart', 'logs:read'] })
  const may = async (permission: Permission) =>
    (await keelson.present(secret)).may(permission, stackObject('shop'))
  const held = async () => [...(await keelson.present(secret)).permissions].toSorted()
  // What is there for whoever brings nothing is not taken away by a token.
  const anybody = ['public', 'status:read'] as const
  assert.deepEqual(await held(), ['logs:read', ...anybody, 'services:restart'].toSorted())
  assert.deepEqual([await may('services:restart'), await may('services:read')], [true, false])
  assert.equal(await may('account:own'), false)
  await keelson.identity.grants.revoke(grant.id, localActor)
  assert.deepEqual(await held(), [...anybody])
  assert.equal(await may('services:restart'), false)
})

test('a presented token counts if and only if it is the one made, in its time and place', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const end = hourMs
  const given = { networks: ['10.0.0.0/8', '2001:db8::/32'], expiresAt: after(end) }
  const { secret, token } = await keelson.make('ana', given)
  const twin = await keelson.make('ana', given)
  const others = [
    tokenText({ id: newTokenId(), secret: secret.slice(21) }),
    tokenText({ id: token.id, secret: newTokenSecret(token.id) }),
    tokenText({ id: twin.token.id, secret: secret.slice(21) }),
    secret.slice(0, -1),
    secret.toLowerCase(),
    `${secret}a`,
  ]
  const place = fc.constantFrom('10.0.0.1', '::ffff:10.2.3.4', '2001:db8::5', '11.0.0.1', '::1')
  const inside = new Set(['10.0.0.1', '::ffff:10.2.3.4', '2001:db8::5'])
  const begin = keelson.clock.now().getTime()
  const { clock } = keelson
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(secret, ...others),
      place,
      fc.integer({ min: 0, max: 2 * end }),
      async (presented, address, elapsed) => {
        clock.now = () => new Date(begin + elapsed)
        const expected = presented === secret && inside.has(address) && elapsed < end
        const kind = await keelson
          .present(presented, address)
          .then((actor) => actor.origin.credential)
          .catch((error: unknown) => (unauthenticated(error) ? null : assert.fail(error as Error)))
        assert.equal(kind, expected ? `token:${token.id}` : null)
      },
    ),
    { numRuns: 200 },
  )
})

test('whoever holds the right secret is told why it does not count, and nobody else', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const { secret } = await keelson.make('ana', { networks: ['10.0.0.0/8'], expiresAt: after(1) })
  const message = (why: string) => ({ code: 'unauthenticated', message: why })
  await assert.rejects(keelson.present(secret), message('The token ci is not for 192.0.2.7'))
  await keelson.later(1)
  await assert.rejects(
    keelson.present(secret, '10.0.0.1'),
    message('The token ci was for until 2026-01-01T00:00:00.001Z'),
  )
  const wrong = secret.replace(/.{6}$/, '000000')
  await assert.rejects(keelson.present(wrong), message('This token is not valid'))
})

test('ASVS 7.4.1: a token that one process revokes the others believe no more', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const { secret, token } = await keelson.make('ana')
  const other = createIdentity(keelson.deps)
  await other.start(undefined)
  assert.equal((await present(other, secret)).name, 'ana')
  await keelson.tokens.revoke(null, token.id, keelson.root)
  await assert.rejects(keelson.present(secret), unauthenticated, 'at once where it was revoked')
  await until('the other process has heard of it', () =>
    present(other, secret).then(
      () => false,
      (error: unknown) => unauthenticated(error),
    ),
  )
  await other.stop()
})

test('ASVS 7.4.2: tokens of whoever is disabled or deleted are dead at once', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  await keelson.accounts.create({ name: 'deploy' }, keelson.root)
  const { people } = keelson.identity
  const ana = (await keelson.make('ana')).secret
  const deploy = (await keelson.make('deploy')).secret
  await people.update('ana', { disabled: true }, keelson.root)
  await keelson.accounts.update('deploy', { disabled: true }, keelson.root)
  for (const secret of [ana, deploy]) await assert.rejects(keelson.present(secret), unauthenticated)
  await people.update('ana', { disabled: false }, keelson.root)
  await keelson.accounts.update('deploy', { disabled: false }, keelson.root)
  for (const secret of [ana, deploy]) await keelson.present(secret)
  await people.remove('ana', null, keelson.root)
  await keelson.accounts.remove('deploy', keelson.root)
  for (const secret of [ana, deploy]) await assert.rejects(keelson.present(secret), unauthenticated)
  assert.deepEqual(await keelson.db.many('select * from identity.api_token'), [])
})

test('a known token costs no query while nothing changes, and none is believed for ever', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const { secret } = await keelson.make('ana')
  await keelson.present(secret)
  await keelson.identity.stop()
  keelson.clock.advance(5000)
  assert.equal((await keelson.present(secret)).name, 'ana')
  keelson.clock.advance(1)
  await assert.rejects(keelson.present(secret), isError('database_unavailable'))
})

test('the last use is written with its address, once a minute and not more often', async () => {
  await using keelson = await openTokens()
  await keelson.accounts.create({ name: 'deploy' }, keelson.root)
  const { secret } = await keelson.make('deploy')
  const use = async (address: string) => {
    await keelson.present(secret, address)
    await keelson.db.hot.execute('select 1') // behind the write
    const [token] = (await keelson.tokens.list({ ownerId: null, limit: 1 })).items
    const { lastSeenAt } = await keelson.accounts.get('deploy')
    assert.equal(lastSeenAt, token?.lastUsedAt)
    return [token?.lastUsedAt, token?.lastUsedAddress]
  }
  const first = ['2026-01-01T00:00:00.000Z', '192.0.2.1']
  assert.deepEqual(await use('192.0.2.1'), first)
  await keelson.later(minuteMs - 1)
  assert.deepEqual(await use('192.0.2.2'), first)
  await keelson.later(1)
  assert.deepEqual(await use('192.0.2.3'), ['2026-01-01T00:01:00.000Z', '192.0.2.3'])
})

test('ASVS 16.2.5, 11.4.1: neither the tables nor the audit nor the log hold a secret', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const { secret, token } = await keelson.make('ana')
  const log = createMemoryLog()
  const other = createIdentity({ ...keelson.deps, log })
  await other.start(undefined)
  await present(other, secret)
  await assert.rejects(present(other, `${secret}a`), unauthenticated)
  await other.stop()
  const next = await keelson.tokens.rotate(
    { id: token.owner.id, name: 'ana' },
    token.id,
    { overlapMinutes: 60 },
    await keelson.enter('ana'),
  )
  const { stored } = await keelson.db.one<{ stored: string }>(
    `select (select string_agg(token::text, ' ') from identity.api_token token) || ' ' ||
       (select string_agg(entry::text, ' ') from kernel.audit_entry entry) as stored`,
  )
  for (const text of [stored, JSON.stringify(log.lines)]) {
    for (const made of [secret, next.secret]) {
      const own = made.slice(21)
      const mac = Buffer.from(own).toString('hex')
      assert.ok(!text.includes(own) && !text.includes(own.slice(0, 43)) && !text.includes(mac))
    }
  }
  assert.ok(stored.includes(token.id))
})

test('after a new master key, use carries a token over, and then the old key can go', async () => {
  await using keelson = await openTokens()
  await keelson.addPerson('ana')
  const { secret } = await keelson.make('ana')
  const idle = await keelson.make('ana')
  const key = (number: number): [number, Buffer] => [number, Buffer.alloc(32, number)]
  const restart = async (...numbers: number[]) => {
    const keyring = createKeyring(new Map(numbers.map(key)))
    const identity = createIdentity({ ...keelson.deps, keyring })
    await identity.start(undefined)
    return { identity, [Symbol.asyncDispose]: () => identity.stop() }
  }
  const peppers = async () => {
    await keelson.db.hot.execute('select 1') // behind the write
    return (
      await keelson.db.many<{ pepper: number }>(
        'select pepper from identity.api_token order by pepper',
      )
    ).map(({ pepper }) => pepper)
  }
  {
    await using both = await restart(1, 2)
    assert.equal((await present(both.identity, secret)).name, 'ana')
    await until('the token is under the new one', async () => (await peppers())[1] === 2)
    assert.deepEqual(await peppers(), [1, 2])
    assert.equal((await present(both.identity, idle.secret)).name, 'ana')
    await until('the other one too', async () => (await peppers())[0] === 2)
  }
})

test('scopes of a newer program mean nothing to this one', async () => {
  await using keelson = await openTokens()
  const { secret } = await keelson.make('root', { scopes: ['logs:read'] })
  await keelson.db.execute(`update identity.api_token set scopes = '{logs:read,rockets:launch}'`)
  const actor = await keelson.present(secret)
  assert.deepEqual(
    [...actor.permissions].filter((one) => !permissions.includes(one)),
    [],
  )
  assert.deepEqual(actor.origin.scopes, ['logs:read'])
})
