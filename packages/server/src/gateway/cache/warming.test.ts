import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Warming } from './warming.ts'

void test('every URL is asked for once, a few at a time, and what failed is told', async () => {
  const urls = Array.from({ length: 30 }, (_, number) => `http://shop.test/${number}`)
  const asked: string[] = []
  let running = 0
  const warming = new Warming(urls, async (url) => {
    asked.push(url)
    running += 1
    assert.ok(running <= 4)
    await Promise.resolve()
    running -= 1
    return /[79]$/.test(url) ? `answered 40${url.at(-1)}` : null
  })
  assert.equal(warming.progress.state, 'running')
  await warming.finished
  assert.deepEqual(asked.toSorted(), urls.toSorted())
  const { total, done, failed, failures, state } = warming.progress
  assert.deepEqual([total, done, failed, failures.length, state], [30, 30, 6, 6, 'done'])
  assert.deepEqual(failures[0], { url: 'http://shop.test/7', reason: 'answered 407' })
})

void test('a list can be given up', async () => {
  const warming = new Warming(
    ['a', 'b'],
    (_url, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve('stopped'))
      }),
  )
  warming.stop()
  await warming.finished
  assert.deepEqual([warming.progress.state, warming.progress.failed], ['stopped', 2])
})
