import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logLine } from '../test-fixture/fixture-data.ts'
import { createLogBuffer } from './log-buffer.ts'
import { createLogFilter } from './log-filter.ts'

const lines = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => logLine(from + index))
const cursors = (buffer: ReturnType<typeof createLogBuffer>) =>
  buffer.lines().map(({ cursor }) => cursor)

test('keeps at most its limit, and drops the oldest lines', () => {
  const buffer = createLogBuffer(10)
  buffer.append(lines(0, 8))
  buffer.append(lines(8, 13))
  assert.equal(buffer.lines().length, 10)
  assert.equal(buffer.lines()[0]?.cursor, 'c3')
  assert.equal(buffer.isFull(), true)
})

test('one batch above the limit leaves its newest lines', () => {
  const buffer = createLogBuffer(10)
  buffer.append(lines(0, 25))
  assert.deepEqual([buffer.lines()[0]?.cursor, buffer.lines().at(-1)?.cursor], ['c15', 'c24'])
})

test('a line that came by page and by stream is there once', () => {
  const buffer = createLogBuffer()
  buffer.append(lines(0, 5))
  buffer.append(lines(3, 7))
  assert.deepEqual(cursors(buffer), ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6'])
})

test('older lines find room up to the limit, the nearest ones first', () => {
  const buffer = createLogBuffer(10)
  buffer.append(lines(20, 28))
  assert.equal(buffer.prepend(lines(10, 20)), 2)
  assert.equal(buffer.lines()[0]?.cursor, 'c18')
  assert.equal(buffer.prepend(lines(0, 10)), 0)
})

test('a line keeps its number whatever is added around it', () => {
  const buffer = createLogBuffer(10)
  buffer.append(lines(10, 14))
  const before = buffer.lines().find(({ cursor }) => cursor === 'c12')?.seq
  buffer.prepend(lines(7, 10))
  buffer.append(lines(14, 18))
  assert.equal(buffer.lines().find(({ cursor }) => cursor === 'c12')?.seq, before)
  const numbers = buffer.lines().map(({ seq }) => seq)
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => (numbers[0] ?? 0) + index),
  )
})

test('a filter that follows a growing log finds what a new one finds', () => {
  const buffer = createLogBuffer(50)
  const follow = createLogFilter()
  const steps = [
    () => buffer.append(lines(100, 130)),
    () => void buffer.prepend(lines(90, 100)),
    () => buffer.append(lines(130, 170)),
    () => buffer.append(lines(170, 171)),
  ]
  for (const step of steps) {
    step()
    const found = follow(buffer.lines(), 'CHARGE refused')
    assert.deepEqual(found, createLogFilter()(buffer.lines(), 'charge refused'))
    assert.ok(found.length > 0)
  }
  assert.equal(follow(buffer.lines(), ''), buffer.lines())
})

test('a filter looks at the text, not at the colours around it', () => {
  const buffer = createLogBuffer()
  buffer.append([{ ...logLine(0), text: '\u001B[31mer\u001B[1mror\u001B[0m' }])
  assert.equal(createLogFilter()(buffer.lines(), 'error').length, 1)
  assert.equal(createLogFilter()(buffer.lines(), '[31m').length, 0)
})
