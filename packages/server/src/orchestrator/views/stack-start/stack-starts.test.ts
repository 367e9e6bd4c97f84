import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Phase, ServiceSpec } from '@keelson/contract'
import { createEvents } from '../../../kernel/events.ts'
import { createRecorder } from '../../../kernel/recorder.ts'
import { createManualClock, createTestDb, quietLog } from '../../../kernel/testing/index.ts'
import { createHealth } from '../../../health/index.ts'
import { createRegistry, type InstanceFacts } from '../../../registry/index.ts'
import { createTimers } from '../../timers.ts'
import { needs, serviceSpec } from '../../testing/spec.ts'
import { openStackStarts } from './stack-starts.ts'

const domains = ['registry', 'health', 'orchestrator']
const migrations = domains.map((domain) => ({
  domain,
  dir: join(import.meta.dirname, '../../..', domain, 'migrations'),
}))
const log = quietLog

/** Registry, health and the starts of one life of the control process; `again` is its next one. */
const createBench = async () => {
  const { db, ...testDb } = await createTestDb({ migrations })
  const clock = createManualClock()
  const phases = new Map<string, Phase>()
  const ends: (() => Promise<void>)[] = []

  const live = async () => {
    const recorder = createRecorder({ db, clock, log })
    const registry = createRegistry({ db, recorder, clock })
    await registry.load()
    const events = createEvents({ db, clock, log })
    const health = createHealth({ registry, db, events, recorder, clock, log })
    await health.load()
    const timers = createTimers(clock)
    const starts = await openStackStarts({ db, recorder, registry, health, clock, timers })

    const say = (name: string, phase: Phase, more: Partial<InstanceFacts> = {}): void => {
      const [stack = '', service = '', index = ''] = name.split('-')
      phases.set(name, phase)
      registry.put({
        ...{ name, serviceId: `${stack}/${service}`, index: Number(index), runtime: 'process' },
        ...{ phase, phaseReason: '', phaseSince: clock.now(), wanted: true, troubled: false },
        ...{ adopted: false, pid: null, containerId: null, ports: [], startedAt: null },
        ...{ restarts: 0, exitCode: null, nextStartAt: null },
        ...more,
      })
    }
    const end = async (): Promise<void> => {
      timers.close()
      await recorder.flush(5000)
      recorder.stop()
    }
    ends.push(end)
    return {
      ...{ starts, registry, say, end },
      declare: (...specs: ServiceSpec[]): void => {
        for (const spec of specs) {
          const id = `shop/${spec.name}`
          registry.declare({
            ...{ id, stack: 'shop', spec, builtIn: false, upstreams: [], injected: {} },
          })
        }
      },
      /** Seconds since the first moment of the test, for a short table. */
      seconds: () => {
        const timeline = starts.timeline('shop')
        assert.ok(timeline !== undefined)
        const { startedAt, endedAt, spans, criticalPath } = timeline
        const at = (time: string | null): number | null =>
          time === null ? null : (Date.parse(time) - Date.parse('2026-01-01T00:00:00Z')) / 1000
        return {
          start: [at(startedAt), at(endedAt)],
          spans: spans.map(({ instance, from, waits, startedAt: began, readyAt, failure }) => [
            instance.slice('shop-'.length),
            [at(from), ...waits.map(({ service, to }) => `${service} ${String(at(to))}`)].join(' '),
            at(began),
            at(readyAt),
            ...(failure === null ? [] : [failure]),
          ]),
          path: criticalPath.join(' → '),
        }
      },
    }
  }
  return {
    ...{ clock, live },
    [Symbol.asyncDispose]: async () => {
      for (const end of ends) await end()
      await testDb[Symbol.asyncDispose]()
    },
  }
}

const db = serviceSpec('db')
const api = serviceSpec('api', { dependsOn: [needs('db', 'service_healthy')] })
const web = serviceSpec('web', { dependsOn: [needs('api', 'service_healthy'), needs('db')] })
const chain = [web, api, db]

type Life = Awaited<ReturnType<Awaited<ReturnType<typeof createBench>>['live']>>

/** Three services in a row: 4 s, 3 s and 2 s. */
const startChain = ({ declare, say }: Life, clock: { advance(ms: number): void }): void => {
  declare(...chain)
  for (const name of ['web', 'api', 'db']) say(`shop-${name}-1`, 'waiting')
  say('shop-db-1', 'starting')
  clock.advance(4000)
  say('shop-db-1', 'running')
  say('shop-api-1', 'starting')
  clock.advance(3000)
  say('shop-api-1', 'running')
  say('shop-web-1', 'starting')
  clock.advance(2000)
  say('shop-web-1', 'running')
}
const chainStart = {
  start: [0, 9],
  spans: [
    ['api-1', '0 db 4', 4, 7],
    ['db-1', '0', 0, 4],
    ['web-1', '0 api 7 db 4', 7, 9],
  ],
  path: 'db → api → web',
}

