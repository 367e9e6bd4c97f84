import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TlsOptions } from 'node:tls'
import { createManualClock } from '../../kernel/testing/index.ts'
import { createTestAuthority } from '../proxy/balance/testing-tls.ts'
import { createTermination } from './termination.ts'
import { ticketKeysAt } from './ticket-keys.ts'

const hourMs = 3_600_000
const soon = () => new Promise((resolve) => setImmediate(resolve))

test('ticket keys change every twelve hours, and nothing else happens meanwhile', async () => {
  const clock = createManualClock()
  const seen: TlsOptions[] = []
  const termination = createTermination({
    ...{ clock, authority: null, warn: () => {}, onOptions: (options) => void seen.push(options) },
  })
  await termination.use({ documents: [] })
  termination.start()
  for (let hour = 0; hour < 11; hour += 1) {
    clock.advance(hourMs)
    await soon()
  }
  assert.equal(seen.length, 1)
  clock.advance(hourMs)
  await soon()
  assert.equal(seen.length, 2)
  assert.notDeepEqual(seen[0]?.ticketKeys, seen[1]?.ticketKeys)
  termination.stop()
})

test('the leaf for clients that name nobody is renewed', async () => {
  const clock = createManualClock()
  const { leaf, ca } = createTestAuthority()
  let current = leaf('localhost')
  const seen: TlsOptions[] = []
  const termination = createTermination({
    ...{ clock, warn: () => {}, onOptions: (options) => void seen.push(options) },
    authority: { certificate: ca, leafFor: () => Promise.resolve(current) },
  })
  await termination.use({ documents: [] })
  termination.start()
  current = leaf('localhost')
  clock.advance(60_000)
  await soon()
  assert.equal(seen.length, 2)
  assert.equal(seen[1]?.cert, current.cert)
  termination.stop()
})

test('ticket keys are shared by the secret, and are others for other authorities', () => {
  const [a, b] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
  assert.equal(ticketKeysAt(a, 0, []).length, 48)
  assert.deepEqual(ticketKeysAt(a, 0, []), ticketKeysAt(a, 12 * hourMs - 1, []))
  assert.notDeepEqual(ticketKeysAt(a, 0, []), ticketKeysAt(a, 12 * hourMs, []))
  assert.notDeepEqual(ticketKeysAt(a, 0, []), ticketKeysAt(b, 0, []))
  assert.notDeepEqual(ticketKeysAt(a, 0, []), ticketKeysAt(a, 0, ['pem']))
})
