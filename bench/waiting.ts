import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a platform may take to be as a measurement needs it. */
const startLimitMs = 120_000

/** A loopback port that nobody listened on a moment ago. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** Polls; a look that fails counts as not yet. Gives up after two minutes. */
export const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
  const deadlineMs = performance.now() + startLimitMs
  while (!(await holds().catch(() => false))) {
    assert(performance.now() < deadlineMs, `gave up waiting: ${what}`)
    await sleep(100)
  }
}
