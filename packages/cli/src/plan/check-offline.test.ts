import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runKeelson } from '../testing/platform-fixture.ts'

const process = (name: string, more: string): string =>
  `  ${name}:\n    command: ["sleep", "1"]\n    x-keelson: { runtime: process, ${more} }\n`

const withStack = async (
  services: string,
  use: (
    keelson: (...args: string[]) => ReturnType<typeof runKeelson>,
    data: string,
  ) => Promise<void>,
) => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-offline-'))
  const data = join(folder, 'data')
  const env = { KEELSON_DATA_DIR: data, KEELSON_PORT: '27070' }
  try {
    await writeFile(join(folder, 'compose.yaml'), `name: shop\nservices:\n${services}`)
    await use((...args) => runKeelson(args, { cwd: folder, env }), data)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const refused: [name: string, services: string, message: RegExp][] = [
  [
    'a route of the platform',
    process('web', 'route: { path: /api/users }'),
    /compose\.yaml:5:\d+: web asks for the route \/api\/users, which is the platform's own\n {2}Try: /,
  ],
  [
    'a route twice',
    process('web', 'route: { path: / }') + process('shop', 'route: { path: / }'),
    /shop asks for the route \/, which shop\/web has/,
  ],
  [
    'the port of the page',
    process('web', 'port: 27070'),
    /compose\.yaml:5:\d+: port 27070 is the page and API port of Keelson, and service web wants it/,
  ],
  [
    'the standard port of the gateway',
    process('web', 'port: 8080'),
    /port 8080 is the gateway port of Keelson, and service web wants it/,
  ],
  [
    'a command that is not there',
    '  web:\n    command: ["not-a-program-of-this-machine"]\n    x-keelson: { runtime: process }\n',
    /compose\.yaml:4:\d+: The command of service web does not exist .*not-a-program-of-this-machine/,
  ],
]
for (const args of [['plan'], ['up', '--dry-run']]) {
  for (const [name, services, message] of refused) {
    test(`keelson ${args.join(' ')} without a platform refuses ${name}`, () =>
      withStack(services, async (keelson) => {
        const { code, stdout, stderr } = await keelson(...args)
        assert.match(stderr, message)
        assert.deepEqual([code, stdout], [2, ''])
      }))
  }
}

test('a port that is in use is told, unless what died may still hold it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    await withStack(process('web', `port: ${port}`), async (keelson, data) => {
      const refusal = await keelson('plan')
      assert.equal(refusal.code, 2)
      assert.match(
        refusal.stderr,
        new RegExp(`port ${port} is in use .*, and service web wants it`),
      )
      await mkdir(data)
      // No process has this number: Linux and macOS give out smaller ones.
      const facts = { pid: 2 ** 30, url: 'http://127.0.0.1:1', gatewayUrl: '', version: '0' }
      await writeFile(join(data, 'platform.json'), JSON.stringify({ ...facts, startedAt: '' }))
      const plan = await keelson('plan')
      assert.equal(plan.code, 0, plan.stderr)
      assert.match(plan.stderr, /Keelson ended without stopping as it should/)
      assert.match(plan.stderr, /Not checked until Keelson runs: .*ports in use on this machine/)
    })
  } finally {
    server.close()
  }
})

test('what was not checked is said', () =>
  withStack('  db:\n    image: postgres:17\n', async (keelson) => {
    const { code, stdout, stderr } = await keelson('plan')
    assert.equal(code, 0)
    assert.match(stdout, /\+ start instance {2}shop-db-1/)
    assert.match(
      stderr,
      /Not checked until Keelson runs: routes and ports of other stacks and images, networks and volumes of the engine\./,
    )
  }))
