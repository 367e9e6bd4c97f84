import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LogLine } from '@keelson/contract'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { frameLines, lineLimitBytes } from './line-framing.ts'
import { createLogStore } from './log-store.ts'
import type { LogStoreOptions } from './log-store.ts'

const openStore = async (options: Partial<LogStoreOptions> = {}) => {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'keelson-logs-')))
  const store = createLogStore({ clock: systemClock, ...options, dir })
  return {
    dir,
    store,
    [Symbol.asyncDispose]: async () => {
      await store.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const one = { stack: 'shop', name: 'shop-api-1' }
const two = { stack: 'shop', name: 'shop-api-2' }
const both = [one.name, two.name]
const texts = (lines: readonly LogLine[]): string[] => lines.map((line) => line.text)

const until = async (condition: () => boolean): Promise<void> => {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    assert(Date.now() < deadline, 'the condition did not come true within 10 s')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('framing', async (t) => {
  const long = 'x'.repeat(lineLimitBytes)
  const cases: [name: string, input: Buffer, final: boolean, lines: string[], rest: number][] = [
    ['keeps an unfinished line', Buffer.from('a\nbc'), false, ['a'], 2],
    ['ends an unfinished line at the end', Buffer.from('a\nbc'), true, ['a', 'bc'], 0],
    ['keeps empty lines', Buffer.from('\n\n'), false, ['', ''], 0],
    [
      'drops a carriage return before the line feed',
      Buffer.from('a\r\nb\rc\n'),
      false,
      ['a', 'b\rc'],
      0,
    ],
    ['replaces what is not UTF-8', Buffer.from([0x61, 0xff, 0x0a]), false, ['a\ufffd'], 0],
    [
      'keeps ANSI colours',
      Buffer.from('\u001b[31mred\u001b[0m\n'),
      false,
      ['\u001b[31mred\u001b[0m'],
      0,
    ],
    ['leaves a line of the limit whole', Buffer.from(`${long}\n`), false, [long], 0],
    ['cuts a longer line', Buffer.from(`${long}yz\n`), false, [long, 'yz'], 0],
    [
      'cuts between characters',
      Buffer.from(`${'x'.repeat(lineLimitBytes - 1)}ü\n`),
      false,
      ['x'.repeat(lineLimitBytes - 1), 'ü'],
      0,
    ],
  ]
  for (const [name, input, final, lines, rest] of cases) {
    await t.test(name, () => {
      const framed = frameLines(input, final)
      assert.deepEqual(framed.lines, lines)
      assert.equal(input.length - framed.consumedBytes, rest)
    })
  }
  await t.test('does not depend on how the bytes arrive', () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constant(Buffer.from('\n')),
      fc.constant(Buffer.alloc(lineLimitBytes, 'ä')),
    )
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 12 }), (chunks) => {
        const whole = frameLines(Buffer.concat(chunks), true).lines
        const parts: string[] = []
        let rest = Buffer.alloc(0)
        for (const part of chunks) {
          rest = Buffer.concat([rest, part])
          const framed = frameLines(rest, false)
          parts.push(...framed.lines)
          rest = rest.subarray(framed.consumedBytes)
        }
        parts.push(...frameLines(rest, true).lines)
        assert.deepEqual(parts, whole)
      }),
    )
  })
})

test('a page holds the newest lines of several instances in the order they came', async () => {
  await using logs = await openStore()
  for (let i = 0; i < 10; i += 1) {
    logs.store.writer(i % 3 === 0 ? two : one).append('stdout', `line ${i}\n`)
  }
  const page = await logs.store.page({ stack: 'shop', instances: both, limit: 4 })
  assert.deepEqual(texts(page.items), ['line 6', 'line 7', 'line 8', 'line 9'])
  assert.deepEqual(
    page.items.map((line) => line.instance),
    [two.name, one.name, one.name, two.name],
  )
})

test('pages backward and forward meet every line once, over segments and instances', async () => {
  await using logs = await openStore({ segmentLimitBytes: 2000, segmentsMax: 1000 })
  const expected: string[] = []
  for (let i = 0; i < 500; i += 1) {
    const text = `line ${i} ${'x'.repeat(i % 70)}`
    expected.push(text)
    logs.store.writer(i % 7 < 3 ? one : two).appendLines('stdout', [text])
    if (i % 50 === 0) await logs.store.flush()
  }
  const query = { stack: 'shop', instances: both, limit: 37 }
  const backward: LogLine[] = []
  for (let page = await logs.store.page(query); ;) {
    backward.unshift(...page.items)
    if (page.previousCursor === null) break
    page = await logs.store.page({ ...query, before: page.previousCursor })
  }
  assert.deepEqual(texts(backward), expected)

  const forward = [...backward.slice(0, 1)]
  for (;;) {
    const page = await logs.store.page({ ...query, after: forward.at(-1)?.cursor ?? '' })
    if (page.items.length === 0) break
    forward.push(...page.items)
  }
  assert.deepEqual(texts(forward), expected)
})

test('a log keeps a bounded number of bytes, the newest', async () => {
  await using logs = await openStore({ segmentLimitBytes: 10_000, segmentsMax: 3 })
  const writer = logs.store.writer(one)
  for (let i = 0; i < 5000; i += 1) writer.appendLines('stdout', [`line ${i}`])
  await writer.flush()
  const folder = join(logs.dir, one.stack, one.name)
  const files = await readdir(folder)
  assert.equal(files.length, 3)
  for (const file of files) assert((await stat(join(folder, file))).size < 10_100)
  const page = await logs.store.page({ stack: 'shop', instances: [one.name], limit: 1 })
  assert.deepEqual(texts(page.items), ['line 4999'])
})

