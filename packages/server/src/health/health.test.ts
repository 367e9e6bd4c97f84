import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Db } from '../kernel/db.ts'
import type { Events } from '../kernel/events.ts'
import type { Recorder } from '../kernel/recorder.ts'
import { createManualClock, quietLog } from '../kernel/testing/index.ts'
import type { ServiceSpec } from '@keelson/contract'
import { createRegistry, type InstanceFacts } from '../registry/index.ts'
import { needs, serviceSpec } from '../orchestrator/testing/spec.ts'
import { createHealth } from './health.ts'
import { describeStatus, problemsOf, describeService, spansOf, verdictOf } from './views.ts'
import { explainService } from './why.ts'

const noRecorder: Recorder = { record: () => {}, flush: async () => true, stop: () => {} }

const createBench = () => {
  const clock = createManualClock()
  const registry = createRegistry({ db: {} as Db, recorder: noRecorder, clock })
  const deps = { registry, db: {} as Db, events: {} as Events, recorder: noRecorder, clock }
  const health = createHealth({ ...deps, log: quietLog })
  const heard: string[] = []
  health.onInstance(({ name }, { state }) => void heard.push(`${name} ${state}`))
  health.start()
  const declare = (name: string, more: Partial<ServiceSpec> = {}): void =>
    registry.declare({
      ...{ id: `s/${name}`, stack: 's', builtIn: false, upstreams: [], injected: {} },
      spec: serviceSpec(name, more),
    })
  const put = (service: string, more: Partial<InstanceFacts> = {}, index = 1): void =>
    registry.put({
      ...{ name: `s-${service}-${index}`, serviceId: `s/${service}`, index, runtime: 'process' },
      ...{ phase: 'running', phaseReason: '', phaseSince: clock.now(), wanted: true },
      ...{ troubled: false, adopted: false, pid: 1, containerId: null, ports: [], restarts: 0 },
      ...{ startedAt: clock.now(), exitCode: null, nextStartAt: null },
      ...more,
    })
  const known = { registry, health }
  return {
    ...{ clock, registry, health, heard, declare, put, known },
    state: (service: string) => health.service(`s/${service}`)?.state,
    summaries: () => registry.services().map((service) => describeService(service, known)),
  }
}

/** Services are judged once per turn. */
const settle = (): Promise<void> => Promise.resolve()

test('a process that slept does not take its own silence for that of the fleet', async () => {
  const bench = createBench()
  bench.declare('a')
  bench.put('a')
  await settle()
  // As a stall looks from inside: time has passed, and not one timer has fired.
  const before = bench.clock.now.bind(bench.clock)
  bench.clock.now = () => new Date(before().getTime() + 3_600_000)
  bench.clock.advance(1000)
  await settle()
  assert.equal(bench.state('a'), 'healthy')
  for (let second = 0; second < 16; second += 1) bench.clock.advance(1000)
  await settle()
  assert.equal(bench.state('a'), 'unknown', 'awake, and still nobody vouches for it')
  bench.registry.renew(['s-a-1'])
  bench.clock.advance(1000)
  await settle()
  assert.equal(bench.state('a'), 'healthy')
})

test('a lease that runs out is found by looking', async () => {
  const bench = createBench()
  bench.declare('a')
  bench.put('a')
  bench.clock.advance(16_000)
  await settle()
  assert.equal(bench.state('a'), 'unknown')
  assert.deepEqual(bench.heard, ['s-a-1 healthy', 's-a-1 unknown'])
})

test('an adopted instance without a health check is judged, not frozen', async () => {
  const bench = createBench()
  bench.declare('a')
  bench.put('a', { phase: 'starting' })
  bench.put('a', { adopted: true })
  await settle()
  assert.equal(bench.state('a'), 'healthy')
})

test('instances on their way out count neither for nor against a service', async () => {
  const bench = createBench()
  bench.declare('a', { replicas: 1 })
  bench.put('a')
  bench.put('a', { phase: 'stopping', wanted: false }, 2)
  bench.put('a', { phase: 'backoff', wanted: false, troubled: true }, 3)
  await settle()
  assert.equal(bench.state('a'), 'healthy')
  assert.equal(bench.health.service('s/a')?.instancesHealthy, 1)
  bench.put('a', { phase: 'stopping', wanted: false })
  bench.put('a', { phase: 'stopped', wanted: false }, 3)
  await settle()
  assert.equal(bench.state('a'), 'stopped')
})

