import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { test } from 'node:test'
import { httpCache } from '../plugins/http-cache/handler.ts'
import { configOf } from '../plugins/testing/index.ts'
import { aConfig, aPlugin, aRoute, aService, freePort, openGateway } from '../testing/gateway.ts'

/**
 * The public suite https://github.com/http-tests/cache-tests against a gateway with http-cache as
 * it comes, but for answers that set cookies, which the suite wants to be kept. The release on npm is of 2020; `HTTP_CACHE_TESTS=<folder of a checkout>` runs another
 * edition (its interim tests need undici in that folder). Results are compared with the
 * table beside this file; `HTTP_CACHE_TESTS_WRITE=1` writes it anew.
 */
const folder =
  process.env['HTTP_CACHE_TESTS'] ??
  dirname(fileURLToPath(import.meta.resolve('http-cache-tests/package.json')))

type SuiteTest = {
  id: string
  kind?: string
  browser_only?: boolean
  cdn_only?: boolean
  depends_on?: readonly string[]
}

type Result = true | [kind: string, message: string]
type Judged = { score: Record<string, string>; results: Record<string, 'pass' | 'fail'> }
/** By edition of the suite. */
type Table = Record<string, Judged>

const tableFile = new URL('http-cache-tests.json', import.meta.url)

void test('http-cache-tests', { timeout: 300_000 }, async () => {
  const place = await mkdtemp(join(tmpdir(), 'keelson-cache-tests-'))
  const originPort = await freePort()
  const origin = await startOrigin(originPort, place)
  try {
    await using gateway = await openGateway({
      config: aConfig({
        services: [aService('origin', { port: originPort, retries: 0 })],
        routes: [aRoute('all', 'origin')],
        plugins: [aPlugin('http-cache', configOf(httpCache, { store_set_cookie: true }))],
      }),
    })
    const tests = await readTests()
    const found = judge(tests, await runClient(gateway.url))
    console.log(`${edition()}: ${JSON.stringify(found.score)}`)
    const worse = worseThanKnown(found)
    if (worse.length === 0) return
    // A machine that stalls for two seconds makes answers stale that should be fresh.
    const again = worseThanKnown(judge(tests, await runClient(gateway.url)))
    const stillWorse = worse.filter((id) => again.includes(id))
    assert.deepEqual(stillWorse, [], 'tests that passed before')
  } finally {
    origin.kill()
    await rm(place, { recursive: true, force: true })
  }
})

const readTests = async (): Promise<SuiteTest[]> => {
  const file = pathToFileURL(join(folder, 'tests/index.mjs')).href
  const module = (await import(file)) as { default: { tests: SuiteTest[] }[] }
  return module.default.flatMap((suite) => suite.tests)
}

/** A test counts only if those it depends on passed; browser's and CDN's own ones do not count. */
const judge = (tests: readonly SuiteTest[], results: Readonly<Record<string, Result>>): Judged => {
  const byId = new Map(tests.map((test) => [test.id, test]))
  const passes = (id: string): boolean =>
    results[id] === true && (byId.get(id)?.depends_on ?? []).every(passes)
  const counted = tests.filter((test) => test.browser_only !== true && test.cdn_only !== true)
  const scoreOf = (kind: string): string => {
    const ofKind = counted.filter((test) => (test.kind ?? 'required') === kind)
    return `${ofKind.filter(({ id }) => passes(id)).length}/${ofKind.length}`
  }
  const sorted = counted.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return {
    score: { required: scoreOf('required'), optimal: scoreOf('optimal'), check: scoreOf('check') },
    results: Object.fromEntries(sorted.map(({ id }) => [id, passes(id) ? 'pass' : 'fail'])),
  }
}

/** Tests that passed when the table was written, and do not now. */
const worseThanKnown = (found: Judged): string[] => {
  const table: Table = existsSync(tableFile)
    ? (JSON.parse(readFileSync(tableFile, 'utf8')) as Table)
    : {}
  if (process.env['HTTP_CACHE_TESTS_WRITE'] !== undefined) {
    table[edition()] = found
    writeFileSync(tableFile, `${JSON.stringify(table, null, 2)}\n`)
    return []
  }
  const known = table[edition()]
  assert.ok(known !== undefined, `${edition()} is not in the table`)
  return Object.keys(known.results).filter(
    (id) => known.results[id] === 'pass' && found.results[id] === 'fail',
  )
}

/** Release or branch, by what the folder says of itself. */
const edition = (): string => {
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string
  }
  return existsSync(join(folder, 'test-engine')) ? 'main of July 2026' : version
}

const engine = (file: string): string =>
  existsSync(join(folder, 'test-engine')) ? join('test-engine', file) : file

const startOrigin = async (port: number, place: string): Promise<ChildProcess> => {
  const origin = spawn(process.execPath, [engine('server/server.mjs')], {
    cwd: folder,
    env: {
      ...process.env,
      npm_config_protocol: 'http',
      npm_config_port: String(port),
      npm_config_pidfile: join(place, 'pid'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: origin.stdout })) {
    if (line.includes('Listening')) break
  }
  origin.stdout.resume()
  return origin
}

const runClient = async (base: string): Promise<Record<string, Result>> => {
  const client = spawn(process.execPath, ['--no-warnings', engine('cli.mjs')], {
    cwd: folder,
    env: { ...process.env, npm_config_base: base, npm_config_id: '', npm_package_config_id: '' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let output = ''
  client.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  await once(client, 'close')
  return JSON.parse(output.slice(output.search(/^\{/m))) as Record<string, Result>
}
