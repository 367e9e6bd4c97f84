import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { createClient, type Client } from '@keelson/sdk'
import { administrator, createKeelson, setUp, waitFor, type Keelson } from './harness.ts'

// People, programs and services before a whole platform, each with what they prove themselves by.

const compose = `
name: shop
services:
  api:
    command: ["node", "server.mjs"]
    x-keelson:
      runtime: process
      port: auto
      probe: { http: /, interval: 1s }
      route: { path: /api-of-shop }
  web:
    command: ["node", "server.mjs"]
    x-keelson:
      runtime: process
      port: auto
      probe: { http: /, interval: 1s }
      route:
        path: /web
        plugins: [{ name: keelson-auth, config: { permission: services:read } }]
`
/** Says what came; asked for /token, gets itself a token for the other service. */
const server = `
import { createServer } from 'node:http'
const { KEELSON_TOKEN_URL, KEELSON_CLIENT_ID, KEELSON_CLIENT_SECRET, PORT } = process.env
const tokenFor = async (audience) => {
  const answer = await fetch(KEELSON_TOKEN_URL, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials', client_id: KEELSON_CLIENT_ID,
      client_secret: KEELSON_CLIENT_SECRET, audience,
    }),
  })
  return { status: answer.status, ...(await answer.json()) }
}
createServer(async ({ url, headers }, response) => {
  const audience = /audience=(.*)$/.exec(url)?.[1]
  const said = audience === undefined ? { headers } : await tokenFor(decodeURIComponent(audience))
  response.end(JSON.stringify(said))
}).listen(Number(PORT), '127.0.0.1')
`

let keelson: Keelson
let cookie = ''

before(async () => {
  keelson = await createKeelson()
  const folder = path.join(keelson.dataDir, 'stack')
  await mkdir(folder)
  await writeFile(path.join(folder, 'compose.yaml'), compose)
  await writeFile(path.join(folder, 'server.mjs'), server)
  await keelson.run(['up', '--wait', '-q'], { cwd: folder })
  cookie = cookieOf(await setUp(keelson))
})
after(() => keelson.stop())

const cookieOf = (answer: Response): string => {
  const [found] = answer.headers.getSetCookie().filter((one) => one.includes('keelson_session='))
  assert.ok(found !== undefined, `no session: ${answer.status}`)
  return found.split(';')[0] ?? ''
}

/** As the administrator in their browser. */
const inBrowser: Client = (name, input) =>
  createClient({ baseUrl: keelson.url, headers: { cookie, origin: keelson.url } })(name, input)

const make = async (...args: string[]): Promise<string> =>
  (await keelson.run([...args, '-q'])).stdout.trim()

const verify = async (token: string, audience: string) => {
  const keys = createRemoteJWKSet(new URL(`${keelson.url}/.well-known/jwks.json`))
  const { payload, protectedHeader } = await jwtVerify<{ name?: string; kind?: string }>(
    token,
    keys,
    {
      ...{ issuer: keelson.url, audience, algorithms: ['EdDSA'] },
    },
  )
  return { ...payload, typ: protectedHeader.typ }
}

const throughGateway = (headers: Record<string, string>) =>
  fetch(`${keelson.gateway}/web`, { headers })

test('a service account gets through the gateway, which tells the service who it is', async () => {
  await make('service-account', 'create', 'deploy', '--role', 'viewer')
  const token = await make('token', 'create', 'ci', '--account', 'deploy')
  assert.match(token, /^kst_/)
  assert.equal((await throughGateway({})).status, 401)
  const answer = await throughGateway({ authorization: `Bearer ${token}`, 'x-keelson-user': 'x' })
  assert.equal(answer.status, 200)
  const { headers } = (await answer.json()) as { headers: Record<string, string> }
  assert.equal(headers['x-keelson-user'], 'deploy')
  assert.equal(headers['authorization'], undefined)
  const claims = await verify(headers['x-keelson-identity'] ?? '', 'forwarded:service:shop/web')
  assert.deepEqual(
    [claims.typ, claims.name, claims.kind],
    ['identity+jwt', 'deploy', 'service_account'],
  )

  const { items } = await keelson.call('listServiceAccountTokens', {
    params: { account: 'deploy' },
  })
  await make('token', 'revoke', items[0]?.id ?? '')
  await waitFor('the token works nowhere', async () => {
    return (await throughGateway({ authorization: `Bearer ${token}` })).status === 401
  })
})

