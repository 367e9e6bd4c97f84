import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPlatformFixture, runKeelson, type Call } from '../testing/platform-fixture.ts'

const at = '2026-01-01T00:00:00Z'
const token = {
  ...{ id: 'abcd', name: 'ci', owner: { id: 'a', name: 'deploy', kind: 'service_account' } },
  ...{ scopes: ['services:read'], networks: [], createdBy: 'ana', createdAt: at, expiresAt: null },
  ...{ lastUsedAt: null, lastUsedAddress: null, formerUntil: null },
}
const account = {
  ...{ id: 'a', name: 'deploy', description: 'ships', owner: { id: 'u', name: 'ana' } },
  ...{ disabledAt: null, createdAt: at, lastSeenAt: null, roles: ['editor'], teams: [], tokens: 1 },
}
const provider = {
  ...{ id: 'corp', name: 'Corp', issuer: 'https://id.example.com', clientId: 'keelson' },
  ...{ scopes: ['openid'], groupsClaim: 'groups', roles: [], createsUsers: true, users: 3 },
  ...{ trustsFactors: false, allowsInternal: false, disabled: false, hasSecret: true },
  ...{ redirectUri: 'http://127.0.0.1:7070/sign-in/corp/callback', createdAt: at },
}
const joinUrl = 'http://127.0.0.1:7070/join#once'
const list = (...items: object[]) => ({ body: { items, nextCursor: null } })

const open = async (change: object = {}, roles: object[] = []) => {
  const platform = await createPlatformFixture(({ method, path }: Call) => {
    switch (`${method} ${path}`) {
      case 'GET /api/v1/account/tokens':
      case 'GET /api/v1/tokens':
      case 'GET /api/v1/service-accounts/deploy/tokens':
        return list({ ...token, ...change })
      case 'POST /api/v1/account/tokens':
      case 'POST /api/v1/service-accounts/deploy/tokens':
      case 'POST /api/v1/service-accounts/deploy/tokens/abcd/rotations':
        return { body: { token: { ...token, ...change }, secret: 'kst_abcd_secret' } }
      case 'GET /api/v1/service-accounts':
        return list(account)
      case 'POST /api/v1/service-accounts':
      case 'PUT /api/v1/service-accounts/deploy':
        return { body: account }
      case 'GET /api/v1/providers':
        return list({ ...provider, roles })
      case 'PUT /api/v1/providers/corp':
      case 'PUT /api/v1/providers/new':
        return { body: provider }
      case 'GET /api/v1/sign-in/policy':
        return { body: { factorRoles: ['administrator'] } }
      case 'PUT /api/v1/sign-in/policy':
        return { body: { factorRoles: [] } }
      case 'DELETE /api/v1/users/leo/factors':
        return { body: { found: true, link: null } }
      case 'DELETE /api/v1/users/mia/factors':
        return { body: { found: false, link: null } }
      case 'DELETE /api/v1/users/noa/factors':
        return { body: { found: true, link: { url: joinUrl, expiresAt: '2999-01-01T00:00:00Z' } } }
      default:
        return method === 'DELETE' ? {} : undefined
    }
  })
  return { ...platform, run: (...args: string[]) => runKeelson(args, { env: platform.env }) }
}

test('a token of a service account is made, and its secret alone printed', async () => {
  await using keelson = await open()
  const { stdout, stderr } = await keelson.run(
    ...['token', 'create', 'ci', '--account', 'deploy', '--scope', 'services:read'],
    ...['--network', '10.0.0.0/8', '--for', '90d'],
  )
  assert.equal(stdout, 'kst_abcd_secret\n')
  assert.match(stderr, /shown this once/)
  const body = keelson.calls.at(-1)?.body as { expiresAt: string }
  assert.deepEqual(body, {
    ...{ name: 'ci', scopes: ['services:read'], networks: ['10.0.0.0/8'] },
    expiresAt: body.expiresAt,
  })
  assert.ok(Date.parse(body.expiresAt) > Date.now() + 89 * 86_400_000)
})

