import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  driftKey,
  extraDrift,
  instanceDrift,
  sourceDrift,
  surroundingDrift,
  type SeenInstance,
} from './drift.ts'
import type { Part } from '../plan/parts.ts'
import { containerSpec, serviceSpec, stackSpec } from '../testing/spec.ts'

const spec = serviceSpec('api')
const stack = stackSpec('shop', [spec], {
  sources: [{ path: '/shop/compose.yaml', sha256: 'a'.repeat(64) }],
})
const running: SeenInstance = {
  ...{ name: 'shop-api-1', service: 'api', phase: 'running', reason: '', isSettled: true },
  ...{ isEndedOutside: false, digest: 'now', revision: 4 },
}

/** Nobody has asked for anything else than the file. */
const asked = { stoppedBy: null, scaled: null }

const sources: [name: string, now: Map<string, { sha256: string | null }>, texts: string[]][] = [
  ['the same', new Map([['/shop/compose.yaml', { sha256: 'a'.repeat(64) }]]), []],
  ['not readable now', new Map(), []],
  [
    'changed',
    new Map([['/shop/compose.yaml', { sha256: 'b'.repeat(64) }]]),
    ['compose.yaml has changed since the stack was applied'],
  ],
  [
    'gone',
    new Map([['/shop/compose.yaml', { sha256: null }]]),
    ['compose.yaml is gone since the stack was applied'],
  ],
]
for (const [name, now, texts] of sources) {
  test(`a source that is ${name}`, () =>
    assert.deepEqual(
      sourceDrift(stack, now).map(({ text }) => text),
      texts,
    ))
}

const instances: [
  name: string,
  seen: Partial<SeenInstance>,
  expected: [kind: string, text: string][],
][] = [
  ['runs as applied', {}, []],
  ['is on its way', { phase: 'failed', isSettled: false }, []],
  [
    'was given up',
    { phase: 'failed', reason: 'exit code 1', digest: null },
    [['instance_missing', 'shop-api-1 does not run: exit code 1']],
  ],
  [
    'was stopped by somebody',
    { phase: 'stopped', reason: 'stopped with docker stop', digest: null, isEndedOutside: true },
    [['instance_stopped_outside', 'shop-api-1 does not run: stopped with docker stop']],
  ],
  [
    'runs what was applied before',
    { digest: 'old', revision: 3 },
    [['instance_altered', 'shop-api-1 still runs revision 3']],
  ],
]
for (const [name, seen, expected] of instances) {
  test(`an instance that ${name}`, () => {
    const facts = { digest: 'now', instances: [{ ...running, ...seen }], ...asked }
    assert.deepEqual(
      instanceDrift(stack, spec, facts).map(({ kind, text }) => [kind, text]),
      expected,
    )
  })
}

test('a service that somebody stopped is told once, with the way back', () => {
  const instances = [{ ...running, phase: 'failed' }]
  const facts = { digest: 'now', instances, ...asked, stoppedBy: 'me' }
  assert.deepEqual(
    instanceDrift(stack, spec, facts).map(({ kind, command }) => [kind, command]),
    [['stopped_by_request', 'keelson start shop/api']],
  )
})

test('a service that somebody scaled is told with both numbers', () => {
  const scaled = { replicas: 3, by: 'the local user' }
  const facts = { digest: 'now', instances: [running], ...asked, scaled }
  assert.deepEqual(
    instanceDrift(stack, spec, facts).map(({ kind, text, command }) => [kind, text, command]),
    [['scaled_by_request', 'api was scaled to 3 by the local user; the file says 1', 'keelson up']],
  )
})

test('what cannot be seen now is no drift', () => {
  const part = (path: string, hash: string): Part => ({
    ...{ path, about: 'content', hash, text: null, live: false, file: path },
  })
  const applied = [part('volumes./a', '1'), part('volumes./b', '1')]
  const found = surroundingDrift(stack, spec, applied, [
    part('volumes./a', '2'),
    part('volumes./c', '1'),
  ])
  assert.deepEqual(
    found.map(({ kind, file }) => [kind, file]),
    [['file_changed', 'volumes./a']],
  )
})

test('an image whose name means another one', () => {
  const image = (hash: string): Part => ({
    ...{ path: 'image', about: 'image', hash, text: hash, live: false },
  })
  const [found] = surroundingDrift(stack, containerSpec('db'), [image('1')], [image('2')])
  assert.deepEqual(
    [found?.kind, found?.text],
    ['image_changed', 'db: db:1 means another image now: 1 → 2'],
  )
})

test('every drift has a name of its own that lasts', () => {
  const extra = {
    ...{ stack: 'shop', service: 'old', name: 'shop-old-1', index: 1, incarnation: 'x', ports: [] },
    ...{ runtime: 'container' as const, digest: '', running: true, pid: null, containerId: 'abc' },
    ...{ startedAt: new Date(), exit: null },
  }
  const keys = extraDrift(stack, [extra, { ...extra, name: 'shop-old-2' }]).map(driftKey)
  assert.equal(new Set(keys).size, 2)
})

const extras: [service: string, index: number, why: string][] = [
  ['old', 1, 'old is not in the file'],
  ['api', 1, 'api is a process in the file'],
  ['db', 2, 'the file asks for 1 of db'],
  ['db', 1, 'Keelson keeps up db itself'],
]

for (const [service, index, why] of extras) {
  test(`a container of others beside the stack: ${why}`, () => {
    const both = stackSpec('shop', [spec, containerSpec('db')])
    const [found] = extraDrift(both, [
      {
        ...{ stack: 'shop', service, name: `shop-${service}-${index}`, index, incarnation: 'x' },
        ...{ runtime: 'container', digest: '', running: true, pid: null, containerId: 'abc' },
        ...{ startedAt: new Date(), exit: null, ports: [], foreign: true },
        container: { name: 'theirs', folder: '/shop' },
      },
    ])
    const text = `the container theirs of Docker Compose runs beside the stack: ${why}`
    // What is not Keelson's is never removed by what Keelson suggests.
    assert.deepEqual([found?.text, found?.command], [text, 'docker stop theirs'])
  })
}
