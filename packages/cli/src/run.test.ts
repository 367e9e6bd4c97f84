import assert from 'node:assert/strict'
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPlatformFixture, runKeelson, startKeelson } from './testing/platform-fixture.ts'

const withFolder = async (
  files: Record<string, string>,
  use: (folder: string) => Promise<void>,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-run-'))
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

test('an unknown command is refused with a suggestion', async () => {
  const { code, stderr, stdout } = await runKeelson(['statsu'])
  assert.equal(code, 2)
  assert.equal(stderr, "✗ Unknown command 'statsu'\n  Try: keelson status\n")
  assert.equal(stdout, '')
})

test('an unknown option is refused with a suggestion', async () => {
  const { code, stderr } = await runKeelson(['ps', '--jsno'])
  assert.equal(code, 2)
  assert.match(stderr, /^✗ Unknown option '--jsno'\n {2}Try: --json\n$/)
})

test('without a command: help on standard error, exit code 2; asked for: standard output, 0', async () => {
  const bare = await runKeelson([])
  assert.equal(bare.code, 2)
  assert.match(bare.stderr, /Usage: keelson/)
  const asked = await runKeelson(['up', '--help'])
  assert.equal(asked.code, 0)
  assert.match(asked.stdout, /--wait-timeout <seconds>/)
})

test('a platform that does not run is said so, with the way to start it', async () => {
  await withFolder({}, async (folder) => {
    const env = { KEELSON_DATA_DIR: join(folder, 'none') }
    const { code, stderr } = await runKeelson(['ps'], { env })
    assert.equal(code, 1)
    assert.match(stderr, /^✗ Keelson is not running .*\n {2}Try: .*keelson up\n$/)
    const asJson = await runKeelson(['ps', '--json'], { env })
    assert.equal(JSON.parse(asJson.stderr).error.code, 'platform_unreachable')
    assert.equal(asJson.stdout, '')
  })
})

test('a stale platform file of a process that is gone is a crash, not a running platform', async () => {
  const file = { pid: 2 ** 22 - 1, url: 'http://127.0.0.1:9', gatewayUrl: '', version: '1' }
  await withFolder({ 'platform.json': JSON.stringify(file) }, async (folder) => {
    const { code, stderr } = await runKeelson(['ps'], { env: { KEELSON_DATA_DIR: folder } })
    assert.equal(code, 1)
    assert.match(stderr, /ended without stopping as it should/)
  })
})

const badFiles: [string, string, RegExp][] = [
  ['broken YAML', 'services:\n  web: {image: a\n', /^✗ compose\.yaml:\d+:\d+: /],
  ['an unknown key', 'services:\n  web:\n    imagee: a\n', /^✗ compose\.yaml:3:5: .*imagee/],
  [
    'a key that is not carried out',
    'services:\n  web:\n    image: a\n    tmpfs: "/a:uid=1"\n',
    /:4:\d+: /,
  ],
]

for (const [name, text, expected] of badFiles) {
  test(`up with ${name}: place, way out, exit code 2, and nothing is started`, async () => {
    await withFolder({ 'compose.yaml': text }, async (folder) => {
      const dataFolder = join(folder, 'data')
      const env = { KEELSON_DATA_DIR: dataFolder }
      const { code, stderr } = await runKeelson(['up'], { cwd: folder, env })
      assert.equal(code, 2)
      assert.match(stderr, expected)
      assert.match(stderr, /\n {2}Try: /)
      await assert.rejects(access(dataFolder))
    })
  })
}

test('up --dry-run without a platform shows the whole plan in start order and starts nothing', async () => {
  const text =
    'name: t\nservices:\n  web: {image: a, depends_on: [db]}\n  db: {image: b, deploy: {replicas: 2}}\n'
  await withFolder({ 'compose.yaml': text }, async (folder) => {
    const env = { KEELSON_DATA_DIR: join(folder, 'data') }
    const { code, stdout, stderr } = await runKeelson(['up', '--dry-run', '--json'], {
      cwd: folder,
      env,
    })
    assert.equal(code, 7)
    const { actions } = JSON.parse(stdout) as { actions: { subject: string }[] }
    assert.deepEqual(
      actions.map(({ subject }) => subject),
      ['t-db-1', 't-db-2', 't-web-1'],
    )
    assert.match(stderr, /Keelson is not running/)
    await assert.rejects(access(env.KEELSON_DATA_DIR))
  })
})

const statusBody = {
  total_services: 1,
  healthy_services: 0,
  services: {
    core: [
      {
        name: 'web',
        stack: 'shop',
        status: 'unhealthy',
        reason: 'exit code 1',
        since: '2026-01-01T00:00:00.000Z',
        latency_ms: null,
        instances: 0,
      },
    ],
  },
  timestamp: '2026-01-01T00:01:05.000Z',
}

test('status --json is the body of the route, with the token and nothing else asked', async () => {
  await using platform = await createPlatformFixture(({ path }) =>
    path === '/api/v1/services/status' ? { body: statusBody } : undefined,
  )
  const { code, stdout } = await runKeelson(['status', '--json'], { env: platform.env })
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), statusBody)
  const asked = platform.calls.filter(({ path }) => path.startsWith('/api/'))
  assert.deepEqual(
    asked.map(({ path, authorization }) => [path, authorization]),
    [['/api/v1/services/status', 'Bearer secret-token']],
  )
})

