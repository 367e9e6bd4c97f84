import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ComposeError, loadProject } from './index.ts'
import type { LoadOptions } from './index.ts'
import { service, write } from './testing.ts'
import type { Files } from './testing.ts'

const outside: Files = {
  'out/compose.yaml': 'services: {b: {image: secret-image}}\n',
  'out/a.env': 'PASSWORD=secret-value\n',
  'out/secret.txt': 'secret-value\n',
  'out/app/Dockerfile': 'FROM x\n',
}

/** A folder beside one that must not be read, with links made in it. */
const create = (files: Files, links: Record<string, string> = {}): string => {
  const inside = Object.entries(files).map(([name, text]) => [join('repo', name), text])
  const root = write({ ...outside, ...Object.fromEntries(inside) })
  const repo = join(root, 'repo')
  for (const [name, target] of Object.entries(links)) {
    mkdirSync(dirname(join(repo, name)), { recursive: true })
    symlinkSync(target.replace('<root>', root), join(repo, name))
  }
  return repo
}

const attempt = async (cwd: string, options: Partial<LoadOptions> = {}): Promise<string[]> => {
  const outcome = await loadProject({ cwd, env: { HOME: dirname(cwd) }, ...options }).then(
    () => [],
    (error: unknown) => {
      assert.ok(error instanceof ComposeError, String(error))
      assert.doesNotMatch(error.message, /secret-(image|value)/)
      return error.diagnostics.map(({ file, line, column, code, hint }) => {
        assert.ok(code !== 'outside_folder' || hint !== undefined)
        return `${file.replace(`${cwd}/`, '')}:${line}:${column} ${code}`
      })
    },
  )
  return outcome
}

type Trick = {
  name: string
  body: string
  at: string
  links?: Record<string, string>
  more?: Files
}

const tricks: Trick[] = [
  { name: 'an include above', body: 'include: [../out/compose.yaml]\n', at: '1:11' },
  { name: 'an include by its home', body: 'include: ["~/out/compose.yaml"]\n', at: '1:11' },
  { name: 'an include by an absolute path', body: 'include: [/etc/hostname]\n', at: '1:11' },
  {
    name: 'an include through a link to a file',
    body: 'include: [part.yaml]\n',
    links: { 'part.yaml': '../out/compose.yaml' },
    at: '1:11',
  },
  {
    name: 'an include through a link to a folder, and a link to that',
    body: 'include: [two/compose.yaml]\n',
    links: { one: '<root>/out', two: 'one' },
    at: '1:11',
  },
  {
    name: 'an include below a link, gone up again',
    body: 'include: [sub/../../out/compose.yaml]\n',
    links: { sub: '.' },
    at: '1:11',
  },
  {
    name: 'a project directory of an include',
    body: 'include: [{path: part.yaml, project_directory: ../out}]\n',
    more: { 'part.yaml': 'services: {b: {image: x}}\n' },
    at: '1:11',
  },
  {
    name: 'an env file of an include',
    body: 'include: [{path: part.yaml, env_file: ../out/a.env}]\n',
    more: { 'part.yaml': 'services: {b: {image: x}}\n' },
    at: '1:39',
  },
  {
    name: 'an extended file',
    body: service('extends: {service: b, file: ../out/compose.yaml}'),
    at: '4:33',
  },
  { name: 'an env file', body: service('env_file: ../out/a.env'), at: '4:15' },
  {
    name: 'an env file that is there and none that may be missing',
    body: service('env_file: [{path: ../out/none.env, required: false}]'),
    at: '4:23',
  },
  {
    name: 'an env file through a link to nothing yet',
    body: service('env_file: [{path: later.env, required: false}]'),
    links: { 'later.env': '../out/later.env' },
    at: '4:23',
  },
  { name: 'a label file', body: service('label_file: ../out/a.env'), at: '4:17' },
  {
    name: 'the file of a config',
    body: `${service('configs: [c]')}configs: {c: {file: ../out/secret.txt}}\n`,
    at: '5:21',
  },
  {
    name: 'the file of a secret, by a variable',
    body: `${service('secrets: [c]')}secrets: {c: {file: "\${HOME}/out/secret.txt"}}\n`,
    at: '5:21',
  },
  { name: 'a build context', body: service('build: ../out/app'), at: '4:12' },
  {
    name: 'a Dockerfile that leads out of its context',
    body: service('build: {context: ., dockerfile: ../out/app/Dockerfile}'),
    at: '4:37',
  },
  {
    name: 'a Dockerfile nobody names that is a link',
    body: service('build: .'),
    links: { Dockerfile: '../out/app/Dockerfile' },
    at: '4:12',
  },
  {
    name: 'another build context',
    body: service('build: {context: ., additional_contexts: {o: ../out/app}}'),
    more: { Dockerfile: 'FROM x\n' },
    at: '4:50',
  },
]

