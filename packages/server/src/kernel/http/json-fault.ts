/** What is wrong with a JSON text, and where; line and column count from 1. */
export type JsonFault = { message: string; line: number; column: number }

/** Deeper than anything of the contract, and no deeper than what walks a value can follow. */
const depthMax = 100
/** Many times what a stack of hundreds of services has; what walks a value stays within a blink. */
const membersMax = 10_000
const valuesMax = 200_000
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const word = /true|false|null/y
const white = /[ \t\n\r]*/y
const plain = /[ !#-[\]-\uffff]*/y
const unicode = /[0-9a-fA-F]{4}/y
const secondHalf = /\\u[dD][c-fC-F][0-9a-fA-F]{2}/y
const escapes: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'))
const quote = 0x22
const backslash = 0x5c
const minus = 0x2d
const zero = 0x30
const nine = 0x39

class Fault extends Error {}

/**
 * The first place where a text is no JSON, names a member twice (readers differ in which one counts),
 * names one that would reach for a prototype, has text that nobody can keep (NUL, half a character),
 * or is too much; null when there is none. One pass, bounded in depth and number, and about as fast as `JSON.parse`: strangers may have it run.
 */
export const findJsonFault = (text: string): JsonFault | null => {
  let at = 0
  let depth = 0
  let values = 0

  const fail = (message: string, where = at): never => {
    at = where
    throw new Fault(message)
  }
  /** The character code after white space; NaN at the end. */
  const space = (): number => {
    if (text.charCodeAt(at) <= 0x20) token(white)
    return text.charCodeAt(at)
  }
  const token = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const isThere = pattern.test(text)
    if (isThere) at = pattern.lastIndex
    return isThere
  }
  const unexpected = (wanted: string): never => {
    const found = text[at]
    return fail(`${found === undefined ? 'ends' : `has ${JSON.stringify(found)}`} where ${wanted}`)
  }

  const escape = (): void => {
    const from = at
    at += 2
    const letter = text.charCodeAt(from + 1)
    if (letter === 0x75) {
      if (!token(unicode)) fail('has an escape \\u without four hexadecimal digits', from)
      else character(from)
    } else if (!escapes.has(letter)) fail('has an unknown escape', from)
  }
  /** Of an escape with digits: no database holds NUL, and none keeps half a character as it is. */
  const character = (from: number): void => {
    const digits = text.slice(from + 2, at)
    if (digits === '0000') fail('has NUL (\\u0000) in a text', from)
    if (!/^d[89a-f]/i.test(digits)) return
    if (/^d[89ab]/i.test(digits) && token(secondHalf)) return
    fail(`has half a character (\\u${digits}) in a text`, from)
  }
  /** Whether it has escapes. */
  const string = (): boolean => {
    const from = at
    let isEscaped = false
    at += 1
    for (;;) {
      token(plain)
      const code = text.charCodeAt(at)
      if (code === quote) {
        at += 1
        return isEscaped
      }
      if (code !== backslash) {
        if (Number.isNaN(code)) fail('has a string that does not end', from)
        fail('has a control character in a string')
      }
      isEscaped = true
      while (text.charCodeAt(at) === backslash) escape()
    }
  }
  const name = (): string => {
    const from = at
    return string() ? (JSON.parse(text.slice(from, at)) as string) : text.slice(from + 1, at - 1)
  }

  const member = (seen: Set<string>, owner: string): void => {
    if (space() !== quote) unexpected('the name of a member should be')
    const start = at
    const own = name()
    if (own === '__proto__' || (owner === 'constructor' && own === 'prototype')) {
      fail(`may have no member ${own}`, start)
    }
    if (seen.has(own)) fail(`names ${JSON.stringify(own.slice(0, 100))} twice`, start)
    if (seen.size === membersMax) fail(`has more than ${membersMax} members in one object`, start)
    seen.add(own)
    if (space() !== 0x3a) unexpected('a colon should be')
    at += 1
    value(own)
  }
  const list = (end: ']' | '}', item: () => void): void => {
    depth += 1
    if (depth > depthMax) fail(`is nested deeper than ${depthMax}`)
    at += 1
    const last = end.charCodeAt(0)
    if (space() === last) at += 1
    else {
      for (;;) {
        item()
        const next = space()
        at += 1
        if (next === last) break
        if (next === 0x2c) continue
        at -= 1
        unexpected(`a comma or ${end} should be`)
      }
    }
    depth -= 1
  }
  const value = (owner: string): void => {
    const first = space()
    values += 1
    if (values > valuesMax) fail(`has more than ${valuesMax} values`)
    if (first === quote) string()
    else if (first === 0x7b) {
      let seen: Set<string> | undefined
      list('}', () => member((seen ??= new Set()), owner))
    } else if (first === 0x5b) list(']', () => value(''))
    else if (first === minus || (first >= zero && first <= nine)) {
      if (!token(number)) unexpected('a value should be')
    } else if (!token(word)) unexpected('a value should be')
  }

  try {
    value('')
    if (!Number.isNaN(space())) unexpected('the end should be')
    return null
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { message: error.message, ...placeOf(text, at) }
  }
}

const placeOf = (text: string, at: number): { line: number; column: number } => {
  let line = 1
  let start = 0
  for (let each = 0; each < at; each += 1) {
    if (text.charCodeAt(each) !== 0x0a) continue
    line += 1
    start = each + 1
  }
  return { line, column: at - start + 1 }
}