test('tokens are listed, rotated and revoked', async () => {
  await using keelson = await open()
  const { stdout } = await keelson.run('token', 'list', '--account', 'deploy')
  assert.match(stdout, /^abcd +ci +deploy +services:read +never +never$/m)
  const rotated = await keelson.run('token', 'rotate', 'abcd', '--account', 'deploy')
  assert.equal(rotated.stdout, 'kst_abcd_secret\n')
  assert.deepEqual(keelson.calls.at(-1)?.body, { overlapMinutes: 60 })
  await keelson.run('token', 'rotate', 'abcd', '--account', 'deploy', '--overlap', '0')
  assert.deepEqual(keelson.calls.at(-1)?.body, { overlapMinutes: 0 })
  await keelson.run('token', 'revoke', 'abcd')
  assert.equal(keelson.calls.at(-1)?.path, '/api/v1/account/tokens/abcd')
  await keelson.run('token', 'revoke', 'other')
  assert.equal(keelson.calls.at(-1)?.path, '/api/v1/tokens/other')
})

test('a token is revoked by the account it is of, or not at all', async () => {
  await using keelson = await open()
  const of = ['--account', 'deploy']
  assert.equal((await keelson.run('token', 'revoke', 'abcd', ...of)).code, 0)
  assert.equal(keelson.calls.at(-1)?.path, '/api/v1/tokens/abcd')
  const { code, stderr } = await keelson.run('token', 'revoke', 'other', ...of)
  assert.equal(code, 3)
  assert.match(stderr, /deploy has no token other[^]*keelson token list --account deploy/)
})

test('who has no token is told where on the page one is made', async () => {
  const none = ({ method }: Call) => (method === 'GET' ? list() : undefined)
  await using platform = await createPlatformFixture(none)
  const { stderr } = await runKeelson(['token', 'list'], { env: platform.env })
  const page = `${platform.url}/account/tokens`
  assert.equal(
    stderr,
    `No API token: make one of your own at ${page}, or for a service account: keelson token create <name> --account <account>\n`,
  )
})

test('a rotation says until when the former secret works, and the list where tokens come from', async () => {
  const formerUntil = new Date(Date.now() + 3_600_000).toISOString()
  const used = { lastUsedAt: at, lastUsedAddress: '10.1.2.3', networks: ['10.0.0.0/8'] }
  await using keelson = await open({ ...used, formerUntil })
  const rotated = await keelson.run('token', 'rotate', 'abcd', '--account', 'deploy')
  assert.match(rotated.stderr, new RegExp(`former secret works until ${formerUntil}`))
  const { stdout } = await keelson.run('token', 'list')
  assert.match(stdout, /ago from 10\.1\.2\.3 +never +ends in .+ +10\.0\.0\.0\/8$/m)
})

const mistakes: [args: string[], said: RegExp][] = [
  [['--scope', 'service:read'], /--scope service:read: no permission[^]*services:read\?/],
  [['--scope', 'x'], /--scope x: no permission[^]*One of: public, account:own/],
  [
    ['--network', '10.0.0.300/8'],
    /--network 10\.0\.0\.300\/8: this is no address[^]*10\.0\.0\.0\/8/,
  ],
  [['--network', '10.0.0.0/33'], /--network 10\.0\.0\.0\/33: this is no address/],
]
for (const [args, said] of mistakes) {
  test(`${args.join(' ')} is refused by its name, with what there is`, async () => {
    await using keelson = await open()
    const { code, stderr } = await keelson.run('token', 'create', 'ci', ...args)
    assert.equal(code, 2)
    assert.match(stderr, said)
    assert.equal(
      keelson.calls.some(({ method }) => method === 'POST'),
      false,
    )
  })
}

test('a grant on what is no object is refused with how objects are written', async () => {
  await using keelson = await open()
  const { code, stderr } = await keelson.run(
    'grant',
    'add',
    'viewer',
    '--user',
    'leo',
    '--on',
    'shop',
  )
  assert.equal(code, 2)
  assert.match(
    stderr,
    /--on shop: this is no object[^]*service:<stack>\/<service>, such as stack:shop/,
  )
})

test('service accounts are made, listed, disabled and deleted', async () => {
  await using keelson = await open()
  const made = await keelson.run('service-account', 'create', 'deploy', '--role', 'editor')
  assert.match(made.stderr, /keelson token create <name> --account deploy/)
  const { stdout } = await keelson.run('service-account', 'list')
  assert.match(stdout, /^deploy +editor +1 +ana +active +ships$/m)
  assert.equal((await keelson.run('service-account', 'disable', 'deploy')).code, 0)
  assert.deepEqual(keelson.calls.at(-1)?.body, { disabled: true })
  assert.equal((await keelson.run('service-account', 'delete', 'deploy')).code, 0)
})