test('status for a person: the verdict, then a table per category', async () => {
  await using platform = await createPlatformFixture(({ path }) => {
    if (path === '/api/v1/services/status') return { body: statusBody }
    const verdict = { state: 'unhealthy', sentence: 'web is down' }
    return path === '/api/v1/overview' ? { body: { verdict, stacks: [] } } : undefined
  })
  const { stdout } = await runKeelson(['status'], { env: platform.env })
  assert.equal(
    stdout,
    `✗ web is down

core
SERVICE   STATE        SINCE   LATENCY  UP  REASON
shop/web  ✗ unhealthy  1m 05s           0   exit code 1
`,
  )
})

const problems: [number, string, number][] = [
  [404, 'service_not_found', 3],
  [401, 'unauthenticated', 4],
  [409, 'service_ambiguous', 5],
  [500, 'internal', 1],
]

for (const [status, code, exitCode] of problems) {
  test(`a refusal ${code} ends with ${exitCode} and its hint`, async () => {
    await using platform = await createPlatformFixture(({ path }) => {
      if (path === '/api/v1/stacks') return { body: { items: [], nextCursor: null } }
      const body = { type: '', title: 't', status, code, detail: 'refused', hint: 'do this' }
      return { status, body }
    })
    const ended = await runKeelson(['why', 'x'], { env: platform.env })
    assert.equal(ended.code, exitCode)
    assert.equal(ended.stderr, '✗ refused\n  Try: do this\n')
  })
}

const line = (number: number) => ({
  cursor: String(number),
  at: new Date(number).toISOString(),
  instance: 'shop-web-1',
  stream: 'stdout',
  text: `line ${number}`,
})

/** A log that grows, paged as the platform pages it. */
const createLog = () => {
  let written = 0
  return {
    grow: (lines: number) => {
      written += lines
    },
    page: (query: URLSearchParams) => {
      const limit = Number(query.get('limit'))
      const after = query.get('after')
      const end = query.get('before') === null ? written : Number(query.get('before'))
      const from = after === null ? Math.max(0, end - limit) : Number(after)
      const to = Math.min(end, from + limit)
      const items = Array.from({ length: to - from }, (_, at) => line(from + at))
      return { items, previousCursor: from === 0 ? null : String(from), nextCursor: String(to) }
    },
  }
}

const shopStack = {
  name: 'shop',
  workingDir: '/nowhere',
  files: [],
  demo: false,
  builtIn: false,
  revision: 1,
  appliedAt: '2026-01-01T00:00:00.000Z',
  services: ['web'],
}

