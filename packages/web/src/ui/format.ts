/** Numbers and times as people read them. All pure; `now` comes from the caller. */

const secondMs = 1000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** `12 s`, `3 min`, `2 h 05 min`, `4 d 3 h`: the two largest units that matter; what is less is over. */
export const formatDuration = (durationMs: number): string => {
  const ms = Math.max(0, durationMs)
  if (ms < minuteMs) return `${Math.floor(ms / secondMs)} s`
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min`
  if (ms < dayMs) {
    const minutes = Math.floor((ms % hourMs) / minuteMs)
    return `${Math.floor(ms / hourMs)} h ${String(minutes).padStart(2, '0')} min`
  }
  return `${Math.floor(ms / dayMs)} d ${Math.floor((ms % dayMs) / hourMs)} h`
}

/** `just now`, then the duration with `ago`. A clock slightly ahead of ours is `just now` too. */
export const formatAgo = (at: string, nowMs: number): string => {
  const ms = nowMs - Date.parse(at)
  return ms < 2000 ? 'just now' : `${formatDuration(ms)} ago`
}

/** To the nearest of what `formatDuration` shows: seven days that began a moment ago are `7 d 0 h`. */
const rounded = (ms: number): number => {
  const unitMs = ms < minuteMs ? secondMs : ms < dayMs ? minuteMs : hourMs
  return Math.round(ms / unitMs) * unitMs
}

/** `in 12 s`; `now` once it is over. */
export const formatUntil = (at: string, nowMs: number): string => {
  const ms = Date.parse(at) - nowMs
  return ms < secondMs ? 'now' : `in ${formatDuration(rounded(ms))}`
}

export const formatFor = (at: string, nowMs: number): string =>
  formatDuration(nowMs - Date.parse(at))

/** '' is the browser's own, as what is missing. */
type Place = { locale?: string; timeZone?: string }

const formatsOf = ({ locale = '', timeZone = '' }: Place) => {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale === '' ? undefined : locale, {
      ...options,
      ...(timeZone === '' ? {} : { timeZone }),
    })
  return {
    absolute: format({ dateStyle: 'medium', timeStyle: 'medium' }),
    zone: format({ timeZoneName: 'short' }),
    clock: format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }),
    wall: new Intl.DateTimeFormat('en-GB', {
      ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
      ...(timeZone === '' ? {} : { timeZone }),
    }),
    day: format({ day: 'numeric', month: 'short' }),
    date: format({ dateStyle: 'medium' }),
  }
}

let formats = formatsOf({})

/** From now on times are those of this place. */
export const setPlace = (place: Place): void => {
  try {
    formats = formatsOf(place)
  } catch {
    // A browser may know fewer time zones than the one they were chosen in.
    formats = formatsOf({})
  }
}

/** With its zone: who compares it with a log or with somebody elsewhere has to know. */
export const formatAbsolute = (at: string): string => {
  const date = new Date(at)
  const zone = formats.zone.formatToParts(date).find(({ type }) => type === 'timeZoneName')
  return `${formats.absolute.format(date)} ${zone?.value ?? ''}`
}

/** `2026-11-22T10:00`, as a field of a form takes it: what a clock on the reader's wall shows. */
export const wallTimeOf = (at: string): string => {
  const parts = formats.wall.formatToParts(new Date(at))
  const [year, month, day, hour, minute] = (
    ['year', 'month', 'day', 'hour', 'minute'] as const
  ).map((wanted) => parts.find(({ type }) => type === wanted)?.value ?? '')
  return `${year?.padStart(4, '0')}-${month}-${day}T${hour}:${minute}`
}

/** When the clock on the reader's wall shows this; undefined for what is no time (yet). */
export const atWallTime = (text: string): string | undefined => {
  const asUtcMs = Date.parse(`${text}Z`)
  if (Number.isNaN(asUtcMs)) return undefined
  // The clock may be turned between the two: what it is ahead by is looked up where it would be.
  const aheadMs = (ms: number) => Date.parse(`${wallTimeOf(new Date(ms).toISOString())}Z`) - ms
  const guessMs = asUtcMs - aheadMs(asUtcMs)
  return new Date(asUtcMs - aheadMs(guessMs)).toISOString()
}

/** The short name of the zone that times are shown in. */
export const zoneNow = (): string =>
  formats.zone.formatToParts(new Date()).find(({ type }) => type === 'timeZoneName')?.value ?? ''

/** A sentence of the platform, which knows of no reader: its times (UTC) as this one reads them. */
export const withLocalTimes = (text: string): string =>
  text.replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (at) => formatAbsolute(at))

export const formatDate = (at: string): string => formats.date.format(new Date(at))
export const formatDay = (at: string): string => formats.day.format(new Date(at))
export const formatClock = (at: string): string => formats.clock.format(new Date(at))

/** `0.4 s`, `9.2 s`, then as other durations: for what takes seconds. */
export const formatSeconds = (durationMs: number): string =>
  durationMs < minuteMs
    ? `${(Math.max(0, durationMs) / secondMs).toFixed(1)} s`
    : formatDuration(durationMs)

/** Cores in use: `0.42`. */
export const formatCores = (cores: number): string =>
  cores >= 10 ? cores.toFixed(0) : cores.toFixed(cores >= 1 ? 1 : 2)

export const formatBytes = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`
}

export const formatLatency = (ms: number | null): string => {
  if (ms === null) return '–'
  if (ms > 0 && ms < 0.1) return '< 0.1 ms'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

export const formatRate = (perSecond: number): string => {
  if (perSecond === 0) return '0/s'
  if (perSecond < 0.05) return '< 0.1/s'
  if (perSecond < 10) return `${perSecond.toFixed(1)}/s`
  return `${Math.round(perSecond).toLocaleString('en')}/s`
}

export const countOf = (count: number, noun: string): string =>
  `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`

const categoryNames: Record<string, string> = {
  core: 'Core',
  communication: 'Communication',
  automation: 'Automation',
  ai_ml: 'AI and ML',
  infrastructure: 'Infrastructure',
  monitoring: 'Monitoring',
}

export const categoryOrder = Object.keys(categoryNames)
export const formatCategory = (category: string): string => categoryNames[category] ?? category
