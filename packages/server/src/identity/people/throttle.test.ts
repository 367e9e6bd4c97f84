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
  /** Many networks guess, so that whoever comes from another has to wait half a minute. */
  const heat = (nameKey: string): void => {
    for (let network = 0; network < 26; network += 1) failOften(1, nameKey, `203.0.${network}.1`)
  }
  return { clock, begin, fail, failOften, heat }
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
  const { failOften } = open()
  const waits = Array.from({ length: 200 }, (_, at) => failOften(1, 'ana', `203.0.${at}.1`))
  assert.deepEqual(waits.slice(19, 28), [0, 1, 2, 4, 8, 16, 30, 30, 30])
  assert.equal(Math.max(...waits), 30)
})

test('whoever waits as told is let in, whatever others tried meanwhile', () => {
  const { heat, fail, begin, clock } = open()
  heat('ana')
  for (let time = 0; time < 9; time += 1) {
    const own = `198.51.${time}.1`
    const seconds = fail('ana', own)
    assert.equal(seconds, 30)
    for (let second = 0; second < seconds; second += 1) {
      clock.advance(1000)
      for (let network = 0; network < 50; network += 1) fail('ana', `203.0.${network}.1`)
    }
    begin('ana', own).goesOn()
  }
})

test('a turn lets one attempt in, also of many at once', () => {
  const { heat, fail, clock } = open()
  heat('ana')
  clock.advance(fail('ana', '198.51.100.1') * 1000)
  fail('ana', '203.0.0.1')
  const waits = Array.from({ length: 10 }, () => fail('ana', '198.51.100.1'))
  assert.deepEqual(waits, [0, ...Array.from({ length: 9 }, () => 30)])
})

test('a /48 has one turn, and not one for each of its networks', () => {
  const { heat, fail, clock } = open()
  heat('ana')
  clock.advance(fail('ana', '2001:db8:1:1::7') * 1000)
  fail('ana', '203.0.0.1')
  assert.equal(fail('ana', '2001:db8:1:2::7'), 0)
  assert.equal(fail('ana', '2001:db8:1:1::7'), 30)
  assert.equal(fail('ana', '2001:db8:1:3::7'), 30)
})

test('a turn is given back when the attempt could not be tried, and when more is asked', () => {
  const { heat, fail, begin, clock } = open()
  heat('ana')
  clock.advance(fail('ana', '198.51.100.1') * 1000)
  fail('ana', '203.0.0.1')
  assert.throws(() => begin('ana', '198.51.100.1').untried(new Error('busy')), /busy/)
  begin('ana', '198.51.100.1').goesOn()
  assert.equal(fail('ana', '198.51.100.1'), 0)
})

test('a turn waits for twenty minutes, and is forgotten then', () => {
  for (const [minutes, seconds] of [
    [20, 0],
    [21, 30],
  ] as const) {
    const { heat, fail, failOften, clock } = open()
    heat('ana')
    clock.advance((fail('ana', '198.51.100.1') + minutes * 60) * 1000)
    failOften(1, 'ana', '203.0.200.1')
    assert.equal(fail('ana', '198.51.100.1'), seconds)
  }
})

test('a turn is one’s own name’s, and no known device takes it', () => {
  const { heat, fail, clock } = open()
  heat('leo')
  heat('ana')
  clock.advance(fail('ana', '198.51.100.1') * 1000)
  for (const name of ['ana', 'leo']) fail(name, '203.0.0.1')
  assert.equal(fail('leo', '198.51.100.1'), 30)
  assert.equal(fail('ana', '198.51.100.1', 'her browser'), 0)
  assert.equal(fail('ana', '198.51.100.1'), 0)
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
  ['::ffff:c612:0703', '198.18.7.5', true],
  ['::ffff:c612:0703', '::ffff:c612:0803', false],
  ['0:0:0:0:0:ffff:198.18.7.5', '198.18.7.9', true],
  ['0:0:0:0:0:FFFF:C612:0703', '::ffff:198.18.7.9', true],
  ['fe80::1%eth0', 'fe80:0:0:0:2::', true],
  ['::1', '::2', true],
]
for (const [one, other, isSame] of networks) {
  test(`${one} and ${other} are ${isSame ? 'one network' : 'two networks'}`, () => {
    const { failOften, fail } = open()
    failOften(6, 'ana', one)
    assert.equal(fail('ana', other) > 0, isSame)
  })
}
