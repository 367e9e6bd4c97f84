import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readImage } from '../readers/image.ts'
import { findKnownImage, knownImages } from './index.ts'

const knownOf = (reference: string) => readImage(reference, { file: 'x', line: 1, column: 1 }).known

test('every image is there once, with its source and programs that agree', () => {
  const names = knownImages.flatMap((image) => image.names)
  assert.ok(names.length >= 80, `${names.length} names`)
  assert.equal(new Set(names).size, names.length)
  for (const image of knownImages) {
    assert.match(image.source, /^https:\/\//, image.names[0])
    for (const { has, lacks } of [image, ...(image.variants ?? [])]) {
      const both = (has ?? []).filter((program) => (lacks ?? []).includes(program))
      assert.deepEqual(both, [], image.names[0])
    }
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
})

test('the tag tells what is inside', () => {
  assert.ok(knownOf('nginx:1.27-alpine')?.has.includes('wget'))
  assert.ok(knownOf('nginx:1.27')?.lacks.includes('wget'))
  assert.ok(knownOf('python:3.13-slim')?.lacks.includes('curl'))
  assert.deepEqual(knownOf('python:3.13')?.lacks, [])
  assert.ok(knownOf('rabbitmq:4-management')?.ports.some(({ port }) => port === 15_672))
  // Of a tag that is not known nothing is said.
  assert.deepEqual(findKnownImage('python', '')?.lacks, [])
})

test('the same name in somebody’s own registry is another image', () => {
  assert.equal(knownOf('registry.acme.io/postgres:17'), undefined)
  assert.equal(knownOf('localhost:5000/redis'), undefined)
  assert.equal(knownOf('docker.io/library/postgres:17')?.kind, 'database')
  assert.equal(knownOf('gcr.io/distroless/nodejs22-debian12')?.lacks.includes('sh'), true)
})
