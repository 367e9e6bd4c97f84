import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../kernel/clock.ts'
import { lastWords } from './last-words.ts'

const since = new Date('2026-01-01T00:00:00Z')
const line = (text: string, stream: 'stdout' | 'keelson' = 'stdout') => ({
  ...{ cursor: '1', at: '2026-01-01T00:00:01Z', instance: 'shop-web-1', stream, text },
})
const wordsOf = (...items: ReturnType<typeof line>[]): Promise<string> => {
  const page = { items, previousCursor: null, nextCursor: null }
  const logs = { page: () => Promise.resolve(page) } as unknown as Parameters<
    typeof lastWords
  >[0]['logs']
  return lastWords({ logs, clock: systemClock }, { stack: 'shop', name: 'shop-web-1', since })
}

test('the last three lines of its own, on one line and without control characters', async () => {
  const words = await wordsOf(
    line('one'),
    line('two'),
    line('Keelson says', 'keelson'),
    line('\u001B[31mthree\u001B[0m\u0007'),
    line('four'),
  )
  assert.equal(words, 'two / three / four')
})

test('a line that is cut within a character can still be stored', async () => {
  const words = await wordsOf(line(`${'x'.repeat(199)}😀 and more`))
  assert.ok(words.isWellFormed())
  assert.ok(words.startsWith('x'.repeat(199)))
})