test('the verdict names what is down and who is affected, and why tells the way there', async () => {
  const bench = createBench()
  bench.declare('web', { dependsOn: [needs('checkout')] })
  bench.declare('checkout', { dependsOn: [needs('payments')] })
  bench.declare('payments')
  for (const name of ['web', 'checkout']) bench.put(name)
  bench.put('payments', { phase: 'backoff', phaseReason: 'exit code 1', restarts: 2 })
  await settle()
  const verdict = verdictOf(bench.summaries())
  assert.deepEqual(verdict, {
    state: 'unhealthy',
    sentence: 'payments is down; checkout, web affected',
  })
  assert.deepEqual(
    problemsOf(bench.summaries()).map(({ name }) => name),
    ['payments', 'checkout', 'web'],
  )
  bench.clock.advance(3000)
  const web = bench.registry.getService('web')
  const why = explainService(web, bench.known, [], bench.clock.now())
  assert.deepEqual(
    why.chain.map(({ name }) => name),
    ['web', 'checkout', 'payments'],
  )
  assert.deepEqual(why.sentences, [
    'web is degraded (affected: payments is unhealthy), for 3 s.',
    'It depends on payments, which is unhealthy (exit code 1), for 3 s.',
    'payments was restarted 2 times.',
  ])
  assert.equal(why.suggestion?.command, 'keelson restart s/payments')
})

test('why tells the last update that did not succeed, with what its instance wrote', async () => {
  const bench = createBench()
  bench.declare('web')
  bench.put('web')
  await settle()
  bench.clock.advance(5000)
  const event = (text: string, severity: 'good' | 'warning', type = 'rollout.ended') => ({
    ...{ position: '1', subject: 's/web', type, severity, text },
    at: new Date(bench.clock.now().getTime() - 3000).toISOString(),
  })
  const back = event('Update of web rolled back: s-web-2: exit code 3; it wrote: no', 'warning')
  const done = event('Update of web completed', 'good')
  const web = bench.registry.getService('web')
  const why = (...events: (typeof back)[]) =>
    explainService(web, bench.known, events, bench.clock.now()).sentences
  const told = `Its last update did not succeed, 3 s ago: ${back.text}.`
  assert.ok(why(event('other', 'warning', 'stack.drifted'), back, done).includes(told))
  assert.ok(!why(done, back).includes(told), 'the one after it did')
})

const sentences: [states: Record<string, InstanceFacts['phase']>, sentence: string][] = [
  [{}, 'Nothing runs yet'],
  [{ a: 'running' }, 'The one service is healthy'],
  [{ a: 'running', b: 'completed' }, 'All 2 services are healthy'],
  [
    { a: 'running', b: 'running', c: 'stopped' },
    'All 2 running services are healthy, 1 is stopped',
  ],
  [
    { a: 'running', b: 'stopped', c: 'stopped' },
    'The one running service is healthy, 2 are stopped',
  ],
  [{ a: 'stopped', b: 'stopped' }, 'All 2 services are stopped'],
  [{ a: 'failed' }, 'a is down'],
  [{ a: 'failed', b: 'backoff', c: 'running' }, 'a, b are down'],
  [{ a: 'failed', b: 'starting' }, 'a is down; b is starting'],
  [{ a: 'waiting', b: 'starting' }, 'a, b are starting'],
  [
    { a: 'failed', b: 'failed', c: 'failed', d: 'failed', e: 'failed' },
    'a, b, c and 2 more are down',
  ],
]
for (const [phases, sentence] of sentences) {
  test(`${JSON.stringify(phases)}: ${sentence}`, async () => {
    const bench = createBench()
    for (const [name, phase] of Object.entries(phases)) {
      bench.declare(name)
      bench.put(name, { phase, wanted: phase !== 'stopped' })
    }
    await settle()
    assert.equal(verdictOf(bench.summaries()).sentence, sentence)
  })
}

test('the status has every service in its category, and counts what is healthy', async () => {
  const bench = createBench()
  bench.declare('api', { category: 'core' })
  bench.declare('db', { category: 'infrastructure' })
  bench.put('api', { phase: 'failed', phaseReason: 'exit code 1' })
  bench.put('db')
  await settle()
  const at = bench.clock.now()
  const status = describeStatus(bench.registry.services(), bench.known, at)
  const common = { stack: 's', since: at.toISOString(), latency_ms: null }
  assert.deepEqual(status, {
    total_services: 2,
    healthy_services: 1,
    services: {
      core: [{ ...common, name: 'api', status: 'unhealthy', reason: 'exit code 1', instances: 0 }],
      infrastructure: [
        {
          ...common,
          name: 'db',
          status: 'healthy',
          reason: 'running; it has no health check',
          instances: 1,
        },
      ],
    },
    timestamp: at.toISOString(),
  })
})

test('changes become stretches of time within the window', () => {
  const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second))
  const changes = [
    { state: 'healthy' as const, reason: '', since: at(0) },
    { state: 'unhealthy' as const, reason: 'x', since: at(20) },
    { state: 'healthy' as const, reason: '', since: at(25) },
  ]
  const spans = spansOf(changes, at(10), at(30))
  assert.deepEqual(
    spans.map(({ state, from, to }) => [state, from.slice(17, 19), to.slice(17, 19)]),
    [
      ['healthy', '10', '20'],
      ['unhealthy', '20', '25'],
      ['healthy', '25', '30'],
    ],
  )
  assert.deepEqual(spansOf([], at(10), at(30)), [])
})
