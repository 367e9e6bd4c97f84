import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { LogPage } from '@keelson/contract'
import { createManualClock } from '../../kernel/testing/index.ts'
import { createLogStore } from '../logs/index.ts'
import { readStackLogs, type StackLogQuery } from './stack-logs.ts'

const instances = ['shop-api-1', 'shop-db-1', 'shop-web-1']

/** Logs of three services, all written at one moment of a clock that stands still. */
const openLogs = async (lines: number, textOf: (line: number) => string) => {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-stack-logs-'))
  const store = createLogStore({ dir, clock: createManualClock() })
  const writers = instances.map((name) => store.writer({ stack: 'shop', name }))
  for (let line = 0; line < lines; line += 1)
    writers[line % writers.length]?.appendLines('stdout', [textOf(line)])
  await store.flush()
  return {
    read: (query: Partial<StackLogQuery>): Promise<LogPage> =>
      readStackLogs(store, { stack: 'shop', instances, limit: 50, ...query }),
    write: async (text: string) => {
      writers[0]?.appendLines('stdout', [text])
      await store.flush()
    },
    [Symbol.asyncDispose]: async () => {
      await store.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
type Logs = Awaited<ReturnType<typeof openLogs>>

const textsOf = ({ items }: LogPage): string[] => items.map(({ text }) => text)

/** Every line from the newest to the oldest, page by page, in the order of the log. */
const readBack = async (logs: Logs, query: Partial<StackLogQuery>): Promise<string[]> => {
  const texts: string[] = []
  let before: string | null = null
  do {
    const page: LogPage = await logs.read(before === null ? query : { ...query, before })
    texts.unshift(...textsOf(page))
    before = page.previousCursor
  } while (before !== null)
  return texts
}

const readOn = async (
  logs: Logs,
  query: Partial<StackLogQuery> & { after: string },
): Promise<string[]> => {
  const texts: string[] = []
  let { after } = query
  for (;;) {
    const page = await logs.read({ ...query, after })
    texts.push(...textsOf(page))
    if (page.nextCursor === null || page.nextCursor === after) return texts
    after = page.nextCursor
  }
}

const wantedOf = (lines: number, every: number): string[] =>
  Array.from({ length: lines }, (_, line) => line)
    .filter((line) => line % every === 0)
    .map((line) => `${line} needle`)

const searches: [what: string, lines: number, every: number, limit: number][] = [
  ['every line, in pages that end anywhere', 700, 1, 33],
  ['one in seven', 3000, 7, 50],
  ['one in a thousand', 5000, 1000, 200],
  ['rarer than one answer looks', 22_000, 10_500, 10],
]
for (const [what, lines, every, limit] of searches) {
  test(`a text is found without loss or doubles, back and forth: ${what}`, async () => {
    await using logs = await openLogs(lines, (line) =>
      line % every === 0 ? `${line} needle` : `${line} straw`,
    )
    const wanted = wantedOf(lines, every)
    assert.deepEqual(await readBack(logs, { contains: 'needle', limit }), wanted)
    const all = await logs.read({ contains: 'needle', limit })
    await logs.write('late needle')
    assert.deepEqual(
      await readOn(logs, { contains: 'needle', limit, after: all.nextCursor ?? '' }),
      ['late needle'],
    )
  })
}

test('forward from a cursor in the middle, in pages that end anywhere', async () => {
  await using logs = await openLogs(900, (line) => `${line} ${line % 3 === 0 ? 'needle' : 'straw'}`)
  const middle = (await logs.read({ contains: '300 needle', limit: 1 })).items[0]?.cursor ?? ''
  const found = await readOn(logs, { contains: 'needle', limit: 7, after: middle })
  const wanted = wantedOf(900, 3).filter((text) => Number(text.split(' ')[0]) > 300)
  assert.deepEqual(found, wanted)
})

test('case and colours do not hide a text; without one it is the page of the store', async () => {
  await using logs = await openLogs(
    3,
    (line) => `${line} \u001B[31mCharge \u001B[1mrefused\u001B[0m`,
  )
  assert.equal((await logs.read({ contains: 'charge REFUSED' })).items.length, 3)
  assert.equal((await logs.read({ contains: 'accepted' })).items.length, 0)
  assert.equal((await logs.read({})).items.length, 3)
})
