import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import type { Rule } from '../rules/rule.ts'
import { createRepository } from '../testing/repository.ts'

const service = (name: string, more = '') => `services:\n  ${name}:\n    image: x/y:1\n${more}`

const load = async (files: Readonly<Record<string, string | Buffer>>) => {
  await using repository = await createRepository(files)
  const { root } = repository
  const { systems, refused, findings, notes } = await audit({ root })
  return {
    systems,
    notes,
    stacks: systems.map(({ files, isDefault }) => `${files.join('+')}${isDefault ? ' *' : ''}`),
    refused: refused.flatMap(({ faults }) => faults.map(({ code }) => code)),
    told: findings
      .filter(({ rule }) => rule === 'compose/does-not-load')
      .map(({ severity, message, evidence: [fact] }) => ({
        ...{ severity, message },
        place: `${fact?.file}:${fact?.line}:${fact?.column}`,
      })),
    text: JSON.stringify({ findings, notes }),
  }
}

test('COMPOSE_FILE of .env says what the default stack is', async () => {
  const { stacks } = await load({
    '.env': 'COMPOSE_FILE=compose.base.yaml:deploy/extra.yaml\n',
    'compose.yaml': service('unused'),
    'compose.base.yaml': service('a'),
    'deploy/extra.yaml': service('b'),
  })
  assert.deepEqual(stacks, ['compose.base.yaml+deploy/extra.yaml *', 'compose.yaml'])
})

test('COMPOSE_FILE of an example too; what it names is part of that stack alone', async () => {
  const { stacks } = await load({
    '.env.example': 'COMPOSE_FILE=compose.yaml:deploy/compose.yaml\n',
    'compose.yaml': service('a'),
    'deploy/compose.yaml': service('b'),
  })
  assert.deepEqual(stacks, ['compose.yaml+deploy/compose.yaml *'])
  const wrong = await load({
    '.env.example': 'COMPOSE_FILE=gone.yaml\n',
    'compose.yaml': service('a'),
  })
  assert.deepEqual(wrong.stacks, ['compose.yaml *'])
})

test('what a stack includes from below is read with it, and not alone', async () => {
  const { stacks } = await load({
    'compose.yaml': 'include:\n  - path: db/compose.yaml\n    project_directory: .\n',
    'db/compose.yaml': service('db', '    volumes: ["${DATA}:/data"]\n'),
    '.env.example': 'DATA=./data\n',
  })
  assert.deepEqual(stacks, ['compose.yaml *'])
})

test('its separator may be another one', async () => {
  const { stacks } = await load({
    '.env': 'COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=a.yaml,b.yaml\n',
    'a.yaml': service('a'),
    'b.yaml': service('b'),
  })
  assert.deepEqual(stacks, ['a.yaml+b.yaml *'])
})

test('a file that takes something back lies over another one', async () => {
  const asProcess = 'services:\n  a:\n    command: a\n    x-keelson: { runtime: process }\n'
  const { stacks } = await load({
    'compose.yaml': service('a'),
    'compose.alone.yaml': asProcess,
    'compose.over.yaml': `${asProcess}    image: !reset null\n`,
  })
  const read = ['compose.alone.yaml', 'compose.yaml *', 'compose.yaml+compose.over.yaml']
  assert.deepEqual(stacks.toSorted(), read)
})

test('COMPOSE_FILE that names nothing, or something outside, is told at its line', async () => {
  const missing = await load({ '.env': '# x\nCOMPOSE_FILE=none.yaml\n' })
  assert.deepEqual(missing.told, [
    {
      severity: 'error',
      message: 'none.yaml cannot be loaded: COMPOSE_FILE names none.yaml, which is not there',
      place: '.env:2:1',
    },
  ])
  const outside = await load({ '.env': 'COMPOSE_FILE=../../etc/compose.yaml\n' })
  assert.deepEqual(outside.refused, ['outside_folder'])
})

test('a port from a variable that only a shell has does not hide the rest', async () => {
  const ports = '    ports: ["${PORT:?}:80", "81:${OTHER}"]\n    mem_limit: ${LIMIT}\n'
  const { systems, told } = await load({ 'compose.yaml': service('web', ports) })
  assert.deepEqual(told, [])
  assert.equal(systems[0]?.services.size, 1)
})

test('values of the example are tried first', async () => {
  const { systems } = await load({
    'compose.yaml': service('web', '    ports: ["80:${PORT:?}"]\n'),
    '.env.example': 'PORT=8123\n',
  })
  assert.equal(systems[0]?.services.get('web')?.model.ports[0]?.target, 8123)
})

test('a stack that cannot be loaded is a finding with the loader’s place', async () => {
  const { told } = await load({ 'app/compose.yaml': 'services:\n  web:\n    imagee: x\n' })
  assert.equal(told.length, 1)
  assert.equal(told[0]?.place, 'app/compose.yaml:3:5')
  assert.equal(told[0]?.severity, 'error')
  assert.match(told[0]?.message ?? '', /^app\/compose\.yaml cannot be loaded: .*imagee/)
})

