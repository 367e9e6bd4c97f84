import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, suite, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createTestAuthority } from '../packages/server/src/gateway/proxy/balance/testing-tls.ts'
import { openAcmeServer } from '../packages/server/src/gateway/testing/acme-server.ts'
import { findChromium, openBrowser } from './browser-session.ts'
import { administrator, createKeelson, setUp, waitFor, type Keelson } from './harness.ts'

/** A whole Keelson that others reach by https, on an address of this machine. */

const host = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.internal === false && each.family === 'IPv4')?.address
const skip = host === undefined ? 'this machine has no address but loopback' : false
const name = 'ops.example.com'
const authority = createTestAuthority('authority of a test', 90 * 86_400_000)

const executable = await findChromium()
const skipBrowser = executable === undefined ? 'no Chromium: not installed' : false
const pages = [
  ...['/', '/services', '/services?view=map', '/services/quiet/web', '/stacks/quiet'],
  ...['/gateway', '/gateway/upstreams', '/audit', '/access/users', '/access/roles', '/account'],
  ...['/system', '/reference'],
]

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  server.close()
  await once(server, 'close')
  return address.port
}

type Given = { method?: string; headers?: Record<string, string>; body?: object }

/** To the platform at this port, whose certificate must be of that authority. */
const sendTo = async (
  { port, ca }: { port: number; ca: string },
  path: string,
  given: Given = {},
): Promise<IncomingMessage> => {
  const { method = 'GET', headers = {}, body } = given
  const sent = request({
    ...{ host, port, path, method, ca, servername: name, agent: false },
    headers: { host: name, 'content-type': 'application/json', ...headers },
  })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  return answer
}

const writeStack = (folder: string): Promise<void> =>
  writeFile(
    join(folder, 'compose.yaml'),
    'name: quiet\nservices:\n  web: { command: ["sleep", "3600"], x-keelson: { runtime: process } }\n',
  )

