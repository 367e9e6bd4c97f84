/**
 * Reads the part of RE2's syntax that means the same everywhere, so that a pattern can be judged
 * (regex-proof.ts) and written for V8 with RE2's meaning. What is not read here is RE2's own
 * business; null says so, and never that a pattern is wrong.
 */

/** Characters as bits: 0 to 127 are ASCII, `beyond` is everything above. */
export type CharSet = bigint
const beyond = 1n << 128n
/** The end of the text, as if it were a character. */
export const atEnd = 1n << 129n
export const everyChar: CharSet = beyond * 2n - 1n

export type RegexNode =
  /** One character; `literal` when there is no choice. `source` is its form for V8. */
  | { kind: 'char'; set: CharSet; literal: string | null; source: string }
  | { kind: 'sequence'; items: readonly RegexNode[] }
  | { kind: 'either'; options: readonly RegexNode[] }
  | { kind: 'group'; item: RegexNode; open: '(?:' | '(' | `(?<${string}>` }
  | { kind: 'repeat'; item: RegexNode; min: number; max: number; lazy: boolean }
  | { kind: 'end' }

export type ParsedRegex = {
  root: RegexNode
  ignoreCase: boolean
  /** The pattern says `^` or `\A` itself. */
  startsAtStart: boolean
}

type Reader = { chars: readonly string[]; at: number; ignoreCase: boolean; depth: number }

const mostRepeats = 1000
const deepestGroup = 50

/** Thrown to leave the parser from any depth; never leaves this file. */
const beyondUs = Symbol('syntax that only RE2 reads')

/** The pattern as a tree, or null when it has parts that only RE2 can judge. */
export const parseRegex = (pattern: string, ignoreCase: boolean): ParsedRegex | null => {
  const flagged = pattern.startsWith('(?i)')
  const reader: Reader = {
    chars: Array.from(flagged ? pattern.slice(4) : pattern),
    at: 0,
    ignoreCase: ignoreCase || flagged,
    depth: 0,
  }
  try {
    const startsAtStart = take(reader, '^') || takeEscape(reader, 'A')
    const root = readEither(reader)
    // `^a|b` starts at the start in its first option only.
    if (startsAtStart && root.kind === 'either') return null
    if (reader.at < reader.chars.length) return null
    return { root, ignoreCase: reader.ignoreCase, startsAtStart }
  } catch (reason) {
    if (reason === beyondUs) return null
    throw reason
  }
}

const refuse = (): never => {
  // oxlint-disable-next-line only-throw-error -- a signal between functions of this file
  throw beyondUs
}

const peek = (reader: Reader): string | undefined => reader.chars[reader.at]

const take = (reader: Reader, char: string): boolean => {
  if (peek(reader) !== char) return false
  reader.at += 1
  return true
}

const takeEscape = (reader: Reader, letter: string): boolean => {
  if (peek(reader) !== '\\' || reader.chars[reader.at + 1] !== letter) return false
  reader.at += 2
  return true
}

const readEither = (reader: Reader): RegexNode => {
  const options = [readSequence(reader)]
  while (take(reader, '|')) options.push(readSequence(reader))
  return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'either', options }
}

const readSequence = (reader: Reader): RegexNode => {
  const items: RegexNode[] = []
  for (;;) {
    const char = peek(reader)
    if (char === undefined || char === '|' || char === ')') return { kind: 'sequence', items }
    items.push(readRepeat(reader, readItem(reader, char)))
  }
}

const readItem = (reader: Reader, char: string): RegexNode => {
  if (takeEscape(reader, 'z')) return { kind: 'end' }
  reader.at += 1
  switch (char) {
    case '(':
      return readGroup(reader)
    case '[':
      return readClass(reader)
    case '.':
      // RE2's dot leaves out the line feed only, V8's also \r, U+2028 and U+2029.
      return { kind: 'char', set: everyChar & ~bitOf('\n'), literal: null, source: '[^\\n]' }
    case '$':
      return { kind: 'end' }
    case '\\':
      return readEscape(reader)
    case '^':
    case '*':
    case '+':
    case '?':
    case '{':
      return refuse()
    default:
      return literalOf(reader, char)
  }
}

const readGroup = (reader: Reader): RegexNode => {
  reader.depth += 1
  if (reader.depth > deepestGroup) return refuse()
  const open = take(reader, '?') ? readGroupKind(reader) : '('
  const item = readEither(reader)
  if (!take(reader, ')')) return refuse()
  reader.depth -= 1
  return { kind: 'group', item, open }
}

const readGroupKind = (reader: Reader): '(?:' | `(?<${string}>` => {
  if (take(reader, ':')) return '(?:'
  take(reader, 'P')
  if (!take(reader, '<')) return refuse()
  let name = ''
  for (let char = peek(reader); char !== undefined && /\w/.test(char); char = peek(reader)) {
    name += char
    reader.at += 1
  }
  // V8 takes no digit first; `(?<=` and `(?<!` end here as well.
  if (!/^[A-Za-z_]/.test(name) || !take(reader, '>')) return refuse()
  return `(?<${name}>`
}

const readRepeat = (reader: Reader, item: RegexNode): RegexNode => {
  const bounds = readBounds(reader)
  if (bounds === null) return item
  if (item.kind === 'end') return refuse()
  const lazy = take(reader, '?')
  if ('*+?{'.includes(peek(reader) ?? ' ')) return refuse()
  return { kind: 'repeat', item, ...bounds, lazy }
}

