import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Category, ServiceSpec } from '@keelson/contract'
import { containerSpec, serviceSpec } from '../orchestrator/testing/spec.ts'
import { categoryOf } from './category.ts'

const image = (name: string): ServiceSpec => {
  const spec = containerSpec('x')
  return { ...spec, container: spec.container === null ? null : { ...spec.container, image: name } }
}
const command = (...argv: string[]): ServiceSpec => serviceSpec('x', { command: argv })

const cases: [name: string, spec: ServiceSpec, category: Category][] = [
  ['what the file says', serviceSpec('postgres', { category: 'ai_ml' }), 'ai_ml'],
  ['an image', image('postgres:16'), 'infrastructure'],
  ['an image of somebody', image('ghcr.io/acme/redis@sha256:abc'), 'infrastructure'],
  [
    'an exporter of a database',
    image('quay.io/prometheuscommunity/postgres-exporter'),
    'monitoring',
  ],
  ['a broker', image('eclipse-mosquitto:2'), 'communication'],
  ['a vector database', image('qdrant/qdrant'), 'ai_ml'],
  ['a digest that spells a word', image('acme/api@sha256:beat'), 'core'],
  ['a program', command('/usr/sbin/nginx', '-g'), 'infrastructure'],
  ['a program with its ending', command('./celery.sh'), 'automation'],
  ['a word inside another', command('predispatch'), 'core'],
  ['the name of the service', serviceSpec('email-worker', { command: ['node'] }), 'automation'],
  ['nothing known', serviceSpec('web', { command: ['node', 'redis.js'] }), 'core'],
]
for (const [name, spec, category] of cases) {
  test(`${name}: ${category}`, () => assert.equal(categoryOf(spec), category))
}
