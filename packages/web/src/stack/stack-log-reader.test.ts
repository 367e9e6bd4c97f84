import type { LogLine, LogPage } from '@keelson/contract'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStackLogReader } from './stack-log-reader.ts'

/** A log of numbered lines of which every hundredth is looked for, ten looked at in one answer. */
const createLog = () => {
  let length = 1000
  const asked: number[] = []
  const line = (index: number): LogLine => ({
    cursor: String(index),
    at: '2026-01-01T00:00:00Z',
    instance: 'shop-api-1',
    stream: 'stdout',
    text: `line ${index}`,
  })
  return {
    asked,
    grow: (count: number) => {
      length += count
    },
    read: async ({ after }: { after?: string }): Promise<LogPage> => {
      const from = after === undefined ? length - 100 : Number(after) + 1
      asked.push(from)
      const to = after === undefined ? length : Math.min(length, from + 100)
      const items = Array.from({ length: to - from }, (_, index) => line(from + index))
      const cursor = to === from ? (after ?? null) : String(to - 1)
      const found = items.filter(({ cursor: at }) => Number(at) % 100 === 0)
      return { items: found, previousCursor: null, nextCursor: cursor }
    },
  }
}

test('newer lines are read to the end, and what was looked at is not looked at again', async () => {
  const log = createLog()
  const read = createStackLogReader(log.read)
  const newest = await read({ limit: 1000 })
  assert.deepEqual(
    newest.items.map(({ cursor }) => cursor),
    ['900'],
  )
  log.grow(250)
  const more = await read({ limit: 1000, after: '900' })
  assert.deepEqual(
    more.items.map(({ cursor }) => cursor),
    ['1000', '1100', '1200'],
  )
  assert.deepEqual(log.asked, [900, 1000, 1100, 1200, 1250])
  log.asked.length = 0
  assert.deepEqual((await read({ limit: 1000, after: '1200' })).items, [])
  assert.deepEqual(log.asked, [1250])
})

test('a cursor that comes from elsewhere is taken as it is', async () => {
  const log = createLog()
  const read = createStackLogReader(log.read)
  await read({ limit: 1000 })
  await read({ limit: 1000, after: '950' })
  assert.equal(log.asked[1], 951)
})