const readBounds = (reader: Reader): { min: number; max: number } | null => {
  if (take(reader, '*')) return { min: 0, max: Infinity }
  if (take(reader, '+')) return { min: 1, max: Infinity }
  if (take(reader, '?')) return { min: 0, max: 1 }
  if (!take(reader, '{')) return null
  const min = readNumber(reader)
  const max = take(reader, ',') ? (peek(reader) === '}' ? Infinity : readNumber(reader)) : min
  if (!take(reader, '}') || max < min || min > mostRepeats) return refuse()
  if (max !== Infinity && max > mostRepeats) return refuse()
  return { min, max }
}

const readNumber = (reader: Reader): number => {
  let digits = ''
  for (let char = peek(reader); char !== undefined && /\d/.test(char); char = peek(reader)) {
    digits += char
    reader.at += 1
  }
  return digits === '' || digits.length > 4 ? refuse() : Number(digits)
}

/** Sets as RE2 has them: ASCII only, and its white space knows no vertical tab. */
const classEscapes: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t\\n\\f\\r ',
}
const controls: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  f: '\f',
  v: '\v',
  a: '\x07',
}

const readEscape = (reader: Reader): RegexNode => {
  const letter = peek(reader) ?? refuse()
  const inner = classEscapes[letter.toLowerCase()]
  if (inner === undefined) return literalOf(reader, readEscapedChar(reader))
  reader.at += 1
  const negated = letter !== letter.toLowerCase()
  return classOf(reader, setOfEscape(letter.toLowerCase()), inner, negated)
}

const readEscapedChar = (reader: Reader): string => {
  const char = peek(reader) ?? refuse()
  const control = controls[char]
  // Other letters and digits are classes, back references or anchors.
  if (control === undefined && (/\w/.test(char) || char > '\x7f')) return refuse()
  reader.at += 1
  return control ?? char
}

const readClass = (reader: Reader): RegexNode => {
  const negated = take(reader, '^')
  let set: CharSet = 0n
  let source = ''
  for (let first = true; first || peek(reader) !== ']'; first = false) {
    const char = peek(reader) ?? refuse()
    if (char === '[' && reader.chars[reader.at + 1] === ':') return refuse()
    reader.at += 1
    const letter = char === '\\' ? (peek(reader) ?? '') : ''
    const inner = classEscapes[letter]
    if (inner !== undefined) {
      reader.at += 1
      set |= setOfEscape(letter)
      source += inner
      continue
    }
    const low = char === '\\' ? readEscapedChar(reader) : char
    const high = readRangeEnd(reader) ?? low
    if (high < low) return refuse()
    set |= setOfRange(low, high)
    source += high === low ? sourceOf(low) : `${sourceOf(low)}-${sourceOf(high)}`
  }
  reader.at += 1
  return classOf(reader, set, source, negated)
}

const readRangeEnd = (reader: Reader): string | null => {
  const next = reader.chars[reader.at + 1]
  if (peek(reader) !== '-' || next === ']' || next === undefined) return null
  reader.at += 2
  return next === '\\' ? readEscapedChar(reader) : next
}

const classOf = (reader: Reader, set: CharSet, source: string, negated: boolean): RegexNode => {
  const folded = reader.ignoreCase ? foldCase(set) : set
  // What a class leaves out above ASCII is not known by bit, so the negation may hold it.
  const whole = negated ? (everyChar & ~(reader.ignoreCase ? set : folded)) | beyond : folded
  return { kind: 'char', set: whole, literal: null, source: `[${negated ? '^' : ''}${source}]` }
}

/** Literals of ASCII, made once: a table of 10,000 regexes has half a million. */
const literals = new Map<string, RegexNode>()

const literalOf = (reader: Reader, char: string): RegexNode => {
  if (reader.ignoreCase) {
    return { kind: 'char', set: foldCase(bitOf(char)), literal: null, source: sourceOf(char) }
  }
  const known = literals.get(char)
  if (known !== undefined) return known
  const made: RegexNode = { kind: 'char', set: bitOf(char), literal: char, source: sourceOf(char) }
  if (char <= '\x7f') literals.set(char, made)
  return made
}

const bitOf = (char: string): CharSet => {
  const code = char.codePointAt(0) ?? 0
  return code < 128 ? 1n << BigInt(code) : beyond
}

const setOfRange = (low: string, high: string): CharSet => {
  const first = low.codePointAt(0) ?? 0
  const last = high.codePointAt(0) ?? 0
  const above = last > 127 ? beyond : 0n
  return first > 127
    ? above
    : above | ((1n << BigInt(Math.min(last, 127) + 1)) - (1n << BigInt(first)))
}

const digits = setOfRange('0', '9')
const setsOfEscapes: Readonly<Record<string, CharSet>> = {
  d: digits,
  w: digits | setOfRange('A', 'Z') | setOfRange('a', 'z') | bitOf('_'),
  s: setOfRange('\t', '\n') | bitOf('\f') | bitOf('\r') | bitOf(' '),
}

const setOfEscape = (letter: string): CharSet => setsOfEscapes[letter] ?? 0n

/** Both cases; above ASCII there are folds like that of U+212A to `k`, so `beyond` joins. */
const foldCase = (set: CharSet): CharSet => {
  let folded = set
  for (let code = 65n; code <= 90n; code += 1n) {
    const both = (1n << code) | (1n << (code + 32n))
    if ((set & both) !== 0n) folded |= both | beyond
    if ((set & beyond) !== 0n) folded |= both
  }
  return folded
}

const sourceOf = (char: string): string => {
  if (/^[\w /]$/.test(char) || char > '\x7f') return char === '/' ? '\\/' : char
  const code = char.codePointAt(0) ?? 0
  return `\\x${code.toString(16).padStart(2, '0')}`
}
