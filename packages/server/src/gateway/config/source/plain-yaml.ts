import { plainScalar, unusual } from './plain-scalar.ts'
import type { PositionRecorder } from './positions.ts'

/**
 * Reads the YAML that people and tools write into such files: block maps and lists, scalars and
 * flow collections on one line, `|` blocks. Says undefined for everything else (anchors, tags, folded
 * texts, anything doubtful), which a whole YAML reader then takes.
 *
 * `yaml` takes a second for 10,000 routes; this takes a twentieth of it (2026-11).
 */
export const readPlainYaml = (
  text: string,
  positions?: PositionRecorder,
): Readonly<{ value: unknown }> | undefined => {
  // Control characters, tabs and carriage returns all have rules of their own.
  if (strange.test(text)) return undefined
  const reader = new PlainYaml(text, positions)
  const value = reader.document()
  if (value === unusual) return undefined
  positions?.root(value)
  return { value }
}

// eslint-disable-next-line no-control-regex -- it is control characters that are looked for
const strange = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff]|[\ud800-\udfff]/
const depthMax = 60
const plainKey = /([A-Za-z_][\w./-]*) *:(?= |\n|$)/y
const quotedKey = /"([^"\\\n]*)" *:(?= |\n|$)/y
const singleQuoted = /'((?:[^'\n]|'')*)'/y
const doubleQuoted = /"(?:[^"\\\n]|\\["\\/bfnrt]|\\u[\da-fA-F]{4})*"/y
const flowPlain = /[^\s,[\]{}#&*!|>'"%@`:?-][^,[\]{}:#\n]*/y
const restOfLine = / *(?: #[^\n]*)?(?:\n|$)/y

class PlainYaml {
  readonly #text: string
  readonly #positions: PositionRecorder | undefined
  /** Start of the current line's content, and how far in it is. */
  #at = 0
  #indent = -1

  constructor(text: string, positions: PositionRecorder | undefined) {
    this.#text = text
    this.#positions = positions
  }

  document(): unknown {
    this.#nextLine(0)
    if (this.#text.startsWith('---', this.#at) && this.#indent === 0) {
      if (!this.#endsLine(this.#at + 3)) return unusual
    }
    if (this.#indent !== 0) return unusual
    const value = this.#block(0, 0)
    return this.#isAtEnd() ? value : unusual
  }

  #isAtEnd(): boolean {
    return this.#indent === -1
  }

  /** Moves to the next line with content; an indent of -1 is the end. */
  #nextLine(from: number): void {
    const text = this.#text
    let start = from
    for (;;) {
      let at = start
      while (text.charCodeAt(at) === 32) at += 1
      const code = text.charCodeAt(at)
      if (Number.isNaN(code)) break
      if (code !== 10 && code !== 35) {
        this.#at = at
        this.#indent = at - start
        return
      }
      const end = text.indexOf('\n', at)
      if (end === -1) break
      start = end + 1
    }
    this.#at = text.length
    this.#indent = -1
  }

  /** Takes a line's end after a value; false when something else follows. */
  #endsLine(at: number): boolean {
    restOfLine.lastIndex = at
    if (!restOfLine.test(this.#text)) return false
    this.#nextLine(restOfLine.lastIndex)
    return true
  }

  #isItem(at: number): boolean {
    const text = this.#text
    if (text.charCodeAt(at) !== 45) return false
    const next = text.charCodeAt(at + 1)
    return next === 32 || next === 10 || Number.isNaN(next)
  }

  #block(indent: number, depth: number): unknown {
    if (depth > depthMax) return unusual
    return this.#isItem(this.#at) ? this.#list(indent, depth) : this.#map(indent, depth)
  }

  /** The key at a place and where its value begins. */
  #key(at: number): { key: string; after: number } | undefined {
    const pattern = this.#text.charCodeAt(at) === 34 ? quotedKey : plainKey
    pattern.lastIndex = at
    const key = pattern.exec(this.#text)?.[1]
    if (key === undefined || key === '__proto__') return undefined
    return { key, after: pattern.lastIndex }
  }

  #map(indent: number, depth: number): unknown {
    const map: Record<string, unknown> = {}
    do {
      const keyAt = this.#at
      const found = this.#key(keyAt)
      if (found === undefined || Object.hasOwn(map, found.key)) return unusual
      const valueAt = this.#skipSpaces(found.after)
      const value = this.#value(found.after, indent, depth, true)
      if (value === unusual) return unusual
      map[found.key] = value
      this.#positions?.note(map, found.key, { key: keyAt, value: valueAt })
    } while (this.#indent === indent && !this.#isItem(this.#at))
    return this.#indent > indent ? unusual : map
  }

  #list(indent: number, depth: number): unknown {
    const list: unknown[] = []
    do {
      const itemAt = this.#skipSpaces(this.#at + 1)
      const value = this.#item(indent, itemAt, depth)
      if (value === unusual) return unusual
      this.#positions?.note(list, list.length, { key: itemAt, value: itemAt })
      list.push(value)
    } while (this.#indent === indent && this.#isItem(this.#at))
    return this.#indent > indent ? unusual : list
  }

  #item(indent: number, itemAt: number, depth: number): unknown {
    if (this.#key(itemAt) === undefined && !this.#isItem(itemAt)) {
      return this.#value(this.#at + 1, indent, depth, false)
    }
    // `- name: x`: a map (or list) whose indent is the column of its first key.
    const column = indent + itemAt - this.#at
    this.#at = itemAt
    this.#indent = column
    return this.#block(column, depth + 1)
  }

  #skipSpaces(from: number): number {
    let at = from
    while (this.#text.charCodeAt(at) === 32) at += 1
    return at
  }

  /** What follows `key:` or `-`: on the same line, or the block below it. */
  #value(from: number, indent: number, depth: number, ofMap: boolean): unknown {
    restOfLine.lastIndex = from
    if (restOfLine.test(this.#text)) {
      this.#nextLine(restOfLine.lastIndex)
      if (this.#indent > indent) return this.#block(this.#indent, depth + 1)
      // A list may stand as far out as the key it belongs to.
      const isLevelList = ofMap && this.#indent === indent && this.#isItem(this.#at)
      return isLevelList ? this.#list(indent, depth + 1) : null
    }
    const at = this.#skipSpaces(from)
    if (this.#text.charCodeAt(at) === 124) return this.#literal(at, indent)
    const value = this.#inline(at, depth)
    // A deeper line would continue the scalar.
    return this.#indent > indent ? unusual : value
  }

  #inline(at: number, depth: number): unknown {
    const first = this.#text[at] ?? ''
    if (first === '[' || first === '{') {
      const flow = this.#flow(at, depth + 1)
      return flow !== undefined && this.#endsLine(flow.after) ? flow.value : unusual
    }
    if (first === '"' || first === "'") {
      const quoted = this.#quoted(at)
      return quoted !== undefined && this.#endsLine(quoted.after) ? quoted.value : unusual
    }
    return this.#plain(at)
  }

  #plain(at: number): unknown {
    const text = this.#text
    if ('&*!|>%@`,]}#'.includes(text[at] ?? '')) return unusual
    if ('-?:'.includes(text[at] ?? '') && ' \n'.includes(text[at + 1] ?? '\n')) return unusual
    let end = text.indexOf('\n', at)
    if (end === -1) end = text.length
    const line = text.slice(at, end)
    const comment = line.indexOf(' #')
    const scalar = (comment === -1 ? line : line.slice(0, comment)).trimEnd()
    if (scalar.endsWith(':') || scalar.includes(': ')) return unusual
    this.#nextLine(end)
    return plainScalar(scalar)
  }

  #quoted(at: number): { value: string; after: number } | undefined {
    const pattern = this.#text[at] === "'" ? singleQuoted : doubleQuoted
    pattern.lastIndex = at
    const found = pattern.exec(this.#text)
    if (found === null) return undefined
    const after = pattern.lastIndex
    if (pattern === singleQuoted) return { value: (found[1] ?? '').replaceAll("''", "'"), after }
    return { value: JSON.parse(found[0]) as string, after }
  }

  #flow(at: number, depth: number): { value: unknown; after: number } | undefined {
    if (depth > depthMax) return undefined
    const first = this.#text[at]
    if (first === '[') return this.#flowList(at, depth)
    if (first === '{') return this.#flowMap(at, depth)
    if (first === '"' || first === "'") return this.#quoted(at)
    flowPlain.lastIndex = at
    const found = flowPlain.exec(this.#text)
    const value = found === null ? unusual : plainScalar(found[0].trimEnd())
    return value === unusual ? undefined : { value, after: flowPlain.lastIndex }
  }

  #flowList(from: number, depth: number): { value: unknown; after: number } | undefined {
    const list: unknown[] = []
    let at = this.#skipSpaces(from + 1)
    while (this.#text[at] !== ']') {
      const item = this.#flow(at, depth + 1)
      if (item === undefined) return undefined
      this.#positions?.note(list, list.length, { key: at, value: at })
      list.push(item.value)
      at = this.#skipSpaces(item.after)
      if (this.#text[at] === ',') at = this.#skipSpaces(at + 1)
      else if (this.#text[at] !== ']') return undefined
    }
    return { value: list, after: at + 1 }
  }

  #flowMap(from: number, depth: number): { value: unknown; after: number } | undefined {
    const map: Record<string, unknown> = {}
    let at = this.#skipSpaces(from + 1)
    while (this.#text[at] !== '}') {
      const found = this.#key(at)
      if (found === undefined || Object.hasOwn(map, found.key)) return undefined
      const valueAt = this.#skipSpaces(found.after)
      const item = this.#flow(valueAt, depth + 1)
      if (item === undefined) return undefined
      map[found.key] = item.value
      this.#positions?.note(map, found.key, { key: at, value: valueAt })
      at = this.#skipSpaces(item.after)
      if (this.#text[at] === ',') at = this.#skipSpaces(at + 1)
      else if (this.#text[at] !== '}') return undefined
    }
    return { value: map, after: at + 1 }
  }

  /** A `|` or `|-` block: its lines as they are, without their indent. */
  #literal(at: number, indent: number): unknown {
    const text = this.#text
    const isStripped = text[at + 1] === '-'
    let start = text.indexOf('\n', at) + 1
    if (start === 0 || text.slice(at + (isStripped ? 2 : 1), start).trim() !== '') return unusual
    const blockIndent = this.#skipSpaces(start) - start
    if (blockIndent <= indent || text[start + blockIndent] === '\n') return unusual
    const lines: string[] = []
    for (;;) {
      const end = text.indexOf('\n', start)
      const content = this.#skipSpaces(start)
      const isBlank = content === end
      if (content === text.length && content === start) break
      if (end === -1) return unusual
      if (!isBlank && content - start < blockIndent) {
        if (content - start > indent) return unusual
        break
      }
      lines.push(
        isBlank
          ? text.slice(start + blockIndent, Math.max(end, start + blockIndent)).trimEnd()
          : text.slice(start + blockIndent, end),
      )
      if (isBlank && end - start > blockIndent) return unusual
      start = end + 1
    }
    this.#nextLine(start)
    while (lines.at(-1) === '') lines.pop()
    return lines.join('\n') + (isStripped ? '' : '\n')
  }
}
