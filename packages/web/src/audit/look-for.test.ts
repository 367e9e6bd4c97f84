import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookFor } from './look-for.ts'

/** Answers with so many rows each; the cursor is the number of the answer. */
const answering =
  (counts: readonly number[], asked: [string | null, number][] = []) =>
  async (cursor: string | null, limit: number) => {
    asked.push([cursor, limit])
    const at = Number(cursor ?? 0)
    const items = Array.from({ length: counts[at] ?? 0 }, (_, n) => `${at}.${n}`)
    return { items, nextCursor: at + 1 < counts.length ? String(at + 1) : null }
  }

test('answers are asked for until a page is full, the end is there, or enough was looked at', async () => {
  const cases: [counts: number[], items: string[], nextCursor: string | null][] = [
    [[0, 0, 2, 1, 9], ['2.0', '2.1', '3.0'], '4'],
    [[1, 0], ['0.0'], null],
    [[0], [], null],
    [Array.from({ length: 30 }, () => 0), [], '20'],
  ]
  for (const [counts, items, nextCursor] of cases) {
    assert.deepEqual(await lookFor(null, 3, answering(counts)), { items, nextCursor })
  }
})

test('each answer is asked for behind the one before, with the rows that are missing', async () => {
  const asked: [string | null, number][] = []
  await lookFor('1', 3, answering([9, 1, 0, 2], asked))
  assert.deepEqual(asked, [
    ['1', 3],
    ['2', 2],
    ['3', 2],
  ])
})
