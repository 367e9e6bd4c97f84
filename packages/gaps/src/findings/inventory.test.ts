import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audit } from '../audit.ts'
import { rules } from '../rules/index.ts'
import type { Finding } from '../rules/rule.ts'
import { createRepository } from '../testing/repository.ts'
import { scoreOf } from './score.ts'

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
  assert.equal(total, 81)
})
