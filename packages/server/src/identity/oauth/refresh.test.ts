import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { isError, password } from '../testing/open-identity.ts'
import { openOAuth, type Tokens } from './testing/open-oauth.ts'

const signedIn = async () => {
  const opened = await openOAuth()
  const id = await opened.keelson.addPerson('ana', 'viewer')
  return { ...opened, id, first: await opened.login('ana') }
}

const refused =
  '400 {"error":"invalid_grant","error_description":"This refresh token is not valid"}'
const tell = ({ statusCode, body }: { statusCode: number; body: string }): string =>
  `${statusCode} ${statusCode === 200 ? '' : body}`.trim()

test('ASVS 10.4.5: a refresh token is exchanged for the next one, which goes on', async () => {
  await using opened = await signedIn()
  const { refresh, first, statusOf, clock } = opened
  let token = first.refresh_token
  for (let time = 0; time < 3; time += 1) {
    const next = (await refresh(token)).json<Tokens>()
    assert.match(next.refresh_token, /^krt_[\w-]{43}$/)
    assert.notEqual(next.refresh_token, token)
    assert.equal(await statusOf(next.access_token), 200)
    clock.advance(60_000)
    await opened.keelson.later(0)
    token = next.refresh_token
  }
})

test('ASVS 10.4.5, better-auth June 2026 (refresh rotation): a token used later again ends its family', async () => {
  await using opened = await signedIn()
  const { refresh, first, statusOf, clock, keelson } = opened
  const second = (await refresh(first.refresh_token)).json<Tokens>()
  clock.advance(10_001)
  await keelson.later(0)
  assert.equal(tell(await refresh(first.refresh_token)), refused)
  assert.equal(tell(await refresh(second.refresh_token)), refused)
  assert.equal(await statusOf(second.access_token), 401)
  assert.deepEqual(await keelson.audited('client.reused'), [
    'client.reused done by ana about keelson',
  ])
})

test('two who refresh at once, from one network, get the same successor', async () => {
  await using opened = await signedIn()
  const { refresh, first, keelson, statusOf } = opened
  const from = (last: number) => ({ address: `192.0.2.${last}` })
  const answers = await Promise.all(
    [1, 2, 3, 4].map((at) => refresh(first.refresh_token, from(at))),
  )
  const tokens = answers.map((answer) => answer.json<Tokens>().refresh_token)
  assert.equal(new Set(tokens).size, 1)
  await keelson.later(9000)
  const late = (await refresh(first.refresh_token, from(5))).json<Tokens>()
  assert.equal(late.refresh_token, tokens[0], 'an answer that was lost is asked for again')
  assert.equal(await statusOf(late.access_token), 200)
})

test('whoever is overtaken within ten seconds gets the last of the successors', async () => {
  await using opened = await signedIn()
  const { refresh, first, clock } = opened
  const second = (await refresh(first.refresh_token)).json<Tokens>()
  clock.advance(4000)
  const third = (await refresh(second.refresh_token)).json<Tokens>()
  clock.advance(4000)
  const late = (await refresh(first.refresh_token)).json<Tokens>()
  assert.equal(late.refresh_token, third.refresh_token)
})

test('a used token from another network ends its family at once', async () => {
  await using opened = await signedIn()
  const { refresh, first } = opened
  const second = (await refresh(first.refresh_token)).json<Tokens>()
  assert.equal(tell(await refresh(first.refresh_token, { address: '203.0.113.9' })), refused)
  assert.equal(tell(await refresh(second.refresh_token)), refused)
})

test('a refresh token is of one program', async () => {
  await using opened = await signedIn()
  const { refresh, first } = opened
  const asAnother = await refresh(first.refresh_token, {}, { client_id: 'another' })
  assert.equal(tell(asAnother), refused)
  assert.equal((await refresh(first.refresh_token)).statusCode, 200, 'and is not used up by that')
})

test('ASVS 10.4.8: after thirty days a program is signed in anew, however often it refreshed', async () => {
  await using opened = await signedIn()
  const { refresh, first, clock, keelson } = opened
  const dayMs = 24 * 3_600_000
  let token = first.refresh_token
  for (let day = 0; day < 29; day += 1) {
    clock.advance(dayMs)
    token = (await refresh(token)).json<Tokens>().refresh_token
  }
  clock.advance(dayMs - 60_000)
  const last = (await refresh(token)).json<Tokens>()
  assert.equal(last.expires_in, 60, 'an access token does not outlive its family')
  clock.advance(60_000)
  await keelson.later(0)
  assert.equal(tell(await refresh(last.refresh_token)), refused)
})

test('better-auth June 2026 (OIDC and MCP refresh tokens): no table holds one, nor a client that is not its own', async () => {
  await using opened = await signedIn()
  const { refresh, first, keelson } = opened
  const second = (await refresh(first.refresh_token)).json<Tokens>()
  for (const table of ['refresh_token', 'token_family', 'device_request', 'signing_key']) {
    const rows = await keelson.db.many<object>(`select t::text from identity.${table} t`)
    for (const token of [first, second].flatMap((one) => [one.refresh_token, one.access_token])) {
      assert.ok(!JSON.stringify(rows).includes(token), table)
      assert.ok(!JSON.stringify(rows).includes(Buffer.from(token).toString('hex')), table)
    }
  }
  const audited = await keelson.db.many<object>('select t::text from kernel.audit_entry t')
  assert.doesNotMatch(JSON.stringify(audited), /krt_|eyJ/)
})