test('a start is kept with its waits and its critical path, and survives Keelson', async () => {
  await using bench = await createBench()
  const life = await bench.live()
  startChain(life, bench.clock)
  assert.deepEqual(life.seconds(), chainStart)
  await life.end()
  const next = await bench.live()
  assert.deepEqual(next.seconds(), chainStart)
  // Taken up: everything is declared again and found running.
  bench.clock.advance(1000)
  next.declare(...chain)
  for (const name of ['web', 'api', 'db']) next.say(`shop-${name}-1`, 'running', { adopted: true })
  assert.deepEqual(next.seconds(), chainStart)
})

const noStarts: [
  what: string,
  happens: (life: Life, clock: { advance(ms: number): void }) => void,
][] = [
  [
    'an instance that is started again after it ended',
    ({ say }) => {
      say('shop-db-1', 'backoff', { troubled: true })
      say('shop-db-1', 'starting', { troubled: true })
      say('shop-db-1', 'running')
    },
  ],
  [
    'a restart that somebody asks for',
    ({ say }) => {
      say('shop-db-1', 'stopping')
      say('shop-db-1', 'stopped')
      say('shop-db-1', 'waiting')
      say('shop-db-1', 'running')
    },
  ],
  [
    'the exchange of an instance beside one that serves',
    ({ declare, say }) => {
      declare(...chain)
      say('shop-db-2', 'waiting')
      say('shop-db-2', 'starting')
      say('shop-db-2', 'running')
    },
  ],
  ['applying it again without a change', ({ declare }) => declare(...chain)],
]
for (const [what, happens] of noStarts) {
  test(`no start: ${what}`, async () => {
    await using bench = await createBench()
    const life = await bench.live()
    startChain(life, bench.clock)
    bench.clock.advance(120_000)
    happens(life, bench.clock)
    assert.deepEqual(life.seconds(), chainStart)
  })
}

test('applied again with a change: what starts anew is the last start', async () => {
  await using bench = await createBench()
  const life = await bench.live()
  startChain(life, bench.clock)
  bench.clock.advance(91_000)
  life.declare(...chain)
  life.say('shop-api-1', 'stopping')
  bench.clock.advance(1000)
  life.say('shop-api-1', 'stopped')
  life.say('shop-api-1', 'waiting')
  life.say('shop-api-1', 'starting')
  bench.clock.advance(2000)
  life.say('shop-api-1', 'running')
  assert.deepEqual(life.seconds(), {
    start: [100, 103],
    spans: [['api-1', '101 db 101', 101, 103]],
    path: 'api',
  })
})

test('stopped, and started a moment later: the start begins when it was asked for', async () => {
  await using bench = await createBench()
  const life = await bench.live()
  startChain(life, bench.clock)
  bench.clock.advance(91_000)
  life.declare({ ...api, replicas: 0 })
  life.say('shop-api-1', 'stopping')
  life.registry.remove('shop-api-1')
  bench.clock.advance(4000)
  life.declare(api)
  for (const phase of ['waiting', 'starting', 'running'] as const) life.say('shop-api-1', phase)
  assert.deepEqual(life.seconds().start, [104, 104])
})

test('what fails is said, and ends the start; what is tried again leaves it open', async () => {
  await using bench = await createBench()
  const life = await bench.live()
  life.declare(...chain)
  for (const name of ['web', 'api', 'db']) life.say(`shop-${name}-1`, 'waiting')
  life.say('shop-db-1', 'starting')
  life.say('shop-db-1', 'backoff', { phaseReason: 'exit code 1', troubled: true })
  assert.deepEqual(life.seconds().start, [0, null])
  bench.clock.advance(2000)
  life.say('shop-db-1', 'starting', { troubled: true })
  life.say('shop-db-1', 'running')
  life.say('shop-api-1', 'starting')
  life.say('shop-api-1', 'failed', { phaseReason: 'exit code 7' })
  life.say('shop-web-1', 'stopping', { wanted: false, phaseReason: 'the file does not ask for it' })
  const seen = life.seconds()
  assert.deepEqual(seen.start, [0, 2])
  assert.deepEqual(seen.spans, [
    ['api-1', '0 db 2', 2, null, 'exit code 7'],
    ['db-1', '0', 0, 2],
    ['web-1', '0 api null db 2', null, null, 'the file does not ask for it'],
  ])
})

test('a stack that is gone leaves no start behind', async () => {
  await using bench = await createBench()
  const life = await bench.live()
  startChain(life, bench.clock)
  for (const { name } of chain) life.registry.withdraw(`shop/${name}`)
  assert.equal(life.starts.timeline('shop'), undefined)
  await life.end()
  const next = await bench.live()
  assert.equal(next.starts.timeline('shop'), undefined)
})
