import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localActor } from '../../kernel/actor.ts'
import { until } from '../../kernel/testing/index.ts'
import { createIdentity, type Identity } from '../identity.ts'
import { requestWith } from '../testing/open-identity.ts'
import { openOAuth, type Tokens } from './testing/open-oauth.ts'

/** Another process of the platform, over the same database. */
const openOther = async ({ keelson }: Awaited<ReturnType<typeof openOAuth>>) => {
  const identity = createIdentity(keelson.deps)
  await identity.start(undefined)
  return {
    identity,
    isIn: (token: string): Promise<boolean> => isIn(identity, token),
    async [Symbol.asyncDispose]() {
      await identity.stop()
    },
  }
}

const isIn = (identity: Identity, token: string): Promise<boolean> =>
  identity.authenticate(requestWith({ authorization: `Bearer ${token}` })).then(
    () => true,
    () => false,
  )

test('ASVS 7.4.1, 8.3.2: what one process revokes, another that had believed it refuses', async () => {
  await using opened = await openOAuth()
  await using other = await openOther(opened)
  const { keelson, identity, login, post, apiToken, byCredentials } = opened
  const id = await keelson.addPerson('ana', 'viewer')
  const byProgram = await login('ana')
  const made = await apiToken({ id, name: 'ana' })
  const { access_token: byToken } = (await byCredentials(made.id, made.secret)).json<Tokens>()
  assert.deepEqual(
    [await other.isIn(byProgram.access_token), await other.isIn(byToken)],
    [true, true],
  )

  // Time stands still: it is the notification, and no poll, that tells the other one.
  await post('/oauth/revoke', { token: byProgram.refresh_token })
  await until('the program is out', async () => !(await other.isIn(byProgram.access_token)))
  assert.ok(await other.isIn(byToken))
  await identity.tokens.revoke(null, made.id, localActor)
  await until('the API token is out', async () => !(await other.isIn(byToken)))
})

test('two processes sign with one key, and each takes what the other has signed', async () => {
  await using opened = await openOAuth()
  await using other = await openOther(opened)
  const { keelson, identity, login } = opened
  await keelson.addPerson('ana')
  const { access_token: token } = await login('ana')
  assert.ok(await other.isIn(token))
  assert.deepEqual(other.identity.oauth.keys.published(), identity.oauth.keys.published())
})
