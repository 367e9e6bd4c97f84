/* Plain scalars as Compose's own YAML reader (Go) sees them, and as it prints them into a text. */

/**
 * `0644` is octal there (YAML 1.1), decimal in YAML 1.2. Integers beyond 2^53 keep their digits in
 * `text`.
 */
export function readNumber(
  value: number | bigint,
  source: string,
): { value: number; text: string } {
  if (/^[-+]?0[0-7]+$/.test(source)) {
    const octal = Number.parseInt(source, 8)
    return { value: octal, text: String(octal) }
  }
  if (typeof value === 'bigint') return { value: Number(value), text: value.toString() }
  return { value, text: formatFloat(value) }
}

/** Go's `%v` of a float: `1e+06` from a million on, `1e-05`, `+Inf`, `NaN`. */
function formatFloat(number: number): string {
  if (Number.isNaN(number)) return 'NaN'
  if (!Number.isFinite(number)) return number > 0 ? '+Inf' : '-Inf'
  if (Object.is(number, -0)) return '-0'
  const [digits = '', power = '0'] = number.toExponential().split('e')
  const exponent = Number(power)
  if (exponent >= -4 && exponent < 6) return String(number)
  const size = String(Math.abs(exponent)).padStart(2, '0')
  return `${digits}e${exponent < 0 ? '-' : '+'}${size}`
}

const timestamp =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:([Tt ])(\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d{1,9})?(Z|[-+]\d\d:\d\d)?)?$/

/**
 * An unquoted date is a time there, which becomes another text when it is used as one:
 * `2026-01-02` is `2026-01-02 00:00:00 +0000 UTC`. Undefined for what is no date.
 */
export function formatDate(source: string): string | undefined {
  if (source.length < 8 || source[4] !== '-') return undefined
  const match = timestamp.exec(source)
  if (match === null) return undefined
  const [, year = '', month = '', day = '', separator, hour = '0', minute = '0', second = '0'] =
    match
  const [fraction = '', zone] = [match[8], match[9]]
  // a zone belongs to the form with T, and that form has one
  if (separator !== undefined && (separator === ' ') !== (zone === undefined)) return undefined
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  if (!isReal || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const two = (text: string) => text.padStart(2, '0')
  const part = fraction.replace(/\.?0+$/, '')
  const time = `${two(hour)}:${two(minute)}:${two(second)}${part}`
  return `${year}-${two(month)}-${two(day)} ${time} ${formatZone(zone)}`
}

function formatZone(zone: string | undefined): string {
  if (zone === undefined || zone === 'Z' || /^[-+]00:00$/.test(zone)) return '+0000 UTC'
  const offset = zone.replace(':', '')
  return `${offset} ${offset}`
}
