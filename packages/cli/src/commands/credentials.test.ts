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
const list = (...items: object[]) => ({ body: { items, nextCursor: null } })

const open = async (change: object = {}) => {
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
        return list(provider)
      case 'PUT /api/v1/providers/corp':
      case 'PUT /api/v1/providers/new':
        return { body: provider }
      case 'GET /api/v1/sign-in/policy':
        return { body: { factorRoles: ['administrator'] } }
      case 'PUT /api/v1/sign-in/policy':
        return { body: { factorRoles: [] } }
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
  await keelson.run('factor', 'reset', 'leo')
  assert.equal(keelson.calls.at(-1)?.path, '/api/v1/users/leo/factors')
})
