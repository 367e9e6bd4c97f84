import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { runKeelson } from '../../testing/platform-fixture.ts'

const launcher = join(import.meta.dirname, '../../../bin/keelson')

const folderWith = async (text: string) => {
  const path = await mkdtemp(join(tmpdir(), 'keelson-kong-'))
  const file = join(path, 'kong.yml')
  await writeFile(file, text)
  return { path, file, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

const file = (more: string): string => `_format_version: "3.0"\n${more}`

const checks: [name: string, text: string, code: number, said: RegExp][] = [
  [
    'what works is counted',
    file(
      'services: [{ name: a, url: "http://a:1", routes: [{ paths: [/a] }] }]\nplugins: [{ name: cors }]',
    ),
    0,
    /works: 1 service, 1 route, 1 plugin\n +cors: everything/,
  ],
  ['an empty file holds nothing', file(''), 0, /it holds nothing/],
  [
    'every mistake has its place and a way out',
    file(
      'services:\n  - name: a\n    url: http://a:1\n    retires: 3\n  - name: b\n    host: b\n    port: 99999',
    ),
    2,
    /kong\.yml:5:5: service 'a' \(services\[0\]\): There is no field retires\.\n +Try: Did you mean retries\?\n.*kong\.yml:8:11: service 'b'/s,
  ],
  [
    'what is of the enterprise edition is named',
    file('plugins: [{ name: openid-connect }]'),
    2,
    /The plugin openid-connect is one of Kong Enterprise\.\n +Try: Use oidc\./,
  ],
  ['what is no YAML is told with its place', file('services: [\n'), 2, /kong\.yml:\d+:\d+: /],
  [
    'with mistakes, what works and what was not looked at',
    file(
      'services: [{ name: a, url: "http://a:1" }, { name: b }]\nworkspaces: [{ name: x }]\nplugins: [{ name: cors }]',
    ),
    2,
    /Without a mistake of their own: 1 of 2 services, 1 of 1 plugin\. Not looked at any further: workspaces\./,
  ],
  [
    'kinds are named as people say them',
    file('consumers: [{ username: a, keyauth_credentials: [{ key: k }], acls: [{ group: x }] }]'),
    0,
    /works: 1 consumer, 1 key-auth credential, 1 ACL group$/m,
  ],
  ['another format version is told', '_format_version: "4.0"\n', 2, /_format_version/],
]
for (const [name, text, code, said] of checks) {
  test(`check: ${name}`, async () => {
    await using folder = await folderWith(text)
    const result = await runKeelson(['gateway', 'check', folder.file], { cwd: folder.path })
    assert.equal(result.code, code, result.stderr)
    assert.match(result.stdout + result.stderr, said)
  })
}

test('check: a file that is not there', async () => {
  const result = await runKeelson(['gateway', 'check', '/nowhere/kong.yml'], { cwd: tmpdir() })
  assert.equal(result.code, 2)
  assert.match(result.stderr, /cannot be read: ENOENT/)
})

const served = async (path: string, cwd: string, ...options: string[]) => {
  const child = spawn(launcher, ['gateway', 'serve', path, '--port', '0', ...options], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], HOME: cwd, NO_COLOR: '1' },
  })
  const lines = createInterface({ input: child.stderr })
  const said: string[] = []
  const waiting = new Set<() => void>()
  lines.on('line', (line) => {
    said.push(line)
    for (const look of waiting) look()
  })
  const line = (wanted: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = said.find((one) => wanted.test(one))
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      child.once('exit', () => reject(new Error(`it ended: ${said.join('\n')}`)))
      look()
    })
  const url = /http:\/\/[\d.]+:\d+/.exec(await line(/is served on/))?.[0] ?? ''
  return {
    ...{ child, line, url },
    end: async (): Promise<number | null> => {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      return child.exitCode
    },
  }
}

test('serve: answers by the file, reads it again on SIGHUP, keeps what works', async () => {
  const origin = createServer((request, response) => response.end(request.url)).listen(
    0,
    '127.0.0.1',
  )
  await once(origin, 'listening')
  const { port } = origin.address() as AddressInfo
  const routing = (path: string) =>
    file(`services: [{ name: a, url: "http://127.0.0.1:${port}", routes: [{ paths: [${path}] }] }]`)
  await using folder = await folderWith(routing('/a'))
  const gateway = await served(folder.file, folder.path)
  const status = async (path: string) => (await fetch(gateway.url + path)).status
  try {
    assert.deepEqual([await status('/a/x'), await status('/b')], [200, 404])
    await writeFile(folder.file, routing('b'))
    gateway.child.kill('SIGHUP')
    await gateway.line(/kong\.yml:2:\d+: route .*"b" starts neither/)
    await gateway.line(/stays as it was/)
    assert.deepEqual([await status('/a/x'), await status('/b')], [200, 404])
    await writeFile(folder.file, routing('/b'))
    gateway.child.kill('SIGHUP')
    await gateway.line(/is read again/)
    assert.deepEqual([await status('/a/x'), await status('/b')], [404, 200])
  } finally {
    assert.equal(await gateway.end(), 0)
    origin.closeAllConnections()
    origin.close()
  }
})