for (const { name, body, at, links = {}, more = {} } of tricks) {
  test(`confined: ${name} is refused at its place`, async () => {
    const repo = create({ 'compose.yaml': body, ...more }, links)
    assert.deepEqual(await attempt(repo, { confineTo: repo }), [
      `compose.yaml:${at} outside_folder`,
    ])
    // Whoever loads files of their own may have them anywhere, as with Docker Compose.
    assert.ok(!(await attempt(repo)).some((found) => found.includes('outside_folder')))
  })
}

test('confined: a link that leads round stays bounded, and a cycle is told', async () => {
  const repo = create({ 'compose.yaml': 'include: [again/compose.yaml]\n' }, { again: '.' })
  const [found = ''] = await attempt(repo, { confineTo: repo })
  // The kernel follows 40 links; where another bound is met first, that is told.
  assert.match(found, /(outside_folder|too_deep|too_many_files)$/)
  const cycle = create({
    'compose.yaml': 'include: [b.yaml]\n',
    'b.yaml': 'include: [compose.yaml]\n',
  })
  assert.deepEqual(await attempt(cycle, { confineTo: cycle }), ['b.yaml:1:11 include_cycle'])
  const loop = create({ 'compose.yaml': 'include: [loop]\n' }, { loop: 'loop' })
  assert.deepEqual(await attempt(loop, { confineTo: loop }), ['compose.yaml:1:11 outside_folder'])
})

test('confined: files nobody names are not read from elsewhere either', async () => {
  const env = create({ 'compose.yaml': service('command: $PASSWORD') }, { '.env': '../out/a.env' })
  assert.deepEqual(await attempt(env, { confineTo: env }), ['.env:1:1 outside_folder'])
  const main = create({}, { 'compose.yaml': '../out/compose.yaml' })
  assert.deepEqual(await attempt(main, { confineTo: main }), ['compose.yaml:1:1 outside_folder'])
  const named = create({ '.env': 'COMPOSE_FILE=../out/compose.yaml\n' })
  const [found = ''] = await attempt(named, { confineTo: named })
  assert.match(found, /out\/compose\.yaml:1:1 outside_folder$/)
  const empty = create({ 'sub/x': '' })
  writeFileSync(join(dirname(empty), 'compose.yaml'), service('command: x'))
  assert.deepEqual(await attempt(join(empty, 'sub'), { confineTo: empty }), [
    `${join(empty, 'sub')}:1:1 no_file`,
  ])
})

test('confined: what stays in the folder is read, also through links and a link to the folder', async () => {
  const repo = create(
    {
      'compose.yaml': `include: [parts/b.yaml]\n${service('env_file: linked.env')}`,
      'parts/b.yaml': 'services: {b: {image: x, build: {context: ../app}}}\n',
      'real.env': 'A=1\n',
      'app/Dockerfile': 'FROM x\n',
    },
    { 'linked.env': 'real.env' },
  )
  const link = join(dirname(repo), 'link')
  symlinkSync(repo, link)
  for (const [cwd, confineTo] of [
    [repo, repo],
    [link, link],
    [repo, link],
    [link, '.'],
  ] as const) {
    const project = await loadProject({ cwd, confineTo, env: {} })
    assert.equal(project.services['a']?.environment['A'], '1')
    assert.deepEqual(Object.keys(project.services).sort(), ['a', 'b'])
  }
})