test('a provider keeps what is not named, and its secret comes from a file', async () => {
  await using keelson = await open()
  const file = join(keelson.folder, 'secret')
  await writeFile(file, 's3cret\n')
  const { stderr, code } = await keelson.run(
    ...['provider', 'put', 'corp', '--client-secret-file', file, '--group', 'ops=operator'],
  )
  assert.equal(code, 0, stderr)
  assert.match(stderr, /sign-in\/corp\/callback/)
  const { body } = keelson.calls.at(-1) ?? {}
  assert.deepEqual(body, {
    ...{ name: 'Corp', issuer: 'https://id.example.com', clientId: 'keelson', scopes: ['openid'] },
    ...{ groupsClaim: 'groups', roles: [{ group: 'ops', role: 'operator' }], createsUsers: true },
    ...{ trustsFactors: false, allowsInternal: false, disabled: false, clientSecret: 's3cret' },
  })
  assert.match((await keelson.run('provider', 'list')).stdout, /^corp +Corp +https.* 3 +active$/m)
})

test('the map of groups is replaced by what is named and emptied by --no-groups alone', async () => {
  await using keelson = await open({}, [{ group: 'dev', role: 'viewer' }])
  const put = async (...more: string[]) => {
    const { code, stderr } = await keelson.run('provider', 'put', 'corp', ...more)
    const sent = keelson.calls.findLast(({ method }) => method === 'PUT')?.body
    return { code, stderr, roles: (sent as { roles?: object[] } | undefined)?.roles }
  }
  for (const wrong of ['nope', 'HOME', 'ops=', '=operator']) {
    const { code, stderr, roles } = await put('--group', wrong)
    assert.deepEqual([code, roles], [2, undefined], wrong)
    assert.match(stderr, /NAME=VALUE/)
  }
  assert.equal((await put('--group', 'ops=operator', '--no-groups')).code, 2)
  assert.deepEqual((await put('--name', 'Corp')).roles, [{ group: 'dev', role: 'viewer' }])
  const named = ['--group', 'ops=operator', '--group', 'ops=watcher', '--group', 'cn=a,dc=b=viewer']
  assert.deepEqual((await put(...named)).roles, [
    { group: 'ops', role: 'operator' },
    { group: 'ops', role: 'watcher' },
    { group: 'cn=a,dc=b', role: 'viewer' },
  ])
  assert.deepEqual((await put('--no-groups')).roles, [])
})

test('a new provider whose groups give roles is asked for groups, unless scopes are named', async () => {
  await using keelson = await open()
  const scopesOf = async (...more: string[]) => {
    const made = ['--issuer', 'https://id.example.com', '--client-id', 'x', ...more]
    await keelson.run('provider', 'put', 'new', ...made)
    const body = keelson.calls.at(-1)?.body as { scopes?: string[] } | undefined
    return body?.scopes
  }
  assert.equal(await scopesOf(), undefined)
  const asked = ['openid', 'profile', 'email', 'groups']
  assert.deepEqual(await scopesOf('--group', 'ops=operator'), asked)
  const named = ['--scope', 'openid', '--scope', 'roles']
  assert.deepEqual(await scopesOf('--group', 'ops=operator', ...named), ['openid', 'roles'])
})

test('a provider that is not there yet needs its issuer', async () => {
  await using keelson = await open()
  const { code, stderr } = await keelson.run('provider', 'put', 'other', '--client-id', 'x')
  assert.equal(code, 2)
  assert.match(stderr, /--issuer/)
})

test('whose roles ask for a second factor is said, and said anew', async () => {
  await using keelson = await open()
  assert.match((await keelson.run('factor', 'require')).stderr, /asked of: administrator/)
  const { stderr } = await keelson.run('factor', 'require', '--nobody')
  assert.match(stderr, /asked of nobody; no longer of: administrator/)
  assert.deepEqual(keelson.calls.at(-1)?.body, { factorRoles: [] })
})

test('factors are forgotten; who has nothing left to sign in by gets a link', async () => {
  await using keelson = await open()
  const leo = await keelson.run('factor', 'reset', 'leo')
  assert.equal(leo.stdout, '')
  assert.match(leo.stderr, /leo has no second factor any more, and is signed out everywhere/)
  const noa = await keelson.run('factor', 'reset', 'noa')
  assert.equal(noa.stdout, `${joinUrl}\n`)
  assert.match(noa.stderr, /they join anew by this link/)
  assert.match((await keelson.run('factor', 'reset', 'mia')).stderr, /nothing was changed/)
})
