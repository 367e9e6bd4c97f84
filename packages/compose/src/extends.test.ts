import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { chainOf, load, places, refusals } from './testing.ts'

const common = `services:
  base:
    image: base
    build: ./src
    env_file: base.env
    environment: {FROM: base, KEPT: base}
    volumes: [./data:/data]
    depends_on: [db]
`

test('a service extends one of another file, paths are relative to that file', async () => {
  const project = await load({
    'compose.yaml': `services:
  a:
    extends: {file: lib/common.yml, service: base}
    image: own
    environment: [FROM=own]
  db: {image: db}
`,
    'lib/common.yml': common,
    'lib/base.env': 'FILE=1\n',
  })
  const { a } = project.services
  const dir = project.workingDir
  assert.equal(a?.image, 'own')
  assert.equal(a?.build?.context, join(dir, 'lib/src'))
  assert.equal(a?.volumes[0]?.source, join(dir, 'lib/data'))
  assert.deepEqual(a?.environment, { FILE: '1', FROM: 'own', KEPT: 'base' })
  assert.deepEqual(Object.keys(a?.dependsOn ?? {}), ['db'])
  assert.deepEqual(
    project.sources.map((file) => file.slice(dir.length + 1)),
    ['compose.yaml', 'lib/common.yml', 'lib/base.env'],
  )
})

test('a value that came by extends says so, and what it took the place of', async () => {
  const project = await load({
    'compose.yaml': `services:
  a:
    extends: {file: common.yml, service: base}
    environment: [FROM=own]
`,
    'common.yml': common.replace('depends_on: [db]', 'user: me'),
    'base.env': '',
  })
  assert.deepEqual(chainOf(project, 'services.a.user'), [
    'compose.yaml:3:14 extends base in common.yml',
    'common.yml:8:11',
  ])
  assert.deepEqual(chainOf(project, 'services.a.environment.KEPT'), [
    'compose.yaml:3:14 extends base in common.yml',
    'common.yml:6:37',
  ])
  assert.deepEqual(chainOf(project, 'services.a.environment.FROM'), [
    'compose.yaml:4:19',
    'compose.yaml:3:14 overrides, extends base in common.yml',
    'common.yml:6:25',
  ])
})

test('extends goes on over any number of services and files', async () => {
  const project = await load({
    'compose.yaml': `services:
  a: {extends: b, hostname: a}
  b: {extends: {file: one/x.yml, service: c}, domainname: b}
`,
    'one/x.yml': 'services: {c: {extends: {file: ../two/y.yml, service: d}, user: c}}\n',
    'two/y.yml': 'services: {d: {extends: e, build: ., user: d}, e: {working_dir: /e, user: e}}\n',
  })
  const { hostname, domainname, user, workingDir, build } = project.services['a'] ?? {}
  assert.deepEqual([hostname, domainname, user, workingDir], ['a', 'b', 'c', '/e'])
  assert.equal(build?.context, join(project.workingDir, 'two'))
})

test('!reset and !override hold against what is extended', async () => {
  const project = await load(`services:
  base: {image: x, ports: ["80:80"], cap_add: [KILL], command: run}
  a: {extends: base, ports: !reset [], cap_add: !override [CHOWN]}
  b: {extends: a, ports: ["81:81"], command: !reset null}
`)
  const { a, b } = project.services
  assert.deepEqual([a?.ports, a?.capAdd, a?.command], [[], ['CHOWN'], ['run']])
  assert.deepEqual([b?.ports.length, b?.capAdd, b?.command], [1, ['CHOWN'], undefined])
})

const refused: {
  name: string
  yaml: string
  files?: Record<string, string>
  at: string[]
  says: RegExp
}[] = [
  {
    name: 'a service that is not there',
    yaml: 'services:\n  a: {extends: bse}\n  base: {image: x}\n',
    at: ['2:16 undefined_service'],
    says: /cannot extend service "a": service "bse" not found in .* \(did you mean base\?\)/,
  },
  {
    name: 'a file that is not there',
    yaml: 'services:\n  a: {extends: {file: gone.yml, service: b}}\n',
    at: ['2:16 no_file'],
    says: /gone\.yml not found/,
  },
  {
    name: 'a file elsewhere',
    yaml: 'services:\n  a: {extends: {file: "https://example.com/x.yml", service: b}}\n',
    at: ['2:16 remote_file'],
    says: /nothing is fetched/,
  },
  {
    name: 'a cycle in one file',
    yaml: 'services:\n  a: {extends: b}\n  b: {extends: a}\n',
    at: ['2:16 extends_cycle'],
    says: /Circular reference: a in .* extends b in .* extends a in/,
  },
  {
    name: 'a cycle over files',
    yaml: 'services:\n  a: {extends: {file: o.yml, service: b}}\n',
    files: { 'o.yml': 'services: {b: {extends: {file: compose.yaml, service: a}}}\n' },
    at: ['2:16 extends_cycle'],
    says: /Circular reference/,
  },
  {
    name: 'no service',
    yaml: 'services:\n  a: {extends: {file: x.yml}}\n',
    at: ['2:16 missing_key'],
    says: /missing property 'service'/,
  },
  {
    name: 'a wrong value in the extended file, in that file',
    yaml: 'services:\n  a: {extends: {file: o.yml, service: b}}\n',
    files: { 'o.yml': 'services:\n  b: {image: x, tty: maybe}\n' },
    at: ['2:22 bad_value'],
    says: /o\.yml:2:22: services\.a\.tty must be a boolean/,
  },
]

for (const { name, yaml, files, at, says } of refused) {
  test(`extends: refuses ${name}`, async () => {
    const error = await refusals({ 'compose.yaml': yaml, ...files })
    assert.deepEqual(places(error), at, error.message)
    assert.match(error.message, says)
  })
}

test('copies of extended services are bounded together', async () => {
  const environment = Array.from({ length: 100 }, (_, index) => `K${index}: v`).join(', ')
  const users = Array.from({ length: 50 }, (_, index) => `  s${index}: {extends: base}\n`).join('')
  const yaml = `services:\n  base: {image: x, environment: {${environment}}}\n${users}`
  const error = await refusals(yaml, { limits: { extendedNodeCountMax: 1000 } })
  assert.match(error.message, /extends copies more than 1000 values/)
})
