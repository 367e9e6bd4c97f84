/** A stretch of a log line in one look; `color` is a class of logs.css or an rgb() value. */
export type AnsiPart = {
  text: string
  color?: string
  bold?: boolean
  dim?: boolean
  italic?: boolean
  underline?: boolean
}

type Look = Omit<AnsiPart, 'text'>

// Select Graphic Rendition is the only sequence that means something in a list of lines.
const sequences =
  // oxlint-disable-next-line no-control-regex -- terminal sequences begin with one
  /\u001B(?:\[([\d;:]*)([A-Za-z])|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-Z\\-_])/g
// oxlint-disable-next-line no-control-regex -- terminal sequences begin with one
const controls = /[\u0000-\u0008\u000B-\u001F\u007F]/g

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/** The line without its terminal sequences: what is searched, and what a download holds. */
export const stripAnsi = (text: string): string =>
  text.includes('\u001B') ? text.replaceAll(sequences, '').replaceAll(controls, '') : text

/** Splits a line at its colour sequences (ECMA-48 SGR); every other sequence is left out. */
export const parseAnsi = (text: string): AnsiPart[] => {
  if (!text.includes('\u001B')) return [{ text: text.replaceAll(controls, '') }]
  const parts: AnsiPart[] = []
  let look: Look = {}
  let from = 0
  const push = (to: number) => {
    const piece = text.slice(from, to).replaceAll(controls, '')
    if (piece !== '') parts.push({ text: piece, ...look })
  }
  for (const match of text.matchAll(sequences)) {
    push(match.index)
    if (match[2] === 'm') look = applyCodes(look, match[1] ?? '')
    from = match.index + match[0].length
  }
  push(text.length)
  return parts
}

const applyCodes = (before: Look, codes: string): Look => {
  let look = before
  const numbers = codes.split(/[;:]/).map(Number)
  for (let at = 0; at < numbers.length; at += 1) {
    const code = numbers[at] ?? 0
    if (code === 38 || code === 48) {
      const extended = extendedColor(numbers.slice(at + 1))
      at += extended.used
      if (code === 38 && extended.color !== undefined) look = { ...look, color: extended.color }
    } else {
      look = applyCode(look, code)
    }
  }
  return look
}

const applyCode = (look: Look, code: number): Look => {
  if (code === 0) return {}
  if (code === 1) return { ...look, bold: true }
  if (code === 2) return { ...look, dim: true }
  if (code === 3) return { ...look, italic: true }
  if (code === 4) return { ...look, underline: true }
  if (code === 22) return without(look, 'bold', 'dim')
  if (code === 23) return without(look, 'italic')
  if (code === 24) return without(look, 'underline')
  if (code === 39) return without(look, 'color')
  if (code >= 30 && code <= 37) return { ...look, color: `ansi-${names[code - 30]}` }
  if (code >= 90 && code <= 97) return { ...look, color: `ansi-${names[code - 90]}` }
  return look
}

const without = (look: Look, ...fields: (keyof Look)[]): Look => {
  const rest = { ...look }
  for (const field of fields) delete rest[field]
  return rest
}

/** `38;5;n` (256 colours) and `38;2;r;g;b`; `used` is how many numbers belong to it. */
const extendedColor = (numbers: readonly number[]): { color?: string; used: number } => {
  const [kind, a = 0, b = 0, c = 0] = numbers
  if (kind === 2) return { color: `rgb(${byte(a)}, ${byte(b)}, ${byte(c)})`, used: 4 }
  if (kind !== 5) return { used: 0 }
  if (a < 16) return { color: `ansi-${names[a % 8]}`, used: 2 }
  if (a >= 232) {
    const grey = 8 + (byte(a) - 232) * 10
    return { color: `rgb(${grey}, ${grey}, ${grey})`, used: 2 }
  }
  const level = (n: number) => (n === 0 ? 0 : 55 + n * 40)
  const cube = byte(a) - 16
  const red = level(Math.floor(cube / 36))
  const green = level(Math.floor(cube / 6) % 6)
  return { color: `rgb(${red}, ${green}, ${level(cube % 6)})`, used: 2 }
}

const byte = (n: number): number => Math.min(255, Math.max(0, n))