const outsideCases: [name: string, text: string][] = [
  ['include', 'include: [../../../../etc/passwd]\n' + service('a')],
  ['extends', service('a', '    extends: { file: ../../outside.yaml, service: b }\n')],
  ['env_file', service('a', '    env_file: /etc/passwd\n')],
  ['label_file', service('a', '    label_file: /etc/passwd\n')],
  ['secret', `${service('a')}secrets: { s: { file: /etc/shadow } }\n`],
  ['context', 'services:\n  a:\n    build: ../../..\n'],
  ['dockerfile', 'services:\n  a:\n    build: { context: ., dockerfile: /etc/passwd }\n'],
  ['mount', service('a', '    volumes: ["/etc/passwd:/x:ro"]\n')],
]

for (const [name, text] of outsideCases) {
  test(`nothing outside of the repository is read: ${name}`, async () => {
    const { text: said } = await load({ 'compose.yaml': text })
    assert.doesNotMatch(said, /root:|\/bin\//)
  })
}

test('an include that leads out is told, and no half of a stack is judged', async () => {
  const { told, systems } = await load({
    'compose.yaml': `include: [../outside.yaml]\n${service('a')}`,
  })
  assert.equal(systems.length, 0)
  assert.match(told[0]?.message ?? '', /outside of/)
})

test('hostile compose files end in bounds: aliases, depth, size, binary, many', async () => {
  const aliases = Array.from(
    { length: 30 },
    (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`,
  )
  const { refused, stacks, told } = await load({
    'aliases/compose.yaml': `a0: &a0 [x]\n${aliases.join('\n')}\nservices: {}\n`,
    'deep/compose.yaml': `services: ${'['.repeat(5000)}\n`,
    'large/compose.yaml': Buffer.alloc(3 * 1024 * 1024, 'a'),
    'binary/compose.yaml': Buffer.from([0, 1, 2, 3]),
    'empty/compose.yaml': '',
    'fine/compose.yaml': service('a'),
  })
  assert.deepEqual(stacks, ['fine/compose.yaml *'])
  assert.equal(told.length, 5)
  assert.ok(refused.length >= 5)
})

test('more stacks than anybody has are told, and the first ones read', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 510 }, (_, at) => [`s${1000 + at}/compose.yaml`, service('a')]),
  )
  const { systems, notes } = await load(files)
  assert.equal(systems.length, 500)
  assert.deepEqual(notes, [
    { file: 's1500/compose.yaml', why: 'more than 500: 10 stacks from here on' },
  ])
})

test('services and ports of all readings together have a limit, and the rest is told', async () => {
  const ports = service('a', '    ports: ["1-1500:1-1500"]\n')
  const folders = ['s1', 's2', 's3', 's4', 's5', 's6']
  const { systems, notes } = await load(
    Object.fromEntries(folders.map((folder) => [`${folder}/compose.yaml`, ports])),
  )
  assert.deepEqual(
    systems.map(({ folder }) => folder),
    folders.slice(0, 4),
  )
  assert.deepEqual(notes, [
    {
      file: 's5/compose.yaml',
      why: 'more than 5000 services and ports read: 2 stacks from here on',
    },
  ])
})

test('a model of more services than anybody has is refused at the first that is too much', async () => {
  const services = Array.from({ length: 2001 }, (_, n) => `  s${n}: {image: "x/y:1"}\n`)
  const { told, refused } = await load({ 'compose.yaml': `services:\n${services.join('')}` })
  assert.deepEqual(refused, ['too_many_services'])
  assert.equal(told[0]?.place, 'compose.yaml:2002:3')
})

test('a rule that finds without end is ended at a limit, which is told', async () => {
  await using repository = await createRepository({ 'compose.yaml': service('a') })
  const { root } = repository
  const [rule = assert.fail()] = rules
  let given = 0
  const endless: Rule = {
    ...rule,
    *find() {
      for (;;) {
        const message = `finding ${given++}`
        yield {
          message,
          evidence: [{ file: 'compose.yaml', line: 1, column: 1, fact: 'x' }],
          fix: 'x',
        }
      }
    },
  }
  const { notes } = await audit({ root, rules: [endless] })
  assert.equal(given, 20_001)
  assert.deepEqual(notes, [
    { file: 'compose.yaml', why: `more than 20000 findings: ${rule.id} and what follows` },
  ])
})

test('what is not read in time is told', async () => {
  await using repository = await createRepository({ 'compose.yaml': service('a') })
  const { systems, notes } = await audit({ root: repository.root, timeLimitMs: 0 })
  assert.equal(systems.length, 0)
  assert.match(notes.map(({ why }) => why).join('; '), /not read in time/)
})

test('a README of 100 MB and one of binary are told or passed over, and the rest is read', async () => {
  const { systems, notes } = await load({
    'compose.yaml': service('a'),
    'README.md': Buffer.alloc(100 * 1024 * 1024, 'word '),
    'docs/README.md': Buffer.from([0, 255, 254]),
  })
  assert.equal(systems.length, 1)
  assert.deepEqual(
    notes.filter(({ file }) => file === 'README.md').map(({ why }) => why),
    ['larger than 2097152 bytes, not read'],
  )
})
