import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import test from 'node:test'
import { createKeelson, runProgram } from './harness.ts'

type Case = {
  name: string
  files: Record<string, string>
  /** Where the fault is; undefined when it is in no file. */
  place?: string
  says: RegExp
}

const service = (lines: string): string => `name: bad\nservices:\n  a:\n${lines}`
const processOf = (command: string, more = ''): string =>
  service(`    command: ${command}\n    x-keelson: { runtime: process }\n${more}`)

const cases: Case[] = [
  {
    name: 'broken YAML',
    files: { 'compose.yaml': 'services:\n  a:\n    command: [sleep, "1"\n  b: {}\n' },
    place: 'compose.yaml:',
    says: /./,
  },
  {
    name: 'an unknown key, with the one that was meant',
    files: { 'compose.yaml': service('    command: sleep 60\n    enviroment: {}\n') },
    place: 'compose.yaml:5:5',
    says: /enviroment.*environment/s,
  },
  {
    name: 'an unknown key under x-keelson',
    files: {
      'compose.yaml': service('    command: sleep 60\n    x-keelson: { runtme: process }\n'),
    },
    place: 'compose.yaml:5:18',
    says: /runtme.*runtime/s,
  },
  {
    name: 'a cycle',
    files: {
      'compose.yaml':
        'services:\n  a:\n    image: x\n    depends_on: [b]\n  b:\n    image: x\n    depends_on: [a]\n',
    },
    place: 'compose.yaml:',
    says: /cycle|circle|each other/i,
  },
  {
    name: 'a dependency that is not there',
    files: { 'compose.yaml': processOf('sleep 60', '    depends_on: [database]\n') },
    place: 'compose.yaml:6:',
    says: /database/,
  },
  {
    name: 'a missing env file',
    files: { 'compose.yaml': processOf('sleep 60', '    env_file: settings.env\n') },
    place: 'compose.yaml:6:',
    says: /settings\.env/,
  },
  {
    name: 'a required variable that is not set',
    files: {
      'compose.yaml': processOf(
        'sleep 60',
        '    environment:\n      KEY: ${SHOP_KEY:?the key of the shop}\n',
      ),
    },
    place: 'compose.yaml:7:',
    says: /SHOP_KEY.*the key of the shop/s,
  },
  {
    name: 'a port that is none',
    files: { 'compose.yaml': service('    image: x\n    ports: ["80000:80"]\n') },
    place: 'compose.yaml:5:',
    says: /80000/,
  },
  {
    name: 'a command that does not exist',
    files: { 'compose.yaml': processOf('no-such-program-here --fast') },
    place: 'compose.yaml:4:',
    says: /no-such-program-here/,
  },
  {
    name: 'no Docker Engine',
    files: { 'compose.yaml': service('    image: busybox\n') },
    says: /Docker Engine/,
  },
]

const inFolder = async (files: Record<string, string>, run: (cwd: string) => Promise<void>) => {
  const cwd = await mkdtemp(path.join(tmpdir(), 'keelson-bad-'))
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(cwd, name), text)
    await run(cwd)
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
}

// One Keelson for all: `up` may start the platform itself, never anything of the stack.
test('bad input is refused with its place, a way out and exit code 2; nothing is started', async (t) => {
  const keelson = await createKeelson({ env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock' } })
  t.after(() => keelson.dispose())

  const refused = async (cwd: string, { says, place }: Pick<Case, 'says' | 'place'>) => {
    const { code, stderr, stdout } = await keelson.cli(['up', '--progress', 'plain'], {
      cwd,
      timeoutMs: 30_000, // it would stay attached, were it not refused
    })
    assert.equal(code, 2, `exit code ${code}: ${stdout}${stderr}`)
    assert.match(stderr, says)
    if (place !== undefined) assert.ok(stderr.includes(place), `no ${place} in: ${stderr}`)
    assert.match(stderr, /Try: \S/)
    const started = (await keelson.processes()).filter((entry) => entry.folder === cwd)
    assert.deepEqual(started, [])
    const { stdout: list } = await keelson.cli(['ps', '--all', '--json'])
    const stacks = list === '' ? [] : (JSON.parse(list) as { stack: string }[])
    assert.deepEqual(
      stacks.filter(({ stack }) => stack !== 'keelson'),
      [],
    )
  }

  for (const { name, files, ...expected } of cases) {
    await t.test(name, () => inFolder(files, (cwd) => refused(cwd, expected)))
  }

  await t.test('a port in use, and who uses it', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    const text = service(
      `    command: sleep 60\n    x-keelson:\n      runtime: process\n      port: ${address.port}\n`,
    )
    try {
      await inFolder({ 'compose.yaml': text }, (cwd) =>
        refused(cwd, {
          place: 'compose.yaml:',
          says: new RegExp(`${address.port}.*${process.pid}`, 's'),
        }),
      )
    } finally {
      server.close()
    }
  })

  await t.test('an unknown KEELSON_ variable, with the one that was meant', () =>
    inFolder({ 'compose.yaml': processOf('sleep 60') }, async (cwd) => {
      const env = { KEELSON_PROT: '7070', KEELSON_DATA_DIR: `${keelson.dataDir}/other` }
      const { code, stderr } = await keelson.cli(['up', '--progress', 'plain'], { cwd, env })
      assert.equal(code, 2, stderr)
      assert.match(stderr, /KEELSON_PROT.*KEELSON_PORT/s)
    }),
  )

  const skip = process.getuid?.() === 0 ? false : 'a small disk can be made by root only'
  await t.test('a full disk', { skip }, async (sub) => {
    const disk = await mkdtemp(path.join(tmpdir(), 'keelson-disk-'))
    try {
      const mounted = await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'none', disk], {
        env: { PATH: process.env['PATH'] ?? '' },
      })
      if (mounted.code !== 0) {
        sub.skip(`mount is refused here: ${mounted.stderr.trim()}`)
        return
      }
      await inFolder({ 'compose.yaml': processOf('sleep 60') }, async (cwd) => {
        const full = { KEELSON_DATA_DIR: path.join(disk, 'data') }
        const { code, stderr } = await keelson.cli(['up', '--progress', 'plain'], {
          cwd,
          env: full,
        })
        assert.equal(code, 2, stderr)
        assert.match(stderr, /disk.*full|no space/is)
        assert.match(stderr, /Try: \S/)
      })
    } finally {
      await runProgram('umount', ['-l', disk], { env: { PATH: process.env['PATH'] ?? '' } })
      await rm(disk, { recursive: true, force: true })
    }
  })
})
