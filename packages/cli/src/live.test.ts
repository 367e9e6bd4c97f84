import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventParser, createWakingLoop, type LiveMessage } from './live.ts'

const parse = (chunks: readonly string[]): LiveMessage[] => {
  const messages: LiveMessage[] = []
  const push = createEventParser((message) => messages.push(message))
  chunks.forEach(push)
  return messages
}

const stream =
  ': hi\n\nid: 7\nevent: services\ndata: {"a":1}\n\nevent: x\r\ndata: one\r\ndata: two\r\n\r\n'

test('events with id, topic and several lines of data; comments are none', () => {
  assert.deepEqual(parse([stream]), [
    { topic: 'services', data: { a: 1 }, id: '7' },
    { topic: 'x', data: 'one\ntwo', id: '7' },
  ])
})

test('the same, however the network cuts it', () => {
  for (let at = 0; at <= stream.length; at += 1) {
    assert.deepEqual(parse([stream.slice(0, at), stream.slice(at)]), parse([stream]), `cut ${at}`)
  }
})

test('an event without end is given up before it fills the memory', () => {
  const push = createEventParser(() => assert.fail('no event'))
  assert.throws(() => {
    for (let sent = 0; sent < 20; sent += 1) push('x'.repeat(1024 * 1024))
  }, /too large/)
})

test('wakes while it works are one more run, and it never works twice at once', async () => {
  const stop = new AbortController()
  let runs = 0
  let working = 0
  const loop = createWakingLoop({
    intervalMs: 60_000,
    signal: stop.signal,
    work: async () => {
      runs += 1
      working += 1
      assert.equal(working, 1)
      if (runs === 1) for (let at = 0; at < 10; at += 1) loop.wake()
      await Promise.resolve()
      working -= 1
      if (runs === 2) setImmediate(loop.wake)
      if (runs === 3) stop.abort()
    },
  })
  await loop.run()
  assert.equal(runs, 3)
})
