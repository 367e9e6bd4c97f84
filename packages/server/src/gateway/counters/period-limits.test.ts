import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeriodLimits, periods } from './index.ts'

const all = { second: 1, minute: 2, hour: 3, day: 4, month: 5, year: 6 }

test('windows are those of the calendar in UTC', () => {
  const cases = [
    ['2026-02-28T23:59:59.999Z', '2026-03-01T00:00:00Z', '2026-03-01T00:00:00Z', '2027-01-01'],
    ['2028-02-29T10:20:30.500Z', '2028-02-29T10:20:31Z', '2028-03-01T00:00:00Z', '2029-01-01'],
    ['2026-12-31T23:59:59.000Z', '2027-01-01T00:00:00Z', '2027-01-01T00:00:00Z', '2027-01-01'],
  ] as const
  for (const [now, second, month, year] of cases) {
    const { endsMs } = new PeriodLimits(all).at(Date.parse(now))
    assert.equal(endsMs[0], Date.parse(second))
    assert.equal(endsMs[4], Date.parse(month))
    assert.equal(endsMs[5], Date.parse(year))
  }
})

test('the calendar follows the clock, also back', () => {
  const limits = new PeriodLimits(all)
  const at = (time: string) => [...limits.at(Date.parse(time)).startsMs]
  const first = at('2026-06-15T12:00:00.999Z')
  assert.notDeepEqual(at('2026-06-15T12:00:01.000Z'), first)
  assert.deepEqual(at('2026-06-15T12:00:00.000Z'), first)
})

test('only the periods that are set, in their order', () => {
  const limits = new PeriodLimits({ year: 9, minute: 1.5, hour: null })
  assert.deepEqual(limits.periods, ['minute', 'year'])
  assert.deepEqual([...limits.at(0).limits], [2, 9])
  assert.deepEqual(new PeriodLimits(all).periods, periods)
})
