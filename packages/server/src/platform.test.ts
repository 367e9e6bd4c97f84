import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { api, isErrorCode, type Endpoint, type Problem } from '@keelson/contract'
import {
  administrator,
  runProgram,
  setUp,
  startKeelson,
  waitFor,
  type Keelson,
} from '../../../test/harness.ts'
import { addressesWithNul, valuesWithNul } from '../../../test/nul-texts.ts'

/** One whole platform with a stack, as its clients and its operator see it. */

type Who = 'nobody' | 'local' | 'session'
type Operation = {
  operationId: string
  'x-permission'?: string
  security?: unknown[]
  parameters?: { name: string; in: string }[]
}
type Document = { paths: Record<string, Record<string, Operation>> }

const compose = `
name: walk
services:
  idle:
    command: ["sleep", "3600"]
    x-keelson: { runtime: process }
`

/** What a request without any content is answered with, when it is not what most are. */
const answers: Record<string, Partial<Record<Who, number>>> = {
  // Only the machine's own command line makes them.
  createSetupLink: { local: 409, session: 403 },
  getSession: { nobody: 401 },
  deleteSession: { nobody: 204, local: 204, session: 204 },
  token: { nobody: 400, local: 401, session: 400 },
  deviceAuthorization: { nobody: 400, local: 400, session: 400 },
  revokeProgram: { nobody: 400, local: 400, session: 400 },
  // There are no passkeys at an IP address.
  startPasskey: { nobody: 422, local: 422, session: 422 },
  startOwnPasskey: { local: 403, session: 422 },
  deleteTotp: { local: 403, session: 404 },
  createRecoveryCodes: { local: 403, session: 400 },
  dropMasterKey: { local: 400, session: 400 },
  explainAccess: { local: 400, session: 400 },
  applyStackFiles: { local: 400, session: 400 },
  withdrawGapAcceptance: { local: 400, session: 400 },
}
/** Everything with a place in its path is asked for something that is not there. */
const isOfSomething = (template: string): boolean => template.includes('{')

/** Whoever sends no body where one is needed is told so before anything is looked for. */
const isAskedFor = (name: string): boolean =>
  (api as Record<string, Endpoint>)[name]?.body !== undefined

const cookieIn = (answer: Response): string => {
  const set = answer.headers.getSetCookie().find((one) => one.startsWith('keelson_session='))
  return set?.split(';')[0] ?? ''
}

