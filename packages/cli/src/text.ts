import { stripVTControlCharacters } from 'node:util'

// oxlint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g

/**
 * Text of others made harmless for a terminal: no colours, no cursor movement, no bells, no turns of direction. Tabs
 * become a blank; line feeds stay, for whoever may print several lines.
 */
export const withoutControls = (text: string): string =>
  stripVTControlCharacters(text).replaceAll('\t', ' ').replaceAll(controls, '')

/** The same on one line. */
export const oneLine = (text: string): string =>
  withoutControls(text)
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim()

let segmenter: Intl.Segmenter | undefined

/** Made for the first text that needs it: its tables cost a command 20 ms. */
const segmentsOf = (text: string): Intl.Segments => {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return segmenter.segment(text)
}
// East Asian wide and full-width letters, and emoji, take two cells.
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u
const plain = /^[\u0020-\u007e]*$/

/** Cells a text takes in a terminal; escape sequences take none. */
export const widthOf = (text: string): number => {
  const bare = stripVTControlCharacters(text)
  if (plain.test(bare)) return bare.length
  let width = 0
  for (const { segment } of segmentsOf(bare)) width += wide.test(segment) ? 2 : 1
  return width
}

/** A letter with all its marks is seldom more; what is beyond takes no cell that is shown. */
const unitsOfCellMax = 16

const startOf = (text: string, width: number): string =>
  text.slice(0, (Math.max(0, width) + 1) * unitsOfCellMax)

/** More of a text than `width` cells show: megabytes are cut before they are cleaned and measured. */
export const cutTo = (text: string, width: number): string => {
  const start = startOf(text, width)
  return start.length === text.length ? text : `${start}…`
}

/** Text without escape sequences, cut to a width with an ellipsis. */
export const clip = (text: string, width: number): string => {
  const part = startOf(text, width)
  if (width === Infinity || (part.length === text.length && widthOf(text) <= width)) return text
  if (width <= 0) return ''
  let kept = ''
  let taken = 0
  for (const { segment } of segmentsOf(part)) {
    const next = wide.test(segment) ? 2 : 1
    if (taken + next > width - 1) break
    kept += segment
    taken += next
  }
  return `${kept.trimEnd()}…`
}

export const pad = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - widthOf(text)))

/** `1 service`, `2 services`. */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`

/** `0.4s`, `12s`, `3m 05s`, `2h 10m`, `4d 3h`: short, and never more than two units. */
export const duration = (ms: number): string => {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`
  const whole = Math.round(seconds)
  const two = (n: number) => String(n).padStart(2, '0')
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`
  return `${Math.floor(whole / 86_400)}d ${Math.floor((whole % 86_400) / 3600)}h`
}

/** `512 B`, `3.1 MiB`, `2.0 GiB` */
export const size = (bytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let unit = 0
  while (bytes / 1024 ** unit >= 1024 && unit < units.length - 1) unit += 1
  return `${(bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`
}
