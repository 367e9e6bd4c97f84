import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Phase } from '@keelson/contract'
import { isLegal, nextPhase, type Happening } from './machine.ts'

const happenings: readonly Happening[] = [
  ...(['begin', 'ready', 'started', 'completed', 'retry'] as const),
  ...(['give_up', 'due', 'stop', 'ended'] as const),
]

/** Written out once more, so that a change of the table has to be meant. */
const legal: Record<Phase, string> = {
  waiting: 'ready>starting stop>stopping',
  starting: 'started>running retry>backoff give_up>failed stop>stopping',
  running: 'completed>completed retry>backoff give_up>failed stop>stopping',
  backoff: 'begin>waiting due>starting stop>stopping started>running',
  completed: 'begin>waiting stop>stopping',
  failed: 'begin>waiting stop>stopping started>running',
  stopping: 'stop>stopping ended>stopped',
  stopped: 'begin>waiting started>running retry>backoff give_up>failed stop>stopping',
}

for (const [phase, allowed] of Object.entries(legal) as [Phase, string][]) {
  test(`${phase}: every happening leads where the table says, or asserts`, () => {
    const steps = new Map(allowed.split(' ').map((step) => step.split('>') as [Happening, Phase]))
    for (const happening of happenings) {
      const next = steps.get(happening)
      assert.equal(isLegal(phase, happening), next !== undefined, happening)
      if (next === undefined) {
        assert.throws(() => nextPhase(phase, happening), { code: 'ERR_ASSERTION' })
      } else assert.equal(nextPhase(phase, happening), next)
    }
  })
}

test('from every phase there is a way to stop', () => {
  for (const phase of Object.keys(legal) as Phase[]) {
    assert.ok(isLegal(phase, 'stop'), phase)
  }
})
