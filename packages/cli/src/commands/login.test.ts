import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPlatformFixture, runKeelson, type Call } from '../testing/platform-fixture.ts'

const tokensOf = (round: number, seconds: number) => ({
  ...{ access_token: `access-${round}`, refresh_token: `refresh-${round}`, expires_in: seconds },
})
const refusal = {
  type: '',
  title: '',
  status: 401,
  code: 'unauthenticated',
  detail: 'no',
  hint: '',
}

/** A platform whose access tokens live as long as told; the person approves at the second look. */
const open = async (seconds = 600) => {
  let looks = 0
  let round = 0
  const platform = await createPlatformFixture(({ path, body, authorization }: Call) => {
    const form = (body ?? {}) as Record<string, string>
    switch (path) {
      case '/oauth/device_authorization':
        return {
          body: {
            ...{ device_code: 'd', user_code: 'BCDF-GHJK', interval: 0, expires_in: 600 },
            verification_uri: 'http://keelson/device',
          },
        }
      case '/oauth/token': {
        if (form['grant_type']?.endsWith('device_code') === true) {
          looks += 1
          if (looks === 1) return { status: 400, body: { error: 'authorization_pending' } }
        } else if (form['refresh_token'] !== `refresh-${round}`) {
          return { status: 400, body: { error: 'invalid_grant' } }
        }
        round += 1
        return { body: tokensOf(round, seconds) }
      }
      case '/oauth/revoke':
        return { body: {} }
      case '/api/v1/session':
        return authorization === `Bearer access-${round}` || authorization.includes('kst_')
          ? { body: { actor: 'ana', permissions: ['users:read'] } }
          : { status: 401, body: refusal }
      default:
        return undefined
    }
  })
  const run = (args: readonly string[], input?: string) =>
    runKeelson(args, { env: platform.env, ...(input === undefined ? {} : { input }) })
  return { ...platform, run, file: join(platform.folder, 'login.json') }
}

test('login waits for the person, keeps tokens for nobody else, and commands are theirs', async () => {
  await using keelson = await open()
  const { code, stderr, stdout } = await keelson.run(['login'])
  assert.equal(code, 0, stderr)
  assert.match(stderr, /Open http:\/\/keelson\/device[\s\S]*BCDF-GHJK[\s\S]*as ana/)
  assert.equal(stdout, '')
  assert.equal((await stat(keelson.file)).mode & 0o777, 0o600)
  assert.equal((await keelson.run(['whoami'])).stdout, 'ana\n')
  assert.equal(keelson.calls.at(-1)?.authorization, 'Bearer access-1')
})

test('a token that ends is renewed and kept; logout tells the platform and goes back', async () => {
  await using keelson = await open(5)
  await keelson.run(['login'])
  assert.equal((await keelson.run(['whoami'])).stdout, 'ana\n')
  assert.match(await readFile(keelson.file, 'utf8'), /refresh-2/)
  assert.equal((await keelson.run(['logout'])).code, 0)
  assert.deepEqual(keelson.calls.at(-1)?.body, {
    ...{ token: 'refresh-2', client_id: keelson.calls.find(isFirst)?.body?.['client_id'] },
  })
  await assert.rejects(stat(keelson.file), { code: 'ENOENT' })
  await keelson.run(['whoami'])
  assert.equal(keelson.calls.at(-1)?.authorization, 'Bearer secret-token')
})

const isFirst = (call: Call): call is Call & { body: Record<string, string> } =>
  call.path === '/oauth/device_authorization'

test('an API token comes by standard input, and by KEELSON_TOKEN', async () => {
  await using keelson = await open()
  const token = `kst_${'a'.repeat(16)}_${'B'.repeat(43)}`
  assert.equal((await keelson.run(['login', '--with-token'], `${token}\n`)).code, 0)
  await keelson.run(['whoami'])
  assert.equal(keelson.calls.at(-1)?.authorization, `Bearer ${token}`)
  const other = { ...keelson.env, KEELSON_TOKEN: 'kst_other' }
  await runKeelson(['whoami'], { env: other })
  assert.equal(keelson.calls.at(-1)?.authorization, 'Bearer kst_other')
})

test('a platform elsewhere is asked, and nothing is started here', async () => {
  await using here = await open()
  await using elsewhere = await open()
  const url = elsewhere.url
  assert.equal((await here.run(['login', '--url', url])).code, 0)
  assert.equal((await here.run(['whoami'])).stdout, 'ana\n')
  assert.equal(elsewhere.calls.at(-1)?.path, '/api/v1/session')
  const { code, stderr } = await here.run(['up', '--demo'])
  assert.equal(code, 2)
  assert.match(stderr, /you are signed in at[\s\S]*keelson logout/)
})

for (const [args, input, words] of [
  [['login', '--with-token'], 'not a token', /no API token/],
  [['login', '--with-token'], 'x'.repeat(20_000), /more than 10000 bytes/],
  [['login', '--url', 'http://ops.example.com'], undefined, /no address of a platform/],
  [['login', '--url', 'https://ops.example.com/page'], undefined, /no address of a platform/],
] as const) {
  test(`${args.join(' ')} refuses ${(input ?? 'that').slice(0, 20)}`, async () => {
    await using keelson = await open()
    const { code, stderr } = await keelson.run(args, input)
    assert.equal(code, 2)
    assert.match(stderr, words)
    await assert.rejects(stat(keelson.file), { code: 'ENOENT' })
  })
}

test('an address where nothing answers is named', async () => {
  const gone = await createPlatformFixture(() => undefined)
  await gone[Symbol.asyncDispose]()
  const { code, stderr } = await runKeelson(['login', '--url', gone.url])
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`Nothing answers at ${gone.url} \\(ECONNREFUSED\\)`))
})