suite('a running platform', () => {
  let keelson: Keelson
  let folder: string
  let cookie: string
  const headersOf = async (who: Who): Promise<Record<string, string>> => {
    if (who === 'nobody') return {}
    if (who === 'session') return { cookie }
    const token = await readFile(join(keelson.dataDir, 'token'), 'utf8')
    return { authorization: `Bearer ${token.trim()}` }
  }

  const readDocument = async (): Promise<Document> =>
    (await (await fetch(`${keelson.url}/api/v1/openapi.json`)).json()) as Document

  const signIn = async (): Promise<string> => {
    const answer = await fetch(`${keelson.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: keelson.url },
      body: JSON.stringify(administrator),
    })
    assert.equal(answer.status, 200)
    return cookieIn(answer)
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keelson-walk-'))
    await writeFile(join(folder, 'compose.yaml'), compose)
    keelson = await startKeelson([], { cwd: folder })
    cookie = cookieIn(await setUp(keelson))
  })
  after(async () => {
    try {
      await keelson.stop()
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('serves every endpoint of the contract to those who may, and to nobody else', async () => {
    const document = await readDocument()
    const walked = new Set<string>()
    const others: string[] = []
    for (const [template, methods] of Object.entries(document.paths)) {
      for (const [method, { operationId, 'x-permission': permission }] of Object.entries(methods)) {
        walked.add(operationId)
        if (operationId === 'stopSystem') continue // it would
        const path = template.replaceAll(/\{\w+\}/g, 'none')
        for (const who of ['nobody', 'local', 'session'] as const) {
          if (operationId === 'deleteSession' && who === 'session') continue // its own test
          const answer = await fetch(
            `${keelson.url}${path}${operationId === 'live' ? '?topics=timeline' : ''}`,
            { method, headers: await headersOf(who) },
          )
          const isOpen = permission === undefined || ['public', 'status:read'].includes(permission)
          const found = isOfSomething(template) ? 404 : 200
          // The command line has no account of its own.
          const hasNone = who === 'local' && permission === 'account:own'
          const usual = isAskedFor(operationId) ? 400 : hasNone ? 403 : found
          const allowed = answers[operationId]?.[who] ?? usual
          const wanted = who === 'nobody' && !isOpen ? 401 : allowed
          const what = `${method} ${path} (${operationId}) as ${who}`
          if (answer.status !== wanted) others.push(`${what}: ${answer.status}, not ${wanted}`)
          if (answer.status >= 400 && !template.startsWith('/oauth/')) {
            const problem = (await answer.json()) as Problem
            assert.ok(isErrorCode(problem.code), what)
            assert.equal(problem.requestId, answer.headers.get('x-request-id'), what)
          } else await answer.body?.cancel()
        }
      }
    }
    assert.deepEqual(others, [])
    const missing = Object.keys(api).filter((name) => !walked.has(name))
    assert.deepEqual(missing, [])
  })

  test('ASVS 1.5.3: refuses text that no database keeps, wherever it stands', async () => {
    const asked: [path: string, method: string, body?: string][] = [
      ...['/a%00', '/sign-in/a%00', '/sign-in/a/callback?state=a%00'].map(
        (path): [string, string] => [path, 'GET'],
      ),
    ]
    for (const [template, methods] of Object.entries((await readDocument()).paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const addresses = addressesWithNul(template, operation)
        asked.push(...addresses.map((path): [string, string] => [path, method]))
        const endpoint = (api as Record<string, Endpoint>)[operation.operationId]
        const path = template.replaceAll(/\{\w+\}/g, 'none')
        for (const value of valuesWithNul(endpoint?.body ?? {})) {
          asked.push([path, method, JSON.stringify(value)])
        }
      }
    }
    assert.ok(asked.length > 300, `${asked.length} texts`)
    const others: string[] = []
    for (const [path, method, body] of asked) {
      for (const who of ['nobody', 'local', 'session'] as const) {
        const json = body === undefined ? {} : { 'content-type': 'application/json' }
        const headers = { ...(await headersOf(who)), ...json, origin: keelson.url }
        const answer = await fetch(keelson.url + path, { method, headers, body: body ?? null })
        const { code } = (await answer.json()) as Problem
        const isHeard = code !== 'unauthenticated' && code !== 'forbidden'
        if (isHeard && code !== 'bad_request') {
          others.push(`${method} ${path} ${body} as ${who}: ${answer.status} ${code}`)
        }
      }
    }
    assert.deepEqual(others, [])
    const log = await readFile(join(keelson.dataDir, 'logs/platform.log'), 'utf8')
    assert.doesNotMatch(log, /request failed/)
  })

  test('refuses what nobody may change, also the end of itself', async () => {
    for (const [name, { method, path, permission }] of Object.entries<Endpoint>(api)) {
      if (method === 'GET' || permission === 'public') continue
      const answer = await fetch(keelson.url + path.replaceAll(/:\w+/g, 'walk'), { method })
      assert.equal(answer.status, 401, name)
    }
    assert.equal((await keelson.call('getStack', { params: { stack: 'walk' } })).name, 'walk')
  })

  test('a page of the same host but another port changes nothing with the cookie', async () => {
    const answer = await fetch(`${keelson.url}/api/v1/stacks/walk`, {
      method: 'DELETE',
      headers: { cookie, origin: keelson.gateway },
    })
    assert.equal(answer.status, 403)
    assert.equal(((await answer.json()) as Problem).code, 'origin_refused')
  })

  test('signing out ends the session', async () => {
    const headers = { cookie: await signIn() }
    const ask = async () => (await fetch(`${keelson.url}/api/v1/system`, { headers })).status
    assert.equal(await ask(), 200)
    const answer = await fetch(`${keelson.url}/api/v1/session`, { method: 'DELETE', headers })
    assert.equal(answer.status, 204)
    assert.match(answer.headers.getSetCookie()[0] ?? '', /^keelson_session=; /)
    assert.equal(await ask(), 401)
  })

  test('everything in it is ready', async () => {
    assert.equal(await (await fetch(`${keelson.url}/readyz`)).text(), 'ready\n')
    const { modules } = await keelson.call('getSystem')
    assert.ok(modules.length > 10 && modules.every(({ ready }) => ready))
  })

  test('its metrics tell a stranger the state of services, and nothing of the gateway', async () => {
    const text = await (await fetch(`${keelson.url}/metrics`)).text()
    assert.match(text, /^keelson_service_state\{stack="walk"/m)
    assert.doesNotMatch(text, /keelson_gateway_/)
  })

  test('its metrics are in the text format of Prometheus', async () => {
    const answer = await fetch(`${keelson.url}/metrics`, { headers: await headersOf('local') })
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    const text = await answer.text()
    assert.match(text, /^keelson_service_state\{stack="walk",service="idle",state="healthy"\} 1$/m)
    assert.match(text, /^# HELP keelson_gateway_requests_total /m)
    for (const line of text.trimEnd().split('\n')) {
      const shape = /^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)*\})? [-+\w.]+)$/
      assert.match(line, shape)
    }
  })

  test('its secrets lie in files of its user only, and in no argument list', async () => {
    for (const name of ['token', 'database.json', 'platform.json']) {
      assert.equal((await stat(join(keelson.dataDir, name))).mode & 0o077, 0, name)
    }
    const token = (await readFile(join(keelson.dataDir, 'token'), 'utf8')).trim()
    const { url } = JSON.parse(await readFile(join(keelson.dataDir, 'database.json'), 'utf8')) as {
      url: string
    }
    const { password } = new URL(url)
    for (const { command } of await keelson.processes()) {
      assert.ok(!command.includes(token))
      assert.ok(password === '' || !command.includes(password), command)
    }
    const log = await readFile(join(keelson.dataDir, 'logs/platform.log'), 'utf8')
    assert.ok(!log.includes(token))
    assert.ok(password === '' || !log.includes(password))
  })

  test('a backup is made while it runs, verified, and restored into a fresh folder', async () => {
    const file = join(folder, 'keelson.backup')
    const json = async (...args: string[]): Promise<unknown> =>
      JSON.parse((await keelson.run(['backup', ...args, '--json'])).stdout)
    const made = (await json('create', file)) as { tables: { name?: string; rows: number }[] }
    assert.ok(made.tables.length > 5)
    assert.deepEqual(await json('verify', file), made)
    assert.deepEqual(
      await keelson.call('getSystem').then(({ database }) => database.kind),
      'embedded',
    )

    const again = await keelson.cli(['backup', 'create', file])
    assert.notEqual(again.code, 0)
    assert.match(again.stderr, /^✗ .*\n {2}Try: /)
    assert.doesNotMatch(again.stderr, /\n {4}at /)

    const fresh = join(folder, 'fresh')
    const env = { ...keelson.env, KEELSON_DATA_DIR: fresh }
    const restore = (...more: string[]) =>
      runProgram(keelson.launcher, ['backup', 'restore', file, ...more], { cwd: folder, env })
    const first = await restore()
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stdout, /^Restored: /)
    const copy = join(folder, 'copy.backup')
    const second = await runProgram(keelson.launcher, ['backup', 'create', copy, '--json'], {
      cwd: folder,
      env,
    })
    assert.equal(second.code, 0, second.stderr)
    const rowsOf = (manifest: unknown) => (manifest as typeof made).tables
    assert.deepEqual(rowsOf(JSON.parse(second.stdout)), rowsOf(made))
    const over = await restore()
    assert.notEqual(over.code, 0, 'what was there was replaced without being asked')
    assert.match(over.stderr, /--force/)
    assert.equal((await restore('--force')).code, 0)
  })

  test('a running platform is not restored over, whatever is asked', async () => {
    const file = join(folder, 'keelson.backup')
    for (const more of [[], ['--force']]) {
      const { code, stderr } = await keelson.cli(['backup', 'restore', file, ...more])
      assert.notEqual(code, 0)
      assert.match(stderr, /Another Keelson \(process \d+\) uses the data folder/)
    }
  })

  const spoil: [string, (file: string) => Promise<void>][] = [
    ['is cut short', async (file) => writeFile(file, (await readFile(file)).subarray(0, -100))],
    ['is empty', (file) => writeFile(file, '')],
    ['is something else', (file) => writeFile(file, 'hello\n'.repeat(1000))],
    ['is not there', (file) => rm(file)],
  ]
  for (const [what, damage] of spoil) {
    test(`a backup that ${what} is refused, and nothing is restored`, async () => {
      const file = join(folder, 'spoilt.backup')
      await cp(join(folder, 'keelson.backup'), file)
      await damage(file)
      const verified = await keelson.cli(['backup', 'verify', file])
      assert.notEqual(verified.code, 0)
      assert.match(verified.stderr, /^✗ .+\n {2}Try: .+\n$/)
      const env = { ...keelson.env, KEELSON_DATA_DIR: join(folder, 'never') }
      const { code } = await runProgram(keelson.launcher, ['backup', 'restore', file], {
        cwd: folder,
        env,
      })
      assert.notEqual(code, 0)
      await rm(join(folder, 'never'), { recursive: true, force: true })
    })
  }

  test('a verb without a file is bad input', async () => {
    const { code } = await keelson.cli(['backup', 'verify'])
    assert.equal(code, 2)
  })

  test('the process of the platform may die, and answers again', async () => {
    const facts = JSON.parse(await readFile(join(keelson.dataDir, 'platform.json'), 'utf8')) as {
      pid: number
    }
    process.kill(facts.pid, 'SIGKILL')
    await waitFor('another one is ready', async () => {
      const { pid } = JSON.parse(
        await readFile(join(keelson.dataDir, 'platform.json'), 'utf8'),
      ) as { pid: number }
      return pid !== facts.pid && (await fetch(`${keelson.url}/readyz`)).ok
    })
    assert.equal((await fetch(`${keelson.url}/api/v1/system`, { headers: { cookie } })).status, 200)
  })
})
