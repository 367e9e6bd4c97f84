import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceSpec, UpdateSpec } from '@keelson/contract'
import { containerSpec, execProbe, serviceSpec } from '../testing/spec.ts'
import { drainMs, policyOf } from './policy.ts'

const update = (more: Partial<UpdateSpec>): UpdateSpec => ({
  ...{ strategy: 'rolling', parallelism: 1, delayMs: 0, failureAction: 'pause' },
  ...{ monitorMs: 0, maxFailureRatio: 0 },
  ...more,
})
const container = (more: object, spec: Partial<ServiceSpec> = {}): ServiceSpec => {
  const plain = containerSpec('a', spec)
  return plain.container === null ? plain : { ...plain, container: { ...plain.container, ...more } }
}
const volume = { kind: 'volume', source: 'data', target: '/data', readOnly: false }
const wantsStartFirst = { update: update({ order: 'start-first' }) }

const cases: [what: string, spec: ServiceSpec, order: string][] = [
  ['a process with a port of its own choice', serviceSpec('a', { port: 'auto' }), 'start-first'],
  ['a worker', serviceSpec('a'), 'start-first'],
  ['a process with a fixed port', serviceSpec('a', { port: 8000 }), 'stop-first'],
  [
    'a process that others reach by its port',
    serviceSpec('a', { port: 'auto', protocol: 'tcp' }),
    'stop-first',
  ],
  ['a container', container({}), 'start-first'],
  [
    'a container with a published port',
    container({}, { ports: [{ target: 80, published: 8000, protocol: 'tcp' }] }),
    'stop-first',
  ],
  ['a container with a name', container({ containerName: 'a' }), 'stop-first'],
  ['a container in the network of the host', container({ networkMode: 'host' }), 'stop-first'],
  [
    'a container with an address',
    container({ networks: { front: { aliases: [], ipv4Address: '10.0.0.2' } } }),
    'stop-first',
  ],
  ['a container that writes to a volume', container({ mounts: [volume] }), 'stop-first'],
  [
    'a container that reads a volume',
    container({ mounts: [{ ...volume, readOnly: true }] }),
    'start-first',
  ],
  ['several that share a volume', container({ mounts: [volume] }, { replicas: 2 }), 'start-first'],
  [
    'several with a volume that nobody has named',
    container({ mounts: [{ kind: 'volume', target: '/data', readOnly: false }] }, { replicas: 2 }),
    'stop-first',
  ],
  [
    'one that writes to a volume, and the file says so',
    container({ mounts: [volume] }, wantsStartFirst),
    'start-first',
  ],
  [
    'what cannot be, whatever the file says',
    serviceSpec('a', { port: 8000, ...wantsStartFirst }),
    'stop-first',
  ],
]
for (const [what, spec, order] of cases) {
  test(`${what}: ${order}`, () =>
    assert.equal(policyOf(spec, 'update', { sameRuntime: true }).order, order))
}

test('a change of the runtime is an exchange in place', () => {
  assert.equal(policyOf(serviceSpec('a'), 'update', { sameRuntime: false }).order, 'stop-first')
})

test('what nobody checks is left to a person, what is checked is taken back', () => {
  const actionOf = (spec: ServiceSpec): string =>
    policyOf(spec, 'update', { sameRuntime: true }).failureAction
  assert.equal(actionOf(serviceSpec('a')), 'pause')
  assert.equal(actionOf(serviceSpec('a', { probe: execProbe() })), 'rollback')
})

test('the way back goes by rollback_config, where there is one', () => {
  const spec = serviceSpec('a', {
    update: update({ parallelism: 2 }),
    rollback: update({ parallelism: 0 }),
  })
  const both = (['update', 'rollback'] as const).map(
    (direction) => policyOf(spec, direction, { sameRuntime: true }).parallelism,
  )
  assert.deepEqual(both, [2, 0])
})

test('draining lasts as long as the grace of a stop, within bounds', () => {
  assert.deepEqual(
    [0, 30_000, 600_000].map((stopGraceMs) => drainMs({ stopGraceMs })),
    [10_000, 30_000, 60_000],
  )
})
