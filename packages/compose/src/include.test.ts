import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { load, places, refusals } from './testing.ts'

test('an included project has its own folder and its own environment', async () => {
  const project = await load(
    {
      '.env': 'BOTH=outer\nOUTER=outer\n',
      'compose.yaml': 'include: [lib/compose.yaml]\nservices: {a: {image: "a:${OUTER}"}}\n',
      'lib/.env': 'BOTH=inner\nINNER=inner\n',
      'lib/compose.yaml': `services:
  b:
    image: "\${BOTH}-\${INNER}-\${OUTER}"
    build: .
    volumes: [./data:/data, stored:/stored]
volumes: {stored: }
`,
    },
    { projectName: 'p' },
  )
  const { a, b } = project.services
  assert.equal(a?.image, 'a:outer')
  assert.equal(b?.image, 'outer-inner-outer')
  assert.equal(b?.build?.context, join(project.workingDir, 'lib'))
  assert.equal(b?.volumes[0]?.source, join(project.workingDir, 'lib/data'))
  assert.equal(project.volumes['stored']?.name, 'p_stored')
  assert.ok(project.sources.includes(join(project.workingDir, 'lib/.env')))
})

test('the long form names several files, a folder and env files', async () => {
  const project = await load({
    'compose.yaml': `include:
  - path: [one/a.yaml, one/b.yaml]
    project_directory: two
    env_file: [x.env, y.env]
`,
    'one/a.yaml': 'services: {s: {image: "${X}-${Y}", build: ., user: a}}\n',
    'one/b.yaml': 'services: {s: {user: b}}\n',
    'x.env': 'X=1\nY=1\n',
    'y.env': 'Y=2\n',
    'two/.env': 'X=unread\n',
  })
  const { s } = project.services
  assert.equal(s?.image, '1-2')
  assert.equal(s?.user, 'b')
  assert.equal(s?.build?.context, join(project.workingDir, 'two'))
})

test('includes include, and what they bring can be extended and overridden', async () => {
  const project = await load({
    'compose.yaml': `include: [one/compose.yaml]
services:
  deep: {user: own}
  more: {extends: deep, hostname: more}
`,
    'one/compose.yaml': 'include: [two/compose.yaml]\n',
    'one/two/compose.yaml': 'services: {deep: {image: x, build: ./src, user: deep}}\n',
  })
  const { deep, more } = project.services
  const context = join(project.workingDir, 'one/two/src')
  assert.deepEqual([deep?.user, deep?.build?.context], ['own', context])
  assert.deepEqual([more?.user, more?.hostname, more?.build?.context], ['own', 'more', context])
})

test('two includes that bring the same resource are told', async () => {
  const project = await load({
    'compose.yaml': 'include: [one.yaml, two.yaml]\n',
    'one.yaml': 'services: {a: {image: one}}\n',
    'two.yaml': 'services: {a: {image: two}}\n',
  })
  assert.equal(project.services['a']?.image, 'one')
  const [warning] = project.warnings
  assert.equal(warning?.code, 'include_conflict')
  assert.match(warning?.message ?? '', /services\.a is included twice, also from .*one\.yaml:1/)
})

const refused: { name: string; files: Record<string, string>; at: string[]; says: RegExp }[] = [
  {
    name: 'a cycle',
    files: {
      'compose.yaml': 'include: [a.yaml]\n',
      'a.yaml': 'include:\n  - b.yaml\n',
      'b.yaml': 'include:\n  - a.yaml\n',
    },
    at: ['2:5 include_cycle'],
    says: /include cycle detected: .*compose\.yaml includes .*a\.yaml includes .*b\.yaml includes .*a\.yaml/,
  },
  {
    name: 'itself',
    files: { 'compose.yaml': 'include: [./compose.yaml]\n' },
    at: ['1:11 include_cycle'],
    says: /include cycle/,
  },
  {
    name: 'a file that is not there',
    files: { 'compose.yaml': 'include:\n  - gone.yaml\n' },
    at: ['2:5 no_file'],
    says: /gone\.yaml not found/,
  },
  {
    name: 'an artefact of a registry',
    files: { 'compose.yaml': 'include: ["oci://docker.io/x/y:1"]\n' },
    at: ['1:11 remote_file'],
    says: /nothing is fetched/,
  },
  {
    name: 'a git repository',
    files: { 'compose.yaml': 'include: [{path: "git@github.com:x/y.git"}]\n' },
    at: ['1:18 remote_file'],
    says: /nothing is fetched/,
  },
  {
    name: 'an env file that is not there',
    files: { 'compose.yaml': 'include: [{path: a.yaml, env_file: gone.env}]\n', 'a.yaml': '{}\n' },
    at: ['1:11 env_file_missing'],
    says: /gone\.env not found/,
  },
  {
    name: 'an unknown key',
    files: {
      'compose.yaml': 'include: [{path: a.yaml, env_files: x}]\n',
      'a.yaml': 'services: {}',
    },
    at: ['1:26 unknown_key'],
    says: /did you mean env_file\?/,
  },
]

for (const { name, files, at, says } of refused) {
  test(`include: refuses ${name}`, async () => {
    const error = await refusals(files)
    assert.deepEqual(places(error), at, error.message)
    assert.match(error.message, says)
  })
}

test('files that include each other twice over and over are bounded', async () => {
  const files: Record<string, string> = { 'f20.yaml': 'services: {a: {image: x}}\n' }
  for (let n = 0; n < 20; n++) {
    const name = n === 0 ? 'compose.yaml' : `f${n}.yaml`
    files[name] = `include: [f${n + 1}.yaml, f${n + 1}.yaml]\n`
  }
  const error = await refusals(files)
  assert.match(error.message, /more than 500 compose files/)
})
