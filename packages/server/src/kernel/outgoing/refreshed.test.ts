import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../testing/clock.ts'
import { refreshed } from './refreshed.ts'

const source = () => {
  const clock = createManualClock()
  let asked = 0
  let failing = false
  const value = refreshed(
    () => {
      asked += 1
      return failing ? Promise.reject(new Error('away')) : Promise.resolve(asked)
    },
    { clock, ttlMs: 60_000, cooldownMs: 30_000 },
  )
  return { clock, value, asked: () => asked, fail: (on: boolean) => void (failing = on) }
}

test('fetches once for many, and again when it is old', async () => {
  const { clock, value } = source()
  assert.deepEqual(await Promise.all([value.get(), value.get(), value.renew()]), [1, 1, 1])
  clock.advance(59_999)
  assert.equal(await value.get(), 1)
  clock.advance(1)
  assert.equal(await value.get(), 2)
})

test('is renewed sooner on demand, but not at once', async () => {
  const { clock, value } = source()
  await value.get()
  clock.advance(29_999)
  assert.equal(await value.renew(), 1)
  clock.advance(1)
  assert.equal(await value.renew(), 2)
})

test('fails as long as there never was a value, and asks again after five seconds', async () => {
  const { clock, value, fail, asked } = source()
  fail(true)
  for (let times = 0; times < 10; times += 1) await assert.rejects(value.get(), /away/)
  assert.equal(asked(), 1)
  fail(false)
  clock.advance(5_000)
  assert.equal(await value.get(), 2)
})

test('keeps an old value while there is no new one', async () => {
  const { clock, value, fail } = source()
  await value.get()
  fail(true)
  clock.advance(3_600_000)
  assert.equal(await value.get(), 1)
})
