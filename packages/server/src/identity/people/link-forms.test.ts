import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { codeOf } from '../testing/factors.ts'
import {
  entered,
  isError,
  openIdentity,
  password,
  tokenIn,
  visitor,
  type Opened,
} from '../testing/open-identity.ts'

const minuteMs = 60_000
const caller = {
  ...{ actor: visitor(), userAgent: 'Firefox/140.0 (X11; Linux)' },
  party: () => ({ id: 'localhost', origins: ['http://localhost:7070'] }),
}

const setUpToken = async ({ identity }: Opened): Promise<string> =>
  tokenIn(await identity.linkForms.createSetupLink(localActor))

const setUp = async (keelson: Opened, name = 'ana') =>
  entered(
    await keelson.identity.linkForms.use(
      { token: await setUpToken(keelson), name, password },
      caller,
    ),
  )

test('the link of the first start makes the administrator, who is signed in', async () => {
  await using keelson = await openIdentity()
  assert.equal(await keelson.identity.isSetUp(), false)
  const { token, expiresAt } = await setUp(keelson)
  assert.equal(expiresAt.toISOString(), '2026-01-08T00:00:00.000Z')
  const { name, permissions } = await keelson.authenticate(token)
  assert.equal(name, 'ana')
  assert.ok(permissions.has('access:write') && permissions.has('system:stop'))
  assert.equal(await keelson.identity.isSetUp(), true)
  assert.deepEqual(
    await keelson.audited(
      'setup_link.created',
      'setup.completed',
      'grant.created',
      'session.created',
    ),
    [
      'setup_link.created done by local command line about keelson',
      'grant.created done by ana about administrator',
      'setup.completed done by ana about ana',
      'session.created done by ana about ana',
    ],
  )
})

