import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runKeelson } from '../testing/platform-fixture.ts'
import { toYaml } from './yaml.ts'

const scalars: [unknown, string][] = [
  ['plain', 'plain'],
  ['', '""'],
  ['80', '"80"'],
  ['1.5', '"1.5"'],
  ['1_000', '"1_000"'],
  ['0x1F', '"0x1F"'],
  ['12:30', '"12:30"'],
  ['2026-01-31', '"2026-01-31"'],
  ['true', '"true"'],
  ['No', '"No"'],
  ['~', '"~"'],
  ['null', '"null"'],
  ['<<', '"<<"'],
  ['a: b', "'a: b'"],
  ['a #b', "'a #b'"],
  ['a:', "'a:'"],
  ["it's: so", "'it''s: so'"],
  [' a', "' a'"],
  ['- a', "'- a'"],
  ['-a', '-a'],
  ['--flag', '--flag'],
  ['*a', "'*a'"],
  ['@a', "'@a'"],
  ['{a}', "'{a}'"],
  ['postgres://a:b@c:5432/d', 'postgres://a:b@c:5432/d'],
  ['tab\there', '"tab\\there"'],
  ['bell\u0007', '"bell\\u0007"'],
  ['grüße', 'grüße'],
  [80, '80'],
  [true, 'true'],
  [null, 'null'],
  [{}, '{}'],
  [[], '[]'],
  ['a\nb', '|-\n  a\n  b'],
  ['a\nb\n', '|\n  a\n  b'],
  ['a\n\n', '|+\n  a\n'],
  [' a\nb', '" a\\nb"'],
  ['a \nb', '"a \\nb"'],
]

for (const [value, expected] of scalars) {
  test(`YAML: ${JSON.stringify(value)}`, () => {
    assert.equal(toYaml({ key: value }), `key: ${expected}\n`)
  })
}

test('YAML: maps and lists in block style, with a comment where one is asked for', () => {
  const text = toYaml({ a: { b: [{ c: 1, d: [2] }, 'e'] } }, (path) =>
    path === 'a.b.0.c' ? 'here' : undefined,
  )
  assert.equal(text, 'a:\n  b:\n    - c: 1  # here\n      d:\n        - 2\n    - e\n')
})

const compose = `name: t
x-env: &env
  LEVEL: \${LOG_LEVEL:-info}
services:
  api:
    image: nginx:1
    profiles: [all]
    environment:
      <<: *env
      PRICE: a$$b
  db:
    build: .
    volumes: ["data:/d"]
volumes:
  data:
`