test('a person gets through by the session of the page, which the service never sees', async () => {
  const answer = await throughGateway({ cookie: `a=b; ${cookie}` })
  assert.equal(answer.status, 200)
  const { headers } = (await answer.json()) as { headers: Record<string, string> }
  assert.equal(headers['x-keelson-user'], administrator.name)
  assert.equal(headers['cookie'], 'a=b')
})

test('whoever may not read the service is refused', async () => {
  await make('service-account', 'create', 'stranger')
  const token = await make('token', 'create', 'any', '--account', 'stranger')
  assert.equal((await throughGateway({ authorization: `Bearer ${token}` })).status, 403)
})

test('a service proves to another who it is, and neither asks Keelson again', async () => {
  const answer = await fetch(`${keelson.gateway}/api-of-shop?audience=web`)
  const said = (await answer.json()) as { status: number; access_token: string }
  assert.equal(said.status, 200)
  const claims = await verify(said.access_token, 'service:shop/web')
  assert.deepEqual([claims.sub, claims.typ], ['service:shop/api', 'service+jwt'])
  const asAccess = await fetch(`${keelson.url}/api/v1/session`, {
    headers: { authorization: `Bearer ${said.access_token}` },
  })
  assert.equal(asAccess.status, 401)
})

const controlPid = async (): Promise<number> => {
  const text = await readFile(path.join(keelson.dataDir, 'platform.json'), 'utf8')
  return (JSON.parse(text) as { pid: number }).pid
}

/** `keelson login` up to the code it shows. */
const beginLogin = async () => {
  const child = spawn(keelson.launcher, ['login'], { cwd: keelson.dataDir, env: keelson.env })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  const userCode = await waitFor('a code is shown', () => /#([A-Z]{4}-[A-Z]{4})/.exec(said)?.[1])
  return { userCode, ended, said: () => said }
}

test('a person signs the command line in with a code, and out again', async () => {
  const login = await beginLogin()
  const { userCode } = login
  const { client } = await inBrowser('readDeviceRequest', { body: { userCode } })
  assert.match(client, /^keelson on /)
  await inBrowser('decideDeviceRequest', { body: { userCode, approve: true } })
  assert.equal(await login.ended, 0, login.said())
  assert.equal((await keelson.run(['whoami'])).stdout, `${administrator.name}\n`)

  const { items } = await inBrowser('listOwnClients')
  assert.equal(items.length, 1)
  const refused = await keelson.cli(['token', 'create', 'mine', '--scope', 'services:read'])
  assert.equal(refused.code, 4)
  assert.match(refused.stderr, /the person does it at http:\S+\/account\/tokens$/m)
  await keelson.run(['logout'])
  assert.equal((await keelson.run(['whoami'])).stdout, 'local command line\n')
  assert.deepEqual((await inBrowser('listOwnClients')).items, [])
  const audit = await keelson.run(['audit', 'list', '--action', 'client.approved', '--json'])
  assert.match(audit.stdout, /"name": "ana"/)
})

test('what somebody was given outlives a platform that is killed', async () => {
  await make('service-account', 'create', 'keeper', '--role', 'viewer')
  const token = await make('token', 'create', 'kept', '--account', 'keeper')
  const gone = await make('token', 'create', 'gone', '--account', 'keeper')
  const { items } = await keelson.call('listServiceAccountTokens', {
    params: { account: 'keeper' },
  })
  await make('token', 'revoke', items.find(({ name }) => name === 'gone')?.id ?? '')
  const killed = await controlPid()
  process.kill(killed, 'SIGKILL')
  await waitFor('another control process answers', async () => {
    return (await fetch(`${keelson.url}/readyz`)).ok && (await controlPid()) !== killed
  })
  const as = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${keelson.url}/api/v1/services`, { headers })).status
  assert.equal(await as({ authorization: `Bearer ${token}` }), 200)
  assert.equal(await as({ authorization: `Bearer ${gone}` }), 401)
  assert.equal(await as({ cookie }), 200)
  await waitFor('the gateway knows the session again', async () => {
    return (await throughGateway({ cookie })).status === 200
  })
})

test('the audit of all this is whole', async () => {
  const { stdout } = await keelson.run(['audit', 'verify', '--json'], { timeoutMs: 60_000 })
  assert.deepEqual((JSON.parse(stdout) as { findings: unknown[] }).findings, [])
})
