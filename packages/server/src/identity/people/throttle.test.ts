import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../kernel/errors.ts'
import { createManualClock } from '../../kernel/testing/index.ts'
import { createThrottle } from './throttle.ts'

const open = () => {
  const clock = createManualClock()
  const throttle = createThrottle(clock)
  const begin = (nameKey: string, address: string, knownDevice: string | null = null) =>
    throttle.begin({ nameKey, address, knownDevice })
  /** Seconds to wait; 0: it was tried, and was wrong. */
  const fail = (...given: Parameters<typeof begin>): number => {
    try {
      begin(...given)
      return 0
    } catch (error) {
      assert.ok(error instanceof AppError && error.code === 'sign_in_delayed')
      return error.details['seconds'] as number
    }
  }
  const failOften = (times: number, ...given: Parameters<typeof begin>): number => {
    let waited = 0
    for (let time = 0; time < times;) {
      const seconds = fail(...given)
      if (seconds === 0) time += 1
      else waited += seconds
      clock.advance(seconds * 1000)
    }
    return waited
  }
  return { clock, begin, fail, failOften }
}

test('ASVS 6.1.1: after four wrong passwords the waits double, to a quarter of an hour', () => {
  const { clock, fail } = open()
  const waits: number[] = []
  for (let time = 0; time < 16;) {
    const seconds = fail('ana', '192.0.2.7')
    if (seconds === 0) time += 1
    else waits.push(seconds)
    clock.advance(seconds * 1000)
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
})

test('ASVS 6.1.1: a guesser from one network makes nobody wait elsewhere', () => {
  const { failOften, fail } = open()
  failOften(12, 'ana', '192.0.2.7')
  assert.ok(fail('ana', '192.0.2.200') > 0, 'the same network')
  assert.equal(fail('ana', '198.51.100.1'), 0)
})

test('ASVS 6.1.1: many networks that guess one name make it wait half a minute at most', () => {
  const { fail, clock } = open()
  let longest = 0
  for (let network = 0; network < 200; network += 1) {
    const seconds = fail('ana', `203.0.${network}.1`)
    longest = Math.max(longest, seconds)
    clock.advance(seconds * 1000)
  }
  assert.equal(longest, 30)
})

test('ASVS 6.1.1: a device that was signed in before waits for no guesses of others', () => {
  const { failOften, fail } = open()
  failOften(12, 'ana', '192.0.2.7')
  assert.equal(fail('ana', '192.0.2.7', 'her browser'), 0)
  assert.ok(failOften(11, 'ana', '192.0.2.7', 'her browser') > 0, 'but for its own')
})

test('one who tries many names from one network waits', () => {
  const { fail } = open()
  const waits = Array.from({ length: 22 }, (_, at) => fail(`name-${at}`, '192.0.2.7'))
  assert.deepEqual(
    waits.slice(0, 20),
    Array.from({ length: 20 }, () => 0),
  )
  assert.ok((waits[20] ?? 0) > 0)
})

test('an office that signs in behind one address is not slowed down by it', () => {
  const { begin } = open()
  for (let person = 0; person < 200; person += 1) begin(`p${person}`, '192.0.2.7').succeeded()
})

test('signing in oneself does not wash out guesses at others', () => {
  const { begin, fail } = open()
  for (let round = 0; round < 20; round += 1) {
    fail(`victim-${round}`, '192.0.2.7')
    if (round < 19) begin('mallory', '192.0.2.7').succeeded()
  }
  assert.ok(fail('next', '192.0.2.7') > 0)
})

test('what could not be tried does not count', () => {
  const { begin, fail } = open()
  for (let round = 0; round < 50; round += 1) {
    assert.throws(() => begin('ana', '192.0.2.7').untried(new Error('busy')), /busy/)
  }
  assert.equal(fail('ana', '192.0.2.7'), 0)
})

test('many at once are counted before they are known to be wrong', () => {
  const { fail } = open()
  const waits = Array.from({ length: 10 }, () => fail('ana', '192.0.2.7'))
  assert.equal(waits.filter((seconds) => seconds === 0).length, 4)
})

test('an hour without attempts is forgotten', () => {
  const { failOften, fail, clock } = open()
  failOften(10, 'ana', '192.0.2.7')
  clock.advance(61 * 60_000)
  assert.equal(fail('ana', '192.0.2.7'), 0)
})

const networks: [string, string, boolean][] = [
  ['2001:db8:1:2::7', '2001:db8:1:2:ffff::1', true],
  ['2001:db8:1:2::7', '2001:db8:1:3::7', false],
  ['2001:DB8:1:2::7', '2001:db8:1:2:3:4:5:6', true],
  ['::ffff:192.0.2.7', '192.0.2.9', true],
  ['192.0.2.7', '192.0.3.7', false],
  ['::1', '::2', true],
]
for (const [one, other, isSame] of networks) {
  test(`${one} and ${other} are ${isSame ? 'one network' : 'two networks'}`, () => {
    const { failOften, fail } = open()
    failOften(6, 'ana', one)
    assert.equal(fail('ana', other) > 0, isSame)
  })
}
