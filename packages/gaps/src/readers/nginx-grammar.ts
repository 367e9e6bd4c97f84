import type { Place } from '../place.ts'

/** `name words… ;` or `name words… { … }`. */
export type Directive = {
  name: string
  words: readonly string[]
  at: Place
  block: readonly Directive[] | undefined
}

const directiveCountMax = 20_000
const depthMax = 30
/** Their blocks hold another language, or pairs that are no directives. */
const opaque = /_by_lua_block$|^(?:map|geo|split_clients|types|match)$/

type Token = { text: string; isQuoted: boolean; offset: number }

/**
 * The directives of an nginx configuration, by the grammar of nginx's own reader
 * (nginx/nginx, `src/core/ngx_conf_file.c`): words are split at blanks, `;`, `{` and `}`; quotes
 * and backslashes keep them together; `#` starts a comment where a word could start; `${` does not
 * open a block. One pass, no recursion. A text that breaks off gives what was read before.
 */
export const parseNginx = (file: string, text: string): readonly Directive[] => {
  const placeOf = createPlaces(file, text)
  const root: Directive[] = []
  const open: { block: Directive[]; isOpaque: boolean }[] = [{ block: root, isOpaque: false }]
  let words: Token[] = []
  let count = 0
  for (const token of tokens(text)) {
    const mark = token.isQuoted ? '' : token.text
    if (mark !== ';' && mark !== '{' && mark !== '}') {
      words.push(token)
      continue
    }
    const [first, ...rest] = words
    words = []
    const current = open.at(-1)
    if (current === undefined || (count += 1) > directiveCountMax) break
    if (mark === '}') {
      if (open.length > 1) open.pop()
      continue
    }
    const block: Directive[] | undefined = mark === '{' ? [] : undefined
    const name = first?.text ?? ''
    if (first !== undefined && !current.isOpaque) {
      const at = placeOf(first.offset)
      current.block.push({ name, words: rest.map((word) => word.text), at, block })
    }
    if (block === undefined) continue
    if (open.length > depthMax) break
    open.push({ block, isOpaque: current.isOpaque || opaque.test(name) })
  }
  return root
}

function* tokens(text: string): Generator<Token> {
  let index = 0
  while (index < text.length) {
    const char = text[index] ?? ''
    if (/\s/.test(char)) index += 1
    else if (char === '#') {
      const end = text.indexOf('\n', index)
      index = end === -1 ? text.length : end
    } else if (char === ';' || char === '{' || char === '}') {
      yield { text: char, isQuoted: false, offset: index }
      index += 1
    } else if (char === '"' || char === "'") {
      const end = endOfQuoted(text, index)
      yield { text: text.slice(index + 1, end), isQuoted: true, offset: index }
      index = end + 1
    } else {
      const end = endOfWord(text, index)
      yield { text: text.slice(index, end), isQuoted: false, offset: index }
      index = end
    }
  }
}

const endOfQuoted = (text: string, start: number): number => {
  const quote = text[start]
  let index = start + 1
  while (index < text.length && text[index] !== quote) index += text[index] === '\\' ? 2 : 1
  return Math.min(index, text.length)
}

const endOfWord = (text: string, start: number): number => {
  let index = start
  while (index < text.length) {
    const char = text[index] ?? ''
    if (char === '\\') index += 2
    else if (char === '$' && text[index + 1] === '{') {
      const end = text.indexOf('}', index)
      index = end === -1 ? text.length : end + 1
    } else if (/[\s;{]/.test(char)) break
    else index += 1
  }
  return Math.min(index, text.length)
}

/** Places by offset; offsets are asked for in rising order. */
const createPlaces = (file: string, text: string) => {
  let line = 1
  let lineStart = 0
  const endFrom = (start: number) => {
    const end = text.indexOf('\n', start)
    return end === -1 ? text.length : end
  }
  let lineEnd = endFrom(0)
  return (offset: number): Place => {
    while (lineEnd < offset) {
      line += 1
      lineStart = lineEnd + 1
      lineEnd = endFrom(lineStart)
    }
    return { file, line, column: offset - lineStart + 1 }
  }
}
