import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import type { Finding } from '../rules/rule.ts'
import { runs, sampleRunning } from '../rules/running/sample.ts'
import { createRepository } from '../testing/repository.ts'
import { scoreOf } from './score.ts'
import { viewOfStack } from './stack-view.ts'

test('declared and built, with what is behind each number', async () => {
  await using repository = await createRepository({
    'compose.yaml': `services:
  db:
    image: postgres:17
  api:
    build: api
  monitor:
    build: monitor
  gone:
    build: gone
  remote:
    build: https://github.com/docker/awesome-compose.git#main
`,
    'api/Dockerfile': 'FROM node:24\nCMD ["node", "main.js"]\n',
    'monitor/Dockerfile': '\n',
  })
  const { inventory } = await audit({ root: repository.root })
  assert.equal(inventory.claimed, null)
  assert.equal(inventory.declared, 5)
  assert.equal(inventory.built, 3)
  assert.equal(inventory.running, null)
  const built = inventory.services.map(({ service, built, why }) => [service, built, why])
  assert.deepEqual(built, [
    ['db', true, null],
    ['api', true, null],
    ['monitor', false, 'monitor/Dockerfile is empty'],
    ['gone', false, 'gone/Dockerfile is not there'],
    ['remote', null, null],
  ])
  const categories = inventory.categories.map(({ category, services }) => [category, services])
  assert.deepEqual(categories, [
    ['own code', ['api', 'monitor', 'gone', 'remote']],
    ['database', ['db']],
  ])
})

test('a folder counts once, however many ways there are to read it', async () => {
  const one = 'services:\n  a:\n    image: postgres:17\n'
  await using repository = await createRepository({
    'compose.yaml': one,
    'compose.prod.yaml': 'services:\n  a:\n    restart: always\n',
    'other/docker-compose-x.yml': one,
    'other/docker-compose-y.yml': `${one}  b:\n    image: postgres:17\n`,
  })
  const { inventory } = await audit({ root: repository.root })
  assert.equal(inventory.systems.length, 4)
  assert.equal(inventory.declared, 3)
})

const finding = (rule: Finding['rule'], severity: Finding['severity'], service: string | null) => ({
  ...{ rule, severity, service, title: '', message: '', system: '.', evidence: [], fix: '' },
  ...{ fingerprint: `${rule}${severity}${service}`, edits: [] },
})

test('what is off is not to run, and a job that ended well did', async () => {
  await using repository = await createRepository({
    'compose.yaml': `services:
  api:
    image: registry.example.com/api:1
    depends_on:
      keys: { condition: service_completed_successfully }
      seed: { condition: service_completed_successfully }
      later: { condition: service_completed_successfully }
  keys: { image: "registry.example.com/api:1" }
  seed: { image: "registry.example.com/api:1" }
  later: { image: "registry.example.com/api:1" }
  debug: { image: "registry.example.com/api:1", profiles: [debug] }
  trace: { image: "registry.example.com/api:1", profiles: [debug] }
  spare: { image: "registry.example.com/api:1", scale: 0 }
`,
  })
  const ended = { isRunning: false, isHealthy: undefined }
  const { inventory, findings } = await audit({
    root: repository.root,
    running: async () =>
      sampleRunning({
        instances: [
          runs('api'),
          runs('keys', { ...ended, isDone: true, reason: 'ended with 0' }),
          runs('seed', { ...ended, isDone: false, reason: 'ended with 1' }),
          runs('trace'),
        ],
      }),
  })
  assert.deepEqual(
    inventory.services.map(({ service, runs, running }) => [service, runs, running]),
    [
      ['api', 'always', true],
      ['keys', 'once', true],
      ['seed', 'once', false],
      ['later', 'once', null],
      ['debug', 'off', null],
      ['trace', 'always', true],
      ['spare', 'off', null],
    ],
  )
  assert.deepEqual([inventory.declared, inventory.running], [7, 3])
  const down = findings.filter(({ rule }) => rule === 'running/not-running')
  assert.deepEqual(
    down.map(({ message }) => message),
    ['seed is to end well and did not: ended with 1'],
  )
})

test('of the readings of a folder the one that runs is counted', async () => {
  await using repository = await createRepository({
    'compose.yaml': 'services:\n  a: { image: "postgres:17" }\n  b: { image: "postgres:17" }\n',
    'compose.small.yaml': 'services:\n  b:\n    profiles: [all]\n',
  })
  const { inventory, findings } = await audit({
    root: repository.root,
    running: async ({ isDefault }) =>
      isDefault ? undefined : sampleRunning({ instances: [runs('a')] }),
  })
  const counted = inventory.services.map(({ service, runs, running }) => [service, runs, running])
  assert.deepEqual(counted, [
    ['a', 'always', true],
    ['b', 'off', null],
  ])
  assert.ok(findings.every(({ rule }) => rule !== 'running/not-running'))
})

test('the score is the share of units without gaps, by the gravest of each', () => {
  const units = [{ system: '.', services: ['a', 'b', 'c'] }]
  const some = rules.filter(({ id }) => id.startsWith('health/') || id.startsWith('compose/'))
  assert.deepEqual(scoreOf([], units, some).total, 100)
  const { total, families } = scoreOf(
    [
      finding('health/no-check', 'error', 'a'),
      finding('health/no-check', 'info', 'a'),
      finding('health/no-check', 'warning', 'b'),
    ],
    units,
    some,
  )
  // Four units (three services and the stack), 1.5 lost: 62.5.
  assert.deepEqual(
    families.map(({ family, score }) => [family, score]),
    [
      ['compose', 100],
      ['health', 62],
    ],
  )
  assert.equal(total, 62)
})

test('a service has one worst finding, whatever the family; what does not load is worth nothing', () => {
  const units = [{ system: '.', services: ['a', 'b', 'c'] }]
  const both = [
    finding('health/no-check', 'error', 'a'),
    finding('compose/duplicate', 'error', 'a'),
  ]
  assert.equal(scoreOf(both, units, rules).total, 75)
  const down = ['a', 'b', 'c'].map((name) => finding('running/not-running', 'error', name))
  assert.equal(scoreOf(down, units, rules).total, 25)
  assert.equal(scoreOf([finding('compose/does-not-load', 'error', null)], [], rules).total, 0)
  const elsewhere = { ...finding('compose/does-not-load', 'error', null), system: 'other' }
  assert.equal(scoreOf([elsewhere], units, rules).total, 80)
})

test('a stack that does not load shows no gaps of what is read on top of it', async () => {
  await using repository = await createRepository({
    'compose.yaml': 'services:\n  a: { image: "postgres:17\n',
    'compose.small.yaml': 'services:\n  b:\n    profiles: [all]\n',
    'compose.other.yaml': 'services:\n  c:\n    image: postgres:17\n',
  })
  const files = ['compose.yaml', 'compose.small.yaml'].map((file) => join(repository.root, file))
  for (const given of [{}, { files: [files] }]) {
    const found = await audit({ root: repository.root, ...given })
    assert.deepEqual(
      found.systems.map(({ files }) => files),
      [['compose.other.yaml']],
    )
    const errors = found.findings.filter(({ severity }) => severity === 'error')
    assert.deepEqual([...new Set(errors.map(({ rule }) => rule))], ['compose/does-not-load'])
    const view = viewOfStack(found, { files, rules })
    assert.equal(view.system, undefined)
    assert.deepEqual([view.inventory.declared, view.inventory.score.total], [0, 0])
  }
})
