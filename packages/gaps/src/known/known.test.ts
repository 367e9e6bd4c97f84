import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readImage } from '../readers/image.ts'
import { findKnownImage, knownImages } from './index.ts'
import { distroless } from './runtimes.ts'

const knownOf = (reference: string) => readImage(reference, { file: 'x', line: 1, column: 1 }).known

test('every image is there once, with its source and programs that agree', () => {
  const names = knownImages.flatMap((image) => image.names)
  assert.ok(names.length >= 80, `${names.length} names`)
  assert.equal(new Set(names).size, names.length)
  for (const image of knownImages) {
    for (const { has, lacks } of [image, ...(image.variants ?? [])]) {
      const both = (has ?? []).filter((program) => (lacks ?? []).includes(program))
      assert.deepEqual(both, [], image.names[0])
    }
  }
})

/** A file at the commit at which it was read, or a page of the project's own documentation. */
const file = /^https:\/\/github\.com\/[\w.-]+\/[\w.-]+\/blob\/[0-9a-f]{7,40}\/[\w./,-]+$/
const documentation =
  /^https:\/\/(?:docs\.redpanda\.com|grafana\.com\/docs|raw\.githubusercontent\.com\/hasura)\//

test('every image names what it was checked against', () => {
  for (const { names, source } of [...knownImages, distroless]) {
    assert.ok(file.test(source) || documentation.test(source), `${names[0]}: ${source}`)
  }
})

test('a suggested check runs nothing that the image lacks', () => {
  for (const { names, healthcheck, lacks } of knownImages) {
    const words = (healthcheck ?? []).join(' ').split(/[^\w.-]+/)
    assert.deepEqual(
      lacks.filter((program) => words.includes(program)),
      [],
      names[0],
    )
  }
  assert.equal(knownOf('prom/prometheus:v3.5.0')?.healthcheck?.[1], 'wget')
  assert.equal(knownOf('prom/prometheus:v3.5.0-distroless')?.healthcheck, undefined)
})

test('the tag tells what is inside', () => {
  assert.ok(knownOf('nginx:1.27-alpine')?.has.includes('wget'))
  assert.ok(knownOf('nginx:1.27')?.lacks.includes('wget'))
  assert.ok(knownOf('python:3.13-slim')?.lacks.includes('curl'))
  assert.deepEqual(knownOf('python:3.13')?.lacks, [])
  assert.ok(knownOf('rabbitmq:4-management')?.ports.some(({ port }) => port === 15_672))
  assert.ok(knownOf('caddy:2.10.0')?.lacks.includes('curl'))
  assert.ok(!knownOf('caddy:2.11')?.lacks.includes('curl'))
  assert.equal(knownOf('mongo:4.4')?.healthcheck?.[1], 'mongo')
  assert.equal(knownOf('mongo:7')?.healthcheck?.[1], 'mongosh')
  assert.equal(knownOf('influxdb:3-core')?.ports[0]?.port, 8181)
  assert.deepEqual(knownOf('postgres:18.1-alpine')?.data, ['/var/lib/postgresql'])
  assert.ok(knownOf('postgres:18.1-alpine')?.has.includes('wget'))
  assert.ok(knownOf('postgres:17.5')?.data.includes('/var/lib/postgresql/data'))
  assert.deepEqual(knownOf('pgvector/pgvector:0.8.1-pg18')?.data, ['/var/lib/postgresql'])
  // Of a tag that is not known nothing is said.
  assert.deepEqual(findKnownImage('python', '')?.lacks, [])
  assert.deepEqual(findKnownImage('redis', '')?.has, ['sh', 'redis-cli'])
  assert.equal(knownOf('nginx:1.27-alpine')?.healthcheck, undefined)
  assert.equal(findKnownImage('mongo', '')?.healthcheck, undefined)
})

test('the same name in somebody’s own registry is another image', () => {
  assert.equal(knownOf('registry.acme.io/postgres:17'), undefined)
  assert.equal(knownOf('localhost:5000/redis'), undefined)
  assert.equal(knownOf('docker.io/library/postgres:17')?.kind, 'database')
  assert.equal(knownOf('gcr.io/distroless/nodejs22-debian12')?.lacks.includes('sh'), true)
})
