import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DependencyCondition, StartTimeline } from '@keelson/contract'
import { criticalPath } from './critical-path.ts'

type Span = StartTimeline['spans'][number]
type Wait = [service: string, to: number | null, condition?: DependencyCondition]

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString()
const maybe = (second: number | null): string | null => (second === null ? null : at(second))

/** Starts its wait at 0 unless told; `[from, startedAt, readyAt]`. */
const span = (
  instance: string,
  [from, startedAt, readyAt]: [number, number | null, number | null],
  ...waits: Wait[]
): Span => ({
  instance: `shop-${instance}`,
  service: instance.replace(/-\d+$/, ''),
  from: at(from),
  waits: waits.map(([service, to, condition = 'service_healthy']) => ({
    service,
    condition,
    to: maybe(to),
  })),
  startedAt: maybe(startedAt),
  readyAt: maybe(readyAt),
  failure: null,
})

const cases: [what: string, spans: Span[], path: string[]][] = [
  ['nothing started', [], []],
  ['nothing ready yet', [span('db-1', [0, 0, null])], []],
  ['one alone', [span('db-1', [0, 0, 4])], ['db']],
  [
    'a chain of three',
    [
      span('web-1', [0, 7, 9], ['api', 7]),
      span('db-1', [0, 0, 4]),
      span('api-1', [0, 4, 7], ['db', 4]),
    ],
    ['db', 'api', 'web'],
  ],
  [
    'of two dependencies the one that came last',
    [
      span('cache-1', [0, 0, 1]),
      span('db-1', [0, 0, 4]),
      span('api-1', [0, 4, 6], ['cache', 1], ['db', 4]),
    ],
    ['db', 'api'],
  ],
  [
    'a long one beside a chain',
    [span('ml-1', [0, 0, 20]), span('db-1', [0, 0, 4]), span('api-1', [0, 4, 6], ['db', 4])],
    ['ml'],
  ],
  [
    'of several instances the one that was waited for',
    [
      span('api-1', [0, 0, 2]),
      span('api-2', [0, 1, 6], ['db', 1]),
      span('db-1', [0, 0, 1]),
      span('web-1', [0, 6, 8], ['api', 6]),
    ],
    ['db', 'api', 'web'],
  ],
  ['a dependency that ran before made nobody wait', [span('api-1', [5, 5, 9], ['db', 5])], ['api']],
  [
    'only started is asked for: what it did afterwards does not count',
    [
      span('db-1', [0, 2, 30], ['init', 2, 'service_completed_successfully']),
      span('init-1', [0, 0, 2]),
      span('api-1', [0, 2, 31], ['db', 2, 'service_started']),
    ],
    ['init', 'db', 'api'],
  ],
  [
    'an optional dependency that never came',
    [span('api-1', [0, 3, 5], ['mail', null], ['db', 3]), span('db-1', [0, 0, 3])],
    ['db', 'api'],
  ],
  [
    'two that name each other end the walk',
    [span('a-1', [0, 2, 4], ['b', 2]), span('b-1', [0, 1, 2], ['a', 1])],
    ['b', 'a'],
  ],
]
for (const [what, spans, path] of cases) {
  test(`critical path: ${what}`, () => assert.deepEqual(criticalPath(spans), path))
}
