import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { states, type Phase, type State } from '@keelson/contract'
import { leaseMs, type RegisteredInstance, type ServiceDeclaration } from '../registry/index.ts'
import { execProbe, serviceSpec } from '../orchestrator/testing/spec.ts'
import { judgeInstance, judgeService, rollUp, type ProbeRecord } from './verdict.ts'

const now = new Date('2026-01-01T12:00:00Z')
const ago = (ms: number): Date => new Date(now.getTime() - ms)

const service = (probed: boolean): ServiceDeclaration => ({
  id: 'shop/api',
  stack: 'shop',
  spec: serviceSpec('api', { probe: probed ? execProbe() : null }),
  builtIn: false,
  upstreams: [],
  injected: {},
})

const instance = (phase: Phase, more: Partial<RegisteredInstance> = {}): RegisteredInstance => ({
  ...{ name: 'shop-api-1', serviceId: 'shop/api', index: 1, runtime: 'process', phase },
  ...{ phaseReason: 'because', phaseSince: now, wanted: true, troubled: false, adopted: false },
  ...{ pid: 1, containerId: null, ports: [], startedAt: now, restarts: 0, exitCode: null },
  ...{ nextStartAt: null, draining: false, leaseExpiresAt: new Date(now.getTime() + leaseMs) },
  ...more,
})

const record = (more: Partial<ProbeRecord> = {}): ProbeRecord => ({
  ...{ failures: 0, succeeded: true, failing: false, lastReason: '', lastAt: now, latencyMs: 1 },
  ...more,
})

const failing = record({ failing: true, failures: 3, lastReason: 'GET / answered 500' })
const slow = record({ succeeded: false, failures: 1, lastReason: 'nothing listens yet' })
const wellUntil = (ms: number): ProbeRecord => record({ lastAt: ago(ms) })

type Case = [name: string, RegisteredInstance, ProbeRecord | undefined, State, RegExp]
const cases: Case[] = [
  ['waiting', instance('waiting'), undefined, 'starting', /^because$/],
  ['starting', instance('starting'), undefined, 'starting', /^because$/],
  ['in back-off', instance('backoff'), undefined, 'unhealthy', /^because$/],
  ['given up', instance('failed'), undefined, 'unhealthy', /^because$/],
  ['completed', instance('completed'), undefined, 'healthy', /^because$/],
  ['being restarted', instance('stopping'), undefined, 'starting', /^because$/],
  ['stopping for good', instance('stopping', { wanted: false }), undefined, 'stopped', /^because$/],
  ['stopped', instance('stopped', { wanted: false }), undefined, 'stopped', /^because$/],
  ['running, not asked yet', instance('running'), undefined, 'starting', /first check to come/],
  ['running and well', instance('running'), record(), 'healthy', /^$/],
  ['running and failing', instance('running'), failing, 'unhealthy', /answered 500/],
  ['running, not ready', instance('running'), slow, 'starting', /nothing listens yet/],
  ['silent for 9 s', instance('running'), wellUntil(9000), 'healthy', /^$/],
  [
    'silent for 11 s',
    instance('running'),
    wellUntil(11_000),
    'unknown',
    /no check has ended for 10 s/,
  ],
  [
    'silent for 99 s',
    instance('running'),
    wellUntil(99_000),
    'unknown',
    /no check has ended for 10 s/,
  ],
  ['without a lease', instance('running', { leaseExpiresAt: now }), record(), 'unknown', /vouched/],
  [
    'troubled and waiting',
    instance('waiting', { troubled: true }),
    undefined,
    'unhealthy',
    /because/,
  ],
  [
    'troubled and not asked yet',
    instance('running', { troubled: true }),
    undefined,
    'unhealthy',
    /because; started again/,
  ],
  ['troubled and well', instance('running', { troubled: true }), record(), 'healthy', /^$/],
  [
    'troubled and stopped for good',
    instance('stopped', { troubled: true, wanted: false }),
    undefined,
    'stopped',
    /because/,
  ],
]
for (const [name, one, probes, state, reason] of cases) {
  test(`an instance that is ${name} is ${state}`, () => {
    const judged = judgeInstance(one, service(true), probes, { now, awakeSince: new Date(0) })
    assert.equal(judged.state, state)
    assert.match(judged.reason, reason)
  })
}

test('without a health check, running is healthy', () => {
  const judged = judgeInstance(instance('running'), service(false), undefined, {
    now,
    awakeSince: new Date(0),
  })
  assert.equal(judged.state, 'healthy')
})

const removed = { troubled: true, phaseReason: 'removed from outside (docker rm)' }
const unprobedCases: [
  name: string,
  more: Partial<RegisteredInstance>,
  state: State,
  reason: string,
][] = [
  ['removed by somebody', { ...removed, interrupted: true }, 'starting', 'running again'],
  [
    'in a crash loop',
    removed,
    'unhealthy',
    'removed from outside (docker rm); started again, not ready yet',
  ],
  [
    'removed by somebody, up for 10 s',
    { ...removed, interrupted: true, startedAt: ago(10_000) },
    'healthy',
    'running; it has no health check',
  ],
]
for (const [name, more, state, reason] of unprobedCases) {
  test(`without a health check, one that was ${name} and runs again is ${state}`, () => {
    const time = { now, awakeSince: new Date(0) }
    const judged = judgeInstance(instance('running', more), service(false), undefined, time)
    assert.deepEqual(judged, { state, reason })
  })
}

