import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadProject } from './index.ts'
import type { LoadOptions } from './index.ts'
import { load, refusals, service, write } from './testing.ts'

test('merge keys: written wins, earlier wins, repeated and tagged ones work', async () => {
  const project = await load(`
x-one: &one {user: one, hostname: one, init: true}
x-two: &two {user: two, hostname: two, tty: true}
services:
  a: {<<: [*one, *two], image: x, user: own}
  b:
    <<: *two
    image: x
    <<: *one
  c:
    !!merge <<: *one
    image: x
`)
  const pick = (name: string) => {
    const { user, hostname, init, tty } = project.services[name] ?? {}
    return [user, hostname, init, tty]
  }
  assert.deepEqual(pick('a'), ['own', 'one', true, true])
  assert.deepEqual(pick('b'), ['two', 'two', true, true])
  assert.deepEqual(pick('c'), ['one', 'one', true, false])
})

test('profiles switch services on, by option, variable or star', async () => {
  const yaml = `services:
  a: {image: x}
  b: {image: x, profiles: [debug]}
  c: {image: x, profiles: [test]}
`
  const names = async (options: Partial<LoadOptions>) => {
    const project = await load(yaml, options)
    return [Object.keys(project.services).join(), project.disabledServices.join()]
  }
  assert.deepEqual(await names({}), ['a', 'b,c'])
  assert.deepEqual(await names({ profiles: ['debug'] }), ['a,b', 'c'])
  assert.deepEqual(await names({ env: { COMPOSE_PROFILES: 'test,debug' } }), ['a,b,c', ''])
  assert.deepEqual(await names({ profiles: ['*'] }), ['a,b,c', ''])
})

test('a dependency whose profile is off is refused with that profile, unless it is optional', async () => {
  const yaml = (required: boolean) => `services:
  a: {image: x, depends_on: {b: {condition: service_started, required: ${required}}}}
  b: {image: x, profiles: [debug]}
`
  assert.match((await refusals(yaml(true))).message, /b needs the profile debug/)
  const project = await load(yaml(false))
  assert.equal(project.services['a']?.dependsOn['b']?.required, false)
})

test('env files: later wins, environment wins over all, missing optional ones are left out', async () => {
  const project = await load({
    'compose.yaml': `services:
  a:
    image: x
    env_file: [one.env, {path: two.env}, {path: gone.env, required: false}, {path: raw.env, format: raw}]
    environment: {C: own}
`,
    'one.env': 'A=1\nB=1\nC=1\n',
    'two.env': 'B=${A}2\n',
    'raw.env': 'D="$A"\n',
  })
  assert.deepEqual(project.services['a']?.environment, { A: '1', B: '12', D: '"$A"', C: 'own' })
})

test('a broken env file is refused in that file', async () => {
  const error = await refusals({
    'compose.yaml': service('env_file: [bad.env]'),
    'bad.env': 'A=1\nB="open\n',
  })
  assert.match(error.message, /bad\.env:2:1: unterminated quoted value/)
})

test('the project is named by option, variable, name, folder, in this order', async () => {
  const named = 'name: from-${X:-file}\nservices: {}\n'
  const both = { COMPOSE_PROJECT_NAME: 'variable' }
  assert.equal((await load(named, { projectName: 'given', env: both })).name, 'given')
  assert.equal((await load(named, { env: both })).name, 'variable')
  assert.equal((await load(named)).name, 'from-file')
  const cwd = write({ 'My App_1.0/compose.yaml': 'services: {}\n' })
  const folder = join(cwd, 'My App_1.0')
  assert.equal((await loadProject({ cwd: folder, env: {} })).name, 'myapp_10')
  assert.match((await refusals(named, { projectName: 'Bad' })).message, /use bad/)
})

test('finds the file upward and prefers compose.yaml', async () => {
  const cwd = write({
    'docker-compose.yml': 'services: {}\n',
    'compose.yaml': 'name: found\nservices: {}\n',
    'deep/er/x': '',
  })
  const project = await loadProject({ cwd: join(cwd, 'deep/er'), env: {} })
  assert.deepEqual(project.files, [join(cwd, 'compose.yaml')])
  assert.equal(project.workingDir, cwd)
})

test('no file, a missing file and a folder are refused by name', async () => {
  const cwd = write({ 'sub/x': '' })
  await assert.rejects(loadProject({ cwd, env: {}, files: ['gone.yaml'] }), /gone\.yaml not found/)
  await assert.rejects(loadProject({ cwd, env: {}, files: ['sub'] }), /not a regular file/)
  await assert.rejects(loadProject({ cwd, env: {} }), /no compose file in/)
})

test('warnings say what is obsolete, unset, rewritten or left out', async () => {
  const project = await load(`version: "3"
services:
  a:
    image: x\${UNSET}
    environment: {V: 1.10, W: "1.10"}
    command: a && b
  p: {image: x, command: run, x-keelson: {runtime: process}}
`)
  assert.deepEqual(
    project.warnings.map(({ line, column, code }) => `${line}:${column} ${code}`),
    [
      '4:12 unset_variable',
      '1:1 obsolete_version',
      '5:22 value_rewritten',
      '6:14 shell_operator',
      '7:14 ignored_for_process',
    ],
  )
  assert.deepEqual(project.services['a']?.environment, { V: '1.1', W: '1.10' })
})

test('with consistency as warning the model of a broken stack is given', async () => {
  const project = await load('services: {a: {depends_on: [b]}}\n', { consistency: 'warning' })
  assert.deepEqual(
    project.warnings.map(({ code }) => code),
    ['no_image', 'undefined_service'],
  )
})

test('names like __proto__ are ordinary names', async () => {
  const project = await load(`services:
  a: {image: x, environment: {__proto__: y, constructor: z}, labels: [__proto__=1]}
`)
  const environment = project.services['a']?.environment ?? {}
  assert.deepEqual(Object.entries(environment), [
    ['__proto__', 'y'],
    ['constructor', 'z'],
  ])
})

test('messages do not repeat what may be a password', async () => {
  const error = await refusals(service('environment: {PASSWORD: "s3cret${"}'))
  assert.ok(!error.message.includes('s3cret'), error.message)
  const project = await load(service('environment: {PIN: 0123}'))
  assert.deepEqual(
    project.warnings.map(({ code }) => code),
    ['value_rewritten'],
  )
  assert.ok(!JSON.stringify(project.warnings).includes('123'))
})

test('COMPOSE_FILE names the files, in the environment or in .env', async () => {
  const files = {
    'one.yaml': service('user: one'),
    'two.yaml': service('user: two'),
    '.env': 'COMPOSE_FILE=one.yaml\n',
  }
  assert.equal((await load(files)).services['a']?.user, 'one')
  const env = { COMPOSE_FILE: 'one.yaml,two.yaml', COMPOSE_PATH_SEPARATOR: ',' }
  assert.equal((await load(files, { env })).services['a']?.user, 'two')
})
