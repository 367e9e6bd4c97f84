import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor, type Actor } from '../../kernel/actor.ts'
import { isError, password, tokenIn, visitor } from '../testing/open-identity.ts'
import { openTokens } from '../testing/open-tokens.ts'

const forbidden = isError('forbidden')

/** The administrator `root`, and `mallory`, who may but see and change users. */
const open = async () => {
  const keelson = await openTokens()
  await keelson.identity.roles.put(
    'helpdesk',
    { permissions: ['users:read', 'users:write'] },
    localActor,
  )
  await keelson.addPerson('mallory', 'helpdesk')
  return { ...keelson, mallory: await keelson.enter('mallory') }
}
type Opened = Awaited<ReturnType<typeof open>>

const use = ({ identity }: Pick<Opened, 'identity'>, link: { url: string }) =>
  identity.linkForms.use(
    { token: tokenIn(link), password },
    { actor: visitor(), userAgent: null, party: () => assert.fail('no passkey') },
  )

const give = ({ identity }: Pick<Opened, 'identity'>, user: string, role: string) =>
  identity.grants.create({ user, role }, localActor)

test('who is invited with rights is invited again by nobody who may less', async () => {
  await using keelson = await open()
  const { people } = keelson.identity
  const first = await people.invite({ name: 'boss', role: 'administrator' }, keelson.root)
  await assert.rejects(people.invite({ name: 'boss' }, keelson.mallory), forbidden)
  await assert.rejects(people.startReset('boss', keelson.mallory), forbidden)
  await use(keelson, first)
  const again = await people.invite({ name: 'leo' }, keelson.mallory)
  await people.update('leo', { disabled: true }, keelson.mallory)
  await assert.rejects(use(keelson, again), isError('link_invalid'))
  const disabled = people.invite({ name: 'leo' }, keelson.mallory)
  await assert.rejects(disabled, isError('account_disabled'))
})

const attempts: [string, (keelson: Opened, by: Actor) => Promise<unknown>][] = [
  ['disabled', ({ identity }, by) => identity.people.update('ada', { disabled: true }, by)],
  ['deleted', ({ identity }, by) => identity.people.remove('ada', 'mallory', by)],
  ['given a link', ({ identity }, by) => identity.people.startReset('ada', by)],
  [
    'signed out',
    async ({ identity }, by) =>
      identity.account.endSessions(await identity.people.find('ada'), null, by),
  ],
  [
    'signed out of one browser',
    async ({ identity }, by) => {
      const ada = await identity.people.find('ada')
      const [session] = await identity.sessions.list(ada.id)
      await identity.account.endSession(ada, session?.id ?? '', by)
    },
  ],
  [
    'stripped of factors',
    async ({ identity }, by) => identity.factors.forget(await identity.people.find('ada'), by),
  ],
]
for (const [what, attempt] of attempts) {
  test(`nobody is ${what} by somebody who may less`, async () => {
    await using keelson = await open()
    await keelson.addPerson('ada', 'administrator')
    const ada = await keelson.signIn('ada')
    await assert.rejects(attempt(keelson, keelson.mallory), forbidden)
    assert.equal(await keelson.kindOf(ada.token), 'user')
    await attempt(keelson, keelson.root)
  })
}

test('who is disabled counts with all they would have, enabled', async () => {
  await using keelson = await open()
  const { identity, mallory } = keelson
  await keelson.addPerson('ada', 'administrator')
  await identity.people.update('ada', { disabled: true }, keelson.root)
  const ada = await identity.people.find('ada')
  await assert.rejects(identity.people.update('ada', { disabled: false }, mallory), forbidden)
  await assert.rejects(identity.factors.forget(ada, mallory), forbidden)
  await assert.rejects(identity.people.remove('ada', 'mallory', mallory), forbidden)
  const profile = { email: 'ada@example.org' }
  await assert.rejects(identity.people.update('ada', profile, mallory), forbidden)
  await identity.people.update('ada', profile, keelson.root)
  assert.notEqual((await identity.people.find('ada')).disabled_at, null)
})

test('what is denied for a while counts as what will be held again', async () => {
  await using keelson = await open()
  const { identity, clock } = keelson
  await keelson.addPerson('ada', 'administrator')
  const expiresAt = new Date(clock.now().getTime() + 3_600_000).toISOString()
  const deny = { user: 'ada', role: 'administrator', effect: 'deny', expiresAt } as const
  await identity.grants.create(deny, localActor)
  await assert.rejects(identity.people.startReset('ada', keelson.mallory), forbidden)
})

test('users with no more than one’s own rights are one’s own business', async () => {
  await using keelson = await open()
  const { people } = keelson.identity
  await keelson.addPerson('mia', 'helpdesk')
  await people.update('mia', { disabled: true }, keelson.mallory)
  await people.update('mia', { disabled: false }, keelson.mallory)
  await use(keelson, await people.startReset('mia', keelson.mallory))
  await people.remove('mia', null, keelson.mallory)
})