const withFile = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-config-'))
  try {
    await writeFile(join(folder, 'compose.yaml'), compose)
    await use(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const keelson = (folder: string, ...args: string[]) =>
  runKeelson(['config', ...args], {
    cwd: folder,
    env: { KEELSON_DATA_DIR: join(folder, 'none'), COMPOSE_PROFILES: 'all' },
  })

test('what is printed is a compose file again, which prints the same', async () => {
  await withFile(async (folder) => {
    const { code, stdout } = await keelson(folder)
    assert.equal(code, 0)
    assert.match(stdout, /PRICE: a\$\$b/)
    assert.match(stdout, /LEVEL: info/)
    await writeFile(join(folder, 'again.yaml'), stdout)
    const again = await keelson(folder, '-f', 'again.yaml')
    assert.equal(again.stdout, stdout)
  })
})

const lists: [string, string][] = [
  ['--services', 'api\ndb\n'],
  ['--images', 'nginx:1\nt-db\n'],
  ['--volumes', 'data\n'],
  ['--profiles', 'all\n'],
  ['--quiet', ''],
]

for (const [flag, expected] of lists) {
  test(`config ${flag}`, async () => {
    await withFile(async (folder) => {
      const { code, stdout } = await keelson(folder, flag)
      assert.equal(code, 0)
      assert.equal([...stdout.trimEnd().split('\n')].sort().join('\n'), expected.trimEnd())
    })
  })
}

test('--origins: a comment on each line, or a second map', async () => {
  await withFile(async (folder) => {
    const { stdout } = await keelson(folder, '--origins')
    assert.match(stdout, /image: nginx:1 {2}# compose\.yaml:6:12/)
    assert.match(
      stdout,
      /LEVEL: info {2}# compose\.yaml:9:11 \(alias \*env\), compose\.yaml:3:10 \(default of \$\{LOG_LEVEL:-…\}\)/,
    )
    const json = JSON.parse((await keelson(folder, '--origins', '--format', 'json')).stdout)
    assert.equal(json.model.services.api.image, 'nginx:1')
    assert.equal(json.origins['services.api.image'][0].line, 6)
  })
})

test('--explain tells the chain, the decision nearest to the reader first', async () => {
  await withFile(async (folder) => {
    const { stdout } = await keelson(folder, '--explain', 'services.api.environment.LEVEL')
    const [head, , ...lines] = stdout.trimEnd().split('\n')
    assert.equal(head, 'services.api.environment.LEVEL = "info"')
    assert.match(lines[0] ?? '', /^ {2}compose\.yaml:9:11 +alias \*env$/)
    assert.match(lines[1] ?? '', /compose\.yaml:3:10/)
    assert.match(lines[2] ?? '', /^ {2}compose\.yaml:3:10 +default of \$\{LOG_LEVEL:-…\}$/)
  })
})

const layered = `name: t
services:
  api:
    image: nginx:\${TAG:-1}
    env_file: api.env
    environment:
      URL: http://\${HOST}:\${PORT:-80}/
  debug:
    image: busybox
    profiles: [debug, all]
    command: \${HOST}
`

const withLayers = async (use: (keelson: Keelson) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-config-'))
  const env = { KEELSON_DATA_DIR: join(folder, 'none'), HOST: 'shell' }
  try {
    await writeFile(join(folder, 'compose.yaml'), layered)
    await writeFile(join(folder, 'api.env'), '\nMODE=fast\n')
    await writeFile(join(folder, '.env.prod'), '# prod\nPORT=9000\n')
    await use((...args) => runKeelson(['config', ...args], { cwd: folder, env }))
  } finally {
    await rm(folder, { recursive: true })
  }
}
type Keelson = (...args: string[]) => ReturnType<typeof runKeelson>

const chains: [path: string, args: string[], lines: RegExp[]][] = [
  [
    'services.api.environment.URL',
    ['--env-file', '.env.prod'],
    [
      /^compose\.yaml:7:12 +written here$/,
      /^environment +shell variable HOST$/,
      /^\.env\.prod:2:1 +env file variable PORT$/,
    ],
  ],
  [
    'services.api.environment.URL',
    [],
    [
      /^compose\.yaml:7:12 +written here$/,
      /^environment +shell variable HOST$/,
      /^compose\.yaml:7:12 +default of \$\{PORT:-…\}$/,
    ],
  ],
  [
    'services.api.environment.MODE',
    [],
    [/^compose\.yaml:5:15 +written here$/, /^api\.env:2:1 +env file variable MODE$/],
  ],
]
for (const [path, args, expected] of chains) {
  test(`--explain ${[path, ...args].join(' ')} names every link`, () =>
    withLayers(async (keelson) => {
      const { stdout } = await keelson(...args, '--explain', path)
      const lines = stdout.trimEnd().split('\n').slice(2)
      assert.equal(lines.length, expected.length, stdout)
      expected.forEach((pattern, at) => assert.match(lines[at]?.trim() ?? '', pattern))
    }))
}

test('--explain of a service whose profiles are off says so', () =>
  withLayers(async (keelson) => {
    const path = 'services.debug.command'
    const { code, stdout } = await keelson('--explain', path)
    assert.equal(code, 0)
    assert.match(
      stdout,
      /\n! not part of the stack: its profiles debug, all are off; turn it on with --profile debug\n/,
    )
    const json = JSON.parse((await keelson('--json', '--explain', path)).stdout)
    assert.deepEqual(json.profilesOff, ['debug', 'all'])
    assert.doesNotMatch((await keelson('--profile', 'all', '--explain', path)).stdout, /not part/)
  }))

test('--origins names the env file and the shell of what is put in', () =>
  withLayers(async (keelson) => {
    const { stdout } = await keelson('--env-file', '.env.prod', '--origins')
    assert.match(
      stdout,
      /URL: .* {2}# compose\.yaml:7:12, environment \(shell variable HOST\), \.env\.prod:2:1 \(env file variable PORT\)/,
    )
    assert.match(
      stdout,
      /MODE: fast {2}# compose\.yaml:5:15, api\.env:2:1 \(env file variable MODE\)/,
    )
  }))

const unknown: [string, RegExp][] = [
  ['services.api.environment.LEVLE', /Try: services\.api\.environment\.LEVEL\n/],
  ['services.apo.image', /Try: services\.api\n/],
  ['services.api.zzzzzz', /services\.api has no zzzzzz .*\n {2}Try: one of .*image/],
]

for (const [path, expected] of unknown) {
  test(`--explain ${path} leads nowhere, and says what is there`, async () => {
    await withFile(async (folder) => {
      const { code, stderr } = await keelson(folder, '--explain', path)
      assert.equal(code, 2)
      assert.match(stderr, expected)
    })
  })
}

test('--confined reads nothing outside of the folder, and says where it would have', () =>
  withLayers(async (keelson) => {
    assert.equal((await keelson('--confined')).code, 0)
    const { code, stdout, stderr } = await keelson('--confined', 'none')
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /compose\.yaml:1:1: the file .* is outside of .*none/)
    const file = ['-f', '/etc/hostname', '--confined']
    assert.match(
      (await keelson(...file)).stderr,
      /\/etc\/hostname is outside of .*\n {2}Try: copy it/,
    )
  }))

test('--confined prints nothing of the shell, what the folder says itself and no more', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keelson-config-'))
  try {
    const lines = ['name: t', 'services:', '  a:', '    image: x:1', '    environment:']
    const values = ['      X: "<${LEAK:-none}>"', '      Y: ${OWN}', '      LEAK:', '']
    await writeFile(join(folder, 'compose.yaml'), [...lines, ...values].join('\n'))
    await writeFile(join(folder, '.env'), 'OWN=here\n')
    const env = { LEAK: 'tok-4711', COMPOSE_FILE: '/etc/hostname' }
    for (const more of [[], ['--explain', 'services.a.environment.X'], ['--origins']]) {
      const args = ['config', '--confined', ...more]
      const { code, stdout, stderr } = await runKeelson(args, { cwd: folder, env })
      assert.equal(code, 0, stderr)
      assert.match(stdout, /<none>/)
      assert.doesNotMatch(stdout + stderr, /tok-4711/)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('--no-interpolate is refused, with what tells of variables', () =>
  withLayers(async (keelson) => {
    const { code, stdout, stderr } = await keelson('--no-interpolate')
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /no --no-interpolate: .*\n {2}Try: keelson config --origins/)
  }))

test('--output writes a file', async () => {
  await withFile(async (folder) => {
    const { stdout } = await keelson(folder, '-o', 'out.yaml')
    assert.equal(stdout, '')
    assert.match(await readFile(join(folder, 'out.yaml'), 'utf8'), /^name: t\n/)
  })
})