test('with a health check, one that was removed is down until it answers', () => {
  const one = instance('running', { ...removed, interrupted: true })
  const time = { now, awakeSince: new Date(0) }
  assert.equal(judgeInstance(one, service(true), undefined, time).state, 'unhealthy')
  assert.equal(judgeInstance(one, service(true), record(), time).state, 'healthy')
})

for (const [awakeMs, state] of [
  [100, 'healthy'],
  [9000, 'healthy'],
  [leaseMs + 1, 'unknown'],
] as const) {
  test(`after a sleep of an hour, awake for ${awakeMs} ms: silence counts as ${state}`, () => {
    const one = instance('running', { leaseExpiresAt: ago(3_600_000) })
    const judged = judgeInstance(one, service(true), wellUntil(3_600_000), {
      now,
      awakeSince: ago(awakeMs),
    })
    assert.equal(judged.state, state)
  })
}

const of = (...given: State[]) =>
  given.map((state, at) => ({ name: `api-${at + 1}`, state, reason: `is ${state}` }))
type ServiceCase = [wanted: number, State[], before: State | undefined, State, RegExp]
const serviceCases: ServiceCase[] = [
  [0, [], undefined, 'stopped', /no instance is wanted/],
  [1, [], undefined, 'starting', /to be started/],
  [1, ['healthy'], undefined, 'healthy', /is healthy/],
  [2, ['healthy', 'healthy', 'stopped'], 'healthy', 'healthy', /is healthy/],
  [1, ['healthy', 'unhealthy'], 'healthy', 'healthy', /is healthy/],
  [
    2,
    ['healthy', 'unhealthy'],
    'healthy',
    'degraded',
    /1 of 2 instances healthy; api-2: is unhealthy/,
  ],
  [2, ['healthy', 'starting'], undefined, 'starting', /is starting/],
  [2, ['healthy', 'starting'], 'starting', 'starting', /is starting/],
  [2, ['healthy', 'starting'], 'healthy', 'degraded', /1 of 2/],
  [2, ['unhealthy', 'starting'], 'healthy', 'unhealthy', /is unhealthy/],
  [2, ['unknown', 'starting'], 'healthy', 'unknown', /is unknown/],
  [1, ['stopped'], 'healthy', 'stopped', /is stopped/],
]
for (const [wanted, given, before, state, reason] of serviceCases) {
  test(`${wanted} wanted, ${given.join(' and ') || 'none'}, ${before ?? 'nothing'} before: ${state}`, () => {
    const judged = judgeService(wanted, of(...given), before)
    assert.equal(judged.state, state)
    assert.match(judged.reason, reason)
  })
}

type Node = Parameters<typeof rollUp>[0] extends ReadonlyMap<string, infer N> ? N : never
const node = (name: string, state: State, dependsOn: string[] = [], healthy?: number): Node => ({
  id: `s/${name}`,
  own: { state, reason: '' },
  instancesHealthy: healthy ?? (state === 'healthy' ? 1 : 0),
  dependsOn: dependsOn.map((one) => `s/${one}`),
})
const roll = (...nodes: Node[]) => rollUp(new Map(nodes.map((one) => [one.id, one])))

test('one that is well and needs one that is down is degraded, and names it', () => {
  const rolled = roll(
    node('web', 'healthy', ['api']),
    node('api', 'healthy', ['db']),
    node('db', 'unhealthy'),
  )
  assert.deepEqual(rolled.get('s/web'), {
    state: 'degraded',
    reason: 'affected: db is unhealthy',
    root: 's/db',
  })
  assert.equal(rolled.get('s/api')?.root, 's/db')
  assert.equal(rolled.get('s/db')?.root, null)
})

test('a cause is found behind a service that has trouble of its own and still works', () => {
  const rolled = roll(
    node('web', 'healthy', ['api']),
    node('api', 'degraded', ['db'], 1),
    node('db', 'unhealthy'),
  )
  assert.equal(rolled.get('s/web')?.root, 's/db')
  assert.equal(rolled.get('s/api')?.root, null)
})

test('one that works with fewer instances affects nobody', () => {
  const rolled = roll(node('web', 'healthy', ['api']), node('api', 'degraded', [], 1))
  assert.equal(rolled.get('s/web')?.state, 'healthy')
})

test('a cycle is cut', () => {
  const rolled = roll(node('a', 'healthy', ['b']), node('b', 'healthy', ['a']))
  assert.deepEqual(
    [...rolled.values()].map(({ state }) => state),
    ['healthy', 'healthy'],
  )
})

test('no service is healthy that needs, directly or through others, one that is down', () => {
  const graph = fc.array(
    fc.record({
      state: fc.constantFrom(...states),
      healthy: fc.nat(2),
      needs: fc.array(fc.nat(11), { maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  fc.assert(
    fc.property(graph, (drawn) => {
      const nodes = drawn.map(({ state, healthy, needs }, at) => {
        // Only on those before it: what can be declared has no cycle.
        const dependsOn = needs.filter((other) => other < at).map(String)
        return node(String(at), state, dependsOn, state === 'healthy' ? healthy + 1 : healthy)
      })
      const byId = new Map(nodes.map((one) => [one.id, one]))
      const downBelow = (id: string): boolean =>
        (byId.get(id)?.dependsOn ?? []).some(
          (other) => byId.get(other)?.instancesHealthy === 0 || downBelow(other),
        )
      for (const [id, rolled] of rollUp(byId)) {
        const own = byId.get(id)?.own.state
        if (own !== 'healthy') assert.equal(rolled.state, own)
        else assert.equal(rolled.state, downBelow(id) ? 'degraded' : 'healthy')
        assert.equal(rolled.root !== null, own === 'healthy' && downBelow(id))
      }
    }),
  )
})