suite('a platform that others reach by https', { skip }, () => {
  let folder: string
  let keelson: Keelson
  let port: number
  let cookie = ''

  const send = (path: string, given: Given = {}): Promise<IncomingMessage> =>
    sendTo({ port, ca: authority.ca }, path, given)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-https-'))
    const { cert, key } = authority.leaf(name)
    const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    await writeFile(files.cert, cert)
    await writeFile(files.key, key, { mode: 0o600 })
    await writeStack(folder)
    port = await freePort()
    keelson = await createKeelson({
      env: {
        KEELSON_HOST: '0.0.0.0',
        KEELSON_PUBLIC_URL: `https://${name}`,
        KEELSON_TLS_PORT: String(port),
        KEELSON_TLS_CERT_FILE: files.cert,
        KEELSON_TLS_KEY_FILE: files.key,
      },
    })
    await keelson.run(['up', '--wait', '--progress', 'plain'], { cwd: folder })
  })
  after(async () => {
    await keelson.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('ASVS 6.3.2: nobody gets in from outside before the set-up, whose link is of this machine', async () => {
    await assert.rejects(send('/healthz'), { code: 'ECONNREFUSED' })
    const { url } = await keelson.call('createSetupLink')
    assert.ok(url.startsWith(`${keelson.url}/set-up#`), url)
    assert.equal((await setUp(keelson, url)).status, 200)
    const answer = await waitFor('others get in', () => send('/healthz'))
    assert.equal(await text(answer), 'ok\n')
  })

  test('ASVS 3.3.1, 3.3.3, 3.4.1: who signs in by https gets a cookie that no plain page can set', async () => {
    const answer = await send('/api/v1/session', {
      ...{ method: 'POST', body: administrator, headers: { origin: `https://${name}` } },
    })
    assert.equal(answer.statusCode, 200)
    assert.match(answer.headers['strict-transport-security'] ?? '', /max-age=63072000/)
    const cookies = answer.headers['set-cookie'] ?? []
    assert.ok(cookies.length > 0)
    for (const each of cookies) assert.match(each, /^__Host-keelson_\w+=.*; Secure/)
    cookie = cookies.map((each) => each.split(';')[0]).join('; ')
    const session = await send('/api/v1/session', { headers: { cookie } })
    assert.match(await text(session), new RegExp(`"actor":"${administrator.name}"`))
    const foreign = await send('/api/v1/session', {
      ...{ method: 'DELETE', headers: { cookie, origin: `http://${name}` } },
    })
    assert.equal(foreign.statusCode, 403)
  })

  test('the live stream comes by https', async () => {
    const stream = await send('/api/v1/live?topics=services', { headers: { cookie } })
    assert.equal(stream.headers['content-type'], 'text/event-stream')
    assert.equal(stream.headers['x-content-type-options'], 'nosniff')
    for await (const part of stream) {
      if (String(part).includes('event: hello')) break
    }
  })

  test(
    'ASVS 3.4.3: in a browser no page breaks the policy it is served under',
    { skip: skipBrowser },
    async () => {
      const rule = `--host-resolver-rules=MAP ${name} ${host}`
      await using browser = await openBrowser(executable ?? '', [rule])
      const context = await browser.newContext({ ignoreHTTPSErrors: true })
      const page = await context.newPage()
      const broken: string[] = []
      await page.exposeFunction('keepViolation', (what: string) => void broken.push(what))
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => {
          const { keepViolation } = window as unknown as { keepViolation: (what: string) => void }
          keepViolation(`${location.pathname}: ${event.violatedDirective} ${event.blockedURI}`)
        })
      })
      const base = `https://${name}:${port}`
      await page.goto(`${base}/sign-in`)
      await page.getByLabel('Name').fill(administrator.name)
      await page.getByLabel('Password', { exact: true }).fill(administrator.password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await page.locator('[data-service="quiet/web"]').waitFor()
      for (const path of pages) {
        await page.goto(base + path)
        await page.getByRole('heading', { level: 1 }).waitFor()
      }
      assert.deepEqual(broken, [])
      // The listener does hear of what is broken.
      await page.evaluate(() => document.body.setAttribute('style', 'color: red'))
      const script =
        'const style = document.createElement("style"); style.textContent = "p{}"; document.head.append(style)'
      await page.evaluate(script)
      await waitFor('the planted fault is heard', () => broken.length > 0)
    },
  )

  test('the command line goes on by the loopback address, and links lead to the public one', async () => {
    const { stdout } = await keelson.run(['user', 'invite', 'leo', '--json'])
    assert.match(stdout, new RegExp(`https://${name}/join#`))
  })

  test('another name is refused, by https too', async () => {
    const answer = await send('/healthz', { headers: { host: 'evil.example' } })
    assert.equal(answer.statusCode, 403)
  })

  test('ASVS 13.3.4: the master key is rotated while it runs, and is the one after a restart', async () => {
    const file = join(keelson.dataDir, 'master.key')
    const before = await readFile(file, 'utf8')
    const rotated = await keelson.run(['keys', 'rotate'])
    assert.match(rotated.stdout, /2 \(in use\)/)
    assert.ok((await readFile(file, 'utf8')).startsWith(before))
    const { stdout: told } = await keelson.run(['doctor'])
    assert.match(told, /master key .*key 2 is in use/)
    assert.match(told, new RegExp(`port ${port} +Keelson's \\(page and API by TLS\\)`))
    assert.match(told, /✓ certificate +from files, for ops\.example\.com, until \S+$/m)
    assert.match((await keelson.run(['keys', 'new'])).stdout, /^3 [\w-]{43}$/m)
    assert.match((await keelson.run(['audit', 'verify'])).stdout, /^Whole/)
    await keelson.run(['down', '--all'])
    await keelson.run(['up', '--wait', '--progress', 'plain'], { cwd: folder })
    const answer = await send('/api/v1/session', { headers: { cookie } })
    assert.equal(answer.statusCode, 200)
    const status = await keelson.run(['keys', 'status', '--json'])
    const { keys } = JSON.parse(status.stdout) as { keys: { number: number; inUse: boolean }[] }
    assert.deepEqual(
      keys.map((key) => [key.number, key.inUse]),
      [
        [1, false],
        [2, true],
      ],
    )
  })

  test('doctor tells of a key that is gone while there is time', async () => {
    const file = join(keelson.dataDir, 'master.key')
    const text = await readFile(file, 'utf8')
    await rm(file)
    const told = await keelson.cli(['doctor'])
    assert.equal(told.code, 1)
    assert.match(told.stdout, /✗ master key .*next start would fail/)
    await writeFile(file, text, { mode: 0o600 })
    assert.match((await keelson.run(['doctor'])).stdout, /✓ master key/)
  })
})

