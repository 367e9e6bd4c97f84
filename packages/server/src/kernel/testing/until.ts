import assert from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'

const intervalMs = 10

/** Waits for a condition; never for a time. Fails with `what` after `timeoutMs` (20 s). */
export const until = async (
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> => {
  const deadline = performance.now() + timeoutMs
  while (!(await condition())) {
    assert(performance.now() < deadline, `gave up waiting: ${what}`)
    await sleep(intervalMs)
  }
}