test('half a line left by a crash is cut, and the log goes on behind it', async () => {
  await using logs = await openStore()
  logs.store.writer(one).append('stdout', 'whole\n')
  await logs.store.flush()
  const [file] = await readdir(join(logs.dir, one.stack, one.name))
  await appendFile(join(logs.dir, one.stack, one.name, file ?? ''), '2026-01-01T00:00:00.0000')
  const again = createLogStore({ dir: logs.dir, clock: systemClock })
  again.writer(one).append('stderr', 'next\n')
  const page = await again.page({ stack: 'shop', instances: [one.name] })
  assert.deepEqual(texts(page.items), ['whole', 'next'])
  await again.close()
})

test('times never go back, even when the clock does', async () => {
  let nowMs = Date.parse('2026-05-01T10:00:00Z')
  const clock = { ...systemClock, now: () => new Date(nowMs) }
  await using logs = await openStore({ clock })
  logs.store.writer(one).append('stdout', 'first\n')
  await logs.store.flush()
  nowMs -= 3_600_000
  logs.store.writer(two).append('stdout', 'second\n')
  const page = await logs.store.page({ stack: 'shop', instances: both })
  assert.deepEqual(texts(page.items), ['first', 'second'])
})

test('a cursor of somewhere else is refused', async () => {
  await using logs = await openStore()
  for (const cursor of ['', 'nonsense', Buffer.from('1:2').toString('base64url')]) {
    await assert.rejects(
      logs.store.page({ stack: 'shop', instances: [one.name], after: cursor }),
      (error) => error instanceof AppError && error.code === 'cursor_invalid',
    )
  }
})

test('a tail goes on where a cursor left off, across a restart, without a gap or a double', async () => {
  await using logs = await openStore()
  for (let i = 0; i < 3000; i += 1) logs.store.writer(one).appendLines('stdout', [`old ${i}`])
  const start = await logs.store.page({ stack: 'shop', instances: [one.name], limit: 1000 })
  const from = start.items[0]?.cursor ?? ''

  const again = createLogStore({ dir: logs.dir, clock: systemClock })
  const seen: string[] = []
  const tail = again.tail({ stack: 'shop', instances: both, from }, (lines) => {
    seen.push(...texts(lines))
  })
  for (let i = 0; i < 500; i += 1) {
    again.writer(i % 2 === 0 ? one : two).appendLines('stdout', [`new ${i}`])
    if (i % 10 === 0) await again.flush()
  }
  await until(() => seen.at(-1) === 'new 499')
  const expected = [
    ...Array.from({ length: 999 }, (_, i) => `old ${i + 2001}`),
    ...Array.from({ length: 500 }, (_, i) => `new ${i}`),
  ]
  assert.deepEqual(seen, expected)
  tail.close()
  await again.close()
})

test('a slow reader of a tail is told how many lines it missed, and memory stays bounded', async () => {
  await using logs = await openStore()
  const batches: LogLine[][] = []
  const gate = Promise.withResolvers<void>()
  const tail = logs.store.tail({ stack: 'shop', instances: [one.name] }, async (lines) => {
    batches.push(lines)
    if (batches.length === 1) await gate.promise
  })
  const writer = logs.store.writer(one)
  writer.appendLines('stdout', ['first'])
  await writer.flush()
  for (let i = 0; i < 100; i += 1) {
    writer.appendLines(
      'stdout',
      Array.from({ length: 100 }, (_, n) => `line ${i * 100 + n}`),
    )
    await writer.flush()
  }
  gate.resolve()
  await until(() => batches.length >= 2)
  const [skip, ...rest] = batches[1] ?? []
  assert.equal(skip?.stream, 'keelson')
  assert.match(skip?.text ?? '', /^8000 lines were skipped/)
  assert.equal(rest.length, 2000)
  assert.equal(rest.at(-1)?.text, 'line 9999')
  tail.close()
})

test('a tail follows instances that come later', async () => {
  await using logs = await openStore()
  const seen: string[] = []
  const tail = logs.store.tail({ stack: 'shop', instances: [one.name] }, (lines) => {
    seen.push(...texts(lines))
  })
  logs.store.writer(two).append('stdout', 'unheard\n')
  await logs.store.flush()
  tail.follow(both)
  logs.store.writer(two).append('stdout', 'heard\n')
  await until(() => seen.length > 0)
  assert.deepEqual(seen, ['heard'])
  tail.close()
})

test('a removed log is gone', async () => {
  await using logs = await openStore()
  logs.store.writer(one).append('stdout', 'text\n')
  await logs.store.remove(one)
  assert.deepEqual(await readdir(join(logs.dir, one.stack)), [])
  const page = await logs.store.page({ stack: 'shop', instances: [one.name] })
  assert.deepEqual(page, { items: [], previousCursor: null, nextCursor: null })
})

test('the count of lines after a position is the count of its stream', async () => {
  await using logs = await openStore({ segmentLimitBytes: 500, segmentsMax: 50 })
  const writer = logs.store.writer(one)
  writer.appendLines('stdout', ['before'])
  const position = await writer.position()
  for (let i = 0; i < 40; i += 1) {
    writer.appendLines('stdout', ['a', 'b'])
    writer.appendLines('keelson', ['c'])
  }
  assert.equal(await writer.countLines(position, 'stdout'), 80)
})