suite('a platform that gets its certificate itself', { skip }, () => {
  let folder: string
  let keelson: Keelson
  let port: number
  let acme: Awaited<ReturnType<typeof openAcmeServer>>

  const fingerprint = async (): Promise<string> => {
    const answer = await sendTo({ port, ca: acme.authority }, '/healthz')
    const shown = (answer.socket as TLSSocket).getPeerCertificate().fingerprint256
    assert.equal(await text(answer), 'ok\n')
    return shown
  }
  const facts = async (): Promise<{ pid: number; publicUrl?: string }> =>
    JSON.parse(await readFile(join(keelson.dataDir, 'platform.json'), 'utf8'))
  const up = () => keelson.run(['up', '--wait', '--progress', 'plain'], { cwd: folder })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-acme-'))
    await writeStack(folder)
    port = await freePort()
    acme = await openAcmeServer({ tlsPort: port })
    keelson = await createKeelson({
      env: {
        KEELSON_HOST: '0.0.0.0',
        KEELSON_PUBLIC_URL: `https://${name}`,
        KEELSON_TLS_PORT: String(port),
        KEELSON_TLS_ACME_EMAIL: 'ops@example.com',
        KEELSON_TLS_ACME_TERMS: 'agreed',
        KEELSON_TLS_ACME_DIRECTORY: acme.directoryUrl,
      },
    })
  })
  after(async () => {
    await keelson.stop()
    await acme[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  test('before the set-up nobody gets in, nothing is ordered, and its address is told', async () => {
    const { stdout } = await up()
    assert.match(stdout, /^Set up: +http:\/\/127\.0\.0\.1:\d+\/set-up#/m)
    assert.match(
      stdout,
      /^Public: +https:\/\/ops\.example\.com {2}\(once there is an administrator\)$/m,
    )
    assert.equal((await facts()).publicUrl, `https://${name}`)
    await assert.rejects(fingerprint(), { code: 'ECONNREFUSED' })
    assert.equal(acme.orders(), 0)
    assert.match((await keelson.run(['doctor'])).stdout, /– certificate +by ACME, not there yet/)
  })

  test('then the name is proved at its own port, and the certificate is met there', async () => {
    assert.equal((await setUp(keelson)).status, 200)
    await waitFor('the certificate is met', fingerprint, { deadlineMs: 90_000 })
    assert.deepEqual(acme.challenges, [`tls-alpn-01 ${name}`])
    const { stdout } = await up()
    assert.match(
      stdout,
      /^Page: +http:\/\/127\.0\.0\.1:\d+\nPublic: +https:\/\/ops\.example\.com$/m,
    )
    const { stdout: told } = await keelson.run(['doctor'])
    assert.match(told, /✓ certificate +by ACME, for ops\.example\.com, until \d{4}-\d\d-\d\d$/m)
    assert.match(told, new RegExp(`port ${port} +Keelson's \\(page and API by TLS\\)`))
  })

  test('after kill -9 the same certificate is met, and none is ordered', async () => {
    const shown = await fingerprint()
    const { pid } = await facts()
    process.kill(pid, 'SIGKILL')
    await waitFor('another process answers', async () => (await facts()).pid !== pid, {
      deadlineMs: 90_000,
    })
    assert.equal(await waitFor('it is met again', fingerprint, { deadlineMs: 90_000 }), shown)
    assert.equal(acme.orders(), 1)
  })
})