test('serve: status and metrics have a port of their own, and proxies in front are believed', async () => {
  const config = file(`routes: [{ name: all, paths: [/] }]
plugins:
- { name: prometheus, config: { status_code_metrics: true } }
- { name: ip-restriction, config: { allow: [192.0.2.7] } }
- { name: request-termination, config: { status_code: 200 } }`)
  await using folder = await folderWith(config)
  const trusting = ['--status-port', '0', '--trusted-proxies', '127.0.0.0/8']
  const gateway = await served(folder.file, folder.path, ...trusting)
  try {
    const url = /http:\S+/.exec(await gateway.line(/Status and metrics on/))?.[0] ?? ''
    const from = async (address: string) =>
      (await fetch(gateway.url, { headers: { 'x-forwarded-for': address } })).status
    assert.deepEqual([await from('192.0.2.7'), await from('192.0.2.8')], [200, 403])
    const metrics = await (await fetch(`${url}/metrics`)).text()
    assert.match(metrics, /kong_http_requests_total\{.*route="all",code="403".*\} 1/)
    assert.equal((await fetch(`${url}/status/ready`)).status, 200)
    const status = (await (await fetch(`${url}/status`)).json()) as { server: object }
    assert.deepEqual(Object.entries(status.server).at(-1), ['total_requests', 2])
  } finally {
    assert.equal(await gateway.end(), 0)
  }
})

test('serve: a range of trusted proxies that is none', async () => {
  await using folder = await folderWith(file(''))
  const options = ['--trusted-proxies', '10.0.0.0/8,balancer']
  const result = await runKeelson(['gateway', 'serve', folder.file, ...options], {
    cwd: folder.path,
  })
  assert.equal(result.code, 2)
  assert.match(result.stderr, /--trusted-proxies: "balancer" is not an IP address or CIDR range/)
})

test('serve: a port in use is told in one sentence, with the way out', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await using folder = await folderWith(file(''))
  for (const option of ['--port', '--status-port']) {
    const result = await runKeelson(
      ['gateway', 'serve', folder.file, '--port', '0', option, String(port)],
      { cwd: folder.path },
    )
    assert.equal(result.code, 2)
    assert.match(
      result.stderr,
      new RegExp(`^✗ .*port ${port} .*\\n  Try: choose another with --port`, 'i'),
    )
    assert.equal(result.stderr.trim().split('\n').length, 2, 'no stack trace')
  }
  other.close()
})

test('serve: a file with mistakes is not served', async () => {
  await using folder = await folderWith(file('services: [{}]'))
  const result = await runKeelson(['gateway', 'serve', folder.file], { cwd: folder.path })
  assert.equal(result.code, 2)
})

const teapot = `
import { definePlugin, Type } from '@keelson/server/gateway-plugin'

export default definePlugin({
  name: 'teapot',
  priority: 10,
  summary: 'Makes tea.',
  schema: Type.Object({ tea: Type.String() }),
  create: ({ tea }) => ({
    access: (exchange) => {
      console.log('asked for', exchange.request.path)
      if (exchange.request.path === '/end') process.exit(3)
      exchange.respond({ status: 418, body: tea })
    },
  }),
})
`

test('serve and check: plugins of a folder run, end, and are refused by name', async () => {
  const config = (name: string) =>
    file(`routes: [{ paths: [/] }]\nplugins: [{ name: ${name}, config: { tea: green } }]`)
  await using folder = await folderWith(config('teapot'))
  const plugins = join(folder.path, 'gateway-plugins')
  for (const [name, source] of [
    ['teapot', teapot],
    ['broken', "throw new Error('no water')"],
  ] as const) {
    await mkdir(join(plugins, name), { recursive: true })
    await writeFile(join(plugins, name, 'index.ts'), source)
  }
  const gateway = await served(folder.file, folder.path, '--plugins', 'gateway-plugins')
  try {
    await gateway.line(/cannot be loaded .*broken.*no water/)
    const answer = await fetch(`${gateway.url}/pot`)
    assert.deepEqual([answer.status, await answer.text()], [418, 'green'])
    await gateway.line(/plugin says .*asked for \/pot/)
    assert.equal((await fetch(`${gateway.url}/end`)).status, 500)
    await gateway.line(/plugin ended; it is started again .*exit code 3/)
    await gateway.line(/plugin runs again/)
    assert.equal((await fetch(`${gateway.url}/pot`)).status, 418)
  } finally {
    assert.equal(await gateway.end(), 0)
  }
  await writeFile(folder.file, config('broken'))
  const check = ['gateway', 'check', folder.file, '--plugins', 'gateway-plugins']
  const result = await runKeelson(check, { cwd: folder.path })
  assert.equal(result.code, 2)
  assert.match(result.stderr, /kong\.yml:3:\d+: .*The plugin broken does not run: .*no water/)
})
