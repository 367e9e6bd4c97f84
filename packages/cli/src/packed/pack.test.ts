import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

/**
 * The published package as a person gets it: packed, installed without a registry into an empty
 * folder, and run by the machine's own Node, whichever version that is.
 */
const script = fileURLToPath(new URL('../../scripts/pack.mjs', import.meta.url))

let folder = ''
let tarball = ''
let command = ''
let node = ''

/** Node of this machine rather than the one of this repository, which npm puts first on the path. */
const searchPath = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((part) => !part.includes('node_modules'))
  .join(delimiter)
const env = {
  ...{ PATH: searchPath, HOME: tmpdir() },
  ...{ npm_config_offline: 'true', npm_config_audit: 'false', npm_config_update_notifier: 'false' },
}

const hasNpm = spawnSync('npm', ['--version'], { env }).status === 0
const skip = hasNpm ? false : 'npm is not installed'

before(async () => {
  if (!hasNpm) return
  folder = await mkdtemp(join(tmpdir(), 'keelson-pack-'))
  const staging = join(folder, 'package')
  const home = join(folder, 'home')
  await mkdir(staging)
  await mkdir(home)
  execFileSync(process.execPath, [script, 'build', staging])
  const words = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, staging]
  const [packed] = JSON.parse(execFileSync('npm', words, { env, cwd: folder }).toString())
  tarball = join(folder, packed.filename)
  await writeFile(join(home, 'package.json'), '{"private":true}')
  execFileSync('npm', ['install', '--no-fund', '--no-package-lock', tarball], { env, cwd: home })
  command = join(home, 'node_modules/.bin/keelson')
  node = spawnSync('sh', ['-c', 'node --version'], { env, encoding: 'utf8' }).stdout.trim()
})

after(() => rm(folder, { recursive: true, force: true }))

const run = (...args: readonly string[]) =>
  spawnSync(command, args, { env, cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })

test('it is one package: nothing else is installed, and it stays small', { skip }, async () => {
  assert.deepEqual(
    (await readdir(join(folder, 'home/node_modules'))).filter((name) => !name.startsWith('.')),
    ['keelson'],
  )
  const { size } = await stat(tarball)
  assert.ok(size < 4 * 1024 * 1024, `${size} bytes`)
})

test('gaps finds, with the code read by its grammar', { skip }, async () => {
  const root = join(folder, 'repository')
  await mkdir(join(root, 'api'), { recursive: true })
  await writeFile(
    join(root, 'compose.yaml'),
    'services:\n  api:\n    build: api\n  bad:\n    imagee: x\n',
  )
  const refused = run('gaps', root)
  assert.equal(refused.status, 7, refused.stderr)
  assert.match(refused.stdout, /imagee/)
  await writeFile(join(root, 'compose.yaml'), 'services:\n  api:\n    build: api\n')
  await writeFile(join(root, 'api/Dockerfile'), 'FROM node:24\nCOPY . .\nCMD ["node", "main.js"]\n')
  const sources = {
    'main.js': 'require("http").createServer().listen(process.env.PORT || 3000)\n',
    'main.ts': 'const url: string = process.env.API_URL!\n',
    'main.py': 'import os\nprint(os.environ["DATABASE_URL"])\n',
    'main.go': 'package main\nimport "os"\nfunc main() { os.Getenv("GO_URL") }\n',
    'Main.java': 'class Main { String a = System.getenv("JAVA_URL"); }\n',
    'Main.cs': 'class A { string a = Environment.GetEnvironmentVariable("CS_URL"); }\n',
  }
  for (const [name, text] of Object.entries(sources)) {
    await writeFile(join(root, 'api', name), text)
  }
  const found = run('gaps', root, '--json')
  assert.ok(found.status === 0 || found.status === 7, found.stderr)
  const { findings, inventory } = JSON.parse(found.stdout)
  assert.equal(inventory.built, 1)
  assert.deepEqual(inventory.notRead, [], `on Node ${node}`)
  assert.ok(Array.isArray(findings))
})

test('gaps --fix mends, and proves it', { skip }, async () => {
  const root = join(folder, 'unmended')
  await mkdir(root)
  const text = 'services:\n  db: # the only one\n    image: postgres:17\n'
  await writeFile(join(root, 'compose.yaml'), text)
  const words = ['gaps', root, '--fix', '--rule', 'health/no-check']
  const shown = run(...words)
  assert.equal(shown.status, 7, shown.stderr)
  assert.match(shown.stdout, /^\+ {4}healthcheck:$/m)
  const written = run(...words, '--yes')
  assert.equal(written.status, 0, written.stderr)
  assert.match(await readFile(join(root, 'compose.yaml'), 'utf8'), /^services:\n {2}db: # the only/)
  assert.equal(run('gaps', root, '--rule', 'health/no-check', '--json').status, 0)
})

test(
  'config, version and help work; the platform’s verbs say how to get it',
  { skip },
  async () => {
    const file = join(folder, 'one.yaml')
    await writeFile(file, 'name: one\nservices:\n  web:\n    image: nginx:1.27\n')
    const config = run('config', '-f', file)
    assert.equal(config.status, 0, config.stderr)
    assert.match(config.stdout, /^name: one\n/)
    assert.match(run('--version').stdout, /^\d+\.\d+\.\d+\n$/)
    assert.match(run('version').stdout, new RegExp(`node +${node.slice(1)}\n`))
    const help = run('gaps', '--help')
    assert.equal(help.status, 0)
    assert.match(help.stdout, /Exit codes/)
    for (const words of [
      ['up', '-d'],
      ['exec', 'api', 'sh', '-c', 'ls'],
      ['backup', 'create', 'x'],
    ]) {
      const { status, stderr } = run(...words)
      assert.equal(status, 2, stderr)
      assert.match(stderr, /needs the Keelson platform/)
      assert.match(stderr, /Try: clone the Keelson repository/)
    }
  },
)