test('a successor that is sealed opens for its predecessor alone, and goes after ten seconds', async () => {
  await using opened = await signedIn()
  const { refresh, first, keelson, clock, identity } = opened
  await refresh(first.refresh_token)
  const sealed = () =>
    keelson.db.many<{ sealed_successor: string }>(
      'select sealed_successor from identity.refresh_token where sealed_successor is not null',
    )
  const [row] = await sealed()
  assert.ok(row !== undefined)
  const { keyring } = keelson.deps
  assert.throws(() => keyring.open('refresh-successor', row.sealed_successor, 'another'))
  clock.advance(10_001)
  await identity.oauth.families.sweep()
  assert.deepEqual(await sealed(), [])
})

const endings: Record<string, (opened: Awaited<ReturnType<typeof signedIn>>) => Promise<unknown>> =
  {
    'ASVS 7.4.2: a disabled user': ({ identity }) =>
      identity.people.update('ana', { disabled: true }, localActor),
    'a deleted user': async ({ identity, keelson }) => {
      await keelson.addPerson('ada', 'administrator')
      await identity.people.remove('ana', 'ada', localActor)
    },
    'ASVS 7.4.3: a changed password': async ({ identity, browserOf }) => {
      const next = 'ocelot drizzle quartz'
      await identity.account.changePassword(await browserOf('ana'), { present: password, next })
    },
    'ASVS 7.4.5: an administrator who ends all sessions': ({ identity, id }) =>
      identity.account.endSessions({ id, name: 'ana' }, null, localActor),
    'ASVS 10.4.9: the person who signs the program out': async ({ identity, browserOf }) => {
      const ana = await browserOf('ana')
      const [only] = await identity.oauth.clients.list(ana)
      await identity.oauth.clients.revoke(ana, only?.id ?? '')
    },
    'RFC 7009: the program itself, by its refresh token': ({ post, first }) =>
      post('/oauth/revoke', { token: first.refresh_token }),
    'RFC 7009: the program itself, by its access token': ({ post, first }) =>
      post('/oauth/revoke', { token: first.access_token }),
  }
for (const [what, end] of Object.entries(endings)) {
  test(`${what} ends the program with all its tokens`, async () => {
    await using opened = await signedIn()
    const { refresh, first, statusOf } = opened
    assert.equal(await statusOf(first.access_token), 200)
    await end(opened)
    assert.equal(await statusOf(first.access_token), 401)
    assert.equal(tell(await refresh(first.refresh_token)), refused)
  })
}

test('revoking answers the same whatever the token is', async () => {
  await using opened = await signedIn()
  for (const token of ['krt_none', 'a.b.c', 'anything', opened.first.refresh_token]) {
    assert.equal((await opened.post('/oauth/revoke', { token })).statusCode, 200)
  }
})

test('nobody signs out the program of somebody else', async () => {
  await using opened = await signedIn()
  const { keelson, browserOf, identity, first, statusOf } = opened
  await keelson.addPerson('eve')
  const [only] = await identity.oauth.clients.list(await browserOf('ana'))
  const eve = await browserOf('eve')
  await assert.rejects(identity.oauth.clients.revoke(eve, only?.id ?? ''), isError('not_found'))
  assert.equal(await statusOf(first.access_token), 200)
})

test('a refresh asks for less, never for more', async () => {
  await using opened = await openOAuth()
  const { keelson, login, refresh } = opened
  await keelson.addPerson('ana', 'viewer')
  const { refresh_token: token } = await login('ana', { scope: 'services:read stacks:read' })
  const more = await refresh(token, {}, { scope: 'services:read users:write' })
  assert.equal(more.json<{ error: string }>().error, 'invalid_scope')
  // Long enough that a token which had been used up would be a stolen one.
  await keelson.later(60_000)
  const less = await refresh(token, {}, { scope: 'services:read' })
  assert.equal(less.json<{ scope: string }>().scope, 'services:read')
})

test('the programs of one person are bounded: those used longest ago end', async () => {
  await using opened = await signedIn()
  const { keelson, identity, first, statusOf, clock } = opened
  const principal = { id: opened.id, name: 'ana' }
  const caller = { seen: { requestId: null, address: null }, userAgent: null }
  for (let at = 0; at < 50; at += 1) {
    clock.advance(1)
    await keelson.db.transaction((tx) =>
      identity.oauth.families.begin(
        tx,
        { principal, client: 'ci', scopes: null, authenticatedAt: clock.now() },
        caller,
      ),
    )
  }
  assert.equal((await identity.oauth.clients.list(await opened.browserOf('ana'))).length, 50)
  assert.equal(await statusOf(first.access_token), 401)
})
