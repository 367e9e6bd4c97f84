/** Values of ARG and ENV at one line; undefined: declared, and not known. */
export type Scope = ReadonlyMap<string, string | undefined>

/** Defaults in defaults (`${A:-${B:-c}}`) beyond this are not known. */
const depthMax = 8

/**
 * Splits a line at blanks, quotes kept: `"a b" c` is two words. Source: the builder's
 * `parseWords`, moby/buildkit frontend/dockerfile/parser.
 */
export const splitWords = (text: string, escape = '\\'): string[] => {
  const words: string[] = []
  let word = ''
  let quote = ''
  for (let index = 0; index < text.length; index += 1) {
    const letter = text.charAt(index)
    if (letter === escape && quote !== "'") {
      word += letter + text.charAt(index + 1)
      index += 1
    } else if (quote !== '') {
      if (letter === quote) quote = ''
      word += letter
    } else if (/\s/.test(letter)) {
      if (word !== '') words.push(word)
      word = ''
    } else {
      if (letter === '"' || letter === "'") quote = letter
      word += letter
    }
  }
  return word === '' ? words : [...words, word]
}

/**
 * A word without its quotes and with its variables filled in; undefined when one of them is not
 * known. Source: moby/buildkit frontend/dockerfile/shell (lex.go).
 */
export const expandWord = (
  word: string,
  scope: Scope,
  escape = '\\',
  depth = 0,
): string | undefined => {
  let text = ''
  let quote = ''
  for (let index = 0; index < word.length; index += 1) {
    const letter = word.charAt(index)
    if (quote === "'") {
      if (letter === "'") quote = ''
      else text += letter
    } else if (letter === escape) {
      index += 1
      text += word.charAt(index)
    } else if (letter === '"' || (letter === "'" && quote === '')) {
      quote = quote === letter ? '' : letter
    } else if (letter === '$') {
      const found = readVariable(word, index + 1)
      if (found === undefined) return undefined
      const value = valueOf(found, scope, escape, depth)
      if (value === undefined) return undefined
      text += value
      index = found.end - 1
    } else {
      text += letter
    }
  }
  return text
}

type Variable = { name: string; operator: string; word: string; end: number }

/** The variable whose `$` is before `from`. */
const readVariable = (text: string, from: number): Variable | undefined => {
  const plain = /^[A-Za-z_]\w*/.exec(text.slice(from, from + 200))
  if (plain !== null) {
    return { name: plain[0], operator: '', word: '', end: from + plain[0].length }
  }
  if (text.charAt(from) !== '{') return undefined
  let open = 1
  let end = from + 1
  while (end < text.length && open > 0) {
    if (text.charAt(end) === '{') open += 1
    if (text.charAt(end) === '}') open -= 1
    end += 1
  }
  const inside = text.slice(from + 1, end - 1)
  const parts = /^([A-Za-z_]\w*)(:?[-+?])?/.exec(inside)
  if (open > 0 || parts === null) return undefined
  const [head, name = '', operator = ''] = parts
  const word = inside.slice(head.length)
  // `${name#pattern}` and the like are computed by the builder, not here.
  return operator === '' && word !== '' ? undefined : { name, operator, word, end }
}

const valueOf = (
  { name, operator, word }: Variable,
  scope: Scope,
  escape: string,
  depth: number,
): string | undefined => {
  const value = scope.get(name)
  if (operator === '' || operator.endsWith('?')) return value
  if (depth >= depthMax) return undefined
  const isUnknown = value === undefined && scope.has(name)
  if (isUnknown) return undefined
  const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'))
  const other = () => expandWord(word, scope, escape, depth + 1)
  if (operator.endsWith('-')) return isSet ? value : other()
  return isSet ? other() : ''
}

/** The words of a JSON form; undefined for a shell form. */
export const readJsonWords = (text: string): readonly string[] | undefined => {
  if (!text.startsWith('[')) return undefined
  try {
    const words: unknown = JSON.parse(text)
    return Array.isArray(words) && words.every((word) => typeof word === 'string')
      ? words
      : undefined
  } catch {
    return undefined
  }
}
