const months = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map(
    (name, month) => [name, month],
  ),
)

// Fixed numbers of characters everywhere: none of these can backtrack.
const imf = /^[a-z]{3}, (\d\d) ([a-z]{3}) (\d{4}) (\d\d):(\d\d):(\d\d) gmt$/
const rfc850 = /^[a-z]{6,9}, (\d\d)-([a-z]{3})-(\d\d) (\d\d):(\d\d):(\d\d) gmt$/
const asctime = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4})$/

/**
 * Milliseconds since 1970 of an HTTP-date in one of its three forms (RFC 9110 5.6.7), or null for
 * anything else. `Date.parse` guesses, also at time zones: `Expires: 0` is no date.
 */
export const parseHttpDate = (text: string, nowMs: number): number | null => {
  if (text.length < 24 || text.length > 33) return null
  const lower = text.toLowerCase()
  const fixed = imf.exec(lower)
  if (fixed !== null) {
    const [, day, month, year, hour, minute, second] = fixed
    return utc(Number(year), month, day, hour, minute, second)
  }
  const old = rfc850.exec(lower)
  if (old !== null) {
    const [, day, month, year, hour, minute, second] = old
    return utc(fullYear(Number(year), nowMs), month, day, hour, minute, second)
  }
  const ansi = asctime.exec(lower)
  if (ansi === null) return null
  const [, month, day, hour, minute, second, year] = ansi
  return utc(Number(year), month, day, hour, minute, second)
}

/** IMF-fixdate, the only form that is sent. */
export const formatHttpDate = (ms: number): string => new Date(ms).toUTCString()

/** Two digits that seem to lie more than 50 years ahead mean the past century (RFC 9110 5.6.7). */
const fullYear = (twoDigits: number, nowMs: number): number => {
  const thisYear = new Date(nowMs).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  return year > thisYear + 50 ? year - 100 : year
}

const utc = (
  year: number,
  monthName: string | undefined,
  day: string | undefined,
  hour: string | undefined,
  minute: string | undefined,
  second: string | undefined,
): number | null => {
  const month = months.get(monthName ?? '')
  if (month === undefined) return null
  // 60 is a leap second, which Date.UTC moves into the next minute.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null
  const ms = Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second))
  return new Date(ms).getUTCMonth() === month || Number(second) === 60 ? ms : null
}