const answerLogs =
  (log: ReturnType<typeof createLog>) =>
  ({ path, query }: { path: string; query: URLSearchParams }) => {
    if (path === '/api/v1/stacks') return { body: { items: [shopStack], nextCursor: null } }
    return path.endsWith('/logs') ? { body: log.page(query) } : undefined
  }

test('logs -n reads as many pages as it takes, oldest first', async () => {
  const log = createLog()
  log.grow(5000)
  await using platform = await createPlatformFixture(answerLogs(log))
  const { stdout } = await runKeelson(['logs', '-n', '2500', '--no-prefix'], { env: platform.env })
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, 2500)
  assert.equal(lines[0], 'line 2500')
  assert.equal(lines.at(-1), 'line 4999')
})

test('logs -f neither loses nor doubles a line while the log grows and the stream is cut', async () => {
  const log = createLog()
  log.grow(10)
  // Each connection brings more lines than a page holds, says so once, and is cut.
  await using platform = await createPlatformFixture(answerLogs(log), (response) => {
    log.grow(1500)
    response.end('event: logs:shop/web\ndata: []\n\n')
  })
  const { child, out, ended } = startKeelson(['logs', '-f', '--no-prefix', 'web'], {
    env: platform.env,
  })
  const deadline = Date.now() + 20_000
  while (!out.stdout.includes('line 4000\n') && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGINT')
  const { code, stdout } = await ended
  assert.equal(code, 130)
  const numbers = stdout
    .trimEnd()
    .split('\n')
    .map((text) => Number(text.slice('line '.length)))
  assert.ok(numbers.length > 4000, `${numbers.length} lines`)
  assert.deepEqual(
    numbers,
    numbers.map((_, at) => at),
  )
})

test('a reader that leaves ends the command without a word', async () => {
  const log = createLog()
  log.grow(50_000)
  await using platform = await createPlatformFixture(answerLogs(log))
  const { child, out, ended } = startKeelson(['logs', '-n', 'all'], { env: platform.env })
  child.stdout.once('data', () => child.stdout.destroy())
  assert.equal((await ended).code, 0)
  assert.equal(out.stderr, '')
})

test('what a service writes cannot reach the terminal through a pipe', async () => {
  await using platform = await createPlatformFixture(({ path }) => {
    if (path === '/api/v1/stacks') return { body: { items: [shopStack], nextCursor: null } }
    const items = [{ ...line(1), text: '\u001B]52;c;eA==\u0007\u001B[31mred\u001B[0m' }]
    return { body: { items, previousCursor: null, nextCursor: '1' } }
  })
  const { stdout } = await runKeelson(['logs'], { env: platform.env })
  assert.equal(stdout, 'shop-web-1 | red\n')
  const colored = await runKeelson(['logs'], { env: { ...platform.env, FORCE_COLOR: '1' } })
  assert.ok(!colored.stdout.includes('\u001B]52'))
  assert.ok(colored.stdout.includes('\u001B[31mred'))
})

test('down where nothing runs has nothing to do', async () => {
  await withFolder({}, async (folder) => {
    const env = { KEELSON_DATA_DIR: join(folder, 'none') }
    const { code, stderr } = await runKeelson(['down'], { cwd: folder, env })
    assert.equal(code, 0)
    assert.match(stderr, /nothing to stop/)
  })
})

test('down outside of any stack names what could be meant, and stops nothing', async () => {
  await using platform = await createPlatformFixture(({ path }) =>
    path === '/api/v1/stacks' ? { body: { items: [shopStack], nextCursor: null } } : undefined,
  )
  const { code, stderr } = await runKeelson(['down'], { env: platform.env })
  assert.equal(code, 3)
  assert.match(stderr, /--stack: shop/)
  assert.ok(platform.calls.every(({ method }) => method === 'GET'))
})
