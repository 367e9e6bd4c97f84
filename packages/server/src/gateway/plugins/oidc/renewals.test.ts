import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../../kernel/testing/clock.ts'
import { createRenewals } from './renewals.ts'

test('renews once for all that come within a quarter of a minute, and forgets beyond 5,000', async () => {
  const clock = createManualClock()
  const renewals = createRenewals<string>(clock)
  let renewed = 0
  const renew = () => {
    renewed += 1
    return Promise.resolve({ renewed: `session ${renewed}` })
  }
  assert.deepEqual(await renewals.of('a', renew), { renewed: 'session 1' })
  clock.advance(14_999)
  assert.deepEqual(await renewals.of('a', renew), { renewed: 'session 1' })
  clock.advance(1)
  assert.deepEqual(await renewals.of('a', renew), { renewed: 'session 2' })
  for (let other = 0; other < 5_000; other += 1) await renewals.of(`other ${other}`, renew)
  assert.deepEqual(await renewals.of('a', renew), { renewed: 'session 5003' })
})