test('a service account that may more is neither changed, deleted nor given a token', async () => {
  await using keelson = await open()
  const { accounts, mallory } = keelson
  const account = await accounts.create({ name: 'deploy', role: 'operator' }, keelson.root)
  const { token } = await keelson.make('deploy')
  const refuse = async (): Promise<void> => {
    for (const disabled of [true, false]) {
      await assert.rejects(accounts.update('deploy', { disabled }, mallory), forbidden)
    }
    await assert.rejects(accounts.remove('deploy', mallory), forbidden)
    await assert.rejects(keelson.tokens.create(account, { name: 'x' }, mallory), forbidden)
    const rotated = keelson.tokens.rotate(account, token.id, { overlapMinutes: 0 }, mallory)
    await assert.rejects(rotated, forbidden)
  }
  await refuse()
  await accounts.update('deploy', { disabled: true }, keelson.root)
  await refuse()
})

test('of a disabled service account that is enabled meanwhile nobody gets a token who may less', async () => {
  await using keelson = await open()
  const { accounts, mallory, root } = keelson
  const account = await accounts.create({ name: 'deploy', role: 'administrator' }, root)
  for (let round = 0; round < 5; round += 1) {
    await accounts.update('deploy', { disabled: true }, root)
    const [, token] = await Promise.allSettled([
      accounts.update('deploy', { disabled: false }, root),
      keelson.tokens.create(account, { name: 'x' }, mallory),
    ])
    assert.equal(token.status, 'rejected')
    assert.ok(forbidden(token.reason), String(token.reason))
  }
})

test('a token of an account that is given more at the same moment sees what was committed', async () => {
  await using keelson = await open()
  const account = await keelson.accounts.create({ name: 'deploy' }, localActor)
  // The engine of this process learns of it later: only what the transaction reads can tell.
  await keelson.db.execute(
    `insert into identity.grant_held (id, principal_id, role, effect, selector, created_by, created_at)
     values ('g', $1, 'administrator', 'allow', '{}', 'root', now())`,
    [account.id],
  )
  const made = keelson.tokens.create(account, { name: 'x' }, keelson.mallory)
  await assert.rejects(made, forbidden)
})

const raises: [string, (keelson: Opened, user: string) => Promise<unknown>][] = [
  ['a grant', (keelson, user) => give(keelson, user, 'administrator')],
  [
    'a team that is joined',
    async ({ identity: { teams, grants } }, user) => {
      const team = `friends-of-${user}`
      await teams.create({ name: team }, localActor)
      await grants.create({ team, role: 'administrator' }, localActor)
      await teams.addMember(team, user, localActor)
    },
  ],
  [
    'a role that becomes wider',
    async (keelson, user) => {
      const { roles } = keelson.identity
      await roles.put('own', { permissions: ['users:read'] }, localActor)
      await give(keelson, user, 'own')
      await roles.put('own', { permissions: ['system:write'] }, localActor)
    },
  ],
]
for (const [what, raise] of raises) {
  test(`a link of somebody who may less ends by ${what}`, async () => {
    await using keelson = await open()
    const { people } = keelson.identity
    await keelson.addPerson('leo')
    const reset = await people.startReset('leo', keelson.mallory)
    const invitation = await people.invite({ name: 'mia' }, keelson.mallory)
    for (const user of ['leo', 'mia']) await raise(keelson, user)
    for (const link of [reset, invitation]) {
      await assert.rejects(use(keelson, link), isError('link_invalid'))
    }
    await keelson.signIn('leo')
    await use(keelson, await people.startReset('leo', keelson.root))
  })
}

test('a link goes by what its maker may when it is used', async () => {
  await using keelson = await open()
  const { people } = keelson.identity
  await keelson.addPerson('ada', 'administrator')
  const ada = await keelson.enter('ada')
  const invite = (name: string, by: Actor) => people.invite({ name, role: 'viewer' }, by)
  const [kept, lost] = [await invite('leo', ada), await invite('mia', ada)]
  const machines = await invite('zoe', localActor)
  await use(keelson, kept)
  await people.update('ada', { disabled: true }, localActor)
  await assert.rejects(use(keelson, lost), isError('link_invalid'))
  await use(keelson, machines)
})

test('a link that another one replaces is its maker’s alone', async () => {
  await using keelson = await open()
  const { people } = keelson.identity
  await keelson.addPerson('leo')
  await people.startReset('leo', keelson.root)
  const hers = await people.startReset('leo', keelson.mallory)
  await give(keelson, 'leo', 'administrator')
  await assert.rejects(use(keelson, hers), isError('link_invalid'))
})
