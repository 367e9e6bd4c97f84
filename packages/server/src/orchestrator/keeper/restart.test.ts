import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RestartSpec } from '@keelson/contract'
import { afterHealthy, answerTo, freshHistory, nextStart } from './restart.ts'

const cases: [policy: RestartSpec, exitCode: number | null, restarts: number, kind: string][] = [
  [{ policy: 'no' }, 0, 0, 'completed'],
  [{ policy: 'no' }, 1, 0, 'give_up'],
  [{ policy: 'no' }, null, 0, 'give_up'],
  [{ policy: 'on-failure' }, 0, 9, 'completed'],
  [{ policy: 'on-failure' }, 1, 999, 'retry'],
  [{ policy: 'on-failure' }, null, 0, 'retry'],
  [{ policy: 'on-failure', attemptsMax: 2 }, 1, 1, 'retry'],
  [{ policy: 'on-failure', attemptsMax: 2 }, 1, 2, 'give_up'],
  [{ policy: 'on-failure', attemptsMax: 0 }, 1, 0, 'give_up'],
  [{ policy: 'always' }, 0, 0, 'retry'],
  [{ policy: 'unless-stopped' }, 137, 50, 'retry'],
]
for (const [policy, exitCode, restarts, kind] of cases) {
  const words = `${policy.policy}${policy.attemptsMax === undefined ? '' : `:${policy.attemptsMax}`}`
  test(`${words}, exit code ${exitCode}, ${restarts} restarts: ${kind}`, () => {
    assert.equal(answerTo(policy, exitCode, restarts).kind, kind)
  })
}

test('delays double up to half a minute, give or take a quarter', () => {
  let history = freshHistory
  const delays: number[] = []
  for (let start = 0; start < 12; start += 1) {
    const next = nextStart(history, start * 3_600_000, 0.5)
    history = next.history
    delays.push(next.delayMs)
  }
  assert.deepEqual(
    delays,
    [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000],
  )
  assert.equal(nextStart(freshHistory, 0, 0).delayMs, 75)
  assert.ok(nextStart(freshHistory, 0, 0.999).delayMs <= 125)
  assert.equal(nextStart(afterHealthy(history), 99 * 3_600_000, 0.5).delayMs, 100)
})

test('whatever happens, a delay is bounded, history is bounded, and 20 in 10 minutes are the most', () => {
  const step = fc.record({
    passedMs: fc.nat(200_000),
    random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    healthy: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      let history = freshHistory
      let nowMs = 0
      const times: number[] = []
      for (const { passedMs, random, healthy } of steps) {
        nowMs += passedMs
        if (healthy) history = afterHealthy(history)
        const next = nextStart(history, nowMs, random)
        const inWindow = times.filter((atMs) => nowMs - atMs < 600_000).length
        assert.equal(next.exhausted, inWindow >= 20)
        assert.ok(next.delayMs >= 75 && next.delayMs <= (next.exhausted ? 300_000 : 37_500))
        if (!next.exhausted && history.unhealthyStarts > 0 && next.delayMs < 22_500) {
          const same = nextStart(
            { ...history, unhealthyStarts: history.unhealthyStarts - 1 },
            nowMs,
            random,
          )
          assert.ok(next.delayMs > same.delayMs, 'it grows with every start that got nowhere')
        }
        times.push(nowMs)
        ;({ history } = next)
        assert.ok(history.restartedAtMs.length <= 20)
      }
    }),
  )
})
