import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { loadProject, originsOf } from './index.ts'
import type { Project, Service } from './index.ts'

const dir = mkdtempSync(join(tmpdir(), 'keelson-merge-'))
after(() => rmSync(dir, { recursive: true, force: true }))

async function merge(...texts: string[]): Promise<Project> {
  const files = texts.map((text, index) => {
    const file = join(dir, `${index}.yaml`)
    writeFileSync(file, text)
    return file
  })
  return loadProject({ cwd: dir, files, env: {}, projectName: 'merge' })
}

const service = (body: string) => `services:\n  a:\n    image: x\n    ${body}\n`

type MergeCase = {
  name: string
  base: string
  over: string
  read: (service: Service) => unknown
  expected: unknown
}

const cases: MergeCase[] = [
  {
    name: 'a scalar is replaced, null keeps it',
    base: 'user: one\n    hostname: h',
    over: 'user: two\n    hostname:',
    read: ({ user, hostname }) => [user, hostname],
    expected: ['two', 'h'],
  },
  {
    name: 'a command is replaced as a whole',
    base: 'command: [a, b]',
    over: 'command: [c]',
    read: ({ command }) => command,
    expected: ['c'],
  },
  {
    name: 'environment merges by key across its two forms',
    base: 'environment: [A=1, B=1]',
    over: 'environment: {B: 2, C: 3}',
    read: ({ environment }) => environment,
    expected: { A: '1', B: '2', C: '3' },
  },
  {
    name: 'lists are put one after the other, equal entries once',
    base: 'cap_add: [NET_ADMIN, SYS_TIME]',
    over: 'cap_add: [SYS_TIME, KILL]',
    read: ({ capAdd }) => capAdd,
    expected: ['NET_ADMIN', 'SYS_TIME', 'KILL'],
  },
  {
    name: 'a volume of the same target takes the place of the earlier one',
    base: 'volumes: [/one:/data, /two:/more]',
    over: 'volumes: [{type: bind, source: /three, target: /data}]',
    read: ({ volumes }) => volumes.map(({ source, target }) => `${source}:${target}`),
    expected: ['/three:/data', '/two:/more'],
  },
  {
    name: 'a port is the same in short and long form',
    base: 'ports: ["8080:80"]',
    over: 'ports: [{target: 80, published: 8080, name: web}, "81"]',
    read: ({ ports }) => ports.map(({ published, target, name }) => [published, target, name]),
    expected: [
      ['8080', 80, 'web'],
      [undefined, 81, undefined],
    ],
  },
  {
    name: 'depends_on merges across its two forms, a part may lean on the base',
    base: 'depends_on: [b]',
    over: 'depends_on: {b: {restart: true}}',
    read: ({ dependsOn }) => dependsOn,
    expected: { b: { condition: 'service_started', required: true, restart: true } },
  },
  {
    name: 'build as a string merges with build as a mapping',
    base: 'build: /src',
    over: 'build: {target: dev}',
    read: ({ build }) => [build?.context, build?.dockerfile, build?.target],
    expected: ['/src', 'Dockerfile', 'dev'],
  },
  {
    name: '!reset takes a value away',
    base: 'ports: ["80:80"]\n    environment: {A: 1, B: 2}',
    over: 'ports: !reset []\n    environment: {A: !reset null}',
    read: ({ ports, environment }) => [ports, environment],
    expected: [[], { B: '2' }],
  },
  {
    name: '!override replaces what would have been merged',
    base: 'environment: {A: 1}\n    cap_add: [KILL]',
    over: 'environment: !override {B: 2}\n    cap_add: !override [SYS_TIME]',
    read: ({ environment, capAdd }) => [environment, capAdd],
    expected: [{ B: '2' }, ['SYS_TIME']],
  },
  {
    name: 'x-keelson merges, its probe as a whole',
    base: 'x-keelson: {category: core, probe: {http: /up}}',
    over: 'x-keelson: {owner: me, probe: {tcp: 80}}',
    read: ({ xKeelson }) => xKeelson,
    expected: { routes: [], category: 'core', probe: { tcp: { port: 80 } }, owner: 'me' },
  },
]

for (const { name, base, over, read, expected } of cases) {
  test(`merge: ${name}`, async () => {
    const more = '  b: {image: y}\n'
    const project = await merge(service(base) + more, service(over))
    const a = project.services['a']
    assert.ok(a !== undefined)
    assert.deepEqual(read(a), expected)
  })
}

test('an overridden value knows the place it replaced', async () => {
  const project = await merge(service('user: one'), service('user: two'))
  const places = originsOf(project, 'services.a.user').map(
    ({ file, line, column, note }) =>
      `${file.slice(dir.length + 1)}:${line}:${column} ${note ?? ''}`,
  )
  assert.deepEqual(places, ['1.yaml:4:11 ', '0.yaml:4:11 overrides'])
})

test('documents of one file merge like files', async () => {
  const project = await merge(`${service('user: one')}---\n${service('user: two')}`)
  assert.equal(project.services['a']?.user, 'two')
})

test('values of two kinds are refused with both places', async () => {
  await assert.rejects(
    merge(service('cap_add: [KILL]'), service('cap_add: KILL')),
    /1\.yaml:4:14: cannot override services\.a\.cap_add: it is a list in .*0\.yaml:4/,
  )
})

test('the override file beside the default file is merged', async () => {
  writeFileSync(join(dir, 'compose.yaml'), service('user: one'))
  writeFileSync(join(dir, 'compose.override.yaml'), service('user: two'))
  const project = await loadProject({ cwd: dir, env: {} })
  assert.equal(project.services['a']?.user, 'two')
  assert.deepEqual(project.files, [join(dir, 'compose.yaml'), join(dir, 'compose.override.yaml')])
})
