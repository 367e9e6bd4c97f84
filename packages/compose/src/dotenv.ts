import { substitute, TemplateError } from './template.ts'
import type { Lookup } from './template.ts'

/** An assignment of an env file; `line` and `column` (1-based) are those of its name. */
export type Assignment = { name: string; value: string; line: number; column: number }

export type ParsedEnvFile = {
  assignments: Assignment[]
  /** Variables used by a value that have none themselves. */
  unset: { name: string; line: number }[]
}

/** An env file that cannot be read; `line` is 1-based. The message does not repeat any value. */
export class EnvFileError extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.name = 'EnvFileError'
    this.line = line
  }
}

const spaceCharacters = '\t\v\f\r \u0085\u00a0'
const nameCharacter = /[\p{L}\p{N}_.\-[\]]/u
const escape = /\\(?:[abcfnrtv$"\\]|0\d{0,3})/g

/**
 * The env file grammar of Compose (compose-go dotenv/parser.go, derived from godotenv): `KEY=value`,
 * `KEY: value`, `export KEY=value`, `KEY` alone (taken from `lookup`, or dropped), single quotes
 * literal, double quotes with escapes and variables, both over several lines, ` #` starts a comment
 * after an unquoted value. Variables see `lookup` first, then what the file defined above.
 *
 * `already` holds what earlier files defined. Throws EnvFileError.
 */
export function parseEnvFile(
  source: string,
  lookup: Lookup,
  already: ReadonlyMap<string, string> = new Map(),
): ParsedEnvFile {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source
  const defined = new Map(already)
  const assignments: Assignment[] = []
  const unset: ParsedEnvFile['unset'] = []
  let position = 0
  let line = 1
  let lineStart = 0

  while (skipToStatement()) {
    const at = { line, column: position - lineStart + 1 }
    const key = readKey()
    if (key.inherited) {
      const value = lookup(key.name)
      if (value !== undefined) assign(key.name, value, at)
      continue
    }
    assign(key.name, readValue(), at)
  }
  return { assignments, unset }

  function assign(name: string, value: string, at: { line: number; column: number }): void {
    refuseNul(value, at.line)
    defined.set(name, value)
    assignments.push({ name, value, ...at })
  }

  function advance(to: number): void {
    for (let next = text.indexOf('\n', position); next !== -1 && next < to;) {
      line++
      lineStart = next + 1
      next = text.indexOf('\n', next + 1)
    }
    position = to
  }

  function lineEnd(from: number): number {
    const end = text.indexOf('\n', from)
    return end === -1 ? text.length : end
  }

  function skipToStatement(): boolean {
    for (;;) {
      let next = position
      while (next < text.length && /\s|\u0085/.test(text[next] ?? '')) next++
      advance(next)
      if (position >= text.length) return false
      if (text[position] !== '#') return true
      advance(lineEnd(position))
    }
  }

  function skipSpaces(): void {
    while (position < text.length && spaceCharacters.includes(text[position] ?? '')) position++
  }

  function readKey(): { name: string; inherited: boolean } {
    if (/^export[\s]/.test(text.slice(position, position + 7))) {
      position += 'export'.length
      skipSpaces()
    }
    const start = position
    const end = lineEnd(start)
    let index = start
    for (; index < end;) {
      const character = String.fromCodePoint(text.codePointAt(index) ?? 0)
      if (character === '=' || character === ':') break
      if (!spaceCharacters.includes(character) && !nameCharacter.test(character)) {
        const shown = text.slice(start, Math.min(end, index + character.length))
        const message = `unexpected character "${character}" in variable name "${shown}"`
        throw new EnvFileError(line, message)
      }
      index += character.length
    }
    const name = text.slice(start, index).trimEnd()
    if (name.includes(' ')) throw new EnvFileError(line, 'key cannot contain a space')
    // Upstream reads a last line without a line break and without `=` as an empty assignment; a
    // name alone means "inherit" everywhere else, so here too.
    const inherited = index >= end
    advance(Math.min(text.length, index + 1))
    if (!inherited) skipSpaces()
    return { name, inherited }
  }

  function readValue(): string {
    const quote = text[position]
    if (quote === '"' || quote === "'") return readQuoted(quote)
    const end = lineEnd(position)
    const [value = ''] = text.slice(position, end).split(' #', 1)
    const expanded = expand(value.trimEnd())
    advance(Math.min(text.length, end + 1))
    return expanded
  }

  function readQuoted(quote: string): string {
    let characters = ''
    for (let index = position + 1; index < text.length; index++) {
      const character = text[index] ?? ''
      const next = text[index + 1]
      if (character === quote) {
        const value = quote === '"' ? expand(expandEscapes(characters)) : characters
        advance(index + 1)
        return value
      }
      if (character === '\\' && next !== undefined) {
        characters += next === quote ? next : character + next
        index++
      } else {
        characters += character
      }
    }
    throw new EnvFileError(line, 'unterminated quoted value')
  }

  function expand(value: string): string {
    if (!value.includes('$')) return value
    try {
      const result = substitute(value, (name) => lookup(name) ?? defined.get(name))
      for (const name of result.unset) unset.push({ name, line })
      return result.value
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      const message = error.kind === 'invalid' ? 'invalid interpolation format' : error.message
      throw new EnvFileError(line, message)
    }
  }
}

/**
 * The `raw` format of `env_file` (docker run --env-file): one `KEY=value` per line, no quotes, no
 * escapes, no variables, no inline comments. Throws EnvFileError.
 */
export function parseRawEnvFile(source: string, lookup: Lookup): ParsedEnvFile {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source
  const assignments: Assignment[] = []
  for (const [index, raw] of text.split('\n').entries()) {
    const content = raw.replace(/\r$/, '').trimStart()
    if (content === '' || content.startsWith('#')) continue
    const equals = content.indexOf('=')
    const name = equals === -1 ? content.trimEnd() : content.slice(0, equals)
    const line = index + 1
    if (name === '') throw new EnvFileError(line, 'no variable name before "="')
    if (/\s/.test(name)) throw new EnvFileError(line, 'variable name contains whitespace')
    const value = equals === -1 ? lookup(name) : content.slice(equals + 1)
    refuseNul(content, line)
    const column = raw.length - raw.trimStart().length + 1
    if (value !== undefined) assignments.push({ name, value, line, column })
  }
  return { assignments, unset: [] }
}

/** It would end the variable where the process reads it. */
function refuseNul(text: string, line: number): void {
  if (text.includes('\0')) throw new EnvFileError(line, 'a variable cannot hold NUL')
}

const simpleEscapes: Record<string, string> = {
  '\\a': '\u0007',
  '\\b': '\b',
  '\\f': '\f',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
  '\\v': '\v',
  '\\"': '"',
  '\\\\': '\\',
  // the template then turns `$$` into a single dollar sign
  '\\$': '$$',
}

function expandEscapes(value: string): string {
  return value.replace(escape, (match) => {
    const simple = simpleEscapes[match]
    if (simple !== undefined) return simple
    // octal: exactly three digits after the 0, at most \0377; anything else stays as written
    const code = /^\\0([0-3][0-7]{2})$/.exec(match)?.[1]
    return code === undefined ? match : String.fromCharCode(Number.parseInt(code, 8))
  })
}
