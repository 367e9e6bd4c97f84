import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import test, { after, before } from 'node:test'
import { createKeelson, waitFor, type Keelson } from './harness.ts'

// A stack with a Kong file beside its compose file, on a whole platform.

const compose = `
name: kong-shop
services:
  orders:
    command: ["node", "server.mjs"]
    deploy: { replicas: 2 }
    x-keelson:
      runtime: process
      port: auto
      probe: { http: /, interval: 1s }
      route:
        path: /direct
        methods: [GET]
        plugins: [{ name: rate-limiting, config: { hour: 3 } }]
`
const server = `
import { createServer } from 'node:http'
createServer((request, response) => {
  response.end(JSON.stringify({ pid: process.pid, url: request.url, headers: request.headers }))
}).listen(Number(process.env.PORT), '127.0.0.1')
`
const kong = (paths: string): string => `
_format_version: "3.0"
services:
  - name: orders
    url: http://orders:3000/v1
    routes: [{ name: orders, paths: [${paths}] }]
    plugins: [{ name: key-auth }]
consumers:
  - { username: bob, keyauth_credentials: [{ key: "{vault://env/BOB_KEY}" }] }
`

let keelson: Keelson
let folder = ''
const key = 'bobs-own-key-of-the-test'
const env = { BOB_KEY: key }

before(async () => {
  keelson = await createKeelson()
  folder = path.join(keelson.dataDir, 'stack')
  await mkdir(folder)
  await writeFile(path.join(folder, 'compose.yaml'), compose)
  await writeFile(path.join(folder, 'server.mjs'), server)
  await writeFile(path.join(folder, 'kong.yml'), kong('/orders'))
  await keelson.run(['up', '--wait', '-q'], { cwd: folder, env })
})
after(() => keelson.stop())

const ask = (at: string, headers: Record<string, string> = {}) =>
  fetch(`${keelson.gateway}${at}`, { headers })
const cli = (args: readonly string[]) => keelson.cli(args, { cwd: folder, env })

test('routes of the Kong file lead to the instances of the stack, with its plugins', async () => {
  assert.equal((await ask('/orders/7')).status, 401)
  const pids = new Set<number>()
  for (let at = 0; at < 4; at += 1) {
    const answer = await ask('/orders/7?x=1', { apikey: key })
    assert.equal(answer.status, 200)
    const { pid, url, headers } = (await answer.json()) as {
      pid: number
      url: string
      headers: Record<string, string>
    }
    assert.equal(url, '/v1/7?x=1')
    assert.equal(headers['x-consumer-username'], 'bob')
    pids.add(pid)
  }
  assert.equal(pids.size, 2)
})

test('plugins and methods of a route in the compose file', async () => {
  const statuses: number[] = []
  for (let at = 0; at < 4; at += 1) statuses.push((await ask('/direct')).status)
  assert.deepEqual(statuses, [200, 200, 200, 429])
  const posted = await fetch(`${keelson.gateway}/direct`, { method: 'POST' })
  assert.equal(posted.status, 404)
})

test('who routes what, and why', async () => {
  const routes = await cli(['gateway', 'routes'])
  assert.match(
    routes.stdout,
    /orders .*\/orders .*kong-shop\/orders .*key-auth .*kong\.yml of kong-shop/,
  )
  assert.match(routes.stdout, /\/direct .*rate-limiting .*compose file of kong-shop/)
  const explained = await cli(['gateway', 'explain', 'GET', '/orders/7', '--consumer', 'bob'])
  assert.match(explained.stdout, /^orders takes it to kong-shop-orders-\d of kong-shop\/orders\./)
  assert.match(explained.stdout, /asks for http:\/\/127\.0\.0\.1:\d+\/v1\/7, Host orders:3000/)
  assert.match((await cli(['gateway', 'upstreams'])).stdout, /kong-shop-orders-2 .*healthy/)
})

test('a key made here opens routes of files, until it is revoked', async () => {
  const made = await cli(['gateway', 'key', 'create', 'mobile', '--json'])
  const { key: fresh, credential } = JSON.parse(made.stdout) as {
    key: string
    credential: { id: string }
  }
  const answers = async (wanted: number) =>
    (await ask('/orders', { apikey: fresh })).status === wanted
  await waitFor('the key is known', () => answers(200))
  assert.ok(!(await cli(['gateway', 'key', 'list'])).stdout.includes(fresh))
  assert.equal((await cli(['gateway', 'key', 'revoke', credential.id])).code, 0)
  await waitFor('the key is gone', () => answers(401))
})

test('a change is planned, applied and taken back with the stack', async () => {
  await writeFile(path.join(folder, 'kong.yml'), kong('/orders, /o'))
  const plan = await cli(['plan'])
  assert.match(plan.stdout, /configure gateway .*kong\.yml\n\s+1 route updated/)
  assert.match(plan.stdout, /route orders: paths: \["\/orders"\] → \["\/orders","\/o"\]/)
  await keelson.run(['up', '--wait', '-q'], { cwd: folder, env })
  await waitFor('the route is there', async () => (await ask('/o')).status === 401)
  assert.match((await cli(['history'])).stdout, /gateway: 1 route updated/)
  await keelson.run(['rollback'], { cwd: folder, env })
  await waitFor('the route is gone', async () => (await ask('/o')).status === 404)
})

test('a mistake is told with its line, and nothing changes', async () => {
  await writeFile(path.join(folder, 'kong.yml'), kong('orders'))
  const refused = await cli(['up', '-d'])
  assert.equal(refused.code, 2)
  assert.match(
    refused.stderr,
    /kong\.yml:6:38: route 'orders' \(services\[0\]\.routes\[0\]\): paths "orders"/,
  )
  assert.equal((await ask('/orders')).status, 401)
  await writeFile(path.join(folder, 'kong.yml'), kong('/orders'))
})

test('secrets of the file are in no answer and no plan; an export can be read again', async () => {
  const exported = await cli(['gateway', 'export'])
  const whole = await cli(['gateway', 'export', '--secrets', '-o', 'out.yml'])
  assert.equal(whole.code, 0)
  for (const { stdout, stderr } of [
    exported,
    await cli(['plan', '--json']),
    await cli(['gateway', 'key', 'list', '--json']),
  ]) {
    assert.ok(!(stdout + stderr).includes(key))
  }
  const text = await readFile(path.join(folder, 'out.yml'), 'utf8')
  assert.match(text, /\{vault:\/\/env\/BOB_KEY\}/)
  assert.equal((await cli(['gateway', 'check', 'out.yml'])).code, 0)
})

test('what the API manages: dry run, apply, history, rollback', async () => {
  const file = path.join(folder, 'own.yml')
  await writeFile(
    file,
    '_format_version: "3.0"\nroutes:\n  - name: closed\n    paths: [/closed]\n    plugins: [{ name: request-termination, config: { status_code: 418 } }]\n',
  )
  const looked = await cli(['gateway', 'apply', file, '--dry-run'])
  assert.equal(looked.code, 7)
  assert.match(looked.stdout, /\+ route closed/)
  assert.equal((await ask('/closed')).status, 404)
  assert.equal((await cli(['gateway', 'apply', file, '--note', 'closed for the night'])).code, 0)
  await waitFor('it is closed', async () => (await ask('/closed')).status === 418)
  const history = await cli(['gateway', 'history'])
  assert.match(history.stdout, /closed for the night/)
  const [, before = ''] = /^(\d+) +\S.*(?:key|credential)/m.exec(history.stdout) ?? []
  assert.equal((await cli(['gateway', 'rollback', before])).code, 0)
  await waitFor('it is open again', async () => (await ask('/closed')).status === 404)
})
