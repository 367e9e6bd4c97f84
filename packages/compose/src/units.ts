const durationUnitsMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Five years: beyond this a duration is a mistake, and timers would overflow anyway. */
const durationMsMax = 5 * 365 * 86_400_000

/** `1m30s`, `1.5h`, `500ms` in milliseconds, or undefined. A number without a unit is refused. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0
  const whole = /^(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w)/
  let rest = text
  let totalMs = 0
  while (rest !== '') {
    const part = whole.exec(rest)?.[0]
    if (part === undefined) return undefined
    const unit = part.replace(/^[\d.]+/, '')
    totalMs += Number.parseFloat(part) * (durationUnitsMs[unit] ?? Number.NaN)
    rest = rest.slice(part.length)
  }
  if (text === '' || !(totalMs <= durationMsMax)) return undefined
  // rounded to the nanosecond, so that 0.1s is 100 and not 100.00000000000001
  return Math.round(totalMs * 1e6) / 1e6
}

/** As Go prints a duration: `1m30s`, `1h0m0s`, `500ms`, `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms < 1e-3) return `${Math.round(ms * 1e6)}ns`
  if (ms < 1) return `${decimals(ms * 1e3, 3)}µs`
  if (ms < 1000) return `${decimals(ms, 6)}ms`
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor((ms % 3_600_000) / 60_000)
  const seconds = `${decimals((ms % 60_000) / 1000, 9)}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

function decimals(number: number, digits: number): string {
  const text = number.toFixed(digits)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** Go's units library reads every unit as a power of 1024; `k`, `kb` and `kib` are the same. */
const byteUnits = ['', 'k', 'm', 'g', 't', 'p']

/** `512m`, `1.5gb`, `64KiB`, `1024` in bytes, or undefined. */
export function parseBytes(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text)
  if (match === null) return undefined
  const power = byteUnits.indexOf((match[2] ?? '').toLowerCase())
  const bytes = Math.floor(Number(match[1]) * 1024 ** power)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
