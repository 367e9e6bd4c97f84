import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../kernel/errors.ts'
import { createTurns } from './turns.ts'

const isCode = (code: string) => (error: unknown) =>
  error instanceof AppError && error.code === code

test('one at a time, in order; who comes when too many wait is told to come later', async () => {
  const turns = createTurns(new AbortController().signal)
  const done: number[] = []
  let underWay = 0
  const gate = Promise.withResolvers<void>()
  const work = async (at: number): Promise<void> => {
    underWay += 1
    assert.equal(underWay, 1)
    await gate.promise
    underWay -= 1
    done.push(at)
  }
  const asked = Array.from({ length: 24 }, (_, at) => turns.ask(() => work(at)))
  const audit = turns.take(() => work(24))
  gate.resolve()
  const ends = await Promise.allSettled(asked)
  await audit
  assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6, 7, 8, 24])
  const refused = ends.filter((end) => end.status === 'rejected')
  assert.equal(refused.length, 15)
  for (const { reason } of refused) assert.ok(isCode('previews_busy')(reason))
  assert.equal(await turns.ask(() => Promise.resolve('again')), 'again')
})

test('what fails lets the next one go; at the end nothing begins any more', async () => {
  const ending = new AbortController()
  const turns = createTurns(ending.signal)
  await assert.rejects(
    turns.ask(() => Promise.reject(new Error('broken'))),
    /broken/,
  )
  assert.equal(await turns.ask(() => Promise.resolve(1)), 1)
  const last = turns.ask(() => Promise.resolve(assert.fail('it began')))
  ending.abort()
  await assert.rejects(last, isCode('platform_unreachable'))
})
