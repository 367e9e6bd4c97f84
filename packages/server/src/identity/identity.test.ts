import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stackObject } from '@keelson/contract'
import { localActor } from '../kernel/actor.ts'
import { until } from '../kernel/testing/index.ts'
import { createIdentity } from './identity.ts'
import {
  isError,
  localToken,
  openIdentity,
  password,
  requestWith,
} from './testing/open-identity.ts'

const withHeader = (authorization: string) => requestWith({ authorization })

test('the local token makes its holder the local administrator', async () => {
  await using keelson = await openIdentity()
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    const request = withHeader(`${scheme} ${localToken.reveal()}`)
    const { kind, origin } = await keelson.identity.authenticate(request)
    assert.equal(kind, 'local')
    assert.deepEqual([origin.via, origin.address], ['cli', '192.0.2.7'])
  }
})

test('a bearer token that is wrong is refused, not taken for nobody', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const session = (await keelson.signIn('ana')).token
  const wrong = ['x', 'L'.repeat(42), 'L'.repeat(44), `${'L'.repeat(42)}M`, 'l'.repeat(43), session]
  for (const token of wrong) {
    await assert.rejects(
      keelson.identity.authenticate(withHeader(`Bearer ${token}`)),
      isError('unauthenticated'),
      token,
    )
  }
})

test('commands by a token are told apart from other programs; a wrong one says the way out', async () => {
  await using keelson = await openIdentity()
  const ana = await keelson.addPerson('ana')
  const owner = { id: ana, name: 'ana' }
  const { secret } = await keelson.identity.tokens.create(owner, { name: 'ci' }, localActor)
  const viaOf = async (userAgent: string) => {
    const headers = { authorization: `Bearer ${secret}`, 'user-agent': userAgent }
    return (await keelson.identity.authenticate(requestWith(headers))).origin.via
  }
  assert.deepEqual([await viaOf('keelson-cli/1.0.0'), await viaOf('curl/8')], ['cli', 'api'])
  await assert.rejects(keelson.identity.authenticate(withHeader('Bearer kst_no')), {
    hint: /KEELSON_TOKEN.*keelson login/,
  })
  await assert.rejects(keelson.identity.people.find('nobody'), { hint: /keelson user list/ })
})

test('who brings nothing that counts is nobody, and sees what everybody may', async () => {
  await using keelson = await openIdentity()
  const requests = [
    requestWith({}),
    requestWith({ cookie: '' }),
    requestWith({ cookie: 'keelson_session=' }),
    requestWith({ cookie: `keelson_session=${localToken.reveal()}` }),
    requestWith({ cookie: 'other=1; keelson_session=unknown' }),
    withHeader('Basic eDp5'),
  ]
  for (const request of requests) {
    const { kind, permissions } = await keelson.identity.authenticate(request)
    assert.equal(kind, 'anonymous')
    assert.deepEqual([...permissions], ['public', 'status:read'])
  }
})

test('over https only the cookie counts that nobody else can plant', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  const kindOf = async (name: string, protocol: string) =>
    (await keelson.identity.authenticate(requestWith({ cookie: `${name}=${token}` }, protocol)))
      .kind
  assert.equal(await kindOf('keelson_session', 'http'), 'user')
  assert.equal(await kindOf('keelson_session', 'https'), 'anonymous')
  assert.equal(await kindOf('__Host-keelson_session', 'https'), 'user')
})

test('a session beside planted ones of its name is found', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  assert.equal(await keelson.kindOf(`planted; keelson_session=${token}`), 'user')
})

test('a user without any role has an account, and nothing else', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const ana = await keelson.authenticate((await keelson.signIn('ana')).token)
  assert.deepEqual([...ana.permissions], ['public', 'status:read', 'account:own'])
  assert.equal(ana.may('stacks:read', stackObject('shop')), false)
})

test('ASVS 8.3.2: a role counts from the next request on, and ends so', async () => {
  await using keelson = await openIdentity()
  const id = await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  const mayWrite = async () =>
    (await keelson.authenticate(token)).may('stacks:write', stackObject('a'))
  assert.equal(await mayWrite(), false)
  await keelson.addPerson('root', 'administrator')
  const root = await keelson.authenticate((await keelson.signIn('root')).token)
  const { access } = keelson.identity
  await keelson.db.transaction((tx) =>
    access.grantIn(tx, root, { principalId: id, role: 'editor' }),
  )
  assert.equal(await mayWrite(), true)
  await keelson.identity.people.update('ana', { disabled: true }, root)
  assert.equal(await keelson.kindOf(token), 'anonymous')
})

test('ASVS 7.4.1: what one process ends, the others believe no more', async () => {
  await using keelson = await openIdentity()
  const other = createIdentity(keelson.deps)
  await other.start(undefined)
  await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  const there = async () =>
    (await other.authenticate(requestWith({ cookie: `keelson_session=${token}` }))).kind
  assert.equal(await there(), 'user')
  await keelson.identity.account.signOut(await keelson.authenticate(token))
  await until('the other process has heard of it', async () => (await there()) === 'anonymous')
  await other.stop()
})

test('while the database is silent sessions are believed for five seconds', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('ana')
  const { token } = await keelson.signIn('ana')
  assert.equal(await keelson.kindOf(token), 'user')
  await keelson.identity.stop()
  keelson.clock.advance(5000)
  assert.equal(await keelson.kindOf(token), 'user')
  keelson.clock.advance(1)
  await assert.rejects(keelson.kindOf(token), isError('database_unavailable'))
})

/** A file as somebody wrote it, and identity started with it. */
const startWith = async (content: string, mode = 0o600) => {
  const keelson = await openIdentity()
  const folder = await mkdtemp(join(tmpdir(), 'keelson-setup-'))
  const file = join(folder, 'administrator')
  await writeFile(file, content)
  await chmod(file, mode)
  const identity = createIdentity(keelson.deps)
  return {
    ...{ keelson, identity },
    start: () => identity.start(file),
    async [Symbol.asyncDispose]() {
      await identity.stop()
      await rm(folder, { recursive: true })
      await keelson[Symbol.asyncDispose]()
    },
  }
}

test('an unattended set-up makes the administrator of the file, once', async () => {
  await using setUp = await startWith(`ana\n${password}\n`)
  await setUp.start()
  const { token } = await setUp.keelson.signIn('ana')
  const { permissions } = await setUp.keelson.authenticate(token)
  assert.ok(permissions.has('access:write'))
  await setUp.identity.stop()
  await setUp.start()
  assert.equal((await setUp.keelson.identity.people.find('ana')).roles.length, 1)
  assert.deepEqual(await setUp.keelson.audited('setup.completed'), [
    'setup.completed done by ana about ana',
  ])
})

const unusable: [string, string, number, RegExp][] = [
  ['that others can read', `ana\n${password}\n`, 0o644, /read by others: chmod 600/],
  ['without a name', `\n${password}\n`, 0o600, /line 1 .* no name/],
  ['without a password', 'ana\n', 0o600, /line 2 .* no password/],
  ['with more in it', `ana\n${password}\nadministrator\n`, 0o600, /more than two lines/],
]
for (const [what, content, mode, why] of unusable) {
  test(`a set-up file ${what} keeps Keelson from starting`, async () => {
    await using setUp = await startWith(content, mode)
    await assert.rejects(setUp.start(), (error: Error) => {
      assert.match(error.message, why)
      assert.ok(!error.message.includes(password))
      return isError('env_invalid')(error)
    })
    assert.equal(await setUp.identity.isSetUp(), false)
  })
}
