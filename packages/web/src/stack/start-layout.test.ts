import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StartTimeline } from '@keelson/contract'
import { layOutStart } from './start-layout.ts'

const at = (ms: number): string => new Date(Date.UTC(2026, 0, 1) + ms).toISOString()
const maybe = (ms: number | null): string | null => (ms === null ? null : at(ms))
type Wait = [service: string, to: number | null]

const span = (
  instance: string,
  [from, startedAt, readyAt]: [number, number | null, number | null],
  waits: Wait[] = [],
  failure: string | null = null,
): StartTimeline['spans'][number] => ({
  instance: `shop-${instance}`,
  service: instance.replace(/-\d+$/, ''),
  from: at(from),
  waits: waits.map(([service, to]) => ({ service, condition: 'service_healthy', to: maybe(to) })),
  startedAt: maybe(startedAt),
  readyAt: maybe(readyAt),
  failure,
})

const timeline: StartTimeline = {
  stack: 'shop',
  startedAt: at(0),
  endedAt: at(9200),
  spans: [
    span('web-1', [0, 7100, 9200], [['api', 7100]]),
    span('api-1', [0, 4100, 6000], [['db', 4100]]),
    span('api-2', [0, 4100, 7100], [['db', 4100]]),
    span('db-1', [0, 0, 4100]),
    span('mail-1', [0, 100, null], [], 'exit code 1'),
  ],
  criticalPath: ['db', 'api', 'web'],
}

test('rows stand in the order they began, with the path that decided the length', () => {
  const { rows, steps, totalMs } = layOutStart(timeline, 0)
  assert.deepEqual(
    rows.map(({ label, isCritical }) => (isCritical ? `${label}!` : label)),
    ['db!', 'mail', 'api 1', 'api 2!', 'web!'],
  )
  assert.equal(totalMs, 9200)
  assert.deepEqual(steps, [
    { service: 'db', ms: 4100 },
    { service: 'api', ms: 3000 },
    { service: 'web', ms: 2100 },
  ])
})

test('a wait leads to the row that ended it', () => {
  const { rows } = layOutStart(timeline, 0)
  assert.deepEqual(
    rows.map(({ waits }) => waits.map(({ row, isCritical }) => [row, isCritical])),
    [[], [], [[0, false]], [[0, true]], [[3, true]]],
  )
})

const sentences: [instance: string, sentence: string][] = [
  ['db', 'db: began at 0.0 s; ready at 4.1 s, after 4.1 s; on the critical path'],
  ['api 1', 'api 1: waited for db until 4.1 s; began at 4.1 s; ready at 6.0 s, after 1.9 s'],
  ['mail', 'mail: began at 0.1 s; exit code 1'],
]
for (const [label, sentence] of sentences) {
  test(`in words: ${label}`, () => {
    const { rows } = layOutStart(timeline, 0)
    assert.equal(rows.find((row) => row.label === label)?.sentence, sentence)
  })
}

const ticks: [totalMs: number, ticks: number[]][] = [
  [900, [0, 200, 400, 600, 800]],
  [9200, [0, 2000, 4000, 6000, 8000]],
  [95_000, [0, 30_000, 60_000, 90_000]],
]
for (const [totalMs, expected] of ticks) {
  test(`ticks of ${totalMs} ms`, () => {
    const { ticksMs } = layOutStart({ ...timeline, spans: [], endedAt: at(totalMs) }, 0)
    assert.deepEqual(ticksMs, expected)
  })
}

test('while it lasts, bars reach to the present', () => {
  const open = { ...timeline, endedAt: null, spans: [span('db-1', [0, 0, null])], criticalPath: [] }
  const { rows, totalMs } = layOutStart(open, Date.parse(at(2500)))
  assert.equal(totalMs, 2500)
  assert.equal(rows[0]?.endMs, 2500)
  assert.equal(rows[0]?.sentence, 'db: began at 0.0 s; not ready yet')
})
