import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createManualClock } from '../../kernel/testing/index.ts'
import { isError } from '../testing/open-identity.ts'
import { createBudget } from './budget.ts'
import { relyingPartyOf } from './relying-party.ts'

const local = 'http://127.0.0.1:7070'
const open = 'https://ops.example.com'

/** As it comes in at port 7070, or over TLS at 7443. */
const asked = (url: string) => {
  const { hostname, host, protocol } = new URL(url)
  const isTls = protocol === 'https:'
  return {
    ...{ hostname, host, protocol: isTls ? ('https' as const) : ('http' as const) },
    socket: { localPort: isTls ? 7443 : 7070 },
  }
}

const table: [string, string, string, string][] = [
  [local, 'http://localhost:7070', 'localhost', 'http://localhost:7070'],
  [open, 'http://localhost:7070', 'localhost', 'http://localhost:7070'],
  [open, 'https://ops.example.com', 'ops.example.com', open],
  [open, 'http://ops.example.com', 'ops.example.com', open],
  [local, 'https://ops.example.com:7443', 'ops.example.com', 'https://ops.example.com:7443'],
  ['http://localhost:9000', 'http://localhost:9000', 'localhost', 'http://localhost:9000'],
]
for (const [publicUrl, at, id, origin] of table) {
  test(`at ${at}, with ${publicUrl} as the public address, passkeys are of ${id}`, () => {
    assert.deepEqual(relyingPartyOf(publicUrl, asked(at)), { id, origins: [origin] })
  })
}

test('what is signed at another port of the public name is not taken, whatever the request says', () => {
  const { origins } = relyingPartyOf(open, asked('https://ops.example.com:8443'))
  assert.deepEqual(origins, [open])
})

const refused: [string, string, RegExp][] = [
  [local, 'http://127.0.0.1:7070', /open http:\/\/localhost:7070$/],
  [local, 'http://[::1]:7070', /open http:\/\/localhost:7070$/],
  [local, 'http://localhost:8080', /at localhost:8080: open http:\/\/localhost:7070$/],
  [local, 'https://ops.example.com', /open https:\/\/localhost:7443$/],
  [open, 'http://localhost:8080', /open http:\/\/localhost:7070$/],
  [open, 'http://10.0.0.7:7070', /open https:\/\/ops\.example\.com$/],
  [open, 'https://other.example.com', /open https:\/\/ops\.example\.com$/],
]
for (const [publicUrl, at, message] of refused) {
  test(`at ${at}, with ${publicUrl} as the public address, it is said where passkeys work`, () => {
    assert.throws(() => relyingPartyOf(publicUrl, asked(at)), { code: 'factor_refused', message })
  })
}

test('strangers of one network begin so many ceremonies, and again some minutes later', () => {
  const clock = createManualClock()
  const budget = createBudget(clock)
  for (let time = 0; time < 200; time += 1) budget.spend(`192.0.2.${time % 200}`)
  assert.throws(() => budget.spend('192.0.2.7'), isError('sign_in_delayed'))
  budget.spend('192.0.3.7')
  clock.advance(5 * 60_000)
  budget.spend('192.0.2.7')
})

test('all networks together begin no more than the table is to hold', () => {
  const budget = createBudget(createManualClock())
  for (let time = 0; time < 20_000; time += 1) budget.spend(`10.${time >> 8}.${time & 255}.1`)
  assert.throws(() => budget.spend('192.0.2.7'), isError('sign_in_busy'))
})
