import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DependencyCondition, Phase, State } from '@keelson/contract'
import { blockedBy } from './dependencies.ts'
import { needs, serviceSpec } from '../testing/spec.ts'

type Known = Parameters<typeof blockedBy>[2]
type One = [phase: Phase, state: State, wanted?: boolean]

/** A world with `db`, its replicas and the instances given. */
const world = (replicas: number, ...instances: One[]): Known => {
  const found = instances.map(([phase, , wanted = true], at) => ({
    name: `db-${at}`,
    phase,
    wanted,
    phaseReason: 'it wrote: no password',
    exitCode: 1,
  }))
  const states = new Map(instances.map(([, state], at) => [`db-${at}`, { state }]))
  return {
    registry: {
      findService: (id: string) =>
        id === 's/db' ? { spec: serviceSpec('db', { replicas }) } : undefined,
      instancesOf: () => found,
    },
    health: { instance: (name: string) => states.get(name) },
  } as unknown as Known
}

const cases: [DependencyCondition, replicas: number, One[], required: boolean, RegExp | null][] = [
  ['service_started', 1, [['waiting', 'starting']], true, /waiting for db to start/],
  ['service_started', 1, [['running', 'starting']], true, null],
  ['service_started', 1, [['completed', 'healthy']], true, null],
  ['service_started', 2, [['running', 'healthy']], true, /to start/],
  ['service_started', 1, [], true, /to start/],
  ['service_started', 0, [], true, null],
  ['service_healthy', 1, [['running', 'starting']], true, /waiting for db to be healthy/],
  ['service_healthy', 1, [['running', 'healthy']], true, null],
  [
    'service_healthy',
    1,
    [
      ['running', 'healthy'],
      ['stopping', 'stopped', false],
    ],
    true,
    null,
  ],
  ['service_healthy', 1, [['running', 'unknown']], true, /to be healthy/],
  [
    'service_completed_successfully',
    1,
    [['running', 'healthy']],
    true,
    /waiting for db to complete/,
  ],
  ['service_completed_successfully', 1, [['completed', 'healthy']], true, null],
  [
    'service_completed_successfully',
    1,
    [['failed', 'unhealthy']],
    true,
    /^db did not complete: exit code 1$/,
  ],
  ['service_completed_successfully', 1, [['failed', 'unhealthy']], false, null],
  ['service_healthy', 1, [['running', 'unhealthy']], false, null],
  ['service_healthy', 1, [['running', 'starting']], false, /to be healthy/],
]
for (const [condition, replicas, instances, required, expected] of cases) {
  const told = instances.map(([phase, state]) => `${phase} and ${state}`).join(', ') || 'nothing'
  const kind = required ? 'required' : 'optional'
  test(`${kind} ${condition}, ${replicas} of db wanted, ${told}`, () => {
    const spec = serviceSpec('app', { dependsOn: [needs('db', condition, required)] })
    const blocker = blockedBy('s', spec, world(replicas, ...instances))
    if (expected === null) assert.equal(blocker, null)
    else assert.match(blocker ?? '', expected)
  })
}

test('a required service that is not declared is waited for, an optional one is not', () => {
  const wants = (required: boolean) =>
    serviceSpec('app', { dependsOn: [needs('cache', 'service_started', required)] })
  assert.match(blockedBy('s', wants(true), world(1)) ?? '', /cache, which is not declared/)
  assert.equal(blockedBy('s', wants(false), world(1)), null)
})
