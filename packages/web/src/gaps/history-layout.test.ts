import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GapHistoryPoint } from '@keelson/contract'
import { layOutHistory, numbersMoved } from './history-layout.ts'

const day = 24 * 60 * 60 * 1000
const start = Date.UTC(2026, 0, 1)

const point = (days: number, score: number, errors: number, warnings: number): GapHistoryPoint => ({
  ...{ at: new Date(start + days * day).toISOString(), score, errors, warnings },
  ...{ infos: 0, accepted: 0, claimed: null, declared: 3, built: 3, running: null },
  ...{ appeared: [], closed: [], decided: [] },
})

test('an audit that found nothing else says which numbers it changed', () => {
  const before = point(0, 80, 1, 0)
  const now = { ...point(1, 82, 1, 0), running: 3 }
  assert.deepEqual(numbersMoved(before, now), [
    'score 82, before 80',
    'running 3, before not known',
  ])
  assert.deepEqual(numbersMoved(now, now), [])
})

test('a value holds until the next change, and the last one until now', () => {
  const points = [point(0, 0, 4, 0), point(5, 100, 0, 2)]
  const { score, errors, dots, left, right } = layOutHistory(points, 226, start + 10 * day)
  assert.deepEqual([left, right], [34, 134])
  assert.equal(score, 'M34 124H84V14H134')
  assert.equal(errors, 'M34 164H84V220H134')
  assert.deepEqual(
    dots.map(({ x, scoreY }) => [x, scoreY]),
    [
      [34, 124],
      [84, 14],
    ],
  )
})

const ends: [errors: number, warnings: number][] = [
  [0, 0],
  [3, 3],
  [2, 3],
  [3, 2],
  [0, 40],
]
for (const [errors, warnings] of ends) {
  test(`${errors} errors and ${warnings} warnings have names that do not overlap`, () => {
    const { labels, height } = layOutHistory([point(0, 50, errors, warnings)], 400, start + day)
    const [, first, second] = labels
    assert.ok(first !== undefined && second !== undefined)
    assert.ok(Math.abs(first.y - second.y) >= 15)
    assert.ok(Math.max(first.y, second.y) < height)
    if (errors !== warnings) assert.equal(first.y < second.y, errors > warnings)
  })
}

test('a clock that lags behind the platform does not bend the chart', () => {
  const { dots, right } = layOutHistory([point(0, 50, 0, 0), point(1, 60, 0, 0)], 400, start)
  assert.equal(dots.at(-1)?.x, right)
})
