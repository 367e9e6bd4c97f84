import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPlatformFixture, runKeelson, type Call } from '../testing/platform-fixture.ts'

const user = {
  ...{ id: 'u-1', name: 'leo', displayName: 'Leo B.', email: null, disabledAt: null },
  ...{ createdAt: '2026-01-01T00:00:00Z', lastSeenAt: null, hasPassword: false },
  ...{ teams: [{ id: 't-1', name: 'payments' }], roles: ['operator'], canSignIn: true },
}
const session = {
  ...{ id: 's-1', device: 'Firefox on Linux', address: null, current: false },
  ...{ createdAt: '2026-01-01T00:00:00Z', lastUsedAt: '2026-01-01T00:00:00Z' },
  expiresAt: '2999-01-01T00:00:00Z',
}
const link = { url: 'http://127.0.0.1:7070/join#once', expiresAt: '2999-01-01T00:00:00Z' }
const problem = (status: number, code: string, detail: string, hint: string) => ({
  status,
  body: { type: '', title: detail, status, code, detail, hint },
})

const open = async (setUp = true) => {
  const platform = await createPlatformFixture(({ method, path }: Call) => {
    switch (`${method} ${path}`) {
      case 'GET /api/v1/users':
        return {
          body: { items: [user, { ...user, name: 'mia', canSignIn: false }], nextCursor: null },
        }
      case 'POST /api/v1/users/invitations':
        return { body: { ...link, roles: ['operator', 'viewer'] } }
      case 'POST /api/v1/users/leo/reset-links':
        return { body: link }
      case 'PUT /api/v1/users/leo':
        return { body: user }
      case 'DELETE /api/v1/users/leo':
        return {}
      case 'GET /api/v1/users/leo/sessions':
        return { body: { items: [session], nextCursor: null } }
      case 'DELETE /api/v1/users/leo/sessions':
      case 'DELETE /api/v1/users/leo/sessions/s-1':
        return {}
      case 'GET /api/v1/session':
        return { body: { actor: 'local command line', permissions: ['users:read'] } }
      case 'GET /api/v1/sign-in':
        return { body: { setUp } }
      case 'POST /api/v1/setup-links':
        return setUp
          ? problem(409, 'already_set_up', 'Keelson is set up already', 'keelson user reset <name>')
          : { body: link }
      default:
        return undefined
    }
  })
  const run = (...args: string[]) => runKeelson(args, { env: platform.env })
  return { ...platform, run }
}

test('users are listed with their roles, teams and state, active by whatever means they sign in', async () => {
  await using keelson = await open()
  const { stdout, code } = await keelson.run('user', 'list', 'e')
  assert.equal(code, 0)
  assert.match(stdout, /^NAME +SHOWN AS +ROLES +TEAMS +STATE +LAST SEEN$/m)
  assert.match(stdout, /^leo +Leo B\. +operator +payments +active +never$/m)
  assert.match(stdout, /^mia .* invited +never$/m)
  assert.equal(keelson.calls.at(-1)?.query.get('contains'), 'e')
})

test('an invitation prints the link alone, for scripts to read', async () => {
  await using keelson = await open()
  const { stdout, stderr } = await keelson.run('user', 'invite', 'leo', '--role', 'operator')
  assert.equal(stdout, `${link.url}\n`)
  assert.match(stderr, /leo joins by this link, with operator, viewer\n.*works once/)
  assert.deepEqual(keelson.calls.at(-1)?.body, { name: 'leo', role: 'operator' })
})

test('sessions of a user are listed, and end one by one or all at once', async () => {
  await using keelson = await open()
  const { stdout } = await keelson.run('user', 'sessions', 'leo')
  assert.match(
    stdout,
    /^ID +DEVICE +ADDRESS +LAST USED\ns-1 +Firefox on Linux +unknown +\d+d \d+h ago$/m,
  )
  const one = await keelson.run('user', 'sign-out', 'leo', '--session', 's-1')
  assert.deepEqual([one.code, one.stderr], [0, 'The session of leo has ended\n'])
  assert.equal(keelson.calls.at(-1)?.path, '/api/v1/users/leo/sessions/s-1')
  const all = await keelson.run('user', 'sign-out', 'leo')
  assert.deepEqual([all.code, all.stderr], [0, 'leo is signed out everywhere\n'])
  assert.equal(keelson.calls.at(-1)?.path, '/api/v1/users/leo/sessions')
})

test('a user is disabled, enabled, reset and deleted by name', async () => {
  await using keelson = await open()
  assert.match((await keelson.run('user', 'disable', 'leo')).stderr, /leo is disabled/)
  assert.deepEqual(keelson.calls.at(-1)?.body, { disabled: true })
  assert.match((await keelson.run('user', 'enable', 'leo')).stderr, /leo is enabled/)
  assert.equal((await keelson.run('user', 'reset', 'leo')).stdout, `${link.url}\n`)
  assert.equal((await keelson.run('user', 'delete', 'leo', '--heir', 'mia')).code, 0)
  assert.equal(keelson.calls.at(-1)?.query.get('heir'), 'mia')
  assert.equal((await keelson.run('user', 'delete', 'nobody')).code, 3)
})

test('the profile of a user is changed by what is named', async () => {
  await using keelson = await open()
  const set = async (...more: string[]) => {
    const { code, stderr } = await keelson.run('user', 'set', 'leo', ...more)
    return { code, stderr, sent: keelson.calls.at(-1)?.body }
  }
  assert.deepEqual(await set('--email', 'leo@example.com', '--shown-as', 'Leo B.'), {
    ...{ code: 0, stderr: 'leo: no e-mail address, shown as Leo B.\n' },
    sent: { email: 'leo@example.com', displayName: 'Leo B.' },
  })
  assert.deepEqual((await set('--email', '')).sent, { email: null })
  const nothing = await set()
  assert.equal(nothing.code, 2)
  assert.match(nothing.stderr, /--email <address>, --shown-as <name>/)
})

test('whoami tells a person what no program does for them', async () => {
  const session = { actor: 'ana', kind: 'user', permissions: ['users:write'] }
  await using platform = await createPlatformFixture(() => ({ body: session }))
  const { stderr } = await runKeelson(['whoami'], { env: platform.env })
  assert.match(stderr, /are changed by ana themselves: http.*\/access and \/account\/tokens/)
})

test('whoami says as whom commands are run', async () => {
  await using keelson = await open()
  const { stdout, stderr } = await keelson.run('whoami')
  assert.equal(stdout, 'local command line\n')
  assert.match(keelson.calls.at(-1)?.userAgent ?? '', /^keelson-cli\/\d/)
  assert.match(stderr, /may: users:read$/m)
  assert.doesNotMatch(stderr, /themselves/, 'the command line of the machine does it all')
})

test('the set-up link is there until the set-up; then the command says how to reset', async () => {
  await using before = await open(false)
  assert.equal((await before.run('setup-link')).stdout, `${link.url}\n`)
  assert.equal((await before.run('open', '--no-browser')).stdout, `${link.url}\n`)
  await using after = await open()
  const { code, stderr } = await after.run('setup-link')
  assert.equal(code, 5)
  assert.match(stderr, /set up already[\s\S]*keelson user reset <name>/)
  assert.equal((await after.run('open', '--no-browser')).stdout, `${after.url}\n`)
})
