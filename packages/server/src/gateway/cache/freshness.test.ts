import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeaderList } from '../proxy/header-list.ts'
import { longestSeconds, readResponseDirectives } from './directives.ts'
import { currentAge, freshnessLifetime, initialAge } from './freshness.ts'
import { formatHttpDate, parseHttpDate } from './http-date.ts'

const nowMs = Date.parse('2026-06-15T12:00:00Z')
const at = (seconds: number): string => formatHttpDate(nowMs + seconds * 1000)

const dates: readonly [text: string, iso: string | null][] = [
  ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['sun, 06 nov 1994 08:49:37 gmt', '1994-11-06T08:49:37Z'],
  ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['Thursday, 18-Aug-50 02:01:18 GMT', '2050-08-18T02:01:18Z'],
  ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 UTC', null],
  ['Sun, 31 Feb 2027 08:49:37 GMT', null],
  ['Sun, 06 Nov 1994 24:49:37 GMT', null],
  ['0', null],
  ['', null],
]

void test('the three forms of a date, and nothing else', () => {
  for (const [text, iso] of dates) {
    assert.equal(parseHttpDate(text, nowMs), iso === null ? null : Date.parse(iso), text)
  }
})

void test('a date that was written is read as the same second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_799 }), (seconds) => {
      assert.equal(parseHttpDate(formatHttpDate(seconds * 1000), nowMs), seconds * 1000)
    }),
  )
})

type LifetimeCase = [about: string, status: number, fields: string[], seconds: number]

const lifetimes: readonly LifetimeCase[] = [
  ['nothing told', 200, [], 0],
  ['max-age', 200, ['Cache-Control', 'max-age=60'], 60],
  ['s-maxage goes first', 200, ['Cache-Control', 'max-age=1, s-maxage=60'], 60],
  ['max-age before Expires', 200, ['Cache-Control', 'max-age=60', 'Expires', at(-9)], 60],
  ['Expires less Date', 200, ['Date', at(400), 'Expires', at(700)], 300],
  ['Expires without a readable Date', 200, ['Date', 'foo', 'Expires', at(10)], 10],
  ['Expires before Date', 200, ['Date', at(400), 'Expires', at(300)], 0],
  ['unreadable Expires', 200, ['Expires', '0', 'Last-Modified', at(-9999)], 0],
  ['a tenth of the time since', 200, ['Last-Modified', at(-1000)], 100],
  ['at most a day', 200, ['Last-Modified', at(-99_999_999)], 86_400],
  ['modified in the future', 200, ['Last-Modified', at(1000)], 0],
  ['no guess for this status', 201, ['Last-Modified', at(-1000)], 0],
  ['unless it is public', 599, ['Cache-Control', 'public', 'Last-Modified', at(-1000)], 100],
]

void test('how long an answer is fresh', () => {
  for (const [about, status, fields, seconds] of lifetimes) {
    const headers = new HeaderList(fields)
    const directives = readResponseDirectives(headers, [])
    const heuristic = { fraction: 0.1, most: 86_400 }
    const life = freshnessLifetime(status, headers, directives, nowMs, heuristic)
    assert.equal(life.seconds, seconds, about)
  }
})

const ages: readonly [fields: string[], delayMs: number, seconds: number][] = [
  [[], 0, 0],
  [['Age', '30'], 0, 30],
  [['Age', '30'], 5000, 35],
  [['Date', at(-60)], 0, 60],
  [['Date', at(-60), 'Age', '30'], 0, 60],
  [['Date', at(60), 'Age', '30'], 0, 30],
  [['Age', '7200, 0'], 0, 7200],
  [['Age', '0', 'Age', '7200'], 0, 0],
  [['Age', '-7200'], 0, 0],
  [['Age', '7200.0'], 0, 0],
  [['Age', 'abc'], 0, 0],
  [['Age', '99999999999'], 0, longestSeconds],
]

void test('how old an answer was when it came', () => {
  for (const [fields, delayMs, seconds] of ages) {
    const exchanged = { requestedMs: nowMs - delayMs, receivedMs: nowMs }
    assert.equal(initialAge(new HeaderList(fields), exchanged), seconds, fields.join(': '))
  }
})

void test('no age is negative or endless, whatever clocks and services say', () => {
  const anyMs = fc.integer({ min: -8e15, max: 8e15 })
  fc.assert(
    fc.property(fc.string(), fc.string(), anyMs, anyMs, anyMs, (age, date, sent, came, now) => {
      const headers = new HeaderList(['Age', age, 'Date', date])
      const initial = initialAge(headers, { requestedMs: sent, receivedMs: came })
      assert.ok(initial >= 0 && initial <= longestSeconds)
      assert.ok(currentAge({ initialAge: initial, receivedMs: came }, now) >= initial)
    }),
  )
})