test('a link carries its token in the fragment, which reaches no server', async () => {
  await using keelson = await openIdentity()
  const { url, expiresAt } = await keelson.identity.linkForms.createSetupLink(localActor)
  const { pathname, search, hash } = new URL(url)
  assert.equal(pathname + search, '/set-up')
  assert.match(hash, /^#[A-Za-z0-9_-]{43}$/)
  assert.equal(expiresAt, '2026-01-01T00:30:00.000Z')
})

test('of five who use one link at once exactly one becomes administrator', async () => {
  await using keelson = await openIdentity()
  const token = await setUpToken(keelson)
  const tries = await Promise.allSettled(
    Array.from({ length: 5 }, (_, at) =>
      keelson.identity.linkForms.use({ token, name: `racer-${at}`, password }, caller),
    ),
  )
  assert.equal(tries.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const one of tries) {
    if (one.status === 'rejected') assert.ok(isError('link_invalid')(one.reason))
  }
  const { items } = {
    items: await keelson.identity.people.list({ contains: '', after: '', limit: 9 }),
  }
  assert.equal(items.length, 1)
})

test('once there is an administrator no link and no file makes another', async () => {
  await using keelson = await openIdentity()
  const kept = await setUpToken(keelson)
  await keelson.addPerson('ana', 'administrator')
  const { linkForms } = keelson.identity
  const again = isError('already_set_up')
  await assert.rejects(linkForms.createSetupLink(localActor), again)
  await assert.rejects(linkForms.use({ token: kept, name: 'eve', password }, caller), again)
  await assert.rejects(linkForms.setUpUnattended({ name: 'eve', password }, localActor), again)
  await assert.rejects(keelson.identity.people.find('eve'), isError('not_found'))
})

test('what was set up once stays so, while somebody else may grant who is no administrator', async () => {
  await using keelson = await openIdentity()
  const { identity } = keelson
  const { linkForms, people, roles } = identity
  const kept = await setUpToken(keelson)
  await keelson.addPerson('ana', 'administrator')
  await roles.put('keeper', { description: '', permissions: ['access:write'] }, localActor)
  await keelson.addPerson('kim', 'keeper')
  const disabled = people.update('ana', { disabled: true }, localActor)
  await assert.rejects(disabled, isError('last_administrator'))
  // As a database may have become in another way.
  await keelson.db.execute(`update identity.principal set disabled_at = now() where name = 'ana'`)
  assert.equal(await identity.isSetUp(), true, 'the listener for others stays open')
  const again = isError('already_set_up')
  await assert.rejects(linkForms.createSetupLink(localActor), again)
  await assert.rejects(linkForms.use({ token: kept, name: 'eve', password }, caller), again)
  await assert.rejects(linkForms.setUpUnattended({ name: 'eve', password }, localActor), again)
})

test('only the command line of the machine makes set-up links', async () => {
  await using keelson = await openIdentity()
  await keelson.addPerson('mallory')
  const mallory = await keelson.authenticate((await keelson.signIn('mallory')).token)
  const { linkForms } = keelson.identity
  await assert.rejects(linkForms.createSetupLink(mallory), isError('forbidden'))
})

test('when nobody gets in any more, the command line of the machine lets the administrator in', async () => {
  await using keelson = await openIdentity()
  const { people, linkForms } = keelson.identity
  await setUp(keelson)
  await keelson.db.execute('update identity.principal set disabled_at = now()')
  await keelson.db.execute('delete from identity.password')
  await people.update('ana', { disabled: false }, localActor)
  const link = await people.startReset('ana', localActor)
  const { token } = entered(await linkForms.use({ token: tokenIn(link), password }, caller))
  assert.ok((await keelson.authenticate(token)).permissions.has('access:write'))
})

test('who joined before the set-up does not keep it from being done', async () => {
  await using keelson = await openIdentity()
  const { people, linkForms } = keelson.identity
  const invited = await people.invite({ name: 'leo', role: 'viewer' }, localActor)
  await linkForms.use({ token: tokenIn(invited), password }, caller)
  assert.equal(await keelson.identity.isSetUp(), false)
  await setUp(keelson)
  assert.equal(await keelson.identity.isSetUp(), true)
})

test('ASVS 6.3.2: there is no account and no name by default', async () => {
  await using keelson = await openIdentity()
  assert.deepEqual(await keelson.identity.people.list({ contains: '', after: '', limit: 9 }), [])
  const token = await setUpToken(keelson)
  await assert.rejects(
    keelson.identity.linkForms.use({ token, password }, caller),
    isError('bad_request'),
  )
})

const spoilt: [string, (keelson: Opened) => Promise<string>][] = [
  [
    'is half an hour old',
    async (keelson) => {
      const token = await setUpToken(keelson)
      await keelson.later(30 * minuteMs)
      return token
    },
  ],
  [
    'was followed by a newer one',
    async (keelson) => {
      const token = await setUpToken(keelson)
      await setUpToken(keelson)
      return token
    },
  ],
  ['nobody made', async () => 'x'.repeat(43)],
  ['is empty', async () => ''],
]
for (const [what, make] of spoilt) {
  test(`a link that ${what} opens nothing and says so`, async () => {
    await using keelson = await openIdentity()
    const token = await make(keelson)
    const { links, linkForms } = keelson.identity
    await assert.rejects(links.read(token), isError('link_invalid'))
    await assert.rejects(
      linkForms.use({ token, name: 'eve', password }, caller),
      isError('link_invalid'),
    )
    assert.equal(await keelson.identity.isSetUp(), false)
  })
}

test('a form that is refused does not use the link up', async () => {
  await using keelson = await openIdentity()
  const token = await setUpToken(keelson)
  const { links, linkForms } = keelson.identity
  await assert.rejects(
    linkForms.use({ token, name: 'ana', password: 'password' }, caller),
    isError('password_refused'),
  )
  await keelson.addPerson('leo')
  await assert.rejects(
    linkForms.use({ token, name: 'Leo', password }, caller),
    isError('name_taken'),
  )
  assert.equal((await links.read(token)).purpose, 'setup')
  await linkForms.use({ token, name: 'ana', password }, caller)
  await assert.rejects(links.read(token), isError('link_invalid'))
})

test('ASVS 6.4.1: an invitation lets one person join under its name, with the role', async () => {
  await using keelson = await openIdentity()
  const { people, links, linkForms } = keelson.identity
  const link = await people.invite({ name: 'leo', role: 'viewer' }, localActor)
  assert.equal(new URL(link.url).pathname, '/join')
  assert.equal(link.expiresAt, '2026-01-08T00:00:00.000Z')
  const facts = await links.read(tokenIn(link))
  assert.deepEqual([facts.purpose, facts.name], ['invitation', 'leo'])
  const form = { token: tokenIn(link), name: 'eve', displayName: 'Leo B.', password }
  const { token } = entered(await linkForms.use(form, caller))
  const { name, permissions } = await keelson.authenticate(token)
  assert.equal(name, 'leo')
  assert.ok(permissions.has('logs:read') && !permissions.has('stacks:write'))
  assert.equal((await people.find('leo')).display_name, 'Leo B.')
  await assert.rejects(linkForms.use(form, caller), isError('link_invalid'))
})

test('ASVS 6.4.6: a reset lets the person choose, and ends what was open', async () => {
  await using keelson = await openIdentity()
  const { people, linkForms } = keelson.identity
  await keelson.addPerson('leo')
  const before = await keelson.signIn('leo')
  const link = await people.startReset('leo', localActor)
  assert.equal(new URL(link.url).pathname, '/reset')
  assert.equal(await keelson.kindOf(before.token), 'user', 'until it is used')
  const next = 'oboe gravel lantern'
  const form = { token: tokenIn(link), password: next }
  const { token } = entered(await linkForms.use(form, caller))
  assert.equal(await keelson.kindOf(before.token), 'anonymous')
  assert.equal(await keelson.kindOf(token), 'user')
  await assert.rejects(keelson.signIn('leo'), isError('sign_in_refused'))
  await keelson.signIn('leo', { password: next })
  assert.deepEqual(await keelson.audited('password.reset_started', 'password.reset'), [
    'password.reset_started done by local command line about leo',
    'password.reset done by leo about leo',
  ])
})

const ways: [string, (keelson: Opened) => Promise<string>][] = [
  ['sets up', setUpToken],
  [
    'joins by an invitation',
    async ({ identity }) => tokenIn(await identity.people.invite({ name: 'ana' }, localActor)),
  ],
  [
    'chooses a password anew',
    async (keelson) => {
      await keelson.addPerson('ana')
      return tokenIn(await keelson.identity.people.startReset('ana', localActor))
    },
  ],
]
for (const [what, make] of ways) {
  test(`whoever ${what} can sign in there while others guess`, async () => {
    await using keelson = await openIdentity()
    const form = { token: await make(keelson), name: 'ana', password }
    const { deviceMark } = entered(await keelson.identity.linkForms.use(form, caller))
    for (let time = 0; time < 4; time += 1) {
      const guess = keelson.signIn('ana', { password: 'a guess' })
      await assert.rejects(guess, isError('sign_in_refused'))
    }
    await assert.rejects(keelson.signIn('ana'), isError('sign_in_delayed'))
    await keelson.signIn('ana', { deviceMark })
  })
}

test('a link gives no mark of the device before the second factor', async () => {
  await using keelson = await openIdentity()
  const { people, factors, linkForms } = keelson.identity
  await keelson.addPerson('ana')
  const ana = await keelson.authenticate((await keelson.signIn('ana')).token)
  const { secret } = await factors.own.startTotp(ana)
  await factors.own.confirmTotp(ana, codeOf(keelson, secret))
  const token = tokenIn(await people.startReset('ana', localActor))
  const answer = await linkForms.use({ token, password }, caller)
  assert.ok('challenge' in answer && !('deviceMark' in answer))
})

test('the links of somebody who is disabled open nothing', async () => {
  await using keelson = await openIdentity()
  const { people, links } = keelson.identity
  await keelson.addPerson('leo')
  const link = await people.startReset('leo', localActor)
  await people.update('leo', { disabled: true }, localActor)
  await assert.rejects(links.read(tokenIn(link)), isError('link_invalid'))
  await assert.rejects(people.startReset('leo', localActor), isError('account_disabled'))
})
