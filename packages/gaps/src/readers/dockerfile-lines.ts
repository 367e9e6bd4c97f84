import { DockerfileParser } from 'dockerfile-ast'
import type { Place } from '../place.ts'

/** One instruction: its keyword in capitals, its flags, and what follows as one line. */
export type Line = {
  at: Place
  keyword: string
  flags: ReadonlyMap<string, string>
  /** Each `--mount` of it: the one flag that may stand there more than once. */
  mounts: readonly string[]
  /** Continued lines joined, comments between them left out. */
  text: string
  /** Bodies of its here-documents, and what follows the first line in general. */
  body: string
}

export type Lines = {
  escape: string
  /** The image of a `# syntax=` directive. */
  syntax: string | undefined
  lines: readonly Line[]
}

const longComment = /^([ \t]{0,100}#.{300}).+$/gm

/** A Dockerfile in instructions. The parser finds where each begins and ends. */
export const readLines = (file: string, text: string): Lines => {
  const plain = text.replace(/^\uFEFF/, '')
  // The parser looks for directives in time that grows with the square of a comment's length.
  const dockerfile = DockerfileParser.parse(plain.replace(longComment, '$1'))
  const escape = dockerfile.getEscapeCharacter()
  const syntax = dockerfile
    .getDirectives()
    .find((directive) => directive.getName().toLowerCase() === 'syntax')
    ?.getValue()
  const rows = plain.split(/\r?\n/)
  const lines = dockerfile.getInstructions().map((instruction): Line => {
    const { start, end } = instruction.getRange()
    const at = { file, line: start.line + 1, column: start.character + 1 }
    const own = rows.slice(start.line, end.line + 1)
    own[0] = (own[0] ?? '').slice(start.character)
    return { at, ...splitInstruction(own, escape) }
  })
  return { escape, syntax: syntax ?? undefined, lines }
}

/** `<<EOF`, `<<-"EOF"`, `3<<EOF`. */
const hereDocument = /(?:^|\s)\d*<<-?["']?[A-Za-z_]\w*/

const splitInstruction = (rows: readonly string[], escape: string): Omit<Line, 'at'> => {
  const head: string[] = []
  let index = 0
  for (; index < rows.length; index += 1) {
    const row = rows[index] ?? ''
    if (index > 0 && (/^\s*#/.test(row) || row.trim() === '')) continue
    const trimmed = row.trimEnd()
    const isContinued = trimmed.endsWith(escape)
    head.push(isContinued ? trimmed.slice(0, -1) : row)
    if (!isContinued) break
  }
  const [, keyword = '', rest = ''] = /^\s*(\S+)\s*([^]*)$/.exec(head.join(' ')) ?? []
  const { flags, mounts, text } = splitFlags(rest.trim())
  const body = hereDocument.test(text) ? rows.slice(index + 1).join('\n') : ''
  return { keyword: keyword.toUpperCase(), flags, mounts, text, body }
}

const splitFlags = (rest: string): Pick<Line, 'flags' | 'mounts' | 'text'> => {
  const flags = new Map<string, string>()
  const mounts: string[] = []
  let text = rest
  for (;;) {
    const flag = /^--([a-z][\w-]*)(?:=(\S*))?(?:\s+|$)/.exec(text)
    if (flag === null) return { flags, mounts, text }
    const [, name = '', value = ''] = flag
    flags.set(name, value.replace(/^["']|["']$/g, ''))
    if (name === 'mount') mounts.push(value)
    text = text.slice(flag[0].length)
  }
}
